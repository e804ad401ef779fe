import os
import sys
import threading
from collections.abc import Callable

import pytest

from bsgui.core.errors import Cancelled
from bsgui.tasks import background
from bsgui.tasks.background import ask_for_room, give_way, make_room
from bsgui.tasks.cancel import CancelSource


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system knows who is in front")
def test_a_thread_makes_room_and_so_do_those_it_starts_but_no_others() -> None:
    found: list[int] = []

    def niceness() -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def work() -> None:
        make_room()
        niceness()
        helper = threading.Thread(target=niceness)
        helper.start()
        helper.join()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    niceness()
    inner, helper, outer = found
    assert inner == helper == min(outer + 10, 19)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system knows who is in front")
def test_a_thread_that_is_nice_already_gets_no_error_and_no_priority() -> None:
    found: list[int] = []

    def work() -> None:
        for _ in range(3):
            make_room()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert found == [19]


def test_a_system_that_forbids_it_is_none_of_the_works_business(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def forbidden(_which: int, thread: int, _niceness: int) -> None:
        asked.append(thread)
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden, raising=False)
    make_room()  # Raises nothing,
    assert asked == ([threading.get_native_id()] if sys.platform == "linux" else [])  # although it was refused.


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long threads have slept; the clock stands still."""
    slept: list[float] = []
    monkeypatch.setattr(background.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(background.time, "sleep", slept.append)
    monkeypatch.setattr(background, "_room_until", 0.0)
    return slept


def in_a_worker(work: Callable[[], None]) -> None:
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


def test_a_worker_waits_at_its_next_step_where_the_window_has_asked_for_room(naps: list[float]) -> None:
    in_a_worker(CancelSource().raise_if_cancelled)
    assert naps == []
    ask_for_room(0.015)
    in_a_worker(CancelSource().raise_if_cancelled)
    assert naps == pytest.approx([0.015])


def test_it_never_waits_for_long_and_the_window_itself_never_does(naps: list[float]) -> None:
    ask_for_room(5.0)
    in_a_worker(give_way)
    assert naps == pytest.approx([0.02])
    give_way()
    assert len(naps) == 1


def test_a_cancelled_worker_that_has_waited_stops_all_the_same(naps: list[float]) -> None:
    cancel, stopped = CancelSource(), threading.Event()
    cancel.cancel()

    def work() -> None:
        with pytest.raises(Cancelled):
            cancel.raise_if_cancelled()
        stopped.set()

    ask_for_room(1.0)
    in_a_worker(work)
    assert stopped.is_set()
