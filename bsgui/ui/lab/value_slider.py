"""A slider with its value beside it: whole numbers, or numbers on a linear or logarithmic scale."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

_TICKS = 200


class ValueSlider(QWidget):
    """A slider of numbers.

    Args:
        name: for assistive technology.
        low: the least value.
        high: the greatest.
        log: whether equal ways are equal factors.
        whole: whether only whole numbers can be had.
        zero: whether the lowest position means 0 (on a logarithmic scale).

    Signals:
        changed(): the value has changed.
    """

    changed = Signal()

    def __init__(
        self, name: str, low: float, high: float, *, log: bool = False, whole: bool = False, zero: bool = False
    ) -> None:
        super().__init__()
        self._low, self._high, self._log, self._whole, self._zero = low, high, log, whole, zero
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName(name)
        self._slider.setRange(*((int(low), int(high)) if whole else (0, _TICKS)))
        self._slider.setPageStep(1 if whole else _TICKS // 20)
        self._label = QLabel()
        self._label.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00001"))
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider, 1)
        row.addWidget(self._label)
        self.setFocusProxy(self._slider)
        self._exact: float | None = None
        self._slider.valueChanged.connect(self._on_moved)
        self._show()

    @property
    def value(self) -> float:
        """The number that is shown."""
        return self._exact if self._exact is not None else self._of_position(self._slider.value())

    def set_value(self, value: float) -> None:
        """Show a number, exactly; tells nobody."""
        self._slider.blockSignals(True)
        self._slider.setValue(self._position_of(value))
        self._slider.blockSignals(False)
        self._exact = value
        self._show()

    def set_maximum(self, high: int) -> None:
        """Give a slider of whole numbers another end; the value follows."""
        self._high = high
        self._slider.blockSignals(True)
        self._slider.setMaximum(high)
        self._slider.blockSignals(False)
        if self.value > high:
            self.set_value(high)

    def _of_position(self, position: int) -> float:
        if self._whole:
            return position
        if self._zero and position == 0:
            return 0.0
        part = position / _TICKS
        value = (
            self._low * (self._high / self._low) ** part if self._log else self._low + (self._high - self._low) * part
        )
        return float(f"{value:.2g}")

    def _position_of(self, value: float) -> int:
        if self._whole:
            return round(value)
        if self._log:
            if value <= self._low:
                return 0
            return round(math.log(value / self._low) / math.log(self._high / self._low) * _TICKS)
        return round((value - self._low) / (self._high - self._low) * _TICKS)

    def _on_moved(self) -> None:
        self._exact = None
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self._label.setText(f"{self.value:g}")
