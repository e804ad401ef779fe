"""Independent pieces of work, one to a core: cores wait for each other once, and not in every operation of torch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

_Result = TypeVar("_Result")


def for_each(work: Callable[[int], _Result], count: int) -> list[_Result]:
    """``work(0)`` to ``work(count - 1)`` on as many threads as torch may use here.

    Threads that would have nothing left to do help those with the last pieces. Inference mode and the like hold for a
    thread: ``work`` has to ask for them itself.
    """
    threads = torch.get_num_threads()
    left_over = count % threads
    whole_rounds = count - left_over
    try:
        results = _on_threads(work, range(whole_rounds), threads, 1)
        return results + _on_threads(work, range(whole_rounds, count), left_over, threads // max(1, left_over))
    finally:
        # The number holds for the thread that sets it, and for threads that are yet to come.
        torch.set_num_threads(threads)


def _on_threads(work: Callable[[int], _Result], numbers: range, crew: int, threads_each: int) -> list[_Result]:
    if len(numbers) < 2 or crew < 2:
        return [work(number) for number in numbers]
    with ThreadPoolExecutor(crew, "branch", torch.set_num_threads, (threads_each,)) as pool:
        return list(pool.map(work, numbers))
