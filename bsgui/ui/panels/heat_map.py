"""Matrices and maps of place, painted in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from bsgui.ui.canvas.qimage import to_qimage
from bsgui.ui.theme import Theme, contrast, current_theme

_ROW = 24
_LEAST_CELL = 8
_MOST_CELL = 56
_GAP = 4
_WIDEST_NAME = 110
_STRONGEST = 0.8
_SMALL_TEXT = 0.88
_STEPS = 32
_MAP_SIDE = 64
_MAP_GAP = 12

Values = NDArray[np.floating[Any]]


class HeatMap(QWidget):
    """A matrix as coloured cells with numbers: orange above 0, blue below; what does not fit is in the tooltips.

    Args:
        name: for screen readers.
        strongest: the absolute value of full colour.

    Thread: GUI.
    """

    def __init__(self, name: str, strongest: float = 1.0) -> None:
        super().__init__()
        self._strongest = strongest
        self._values: Values = np.zeros((0, 0))
        self._rows: Sequence[str] = ()
        self._columns: Sequence[str] = ()
        self._left = 0
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def show_values(self, values: Values, rows: Sequence[str], columns: Sequence[str]) -> None:
        """Show a matrix (R, C) with its names."""
        self._values, self._rows, self._columns = values, rows, columns
        self._left = _names_width(self.fontMetrics(), rows)
        self.setAccessibleDescription("; ".join(self.cell_text(r, c) for r, c in np.ndindex(values.shape)))
        self.updateGeometry()
        self.update()

    def cell_text(self, row: int, column: int) -> str:
        """What the tooltip of a cell says."""
        return f"{self._rows[row]}, {self._columns[column]}: {_number(self._values[row, column])}"

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        width = self._cell_width()
        return QRectF(self._left + column * width, _ROW * (row + 1), width, _ROW)

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(240, _ROW * (len(self._rows) + 1) + 2)

    def minimumSizeHint(self) -> QSize:
        """Columns may get narrow, but not vanish."""
        return QSize(self._left + _LEAST_CELL * len(self._columns), self.sizeHint().height())

    def _cell_width(self) -> float:
        room = (self.width() - self._left) / max(1, len(self._columns))
        return float(min(max(room, _LEAST_CELL), _MOST_CELL))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names, cells, numbers."""
        painter = QPainter(self)
        painter.setPen(QColor(current_theme().text))
        for row, name in enumerate(self._rows):
            place = QRectF(0, _ROW * (row + 1), self._left - 2 * _GAP, _ROW)
            text = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        small = self.font()
        small.setPointSizeF(small.pointSizeF() * _SMALL_TEXT)
        painter.setFont(small)
        self._paint_heads(painter)
        self._paint_cells(painter)
        painter.end()

    def _paint_heads(self, painter: QPainter) -> None:
        painter.setPen(QColor(current_theme().quiet))
        for column, name in enumerate(self._columns):
            place = self.cell_rect(-1, column)
            # Where rows and columns are the same branches, a number says enough.
            text = str(column + 1) if self._columns is self._rows else name
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, elided)

    def _paint_cells(self, painter: QPainter) -> None:
        rows, columns = self._values.shape
        width = self._cell_width()
        strengths = _in_steps(self._values / self._strongest)
        place = QRectF(self._left, _ROW, columns * width, rows * _ROW)
        _paint_grid(painter, strengths, place)
        if painter.fontMetrics().horizontalAdvance(".00") > width:
            return
        for row, column in np.ndindex(rows, columns):
            number = _number(float(self._values[row, column]))
            painter.setPen(_readable_on(float(strengths[row, column]), current_theme()))
            for text in (number, number.replace("0.", ".")):
                if painter.fontMetrics().horizontalAdvance(text) <= width:
                    painter.drawText(self.cell_rect(row, column), Qt.AlignmentFlag.AlignCenter, text)
                    break

    def event(self, event: QEvent) -> bool:
        """Tooltips of cells."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._cell_at(event.pos())
            if cell is not None:
                QToolTip.showText(event.globalPos(), self.cell_text(*cell), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _cell_at(self, position: QPoint) -> tuple[int, int] | None:
        column = int((position.x() - self._left) // self._cell_width())
        row = position.y() // _ROW - 1
        there = 0 <= row < self._values.shape[0] and 0 <= column < self._values.shape[1]
        return (row, column) if there else None


class PlaceMaps(QWidget):
    """One grid a branch: orange where it is stronger than its mean (full colour: twice), blue where weaker.

    Args:
        name: for screen readers.

    Thread: GUI.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._maps: Values = np.zeros((0, 1, 1))
        self._names: Sequence[str] = ()
        self.setAccessibleName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_maps(self, maps: Values, names: Sequence[str]) -> None:
        """Show strengths (N, G, G) with the branches' names."""
        self._maps = maps / np.maximum(maps.mean((1, 2), keepdims=True), 1e-9) - 1
        self._names = names
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Narrow panels have more rows."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As many rows as the width asks for."""
        rows = -(-len(self._names) // self._per_row(width))
        return max(1, rows * (_MAP_SIDE + _ROW))

    def sizeHint(self) -> QSize:
        """Three in a row."""
        width = 3 * (_MAP_SIDE + _MAP_GAP)
        return QSize(width, self.heightForWidth(width))

    def _per_row(self, width: int) -> int:
        return max(1, (width + _MAP_GAP) // (_MAP_SIDE + _MAP_GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names and maps."""
        painter = QPainter(self)
        painter.setPen(QColor(current_theme().text))
        per_row = self._per_row(self.width())
        for index, name in enumerate(self._names):
            left = (index % per_row) * (_MAP_SIDE + _MAP_GAP)
            top = (index // per_row) * (_MAP_SIDE + _ROW)
            text = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _MAP_SIDE + _MAP_GAP - 2)
            painter.drawText(QRectF(left, top, _MAP_SIDE + _MAP_GAP, _ROW), Qt.AlignmentFlag.AlignVCenter, text)
            self._paint_map(painter, self._maps[index], left, top + _ROW)
        painter.end()

    def _paint_map(self, painter: QPainter, values: Values, left: int, top: int) -> None:
        _paint_grid(painter, _in_steps(values), QRectF(left, top, _MAP_SIDE, _MAP_SIDE))


def _in_steps(strengths: Values) -> Values:
    """Clipped to -1..1, in few steps, so that what is computed per colour can be kept."""
    return np.round(np.clip(strengths, -1, 1) * _STEPS) / _STEPS


def _paint_grid(painter: QPainter, strengths: Values, place: QRectF) -> None:
    """Coloured cells (R, C) that fill a place; one picture, as thousands of rectangles would take too long."""
    if not strengths.size:
        return
    theme = current_theme()
    ground, above, below = (np.array(QColor(x).getRgb()[:3]) for x in (theme.window, theme.positive, theme.negative))  # type: ignore[index]
    share = _STRONGEST * np.abs(strengths)[..., None]
    pixels = ground + share * (np.where(strengths[..., None] >= 0, above, below) - ground)
    painter.drawImage(place, to_qimage(np.ascontiguousarray(np.round(pixels), np.uint8)))
    painter.save()
    painter.setPen(QColor(theme.window))
    for row in range(1, len(strengths)):
        y = place.top() + row * place.height() / len(strengths)
        painter.drawLine(QPointF(place.left(), y), QPointF(place.right(), y))
    for column in range(1, strengths.shape[1]):
        x = place.left() + column * place.width() / strengths.shape[1]
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
    painter.restore()


def _names_width(metrics: QFontMetrics, names: Sequence[str]) -> int:
    return min(max((metrics.horizontalAdvance(x) for x in names), default=0), _WIDEST_NAME) + 2 * _GAP


@lru_cache(maxsize=256)
def _readable_on(strength: float, theme: Theme) -> QColor:
    """The theme's text colour, or its opposite where that is easier to read on a cell's colour."""
    color, ground = QColor(theme.positive if strength >= 0 else theme.negative), QColor(theme.window)
    share = _STRONGEST * abs(strength)
    pairs = ((color.redF(), ground.redF()), (color.greenF(), ground.greenF()), (color.blueF(), ground.blueF()))
    mixed = QColor.fromRgbF(*(share * top + (1 - share) * bottom for top, bottom in pairs)).name()
    return QColor(max((theme.text, theme.overlay, theme.on_overlay), key=lambda x: contrast(x, mixed)))


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
