"""Ctrl-C as a cancel token, so that nothing is interrupted in the middle of writing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from bsgui.tasks.cancel import CancelSource


@contextmanager
def cancel_on_interrupt() -> Iterator[CancelSource]:
    """Within the block, a first Ctrl-C cancels the token and a second raises KeyboardInterrupt at once.

    Thread: the main thread; elsewhere the token is never cancelled, since signals do not arrive there.
    """
    source = CancelSource()

    def on_interrupt(signal_number: int, frame: FrameType | None) -> None:
        if source.cancelled:
            raise KeyboardInterrupt
        source.cancel()
        # Not print(): the signal may have come in the middle of one.
        os.write(2, b"\nbsgui: stopping (Ctrl-C again stops at once)\n")

    if threading.current_thread() is not threading.main_thread():
        yield source
        return
    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield source
    finally:
        signal.signal(signal.SIGINT, before)
