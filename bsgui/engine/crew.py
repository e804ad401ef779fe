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

    Threads that would have nothing left to do help those with the last pieces. Inference mode and the like hold for a
    thread: ``work`` has to ask for them itself. It must not call this again.
    """
    before = torch.get_num_threads()
    cores = getattr(_here, "cores", before)
    left_over = count % cores
    whole_rounds = count - left_over
    try:
        results = _on_threads(work, range(whole_rounds), cores, 1)
        return results + _on_threads(work, range(whole_rounds, count), left_over, cores // max(1, left_over))
    finally:
        torch.set_num_threads(before)


def _on_threads(work: Callable[[int], _Result], numbers: range, threads: int, threads_each: int) -> list[_Result]:
    # For MKL the number holds in all threads, for the others in the one that sets it and in threads yet to come.
    torch.set_num_threads(threads_each)
    if len(numbers) < 2 or threads < 2:
        return [work(number) for number in numbers]
    with ThreadPoolExecutor(threads, "crew", torch.set_num_threads, (threads_each,)) as crew:
        return list(crew.map(work, numbers))
