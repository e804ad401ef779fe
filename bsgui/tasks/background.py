"""Threads that work for long make room for the one that a person is waiting for."""

from __future__ import annotations

import os
import sys
import threading

_NICENESS = 10


def make_room() -> None:
    """Give the calling thread, and those that it will start, less of a busy processor than the window's.

    On Linux, where threads have a niceness of their own; elsewhere the system knows who is in front. Alone on the
    machine a thread is as fast as before.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
