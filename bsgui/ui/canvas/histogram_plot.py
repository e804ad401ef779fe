"""The curves of a histogram. Imports pyqtgraph, which takes a fifth of a second: see :mod:`bsgui.ui.late_import`."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from bsgui.ui.theme import Theme

from .histograms import SignedHistogram


class HistogramPlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws one histogram at a time; the mouse changes nothing.

    Args:
        parent: Qt parent.

    Thread: GUI.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, enableMenu=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.hideAxis("left")
        self.hideAxis("bottom")
        self.setMinimumHeight(72)
        self._curves = {name: self.plot(stepMode="center") for name in ("luma", "red", "green", "blue")}
        self._bars = {name: self.plot(stepMode="center") for name in ("negative", "positive")}

    def apply_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.setBackground(theme.base)
        axis = self.getAxis("bottom")
        axis.setPen(theme.border)
        axis.setTextPen(theme.quiet)
        for name, item in self._curves.items():
            color = QColor(theme.quiet if name == "luma" else getattr(theme, name))
            _style(item, color, 110 if name == "luma" else 60)
        for name, item in self._bars.items():
            _style(item, QColor(getattr(theme, name)), 140)

    def show_nothing(self) -> None:
        """An empty plot without an axis."""
        for item in (*self._curves.values(), *self._bars.values()):
            item.setData([], [], stepMode=None)
        self.hideAxis("bottom")

    def show_picture(self, counts: NDArray[np.int64]) -> None:
        """Luminance, red, green and blue: (4, 256) counts."""
        self.show_nothing()
        edges = np.arange(257) - 0.5
        for item, values in zip(self._curves.values(), counts, strict=True):
            item.setData(edges, values, stepMode="center")
        # Spikes at pure black and white must not flatten the rest.
        self._set_ranges(-0.5, 255.5, int(counts[:, 1:-1].max()), [0, 64, 128, 192, 255])

    def show_layer(self, histogram: SignedHistogram) -> None:
        """A layer's values, what it takes away in another colour than what it adds."""
        reach, half = histogram.reach, len(histogram.counts) // 2
        edges = np.linspace(-reach, reach, len(histogram.counts) + 1)
        self.show_nothing()
        self._bars["negative"].setData(edges[: half + 1], histogram.counts[:half], stepMode="center")
        self._bars["positive"].setData(edges[half:], histogram.counts[half:], stepMode="center")
        self._set_ranges(-reach, reach, int(np.sort(histogram.counts)[-3]), [-reach, -reach // 2, 0, reach // 2, reach])

    def _set_ranges(self, left: float, right: float, top: int, ticks: list[int]) -> None:
        self.setXRange(left, right, padding=0)
        self.setYRange(0, max(1, top) * 1.05, padding=0)
        self.showAxis("bottom")
        self.getAxis("bottom").setTicks([[(tick, _signed(tick, left)) for tick in ticks]])


def _style(item: pg.PlotDataItem, color: QColor, opacity: int) -> None:
    fill = QColor(color)
    fill.setAlpha(opacity)
    item.setPen(pg.mkPen(color, width=1))
    item.setFillLevel(0)
    item.setFillBrush(pg.mkBrush(fill))


def _signed(tick: int, left: float) -> str:
    return f"{tick:+d}".replace("-", "−") if left < -1 and tick else str(tick)
