"""The line that divides the canvas into photo and layers."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QSize, Qt

from .placement import DeviceRect


@dataclass(frozen=True)
class Split:
    """Where the line stands.

    Attributes:
        position: 0..1 of the canvas, so that it stays put while the picture moves under it.
        orientation: horizontal: photo left, layers right; vertical: photo above, layers below.
    """

    position: float
    orientation: Qt.Orientation

    @property
    def _is_horizontal(self) -> bool:
        return self.orientation == Qt.Orientation.Horizontal

    def line(self, size: QSize) -> QLineF:
        """The line on a canvas of this size; logical pixels."""
        if self._is_horizontal:
            x = round(self.position * size.width())
            return QLineF(x, 0, x, size.height())
        y = round(self.position * size.height())
        return QLineF(0, y, size.width(), y)

    def distance(self, at: QPointF, size: QSize) -> float:
        """How far a point is from the line; logical pixels."""
        line = self.line(size)
        return abs(at.x() - line.x1()) if self._is_horizontal else abs(at.y() - line.y1())

    def position_at(self, at: QPointF, size: QSize) -> float:
        """The position that puts the line at a point; beyond 0..1 outside the canvas."""
        return at.x() / max(1, size.width()) if self._is_horizontal else at.y() / max(1, size.height())

    def divide(self, rect: DeviceRect, canvas: tuple[int, int]) -> tuple[DeviceRect, DeviceRect]:
        """The two sides of a rectangle on a canvas of this size (device pixels); one of them may be empty."""
        width, height = canvas
        if self._is_horizontal:
            x = round(self.position * width)
            return rect.clipped(0, 0, x, height), rect.clipped(x, 0, width, height)
        y = round(self.position * height)
        return rect.clipped(0, 0, width, y), rect.clipped(0, y, width, height)
