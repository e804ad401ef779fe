"""A slider with its value beside it, in per cent."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from bsgui.ui.described import described

from .factor_slider import FactorSlider
from .value_edit import ValueEdit


class FactorRow(QWidget):
    """Shows a number and lets it be changed, by hand or by typing.

    Args:
        name: for people.
        tip: what it does.
        low, high: its range.
        usual: what a double click sets.

    Signals:
        edited(float, object): a person has changed it; one drag is one gesture, a value typed is None.
    """

    edited = Signal(float, object)

    def __init__(self, name: str, tip: str, low: float, high: float, usual: float) -> None:
        super().__init__()
        self.slider = described(FactorSlider(low, high, usual, ()), name, tip)
        self.slider.wheel_needs_focus = False
        self.value = described(ValueEdit(low, high, percent=True), f"{name}, per cent", name)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.value)
        self.slider.edited.connect(self.edited)
        self.value.committed.connect(lambda value: self.edited.emit(value, None))

    def show_factor(self, factor: float) -> None:
        """Show a number; nobody has edited it."""
        self.slider.show_factor(factor)
        self.value.show_factor(factor)
