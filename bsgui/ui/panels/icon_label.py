"""An icon as a widget; it follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from bsgui.ui.icons import icon


class IconLabel(QWidget):
    """Draws an icon of ours at ``size`` logical pixels, in the palette's colours at the time of drawing."""

    def __init__(self, name: str, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._size = icon(name), QSize(size, size)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The icon's size."""
        return self._size

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon."""
        self._icon.paint(QPainter(self), self.rect())
