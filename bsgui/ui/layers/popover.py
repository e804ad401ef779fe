"""A small window at a layer's row, for settings that have no room in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QRect, Qt, SignalInstance
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QFormLayout, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from bsgui.core.events import Event

_WIDTH = 300


class Popover(QFrame):
    """What it sets is set at once; it closes with Escape, Enter, or a click elsewhere.

    Args:
        title: of what.
        parent: the panel.

    Attributes:
        column: below the title; for the content.
        form: the fields, in rows with names.
        note: a sentence on what the fields do, or why they cannot.
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
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setVerticalSpacing(6)
        self.note = quiet_label()
        self.note.setWordWrap(True)
        self._followed: tuple[SignalInstance | Event[[]], Callable[[], None]] | None = None

    def lay_out(self, fields: Mapping[str, QHBoxLayout | QWidget], button: QAbstractButton) -> None:
        """Put the fields below the title, each beside its name, and then the note beside a button."""
        for name, field in fields.items():
            self.form.addRow(name, field)
        self.column.addLayout(self.form)
        self.column.addLayout(row_of(self.note, button))

    def follow(self, changed: SignalInstance | Event[[]], show: Callable[[], None]) -> None:
        """Show now, and whenever something changed that outlives the window."""
        changed.connect(show)
        self._followed = changed, show
        show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """What was followed goes on without it."""
        if self._followed is not None:
            self._followed[0].disconnect(self._followed[1])
            self._followed = None
        super().closeEvent(event)

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


def row_of(*widgets: QWidget) -> QHBoxLayout:
    """Widgets side by side; the first takes the room that there is."""
    row = QHBoxLayout()
    row.setSpacing(4)
    for number, widget in enumerate(widgets):
        row.addWidget(widget, int(number == 0))
    return row


def quiet_label(text: str = "") -> QLabel:
    """Text that stands back."""
    label = QLabel(text)
    label.setProperty("quiet", True)
    return label
