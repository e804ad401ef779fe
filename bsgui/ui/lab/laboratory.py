"""The laboratory as the main window knows it: one window, made when it is first wanted, gone with the main window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from .race_run import SessionFactory
from .race_window import RaceWindow


class Laboratory(QObject):
    """Shows the race window, and closes it when its owner is closed.

    Args:
        factory: makes races, see :class:`~.race_window.RaceWindow`.
        report_bug: takes title and details of what should not have happened.
        owner: the main window.
    """

    def __init__(self, factory: SessionFactory, report_bug: Callable[[str, str], None], owner: QWidget) -> None:
        super().__init__(owner)
        self._factory = factory
        self._report_bug = report_bug
        self.window: RaceWindow | None = None
        # No child of the owner: it would lie over it for ever. So the owner's end must be watched.
        owner.installEventFilter(self)

    def show(self) -> None:
        """Show the window, or bring it to the front."""
        if self.window is None:
            self.window = RaceWindow(self._factory, self._report_bug)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the window with its owner (minimizing hides spontaneously and leaves it)."""
        if event.type() == QEvent.Type.Hide and not event.spontaneous() and self.window is not None:
            self.window.close()
        return super().eventFilter(watched, event)
