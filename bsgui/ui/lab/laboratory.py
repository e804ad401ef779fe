"""The laboratory as the main window knows it: windows made when they are first wanted, gone with the main window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QMainWindow, QWidget

from .playback_window import PlaybackWindow
from .race_run import SessionFactory
from .race_window import RaceWindow


class Laboratory(QObject):
    """Shows the windows of races and of recorded runs, and closes them when their owner is closed.

    Args:
        factory: makes races, see :class:`~.race_window.RaceWindow`; None where there are none.
        recordings: training runs that came with the program.
        report_bug: takes title and details of what should not have happened.
        owner: the main window.
    """

    def __init__(
        self,
        factory: SessionFactory | None,
        report_bug: Callable[[str, str], None],
        owner: QWidget,
        recordings: Sequence[Path] = (),
    ) -> None:
        super().__init__(owner)
        self._factory, self._recordings = factory, recordings
        self._report_bug = report_bug
        self.window: RaceWindow | None = None
        self.playback: PlaybackWindow | None = None
        # No child of the owner: it would lie over it for ever. So the owner's end must be watched.
        owner.installEventFilter(self)

    def show(self) -> None:
        """Show the race window, or bring it to the front."""
        if self.window is None and self._factory is not None:
            self.window = RaceWindow(self._factory, self._report_bug)
        _to_front(self.window)

    def show_playback(self) -> None:
        """Show the window of recorded runs, or bring it to the front."""
        if self.playback is None:
            self.playback = PlaybackWindow(self._recordings, self._report_bug)
        _to_front(self.playback)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the windows with their owner (minimizing hides spontaneously and leaves them)."""
        if event.type() == QEvent.Type.Hide and not event.spontaneous():
            for window in (self.window, self.playback):
                if window is not None:
                    window.close()
        return super().eventFilter(watched, event)


def _to_front(window: QMainWindow | None) -> None:
    if window is not None:
        window.show()
        window.raise_()
        window.activateWindow()
