"""Threads that work for long make room for the one that a person is waiting for."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress

_NICENESS = 10
_NICEST = 19
# A worker that is asked for room gets on all the same, if slowly: a drag may last.
_LONGEST_WAIT = 0.02
_room_until = 0.0


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


def ask_for_room(seconds: float) -> None:
    """Have workers wait at their next step, for so long: the window has something to do.

    A processor to itself is not enough. A worker that computes in small steps takes Python's lock for each of them, a
    thousand times a second, and the window's thread, which needs it as often, would wait most of its time.

    Thread: the window's.
    """
    global _room_until
    _room_until = time.monotonic() + seconds


def give_way() -> None:
    """Wait for a moment if the window has asked for room. Thread: any; the main thread never waits."""
    left = _room_until - time.monotonic()
    if left > 0 and threading.current_thread() is not threading.main_thread():
        time.sleep(min(left, _LONGEST_WAIT))
