"""What is painted around and over the picture: surround, border, pixel grid, split line. Logical pixels."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QRegion

from bsgui.ui.theme import Theme

from .placement import DeviceRect, Placement

GRID_FROM_ZOOM = 16.0
HANDLE_RADIUS = 10.0
_PADDING_X, _PADDING_Y, _GAP = 8.0, 4.0, 8.0


def logical(rect: DeviceRect, ratio: float) -> QRectF:
    """Device pixels to the widget's own."""
    return QRectF(rect.left / ratio, rect.top / ratio, rect.width / ratio, rect.height / ratio)


def paint_surround(painter: QPainter, placement: Placement, ratio: float, canvas: QRect, theme: Theme) -> None:
    """What of the canvas the photo does not cover."""
    visible = logical(placement.visible, ratio)
    # At an odd device pixel ratio the photo ends within a pixel of the canvas.
    left, top = math.ceil(visible.left()), math.ceil(visible.top())
    covered = QRect(left, top, math.floor(visible.right()) - left, math.floor(visible.bottom()) - top)
    for bare in QRegion(canvas).subtracted(QRegion(covered)):  # type: ignore[attr-defined]
        painter.fillRect(bare, QColor(theme.surround))


def paint_border(painter: QPainter, placement: Placement, ratio: float, theme: Theme) -> None:
    """A hairline around the photo, so that a picture as grey as the surround has an edge."""
    pixel = 1 / ratio
    outline = logical(placement.photo_rect, ratio).adjusted(-pixel / 2, -pixel / 2, pixel / 2, pixel / 2)
    painter.setPen(QPen(QColor(theme.border), pixel))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(outline)


def paint_grid(painter: QPainter, placement: Placement, ratio: float) -> None:
    """Lines between photo pixels, from 1600 %; dark and light side by side show on any picture."""
    if placement.zoom < GRID_FROM_ZOOM:
        return
    visible = placement.visible
    xs = _grid(visible.left, visible.right, placement.origin[0], placement.zoom)
    ys = _grid(visible.top, visible.bottom, placement.origin[1], placement.zoom)
    for offset, color in ((0.5, QColor(0, 0, 0, 70)), (1.5, QColor(255, 255, 255, 40))):
        painter.setPen(QPen(color, 1 / ratio))
        top, bottom = visible.top / ratio, visible.bottom / ratio
        left, right = visible.left / ratio, visible.right / ratio
        lines = [QLineF((x + offset) / ratio, top, (x + offset) / ratio, bottom) for x in xs]
        lines += [QLineF(left, (y + offset) / ratio, right, (y + offset) / ratio) for y in ys]
        painter.drawLines(lines)


def paint_split(painter: QPainter, line: QLineF, labels: tuple[str, str], theme: Theme) -> None:
    """The split line with a handle in its middle and a label on either side."""
    for color, width in ((QColor(0, 0, 0, 130), 3.0), (QColor(255, 255, 255, 235), 1.0)):
        painter.setPen(QPen(color, width))
        painter.drawLine(line)
    _paint_handle(painter, line, theme)
    metrics = QFontMetricsF(painter.font())
    height = metrics.height() + 2 * _PADDING_Y
    for label, side in zip(labels, (-1, 1), strict=True):
        width = metrics.horizontalAdvance(label) + 2 * _PADDING_X
        if line.dx() == 0:
            corner = QPointF(line.x1() + (_GAP if side > 0 else -_GAP - width), line.y1() + _GAP)
        else:
            corner = QPointF(line.x1() + _GAP, line.y1() + (_GAP if side > 0 else -_GAP - height))
        paint_label(painter, QRectF(corner, QSizeF(width, height)), label, theme)


def paint_caption(painter: QPainter, text: str, height: int, theme: Theme) -> None:
    """A label in the lower left corner of a canvas of this height; nothing without text."""
    if text:
        metrics = QFontMetricsF(painter.font())
        size = QSizeF(metrics.horizontalAdvance(text) + 2 * _PADDING_X, metrics.height() + 2 * _PADDING_Y)
        paint_label(painter, QRectF(QPointF(_GAP, height - _GAP - size.height()), size), text, theme)


def paint_label(painter: QPainter, rect: QRectF, text: str, theme: Theme) -> None:
    """Words on a dark ground, readable over any picture."""
    ground = QColor(theme.overlay)
    ground.setAlpha(215)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QColor(theme.on_overlay))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _paint_handle(painter: QPainter, line: QLineF, theme: Theme) -> None:
    middle = line.center()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.overlay), 1))
    painter.setBrush(QColor(theme.on_overlay))
    painter.drawEllipse(middle, HANDLE_RADIUS, HANDLE_RADIUS)
    painter.setPen(QPen(QColor(theme.overlay), 1.5))
    along = QPointF(1, 0) if line.dx() == 0 else QPointF(0, 1)
    across = QPointF(along.y(), along.x())
    for side in (-1, 1):
        tip = middle + along * (6.0 * side)
        back = middle + along * (2.5 * side)
        painter.drawPolyline([back + across * 3, tip, back - across * 3])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _grid(start: int, stop: int, origin: int, zoom: float) -> list[int]:
    first, last = math.ceil((start - origin) / zoom), math.floor((stop - origin) / zoom)
    return [round(origin + index * zoom) for index in range(first, last + 1)]
