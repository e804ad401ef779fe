"""What the mask tool paints over the picture. Logical pixels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGradient, QLinearGradient, QPainter, QPen, QRadialGradient, QTransform

from bsgui.core.mask import LEAST_FEATHER, Mask

# Red, as editors have shown masks since rubylith film.
_VEIL = (226, 60, 60, 120)
_STOPS = 12
_EVERYWHERE = QRectF(-1e3, -1e3, 2e3, 2e3)


def paint_mask(painter: QPainter, mask: Mask, to_widget: QTransform, photo: QRectF) -> None:
    """A red veil where the mask is.

    Args:
        painter: of the overlay.
        mask: which.
        to_widget: from the mask's own coordinates, 0..1 along and down its box.
        photo: what of the photo is in view.
    """
    painter.save()
    painter.setClipRect(photo)
    painter.setTransform(to_widget, True)
    painter.fillRect(_EVERYWHERE, _gradient(mask))
    painter.restore()


def paint_feather(painter: QPainter, mask: Mask, to_widget: QTransform) -> None:
    """The ellipse where the mask ends, and dotted the one within which it is all; of a gradient its half."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setTransform(to_widget, True)
    for colour, width in ((QColor(0, 0, 0, 130), 3.0), (QColor(255, 255, 255, 235), 1.2)):
        pen = QPen(colour, width)
        pen.setCosmetic(True)
        painter.setPen(pen)
        if mask.shape == "ellipse":
            painter.drawEllipse(QRectF(0, 0, 1, 1))
    pen.setDashPattern([2.0, 4.0])
    painter.setPen(pen)
    if mask.shape == "ellipse":
        inner = 1 - max(mask.feather, LEAST_FEATHER)
        painter.drawEllipse(QPointF(0.5, 0.5), inner / 2, inner / 2)
    else:
        painter.drawLine(QPointF(0, 0.5), QPointF(1, 0.5))
    painter.restore()


def _gradient(mask: Mask) -> QGradient:
    """The mask as opacity, in its own coordinates; what the last stop says goes on outside."""
    gradient: QGradient
    if mask.shape == "ellipse":
        gradient, full = QRadialGradient(0.5, 0.5, 0.5), 1 - max(mask.feather, LEAST_FEATHER)
    else:
        gradient, full = QLinearGradient(0, 0, 0, 1), 0.0
    for step in range(_STOPS + 1):
        falling = step / _STOPS
        rest = 1 - falling
        value = rest * rest * (3 - 2 * rest)
        red, green, blue, alpha = _VEIL
        opacity = round(alpha * (1 - value if mask.inverted else value))
        gradient.setColorAt(full + (1 - full) * falling, QColor(red, green, blue, opacity))
    return gradient
