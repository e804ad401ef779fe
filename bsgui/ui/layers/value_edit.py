"""A small field for a typed value that understands arithmetic with the old value."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from .arithmetic import evaluate


class ValueEdit(QLineEdit):
    """Shows a factor, takes a number or arithmetic; Enter sets, Escape takes back, Up and Down step.

    Args:
        low, high: bounds of what is accepted; typed values beyond are clamped.
        percent: show per cent (1.0 is "100 %"); a typed number is then per cent too.

    Signals:
        committed(float): a person set another value.
    """

    committed = Signal(float)

    def __init__(self, low: float, high: float, percent: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high, self._percent = low, high, percent
        self._factor = 1.0
        self._was_just_entered = False
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setMaxLength(60)
        widest = ("−100 %" if low < 0 else "100 %") if percent else "−2.00"
        self.setFixedWidth(self.fontMetrics().horizontalAdvance(widest) + 18)
        self.editingFinished.connect(self._commit)
        self.show_factor(1.0)

    @property
    def factor(self) -> float:
        """The value on show."""
        return self._factor

    def show_factor(self, factor: float) -> None:
        """Show a value; what is being typed stays until it is finished."""
        self._factor = factor
        if not (self.hasFocus() and self.isModified()):
            self.setText(self._text(factor))
            self.setModified(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Ready to be typed over."""
        super().focusInEvent(event)
        self._was_just_entered = event.reason() is Qt.FocusReason.MouseFocusReason
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.selectAll()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The click that comes to the field selects all, unless it was drawn over a part; the next sets the cursor."""
        super().mouseReleaseEvent(event)
        if self._was_just_entered and not self.hasSelectedText():
            self.selectAll()
        self._was_just_entered = False

    def mouseDoubleClickEvent(self, event: object) -> None:
        """Select all: the value is one word to a person, sign and point included."""
        self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down step, Escape takes back what was typed."""
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        key = Qt.Key(event.key())
        if key in steps:
            self._set(round(self._factor + steps[key] * self._step_size(event), 3))
        elif key is Qt.Key.Key_Escape:
            self._show_again()
        else:
            super().keyPressEvent(event)

    def _step_size(self, event: QKeyEvent) -> float:
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return 0.5
        return 0.005 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 0.05

    def _commit(self) -> None:
        if not self.isModified():
            return
        try:
            scale = 100 if self._percent else 1
            typed = self.text().replace("%", "") if self._percent else self.text()
            self._set(evaluate(typed, self._factor * scale) / scale)
        except ValueError:
            place = self.mapToGlobal(self.rect().bottomLeft())
            QToolTip.showText(place, "A number, or arithmetic like x*2, where x is the value before.", self)
            self._show_again()

    def _set(self, factor: float) -> None:
        bounded = min(max(factor, self._low), self._high)
        changed = bounded != self._factor
        self._factor = bounded
        self._show_again()
        if changed:
            self.committed.emit(bounded)

    def _show_again(self) -> None:
        self.setText(self._text(self._factor))
        self.setModified(False)
        self.selectAll()

    def _text(self, factor: float) -> str:
        if self._percent:
            return f"{factor * 100:.0f} %".replace("-", "−")
        return f"{factor:.2f}".replace("-", "−")
