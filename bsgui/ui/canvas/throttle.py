"""Runs a function soon after it was asked for, but not more often than every so many milliseconds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget


class Throttle:
    """For side views that need not follow each step of a drag. Thread: GUI.

    Args:
        owner: nothing runs while this widget is hidden; it asks again when it is shown.
        interval: milliseconds from the first request to the run.
        run: what to run.
    """

    def __init__(self, owner: QWidget, interval: int, run: Callable[[], None]) -> None:
        self._owner = owner
        self._timer = QTimer(owner, interval=interval, singleShot=True)
        self._timer.timeout.connect(run)

    def request(self) -> None:
        """Run soon; a request while one is waiting changes nothing, so a drag shows as it goes."""
        if self._owner.isVisible() and not self._timer.isActive():
            self._timer.start()
