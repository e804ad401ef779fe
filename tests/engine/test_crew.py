"""Pieces of work on threads: order, errors, and how many threads torch may use for each."""

import threading
from collections.abc import Iterator

import pytest
import torch

from bsgui.engine.crew import cores_apart, for_each


@pytest.fixture(params=[1, 2, 3, 4])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 7])
def test_results_come_in_order_and_the_number_of_threads_is_as_before(threads: int, count: int) -> None:
    assert for_each(lambda number: number**2, count) == [number**2 for number in range(count)]
    assert torch.get_num_threads() == threads


def test_an_error_comes_through_and_the_number_of_threads_is_as_before(threads: int) -> None:
    def work(number: int) -> int:
        return 1 // (number - 2)

    with pytest.raises(ZeroDivisionError):
        for_each(work, 5)
    assert torch.get_num_threads() == threads


def test_every_piece_has_one_thread_to_itself(threads: int) -> None:
    with cores_apart():
        assert torch.get_num_threads() == 1
        assert for_each(lambda _: torch.get_num_threads(), threads + 1) == [1] * (threads + 1)
    assert torch.get_num_threads() == threads


def test_cores_that_are_kept_apart_are_the_crews(threads: int) -> None:
    together = threading.Barrier(threads)
    with cores_apart():
        # Passes only if so many threads are at it at once.
        assert sorted(for_each(lambda _: together.wait(timeout=10), threads)) == list(range(threads))
