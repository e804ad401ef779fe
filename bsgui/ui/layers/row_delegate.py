"""Paints the ground of the rows; the rows themselves are widgets."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from bsgui.ui.theme import current_theme

_BAR = 3


class RowDelegate(QStyledItemDelegate):
    """A quiet ground and a bar of the accent colour for the selected row, a line between rows.

    Sliders and figures stay readable on it, which they would not on the full accent colour.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._height = 56

    def set_height(self, height: int) -> None:
        """All rows are as high as this, in pixels."""
        self._height = height

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As wide as there is room, as high as was set."""
        return QSize(100, self._height)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The row's widget takes the whole row; by default it would make room for the picture beside it."""
        editor.setGeometry(option.rect)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Ground, bar and line; no text."""
        theme = current_theme()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(theme.selected))
            painter.fillRect(rect.left(), rect.top(), _BAR, rect.height(), QColor(theme.accent))
        painter.fillRect(rect.left() + 8, rect.bottom(), rect.width() - 16, 1, QColor(theme.border))
