"""What the mask tool paints over the picture. Logical pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGradient, QImage, QLinearGradient, QPainter, QPen, QRadialGradient, QTransform

from bsgui.core.shaped_mask import LEAST_FEATHER, ShapedMask

# Red, as editors have shown masks since rubylith film.
_VEIL = (226, 60, 60, 120)
_STOPS = 12
_EVERYWHERE = QRectF(-1e3, -1e3, 2e3, 2e3)


def paint_mask(painter: QPainter, mask: ShapedMask, to_widget: QTransform, photo: QRectF) -> None:
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


def paint_feather(painter: QPainter, mask: ShapedMask, to_widget: QTransform) -> None:
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


def paint_painted(painter: QPainter, mask: NDArray[np.float32], photo: QRectF) -> None:
    """A red veil where a mask of pixels is: (h, w) 0..1, laid over what of the photo is in view."""
    red, green, blue, alpha = _VEIL
    height, width = mask.shape
    # Premultiplied, as the painter wants it; bytes in the order of a little-endian ARGB word.
    opacity = cv2.convertScaleAbs(mask, alpha=alpha)
    parts = [cv2.convertScaleAbs(opacity, alpha=part / 255) for part in (blue, green, red)]
    pixels = np.ascontiguousarray(cv2.merge([*parts, opacity]))
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(photo, image, QRectF(image.rect()))


def paint_brush(painter: QPainter, at: QPointF, radius: float, hardness: float, erases: bool) -> None:
    """The brush's rim, the rim of what it covers wholly, and a minus in its middle if it erases."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner, cross = radius * hardness, min(4.0, max(2.0, radius / 3))
    for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255, 235), 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(at, max(radius, 1.0), max(radius, 1.0))
        if 3 < inner < radius - 3:
            painter.setPen(QPen(QColor(colour.red(), colour.green(), colour.blue(), colour.alpha() // 2), width))
            painter.drawEllipse(at, inner, inner)
        painter.setPen(QPen(colour, width))
        painter.drawLine(at - QPointF(cross, 0), at + QPointF(cross, 0))
        if not erases:
            painter.drawLine(at - QPointF(0, cross), at + QPointF(0, cross))
    painter.restore()


def _gradient(mask: ShapedMask) -> QGradient:
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
