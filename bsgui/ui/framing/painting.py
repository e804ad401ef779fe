"""What the frame tool paints over the picture. Logical pixels."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from bsgui.ui.canvas.painting import paint_label
from bsgui.ui.theme import Theme

HANDLE_RADIUS = 5.0
_VEIL = QColor(0, 0, 0, 130)
_PADDING_X, _PADDING_Y, _GAP = 8.0, 4.0, 8.0


def paint_veil(painter: QPainter, photo: QRectF, box: QPolygonF) -> None:
    """Dim what of the photo lies outside the frame."""
    path = QPainterPath()
    path.addRect(photo)
    inside = QPainterPath()
    inside.addPolygon(box)
    inside.closeSubpath()
    painter.fillPath(path.subtracted(inside), _VEIL)


def paint_outline(painter: QPainter, box: QPolygonF, alpha: int = 235, dashed: bool = False) -> None:
    """A thin line that shows on any picture: light, with dark around it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    light = QPen(QColor(255, 255, 255, alpha), 1.0)
    if dashed:
        light.setDashPattern([5.0, 4.0])
    # Two lines of one pixel: smooth wider ones take ten times as long, and this is painted with every picture.
    for pen, outline in ((QPen(QColor(0, 0, 0, alpha), 1.0), _grown(box, 1.0)), (light, box)):
        painter.setPen(pen)
        painter.drawPolygon(outline)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_core(painter: QPainter, core: QPolygonF) -> None:
    """Where the layers are at full strength: between this line and the frame they fade in."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(255, 255, 255, 110), 1.0)
    pen.setDashPattern([2.0, 4.0])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(core)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_handles(painter: QPainter, grips: list[QPointF], turn: QPointF, top: QPointF, theme: Theme) -> None:
    """Squares to resize with, and a circle on a stalk to turn with.

    Args:
        painter: of the overlay.
        grips: the corners and the middles of the sides.
        turn: the circle's centre.
        top: where its stalk begins.
        theme: the colours.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for color, width in ((QColor(0, 0, 0, 120), 3.0), (QColor(255, 255, 255, 235), 1.0)):
        painter.setPen(QPen(color, width))
        painter.drawLine(top, turn)
    painter.setPen(QPen(QColor(theme.overlay), 1.0))
    painter.setBrush(QColor(theme.on_overlay))
    radius = HANDLE_RADIUS
    for grip in grips:
        painter.drawRect(QRectF(grip.x() - radius + 1, grip.y() - radius + 1, 2 * radius - 2, 2 * radius - 2))
    painter.setBrush(QColor(theme.accent))
    painter.setPen(QPen(QColor(theme.on_overlay), 1.5))
    painter.drawEllipse(turn, radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_proposal(painter: QPainter, box: QPolygonF, label: str, is_hot: bool, theme: Theme) -> None:
    """A thin box around something that was found, with its name; stronger under the pointer."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(255, 255, 255, 40) if is_hot else Qt.BrushStyle.NoBrush)
    for color, width in ((QColor(0, 0, 0, 140), 3.0), (QColor("#7ab8ff"), 2.0 if is_hot else 1.2)):
        painter.setPen(QPen(color, width))
        painter.drawPolygon(box)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    size = _label_size(painter, label)
    # Inside the top left corner of what is upright, whichever way the box is turned.
    corner = box.boundingRect().topLeft() if _is_upright(box) else box.boundingRect().center() - _half(size)
    paint_label(painter, QRectF(corner + QPointF(4, 4), size), label, theme)


def paint_note(painter: QPainter, text: str, under: QRectF, room: QRectF, theme: Theme) -> None:
    """A label centred under a rectangle, or within it where there is no room below."""
    size = _label_size(painter, text)
    top = min(under.bottom() + _GAP, room.bottom() - size.height() - _GAP)
    left = min(max(under.center().x() - size.width() / 2, room.left() + _GAP), room.right() - size.width() - _GAP)
    paint_label(painter, QRectF(QPointF(left, top), size), text, theme)


def paint_hint(painter: QPainter, texts: list[str], room: QRectF, box: QRectF, theme: Theme) -> None:
    """The first of some wordings that fits, at the top of the canvas, or at its foot if the frame is in the way."""
    widths = [_label_size(painter, text).width() for text in texts]
    fitting = [text for text, width in zip(texts, widths, strict=True) if width <= room.width() - 2 * _GAP]
    if fitting:
        size = _label_size(painter, fitting[0])
        place = QRectF(QPointF(room.center().x() - size.width() / 2, room.top() + _GAP), size)
        if place.intersects(box):
            place.moveBottom(room.bottom() - _GAP)
        paint_label(painter, place, fitting[0], theme)


def _grown(box: QPolygonF, by: float) -> QPolygonF:
    """A rectangle's outline, moved outwards."""
    centre = (box.at(0) + box.at(2)) / 2
    corners = []
    for index in range(4):
        outwards = box.at(index) - centre
        length = math.hypot(outwards.x(), outwards.y())
        corners.append(box.at(index) + outwards * (by * math.sqrt(2) / max(length, 1.0)))
    return QPolygonF(corners)


def _label_size(painter: QPainter, text: str) -> QSizeF:
    metrics = QFontMetricsF(painter.font())
    return QSizeF(metrics.horizontalAdvance(text) + 2 * _PADDING_X, metrics.height() + 2 * _PADDING_Y)


def _is_upright(box: QPolygonF) -> bool:
    along = box.at(1) - box.at(0)
    return abs(math.atan2(along.y(), along.x())) < 0.05


def _half(size: QSizeF) -> QPointF:
    return QPointF(size.width() / 2, size.height() / 2)
