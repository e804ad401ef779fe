"""Histogram of the picture in view, or of the signed values of the selected layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from bsgui.core.layers import LayerState
from bsgui.core.photo import OFFSET
from bsgui.core.viewport import Viewport
from bsgui.ui.late_import import LateImport
from bsgui.ui.theme import current_theme

from .histograms import rgb_histogram, signed_histogram
from .pictures import composite_picture, looked_at, photo_picture, solo_or_none
from .throttle import Throttle
from .view import CanvasView

if TYPE_CHECKING:
    from .histogram_plot import HistogramPlot

_INTERVAL_MS = 80
_SAMPLES_ACROSS = 256


class HistogramPanel(QWidget):
    """Follows a canvas: the composite's luminance and colours, or in a layer look the layer's signed values.

    Computed from at most 256 × 256 samples of what is in view, at most every 80 ms, and only while shown.

    Args:
        canvas: the canvas to follow.
        parent: Qt parent.

    Thread: GUI.
    """

    def __init__(self, canvas: CanvasView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._throttle = Throttle(self, _INTERVAL_MS, self._update)
        self._caption = QLabel(self)
        self._caption.setProperty("quiet", True)
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        self._plot: HistogramPlot | None = None
        self._plots = LateImport("pyqtgraph", self)
        self._plots.done.connect(self._throttle.request)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(4)
        self._column.addWidget(self._caption)
        self.setAccessibleName(self.tr("Histogram"))
        canvas.picture_changed.connect(self._throttle.request)

    @property
    def caption(self) -> str:
        """What the line under the plot says."""
        return self._caption.text()

    # ---- content -------------------------------------------------------------------------------------------

    def _update(self) -> None:
        if not self._plots.is_done:
            # A fifth of a second, which a window that shows no histogram need not wait for.
            self._plots.start()
            return
        plot = self._make_plot() if self._plot is None else self._plot
        view = self._small_view()
        layer = looked_at(self._canvas.document, self._canvas.state)
        if view is None:
            plot.show_nothing()
            self._caption.setText("")
        elif layer is not None:
            self._show_layer(plot, layer, view)
        else:
            self._show_picture(plot, view)

    def _make_plot(self) -> HistogramPlot:
        from .histogram_plot import HistogramPlot

        self._plot = HistogramPlot(self)
        self._plot.apply_theme(current_theme())
        self._column.insertWidget(0, self._plot, 1)
        return self._plot

    def _small_view(self) -> Viewport | None:
        placement = self._canvas.placement
        if placement is None or placement.visible.is_empty:
            return None
        visible = placement.visible
        coarseness = max(1, math.ceil(max(visible.width, visible.height) / _SAMPLES_ACROSS))
        return placement.viewport(visible, coarseness)

    def _show_picture(self, plot: HistogramPlot, view: Viewport) -> None:
        document, state = self._canvas.document, self._canvas.state
        assert document.photo is not None
        picture = photo_picture(document.photo)
        if document.decomposition is not None and not state.before:
            weights = document.stack.weights(solo_or_none(document.stack, state))
            picture = composite_picture(document.decomposition.source, weights)
        counts = rgb_histogram(picture(view))
        plot.show_picture(counts)
        dark, bright = counts[0, 0] / counts[0].sum(), counts[0, -1] / counts[0].sum()
        self._caption.setText(self.tr("In view: {0:.1%} black, {1:.1%} white").format(dark, bright))

    def _show_layer(self, plot: HistogramPlot, layer: LayerState, view: Viewport) -> None:
        document = self._canvas.document
        assert document.decomposition is not None
        mixed = document.decomposition.source.mix(document.stack.weights(layer.id), view)
        plot.show_layer(signed_histogram(mixed - np.float32(OFFSET)))
        share = document.decomposition.layers[layer.source].energy_share
        self._caption.setText(self.tr("{0}: {1:.1%} of the energy").format(layer.name, share))

    # ---- Qt ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up on what happened while hidden."""
        super().showEvent(event)
        self._throttle.request()

    def changeEvent(self, event: QEvent) -> None:
        """Take a new theme's colours."""
        if event.type() == QEvent.Type.PaletteChange and self._plot is not None:
            self._plot.apply_theme(current_theme())
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """Wide enough to tell the bins apart."""
        return QSize(272, 160)
