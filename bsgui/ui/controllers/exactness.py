"""Measures, for each decomposition, how far the sum of its layers is from the photo."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from bsgui.core.document import Document
from bsgui.ui.bridge import LatestJob


class ExactnessProbe(QObject):
    """Computes :meth:`Decomposition.max_error_lsb` off the GUI thread.

    Signals:
        measured(float): largest error of the open decomposition, in 1/255 of white.
        forgotten(): the layers are others; a new figure follows, unless there are none.
    """

    measured = Signal(float)
    forgotten = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._job = LatestJob("exactness", self)
        self._job.finished.connect(self.measured.emit)
        document.decomposition_changed.connect(self._start)
        document.figures_changed.connect(self._start)

    def close(self, timeout: float) -> bool:
        """Stop; whether the thread has ended."""
        return self._job.close(timeout)

    def _start(self) -> None:
        self.forgotten.emit()
        decomposition = self._document.decomposition
        # Layers that only stand in for others are gone before they are measured.
        if decomposition is None or self._document.is_rough:
            self._job.cancel()
            return
        self._job.run(lambda report, cancel: decomposition.max_error_lsb(cancel.raise_if_cancelled))
