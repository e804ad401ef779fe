"""The measures of a recorded run as curves, with a line at the step that is shown.

Most happens early, so steps lie on a square-root scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QWidget

from bsgui.core.recording import Recording
from bsgui.ui.theme import Theme, current_theme

from .race_plots import branch_color

Array = NDArray[np.float64]
_LABEL_WIDTH = 48
_MOST_TICKS = 7
_LEAST_HEIGHT = 400
_ROUND = (1, 2, 5)


class PlaybackPlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Four plots over the same steps.

    Signals:
        moment_chosen(int): a plot was clicked near this recorded moment.

    Thread: GUI.
    """

    moment_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Measures over the run")
        self.setMinimumHeight(_LEAST_HEIGHT)
        self._places = np.zeros(0)
        self._recording: Recording | None = None
        self._plots = [self.addPlot(row=row, col=0) for row in range(4)]
        self._lines = [pg.InfiniteLine(0, angle=90) for _ in self._plots]
        for plot, line in zip(self._plots, self._lines, strict=True):
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(x=False, y=False)
            plot.hideButtons()
            plot.getAxis("left").setWidth(_LABEL_WIDTH)
            plot.addItem(line)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.apply_theme(current_theme())

    def start(self, recording: Recording) -> None:
        """Draw another run's curves."""
        self._recording = recording
        self._places = np.sqrt(recording.steps)
        ticks = [[(float(np.sqrt(step)), f"{step:,}") for step in tick_steps(int(recording.steps[-1]))]]
        for plot in self._plots:
            plot.getAxis("bottom").setTicks(ticks)
            plot.setXRange(0, max(self._places[-1], 1), padding=0.02)
        self._draw()

    def show_moment(self, moment: int) -> None:
        """Put the line at a recorded moment."""
        for line in self._lines:
            line.setPos(self._places[moment])

    def apply_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.setBackground(theme.base)
        for plot, line in zip(self._plots, self._lines, strict=True):
            line.setPen(pg.mkPen(theme.text, width=1))
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(theme.border)
                plot.getAxis(side).setTextPen(theme.text)
        self._draw()

    def _draw(self) -> None:
        recording, theme = self._recording, current_theme()
        if recording is None:
            return
        for plot, line in zip(self._plots, self._lines, strict=True):
            plot.clear()
            plot.addItem(line)
        fidelity, quality, shares, skewness = self._plots
        _title(fidelity, "Fidelity of the branches’ sum, dB", theme)
        self._curve(fidelity, recording.course("fidelity_db"), theme.focus)
        colors = (theme.focus, theme.warning, theme.green)
        names = ("redundancy", "cancellation", "identity")
        words = (f'<span style="color:{color}">{name}</span>' for color, name in zip(colors, names, strict=True))
        _title(quality, ", ".join(words), theme)
        for name, color in zip(names, colors, strict=True):
            self._curve(quality, recording.course(name), color)
        quality.setYRange(0, min(max(1.0, float(np.nanmax(recording.course("cancellation")[1:], initial=0))), 2.5))
        _title(shares, "Share of the branches’ energy", theme)
        _title(skewness, "Polarity: adds light (+) or takes it away (−)", theme)
        for plot, figure in ((shares, "shares"), (skewness, "skewness")):
            for branch, values in enumerate(recording.course(figure).T):
                self._curve(plot, values, branch_color(branch, theme.name == "dark"))
        shares.setYRange(0, float(recording.course("shares").max()) * 1.05)

    def _curve(self, plot: Any, values: Array, color: Any) -> None:
        known = np.isfinite(values)
        plot.plot(self._places[known], values[known], pen=pg.mkPen(color, width=2))

    def _on_clicked(self, event: Any) -> None:
        point: QPointF = event.scenePos()
        for plot in self._plots:
            box = plot.getViewBox()
            if event.button() == Qt.MouseButton.LeftButton and box.sceneBoundingRect().contains(point):
                place = box.mapSceneToView(point).x()
                if len(self._places):
                    self.moment_chosen.emit(int(np.abs(self._places - place).argmin()))


def tick_steps(last: int) -> list[int]:
    """Round steps that lie about evenly on a square-root scale."""
    found: list[int] = []
    for part in np.linspace(0, 1, _MOST_TICKS):
        step = int(last * part**2)
        magnitude = 10 ** max(len(str(step)) - 1, 0)
        rounded = max((x * magnitude for x in _ROUND if x * magnitude <= step), default=0)
        if rounded not in found:
            found.append(rounded)
    return found


def _title(plot: Any, text: str, theme: Theme) -> None:
    plot.setTitle(f'<span style="color:{theme.text}; font-size:9pt">{text}</span>')
