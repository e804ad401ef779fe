"""A small window at a layer's row, for settings that have no room in it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

_WIDTH = 300


class Popover(QFrame):
    """What it sets is set at once; it closes with Escape, Enter, or a click elsewhere.

    Args:
        title: of what.
        parent: the panel.

    Attributes:
        column: below the title; for the content.
    """

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("popover")
        self.setAccessibleName(title)
        self.setMinimumWidth(_WIDTH)
        label = QLabel(title)
        label.setTextFormat(Qt.TextFormat.PlainText)
        font = label.font()
        font.setBold(True)
        label.setFont(font)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(10, 8, 10, 8)
        self.column.setSpacing(8)
        self.column.addWidget(label)

    def show_at(self, row: QRect, focus: QWidget) -> None:
        """Open below a rectangle in global coordinates, or above where there is no room; never beyond the screen.

        Args:
            row: of the layer.
            focus: what keys go to first.
        """
        self.adjustSize()
        room = self.screen().availableGeometry()
        top = row.bottom() + 2 if row.bottom() + 2 + self.height() <= room.bottom() else row.top() - 2 - self.height()
        left = min(max(row.right() - self.width(), room.left()), room.right() - self.width())
        self.move(QPoint(left, max(top, room.top())))
        self.show()
        focus.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape and Enter close; everything is done already."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        else:
            super().keyPressEvent(event)
