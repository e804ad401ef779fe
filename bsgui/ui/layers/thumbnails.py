"""Small pictures of the layers over mid-grey, made off the GUI thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QPixmap

from bsgui.core.decomposition import Decomposition
from bsgui.core.document import Document
from bsgui.core.layer_view import LayerView, show_layer
from bsgui.core.layers import LayerKind
from bsgui.core.requests import CancelToken
from bsgui.ui.bridge import LatestJob
from bsgui.ui.canvas.qimage import to_qimage

Pictures = dict[str, NDArray[np.uint8]]

_MAX_STRETCH = 8.0
_SOON_MS = 150


class Thumbnails(QObject):
    """Makes the thumbnails of each new decomposition.

    Args:
        document: whose layers.
        side: the longer side, logical pixels.
        ratio: device pixels to a logical one.

    Signals:
        ready(dict): pixmaps by layer id; empty as soon as the layers are others, full a moment later. Where the same
            layers only hold other pixels, the old pictures stay until the new ones are there.
    """

    ready = Signal(object)

    def __init__(self, document: Document, side: int, ratio: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._side, self._ratio = document, round(side * ratio), ratio
        self._job = LatestJob("thumbnails", self)
        self._job.finished.connect(self._show)
        document.decomposition_changed.connect(self._start)
        # Not restarted: while a blend is dragged, the pictures follow a few times a second.
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._make)
        document.content_changed.connect(self._make_soon)

    def close(self, timeout: float) -> bool:
        """Stop; whether the thread has ended."""
        self._soon.stop()
        return self._job.close(timeout)

    def _start(self) -> None:
        self.ready.emit({})
        # The picture first: they would take its time.
        self._make_soon()

    def _make_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _make(self) -> None:
        decomposition = self._document.decomposition
        if decomposition is None:
            self._job.cancel()
            return
        self._job.run(lambda report, cancel: make_thumbnails(decomposition, self._side, cancel))

    def _show(self, pictures: Pictures) -> None:
        pixmaps = {layer_id: QPixmap.fromImage(to_qimage(pixels)) for layer_id, pixels in pictures.items()}
        for pixmap in pixmaps.values():
            pixmap.setDevicePixelRatio(self._ratio)
        self.ready.emit(pixmaps)


def make_thumbnails(decomposition: Decomposition, side: int, cancel: CancelToken) -> Pictures:
    """Each layer at gain 1 over mid-grey; where only a part of the photo was taken apart, that part.

    A branch's contrast is stretched, at most eight times, so that faint ones can be told apart at this size. The
    residual is stretched no more than the branch that is stretched least: an almost empty one looks empty. The base is
    shown as it is: the photo's mean colour.

    Args:
        decomposition: the layers.
        side: the longer side, pixels.
        cancel: asked between layers.

    Returns:
        (h, w, 3) uint8 by layer id. Thread: any.
    """
    view = decomposition.subject_view(side, _MAX_STRETCH)
    weights = np.eye(decomposition.source.count, dtype=np.float32)
    stretches = [_MAX_STRETCH]
    pictures: Pictures = {}
    for index, layer in enumerate(decomposition.layers):
        cancel.raise_if_cancelled()
        signed = decomposition.source.mix(weights[index], view) - np.float32(0.5)
        strongest = float(np.percentile(np.abs(signed), 99)) or 1.0
        stretch = min(max(0.45 / strongest, 1.0), _MAX_STRETCH)
        if layer.kind is LayerKind.BRANCH:
            stretches.append(stretch)
        else:
            stretch = min(stretch, *stretches) if layer.kind is LayerKind.RESIDUAL else 1.0
        pictures[layer.id] = show_layer(decomposition.source, index, stretch, LayerView.GREY, view)
    return pictures
