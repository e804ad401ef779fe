"""Says in the status bar what goes on in the background, how far it is, and offers to stop it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from bsgui.core.requests import Progress
from bsgui.ui.described import described, icon_button

_PATIENCE_MS = 200


class BusyBar(QWidget):
    """A name, a bar and a cross; shows itself only for work that takes longer than a fifth of a second.

    Signals:
        cancel_wanted(): the person wants it stopped.
    """

    cancel_wanted = Signal()

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(what)
        self._bar = described(QProgressBar(textVisible=False), what)
        self._bar.setFixedWidth(110)
        cross = icon_button("close", f"Cancel: {what}", "Cancel")
        cross.clicked.connect(self.cancel_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        for part in (self._label, self._bar, cross):
            row.addWidget(part)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self.show)
        self.hide()

    def show_busy(self, busy: bool) -> None:
        """Work has begun, or ended."""
        if busy:
            self._bar.setRange(0, 0)
            self._patience.start()
        else:
            self._patience.stop()
            self.hide()

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
