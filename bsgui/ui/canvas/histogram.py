"""Histogram of the picture in view, or of the signed values of the selected layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from bsgui.core.layers import LayerState
from bsgui.core.photo import OFFSET, FloatImage
from bsgui.core.viewport import Viewport
from bsgui.ui.theme import Theme, current_theme

from .pictures import Pixels, composite_picture, looked_at, photo_picture, solo_or_none
from .throttle import Throttle
from .view import CanvasView

_INTERVAL_MS = 80
_SAMPLES_ACROSS = 256
_RANGES = (4, 8, 16, 32, 64, 128, 256)
# A row for cv2.transform, which does without the threads of a matrix product; they stall on a busy machine.
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


@dataclass(frozen=True)
class SignedHistogram:
    """How a layer's values are spread.

    Attributes:
        counts: (128,) pixels per bin, from -reach to +reach.
        reach: 1/255 of white; the smallest of a few round numbers that holds 99.8 % of the pixels.
    """

    counts: NDArray[np.int64]
    reach: int


def rgb_histogram(pixels: Pixels) -> NDArray[np.int64]:
    """Counts of luminance, red, green and blue: (4, 256)."""
    luma = np.asarray(cv2.transform(pixels, _LUMA), np.uint8)
    channels = [luma, *(pixels[..., c] for c in range(3))]
    return np.stack([np.bincount(channel.ravel(), minlength=256) for channel in channels])


def signed_histogram(signed: FloatImage) -> SignedHistogram:
    """The luminance of a signed layer (H, W, 3), full scale, 0 is nothing."""
    values = np.asarray(cv2.transform(signed, _LUMA), np.float32).ravel() * 255
    wanted = float(np.quantile(np.abs(values), 0.998))
    reach = next((reach for reach in _RANGES if reach >= wanted), _RANGES[-1])
    counts, _ = np.histogram(values, 128, (-reach, reach))
    return SignedHistogram(counts, reach)


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
        self._plot = pg.PlotWidget(self, enableMenu=False)
        self._set_up_plot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(self._plot, 1)
        layout.addWidget(self._caption)
        self.setAccessibleName(self.tr("Histogram"))
        self._apply_theme(current_theme())
        canvas.picture_changed.connect(self._throttle.request)

    @property
    def caption(self) -> str:
        """What the line under the plot says."""
        return self._caption.text()

    def _set_up_plot(self) -> None:
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.hideAxis("left")
        self._plot.hideAxis("bottom")
        self._plot.setMinimumHeight(72)
        self._curves = {name: self._plot.plot(stepMode="center") for name in ("luma", "red", "green", "blue")}
        self._bars = {name: self._plot.plot(stepMode="center") for name in ("negative", "positive")}

    def _apply_theme(self, theme: Theme) -> None:
        self._plot.setBackground(theme.base)
        axis = self._plot.getAxis("bottom")
        axis.setPen(theme.border)
        axis.setTextPen(theme.quiet)
        for name, item in self._curves.items():
            color = QColor(theme.quiet if name == "luma" else getattr(theme, name))
            _style(item, color, 110 if name == "luma" else 60)
        for name, item in self._bars.items():
            _style(item, QColor(getattr(theme, name)), 140)

    # ---- content -------------------------------------------------------------------------------------------

    def _update(self) -> None:
        view = self._small_view()
        layer = looked_at(self._canvas.document, self._canvas.state)
        if view is None:
            self._clear()
        elif layer is not None:
            self._show_layer(layer, view)
        else:
            self._show_picture(view)

    def _small_view(self) -> Viewport | None:
        placement = self._canvas.placement
        if placement is None or placement.visible.is_empty:
            return None
        visible = placement.visible
        coarseness = max(1, math.ceil(max(visible.width, visible.height) / _SAMPLES_ACROSS))
        return placement.viewport(visible, coarseness)

    def _clear(self) -> None:
        for item in (*self._curves.values(), *self._bars.values()):
            item.setData([], [], stepMode=None)
        self._plot.hideAxis("bottom")
        self._caption.setText("")

    def _show_picture(self, view: Viewport) -> None:
        document, state = self._canvas.document, self._canvas.state
        assert document.photo is not None
        picture = photo_picture(document.photo)
        if document.decomposition is not None and not state.before:
            weights = document.stack.weights(solo_or_none(document.stack, state))
            picture = composite_picture(document.decomposition.source, weights)
        counts = rgb_histogram(picture(view))
        self._clear()
        edges = np.arange(257) - 0.5
        for item, values in zip(self._curves.values(), counts, strict=True):
            item.setData(edges, values, stepMode="center")
        # Spikes at pure black and white must not flatten the rest.
        self._set_ranges(-0.5, 255.5, int(counts[:, 1:-1].max()), [0, 64, 128, 192, 255])
        dark, bright = counts[0, 0] / counts[0].sum(), counts[0, -1] / counts[0].sum()
        self._caption.setText(self.tr("In view: {0:.1%} black, {1:.1%} white").format(dark, bright))

    def _show_layer(self, layer: LayerState, view: Viewport) -> None:
        document = self._canvas.document
        assert document.decomposition is not None
        mixed = document.decomposition.source.mix(document.stack.weights(layer.id), view)
        histogram = signed_histogram(mixed - np.float32(OFFSET))
        reach, half = histogram.reach, len(histogram.counts) // 2
        edges = np.linspace(-reach, reach, len(histogram.counts) + 1)
        self._clear()
        self._bars["negative"].setData(edges[: half + 1], histogram.counts[:half], stepMode="center")
        self._bars["positive"].setData(edges[half:], histogram.counts[half:], stepMode="center")
        self._set_ranges(-reach, reach, int(np.sort(histogram.counts)[-3]), [-reach, -reach // 2, 0, reach // 2, reach])
        share = document.decomposition.layers[layer.source].energy_share
        self._caption.setText(self.tr("{0}: {1:.1%} of the energy").format(layer.name, share))

    def _set_ranges(self, left: float, right: float, top: int, ticks: list[int]) -> None:
        self._plot.setXRange(left, right, padding=0)
        self._plot.setYRange(0, max(1, top) * 1.05, padding=0)
        self._plot.showAxis("bottom")
        self._plot.getAxis("bottom").setTicks([[(tick, _signed(tick, left)) for tick in ticks]])

    # ---- Qt ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up on what happened while hidden."""
        super().showEvent(event)
        self._throttle.request()

    def changeEvent(self, event: QEvent) -> None:
        """Take a new theme's colours."""
        if event.type() == QEvent.Type.PaletteChange:
            self._apply_theme(current_theme())
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """Wide enough to tell the bins apart."""
        return QSize(272, 160)


def _style(item: pg.PlotDataItem, color: QColor, opacity: int) -> None:
    fill = QColor(color)
    fill.setAlpha(opacity)
    item.setPen(pg.mkPen(color, width=1))
    item.setFillLevel(0)
    item.setFillBrush(pg.mkBrush(fill))


def _signed(tick: int, left: float) -> str:
    return f"{tick:+d}".replace("-", "−") if left < -1 and tick else str(tick)
