"""The measures of a recorded run as curves, with a line at the step that is shown.

Most happens early, so steps lie on a square-root scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from bsgui.core.recording import Recording
from bsgui.ui.theme import Theme, current_theme

from .race_plots import branch_color

Array = NDArray[np.float64]
_LABEL_WIDTH = 48
_MARGINS = (4, 4, 20, 4)
_LEAST_GAP = 0.1
_LEAST_HEIGHT = 400
_DIGITS = (5, 2, 1)


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
        self._undrawn: list[int] = []
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._draw_next)
        self._plots = [self.addPlot(row=row, col=0) for row in range(4)]
        self.ci.layout.setContentsMargins(*_MARGINS)
        self._lines = [pg.InfiniteLine(0, angle=90) for _ in self._plots]
        for plot, line in zip(self._plots, self._lines, strict=True):
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(x=False, y=False)
            plot.hideButtons()
            plot.getAxis("left").setWidth(_LABEL_WIDTH)
            # The last label is wider than its tick's place: there must be room for it, and leave to use it.
            plot.getAxis("bottom").setStyle(hideOverlappingLabels=False)
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
        self._draw_soon()

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
        self._draw_soon()

    def _draw_soon(self) -> None:
        # Curves are slow to make: one plot each time that the event loop comes round.
        self._undrawn = [0, 1, 2, 3]
        self._timer.start()

    def _draw_next(self) -> None:
        if self._recording is None or not self._undrawn:
            self._timer.stop()
            return
        row = self._undrawn.pop(0)
        plot = self._plots[row]
        plot.clear()
        plot.addItem(self._lines[row])
        draw = (self._draw_fidelity, self._draw_quality, self._draw_shares, self._draw_skewness)[row]
        draw(plot, self._recording, current_theme())

    def _draw_fidelity(self, plot: Any, recording: Recording, theme: Theme) -> None:
        _title(plot, "Fidelity of the branches’ sum, dB", theme)
        self._curve(plot, recording.course("fidelity_db"), theme.focus)

    def _draw_quality(self, plot: Any, recording: Recording, theme: Theme) -> None:
        colors = {"redundancy": theme.focus, "cancellation": theme.warning, "identity": theme.green}
        words = (f'<span style="color:{color}">{name}</span>' for name, color in colors.items())
        _title(plot, ", ".join(words), theme)
        for name, color in colors.items():
            self._curve(plot, recording.course(name), color)
        # Before it has learned anything a network may cancel wildly; that shall not flatten the rest.
        plot.setYRange(0, min(max(1.0, float(recording.course("cancellation").max())), 2.5))

    def _draw_shares(self, plot: Any, recording: Recording, theme: Theme) -> None:
        _title(plot, "Share of the branches’ energy", theme)
        self._branch_curves(plot, recording.course("shares"), theme)
        plot.setYRange(0, float(recording.course("shares").max()) * 1.05)

    def _draw_skewness(self, plot: Any, recording: Recording, theme: Theme) -> None:
        _title(plot, "Polarity: adds light (+) or takes it away (−)", theme)
        self._branch_curves(plot, recording.course("skewness"), theme)

    def _branch_curves(self, plot: Any, values: Array, theme: Theme) -> None:
        for branch, of_branch in enumerate(values.T):
            self._curve(plot, of_branch, branch_color(branch, theme.name == "dark"))

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
    """The last step, and before it 1, 2, 5, 10 and so on and 0, as many as do not crowd a square-root scale."""
    found = [last]
    rounded = (digit * 10**power for power in reversed(range(len(str(last)))) for digit in _DIGITS)
    for step in (*rounded, 0):
        if np.sqrt(found[-1]) - np.sqrt(step) >= _LEAST_GAP * np.sqrt(last) and step < last:
            found.append(step)
    return found[::-1]


def _title(plot: Any, text: str, theme: Theme) -> None:
    plot.setTitle(f'<span style="color:{theme.text}; font-size:9pt">{text}</span>')
