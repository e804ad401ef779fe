"""A small view of the whole picture, with the part that the canvas shows marked in it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from bsgui.core.viewport import Viewport
from bsgui.ui.theme import current_theme

from .pictures import chosen_picture
from .qimage import to_qimage
from .throttle import Throttle
from .view import CanvasView

_INTERVAL_MS = 60
_MARGIN = 8
_ZOOM_PER_NOTCH = 2 ** (1 / 3)


class Navigator(QWidget):
    """Shows what the canvas shows, whole; press and drag to look elsewhere, turn the wheel to zoom.

    Args:
        canvas: the canvas to follow and move.
        parent: Qt parent.

    Thread: GUI.
    """

    def __init__(self, canvas: CanvasView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._image: QImage | None = None
        self._throttle = Throttle(self, _INTERVAL_MS, self._render)
        self.setAccessibleName(self.tr("Navigator"))
        self.setToolTip(self.tr("Drag to move the picture, turn the wheel to zoom."))
        self.setMinimumSize(96, 72)
        canvas.picture_changed.connect(self._throttle.request)
        canvas.view_changed.connect(self.update)

    @property
    def picture_rect(self) -> QRectF:
        """Where the picture is in this widget, logical pixels; null without a photo."""
        photo = self._canvas.document.photo
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if photo is None or room.width() < 1 or room.height() < 1:
            return QRectF()
        scale = min(room.width() / photo.width, room.height() / photo.height)
        size = (max(1.0, photo.width * scale), max(1.0, photo.height * scale))
        return QRectF(room.center().x() - size[0] / 2, room.center().y() - size[1] / 2, *size)

    def _render(self) -> None:
        self._image = None
        rect, photo = self.picture_rect, self._canvas.document.photo
        picture = chosen_picture(self._canvas.document, self._canvas.state)
        if photo is not None and picture is not None and not rect.isNull():
            ratio = self.devicePixelRatioF()
            width, height = max(1, round(rect.width() * ratio)), max(1, round(rect.height() * ratio))
            scale = max(width, height) / max(photo.width, photo.height)
            self._image = to_qimage(picture(Viewport(0.0, 0.0, scale, width, height)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, veil over what is out of view, frame around what is in view."""
        theme, painter = current_theme(), QPainter(self)
        rect = self.picture_rect
        if self._image is None or rect.isNull():
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(rect, self._image)
        frame = self._frame(rect)
        if not frame.contains(rect):
            _paint_veil(painter, rect, frame)
            for color, width in (("#000000", 3.0), (theme.focus, 1.5)):
                painter.setPen(QPen(QColor(color), width))
                painter.drawRect(frame)

    def _frame(self, rect: QRectF) -> QRectF:
        photo, seen = self._canvas.document.photo, self._canvas.visible_photo_rect
        if photo is None:
            return QRectF()
        x, y = rect.width() / photo.width, rect.height() / photo.height
        frame = QRectF(rect.x() + seen.x() * x, rect.y() + seen.y() * y, seen.width() * x, seen.height() * y)
        return frame.intersected(rect)

    def _move_to(self, at: QPointF) -> None:
        rect, photo = self.picture_rect, self._canvas.document.photo
        if photo is not None and not rect.isNull():
            x, y = (at.x() - rect.x()) / rect.width(), (at.y() - rect.y()) / rect.height()
            self._canvas.centre_on(x * photo.width, y * photo.height)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._move_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Keep looking at where the pointer is."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom the canvas about its middle."""
        notches = event.angleDelta().y() / 120
        self._canvas.zoom_to(self._canvas.state.zoom * _ZOOM_PER_NOTCH**notches)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Render at the new size."""
        self._throttle.request()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up on what happened while hidden."""
        super().showEvent(event)
        self._throttle.request()

    def sizeHint(self) -> QSize:
        """A postcard."""
        return QSize(272, 184)


def _paint_veil(painter: QPainter, rect: QRectF, frame: QRectF) -> None:
    veil = QColor(0, 0, 0, 110)
    painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), frame.top() - rect.top()), veil)
    painter.fillRect(QRectF(rect.left(), frame.bottom(), rect.width(), rect.bottom() - frame.bottom()), veil)
    painter.fillRect(QRectF(rect.left(), frame.top(), frame.left() - rect.left(), frame.height()), veil)
    painter.fillRect(QRectF(frame.right(), frame.top(), rect.right() - frame.right(), frame.height()), veil)
