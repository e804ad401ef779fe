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
    assert inner == helper > outer
