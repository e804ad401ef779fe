"""Independent pieces of work, one to a core: cores wait for each other once, and not in every operation of torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

_Result = TypeVar("_Result")
_here = threading.local()


@contextmanager
def cores_apart() -> Iterator[None]:
    """Let torch's operations stay on the thread that calls them, so that all cores are free for :func:`for_each`.

    The threads that torch keeps for its operations go on turning for some milliseconds after each of them, in case
    there is another, and are in the way of the crew.
    """
    threads = torch.get_num_threads()
    _here.cores = threads
    torch.set_num_threads(1)
    try:
        yield
    finally:
        del _here.cores
        torch.set_num_threads(threads)


def for_each(work: Callable[[int], _Result], count: int) -> list[_Result]:
    """``work(0)`` to ``work(count - 1)`` on as many threads as torch may use here.

    Each has one thread to itself, however many cores there are, so that what it computes is the same to the last bit on
    all of them. Inference mode and the like hold for a thread: ``work`` has to ask for them itself. It must not call
    this again.
    """
    before = torch.get_num_threads()
    crew_size = min(getattr(_here, "cores", before), count)
    # For MKL the number holds in all threads, for the others in the one that sets it and in threads yet to come.
    torch.set_num_threads(1)
    try:
        if crew_size < 2:
            return [work(number) for number in range(count)]
        with ThreadPoolExecutor(crew_size, "crew", torch.set_num_threads, (1,)) as crew:
            return list(crew.map(work, range(count)))
    finally:
        torch.set_num_threads(before)
