"""Runs a function soon after it was asked for, but not more often than every so many milliseconds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QDockWidget, QWidget


class Throttle:
    """For side views that need not follow each step of a drag. Thread: GUI.

    Args:
        owner: nothing runs while this widget is hidden, or behind other tabs; it asks again when it is shown, and a
            request while its dock was behind others is granted when the dock comes to the front.
        interval: milliseconds from the first request to the run.
        run: what to run.
    """

    def __init__(self, owner: QWidget, interval: int, run: Callable[[], None]) -> None:
        self._owner = owner
        self._dock: QDockWidget | None = None
        self._timer = QTimer(owner, interval=interval, singleShot=True)
        self._timer.timeout.connect(run)

    def request(self) -> None:
        """Run soon; a request while one is waiting changes nothing, so a drag shows as it goes."""
        if not self._owner.isVisible() or self._timer.isActive():
            return
        if self._is_in_window():
            self._timer.start()
        else:
            self._wait_for_dock()

    def _is_in_window(self) -> bool:
        """To Qt a dock behind other tabs is visible; it lies beyond the window's edge."""
        window = self._owner.window()
        return window.rect().intersects(QRect(self._owner.mapTo(window, QPoint()), self._owner.size()))

    def _wait_for_dock(self) -> None:
        if self._dock is not None:
            return
        parent = self._owner.parentWidget()
        while parent is not None and not isinstance(parent, QDockWidget):
            parent = parent.parentWidget()
        if parent is not None:
            self._dock = parent
            self._dock.visibilityChanged.connect(self._on_dock_shown)

    def _on_dock_shown(self, is_shown: bool) -> None:
        # The dock has its place in the next turn only; so no question whether it is seen.
        if is_shown and not self._timer.isActive():
            self._timer.start()
