"""Threads that work for long make room for the one that a person is waiting for."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

_NICENESS = 10
_NICEST = 19


def make_room() -> None:
    """Give the calling thread, and those that it will start, less of a busy processor than the window's.

    On Linux, where threads have a niceness of their own; elsewhere the system knows who is in front. Alone on the
    machine a thread is as fast as before.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS
        # It is a courtesy: where the system forbids it the work is done all the same.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, min(niceness, _NICEST))
