"""Copying the picture to the clipboard at full size."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QImage

from bsgui.core.document import Document
from bsgui.core.requests import CancelToken, ProgressCallback
from bsgui.ui.bridge import LatestJob
from bsgui.ui.canvas.qimage import to_qimage
from bsgui.ui.panels.notices import NoticeStack
from bsgui.ui.rendering import render_composite


class Copier(QObject):
    """Renders the composite (the photo, before there are layers) off the GUI thread, 8 bits a sample, and copies it."""

    def __init__(self, document: Document, notices: NoticeStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._notices = document, notices
        self._job = LatestJob("copy", self)
        self._job.finished.connect(self._put)

    def copy(self) -> None:
        """Start; the clipboard has the picture a moment later."""
        photo, decomposition, stack = self._document.photo, self._document.decomposition, self._document.stack
        if photo is None:
            return

        def work(report: ProgressCallback, cancel: CancelToken) -> QImage:
            samples = photo.samples if decomposition is None else render_composite(decomposition, stack, report, cancel)
            if photo.white == 65535:
                # 65535 / 255 is 257: rounding to nearest.
                return to_qimage(((samples.astype("uint32") + 128) // 257).astype("uint8"))
            return to_qimage(samples.astype("uint8", copy=False))

        self._job.run(work)

    def close(self, timeout: float) -> bool:
        """Cancel, and wait for the thread; whether it has ended."""
        return self._job.close(timeout)

    def _put(self, image: QImage) -> None:
        QGuiApplication.clipboard().setImage(image)
        self._notices.info("The picture was copied.")
