"""The laboratory's pictures: one mode over time, all modes now, who leads each mode, and the index.

Many curves are slow to paint, so all modes at once are images, and only the chosen mode is drawn as curves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from bsgui.core.race import RaceConfig, RaceCourse, shares, specialization_index
from bsgui.ui.theme import Theme, current_theme

from .race_run import RaceView

Array = NDArray[np.float64]
_LABEL_WIDTH = 56
_GOLDEN = 0.61803398875


def branch_color(branch: int, dark: bool) -> QColor:
    """A colour of its own for each branch: hues spread by the golden ratio, so neighbours differ most."""
    hue = (0.58 + branch * _GOLDEN) % 1.0
    return QColor.fromHsvF(hue, 0.62 if dark else 0.85, 0.95 if dark else 0.7)


class RacePlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Four plots that follow one race. Thread: GUI.

    Signals:
        mode_chosen(int): a mode was clicked.
    """

    mode_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Plots of the race")
        self._shown = "contributions"
        self._mode = 0
        self._config = RaceConfig()
        self._prediction: RaceCourse | None = None
        self._curves: list[Any] = []
        self._dashed: list[Any] = []
        self._make_plots()
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.apply_theme(current_theme())

    def start(self, config: RaceConfig) -> None:
        """Empty all plots for another race."""
        self._config = config
        self._mode = min(self._mode, config.modes - 1)
        self._prediction = None
        # Curves are slow to make: those of the largest race so far are kept, and stay empty where there are too many.
        while len(self._curves) < config.branches:
            self._curves.append(self._course.plot([], []))
            self._dashed.append(self._course.plot([], []))
        for item in (*self._curves, *self._dashed, self._index, self._learned, self._index_dashed):
            item.setData([], [])
        for image in (self._now_image, self._expected_image, self._leader_image):
            image.clear()
        end = config.step_count * config.time_per_step
        for plot in (self._course, self._summary, self._leaders):
            plot.setXRange(0, end, padding=0.01)
        self._leaders.setYRange(0.5, config.modes + 0.5, padding=0)
        for plot in (self._now, self._expected):
            plot.setRange(xRange=(0.5, config.modes + 0.5), yRange=(0.5, config.branches + 0.5), padding=0)
        self._color_curves(current_theme())
        self._label()

    def show_mode(self, mode: int) -> None:
        """Draw another mode's curves, from the next :meth:`draw` on."""
        self._mode = mode
        self._label()
        self._draw_prediction()

    def show_quantity(self, name: str) -> None:
        """Draw "contributions" or "shares"."""
        self._shown = name
        self._label()
        self._draw_prediction()

    def show_prediction(self, prediction: RaceCourse | None) -> None:
        """Draw what theory says, dashed; None where it says nothing."""
        self._prediction = prediction
        self._draw_prediction()
        self._expected.setTitle(self._title("Predicted end" if prediction is not None else "No prediction for this"))

    def draw(self, view: RaceView) -> None:
        """Draw where the race stands."""
        values = view.contributions if self._shown == "contributions" else view.shares
        for branch, curve in enumerate(self._curves[: self._config.branches]):
            curve.setData(view.times, values[:, branch])
        self._index.setData(view.times, view.index)
        self._learned.setData(view.times, view.learned)
        _set_heat(self._now_image, view.now)
        self._leader_image.setImage(self._leader_pixels(view), autoLevels=False, levels=(0, 255))
        end = max(float(view.times[-1]), 1e-12)
        self._leader_image.setRect(QRectF(0, 0.5, end, self._config.modes))

    def apply_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._dark = theme.name == "dark"
        self.setBackground(theme.base)
        for plot in (self._course, self._summary, self._now, self._expected, self._leaders):
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(theme.border)
                plot.getAxis(side).setTextPen(theme.text)
        self._color_curves(theme)
        self._text = theme.text
        self._label()

    def _color_curves(self, theme: Theme) -> None:
        expected = pg.mkPen(theme.text, width=1, style=Qt.PenStyle.DashLine)
        for branch, (curve, dashed) in enumerate(zip(self._curves, self._dashed, strict=True)):
            color = branch_color(branch, self._dark)
            curve.setPen(pg.mkPen(color, width=2 if self._config.branches <= 8 else 1))
            # A good prediction lies on its curve: it must be seen on it.
            dashed.setPen(expected)
            dashed.setZValue(1)
        self._index.setPen(pg.mkPen(theme.focus, width=2))
        self._index_dashed.setPen(expected)
        self._index_dashed.setZValue(1)
        self._learned.setPen(pg.mkPen(theme.quiet, width=1))

    def _make_plots(self) -> None:
        self._text = current_theme().text
        self._dark = current_theme().name == "dark"
        self._course: Any = self.addPlot(row=0, col=0, colspan=2)
        self._summary: Any = self.addPlot(row=1, col=0, colspan=2)
        self._now: Any = self.addPlot(row=2, col=0)
        self._expected: Any = self.addPlot(row=2, col=1)
        self._leaders: Any = self.addPlot(row=3, col=0, colspan=2)
        for row, stretch in enumerate((5, 3, 4, 4)):
            self.ci.layout.setRowStretchFactor(row, stretch)
        for plot in (self._course, self._summary, self._now, self._expected, self._leaders):
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(x=False, y=False)
            plot.hideButtons()
            plot.getAxis("left").setWidth(_LABEL_WIDTH)
        self._course.setYRange(0, 1.02)
        self._summary.setYRange(0, 1.02)
        self._index: Any = self._summary.plot([], [])
        self._index_dashed: Any = self._summary.plot([], [])
        self._learned: Any = self._summary.plot([], [])
        self._now_image, self._expected_image, self._leader_image = (pg.ImageItem(axisOrder="row-major") for _ in "123")
        for plot, image in (
            (self._now, self._now_image),
            (self._expected, self._expected_image),
            (self._leaders, self._leader_image),
        ):
            plot.addItem(image)
        for image in (self._now_image, self._expected_image):
            image.setColorMap(pg.colormap.get("viridis"))
        self._now.invertY(True)
        self._expected.invertY(True)
        self._leaders.invertY(True)

    def _label(self) -> None:
        what = "Contribution / strength" if self._shown == "contributions" else "Share"
        self._course.setTitle(self._title(f"{what} of each branch: mode {self._mode + 1} (dashed: prediction)"))
        self._summary.setTitle(self._title("Specialization index (blue; dashed: prediction) and learned share (grey)"))
        self._now.setTitle(self._title("Share of each branch (rows) in each mode, now"))
        self._expected.setTitle(self._title("Predicted end"))
        self._leaders.setTitle(self._title("Who leads each mode (rows) over time: the branch’s colour, by its share"))
        for plot, left, bottom in (
            (self._course, "", "time"),
            (self._summary, "", "time"),
            (self._now, "branch", "mode"),
            (self._expected, "branch", "mode"),
            (self._leaders, "mode", "time"),
        ):
            plot.setLabel("left", left, color=self._text)
            plot.setLabel("bottom", bottom, color=self._text)

    def _title(self, text: str) -> str:
        return f'<span style="color:{self._text}; font-size:9pt">{text}</span>'

    def _draw_prediction(self) -> None:
        if self._prediction is None:
            for dashed in self._dashed:
                dashed.setData([], [])
            return
        course = self._prediction.amplitudes[:, 0]
        of_mode = course[:, :, self._mode : self._mode + 1]
        values = shares(of_mode) if self._shown == "shares" else of_mode / self._config.mode_strengths[self._mode]
        for branch, dashed in enumerate(self._dashed[: self._config.branches]):
            dashed.setData(self._prediction.times, values[:, branch, 0])
        self._index_dashed.setData(self._prediction.times, specialization_index(course))
        _set_heat(self._expected_image, shares(course[-1]))

    def _leader_pixels(self, view: RaceView) -> NDArray[np.uint8]:
        """(M, T, 4) the leading branch's colour, as opaque as its lead over an equal share is large."""
        colors = np.array([_rgb(branch_color(k, self._dark)) for k in range(self._config.branches)], dtype=np.uint8)
        equal = 1 / self._config.branches
        strength = np.clip((view.lead_shares - equal) / (1 - equal), 0.08, 1.0)
        # The moments kept are evenly spread over the steps, so each is one column.
        return np.concatenate([colors[view.leaders.T], np.rint(255 * strength.T)[:, :, None].astype(np.uint8)], axis=2)

    def _on_clicked(self, event: Any) -> None:
        point: QPointF = event.scenePos()
        for plot, vertical in ((self._now, False), (self._expected, False), (self._leaders, True)):
            box = plot.getViewBox()
            if box.sceneBoundingRect().contains(point):
                where = box.mapSceneToView(point)
                mode = round(where.y() if vertical else where.x()) - 1
                if 0 <= mode < self._config.modes:
                    self.mode_chosen.emit(mode)


def _rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def _set_heat(image: Any, values: Array) -> None:
    """Show (B, M) shares, with the first branch and mode at 1."""
    image.setImage(values, autoLevels=False, levels=(0.0, 1.0))
    image.setRect(QRectF(0.5, 0.5, values.shape[1], values.shape[0]))
