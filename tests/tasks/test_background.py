import os
import sys
import threading

import pytest

from bsgui.tasks.background import make_room


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
