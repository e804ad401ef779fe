"""A small window at a layer's row: where the layer's settings count."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from bsgui.core.mask import LEAST_FEATHER, Mask, MaskShape
from bsgui.ui.described import described
from bsgui.ui.masking.state import MaskState

from .factor_slider import FactorSlider
from .popover import Popover
from .value_edit import ValueEdit

_SHAPES: dict[str, MaskShape | None] = {"No mask": None, "Ellipse": "ellipse", "Gradient": "gradient"}
_EFFECT = "Gain, opacity and tint count inside; outside, the layer is as it came."


class MaskPopover(Popover):
    """Edits the selected layer's mask, live; with it gone, the tool goes on on the canvas.

    Args:
        name: what the person calls the layer.
        state: the mask.
        parent: the panel.
    """

    def __init__(self, name: str, state: MaskState, parent: QWidget) -> None:
        super().__init__(f"Mask of {name}", parent)
        self._state = state
        self._is_showing = False
        self._make_fields()
        self._lay_out()
        self.shape_choice.activated.connect(self._on_shape)
        self.feather.edited.connect(self._set_feather)
        self.feather_value.committed.connect(self._set_feather)
        self.inverted.toggled.connect(self._set_inverted)
        self.canvas_button.clicked.connect(self.close)
        state.changed.connect(self._show)
        self._show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """A mask that there is wants to be put in its place."""
        self._state.is_active = self._state.mask is not None
        super().closeEvent(event)

    def _make_fields(self) -> None:
        self.shape_choice = described(QComboBox(), "Shape", "Where the layer’s gain, opacity and tint count")
        for text, shape in _SHAPES.items():
            self.shape_choice.addItem(text, shape)
        self.feather = FactorSlider(LEAST_FEATHER, 1.0, 0.5, ())
        self.feather.wheel_needs_focus = False
        described(self.feather, "Feather", "Over how much of its radius the ellipse falls to nothing")
        self.feather_value = described(ValueEdit(LEAST_FEATHER, 1.0, percent=True), "Feather, per cent", "Feather")
        self.inverted = described(QCheckBox("Inverted"), "Inverted", "The settings count outside in place of inside")
        self.canvas_button = described(
            QPushButton("Place on Canvas"), "Place on canvas", "Move, resize and turn the mask on the picture"
        )
        self.canvas_button.setAutoDefault(False)

    def _lay_out(self) -> None:
        feather, last = QHBoxLayout(), QHBoxLayout()
        feather.setSpacing(4)
        feather.addWidget(self.feather, 1)
        feather.addWidget(self.feather_value)
        self.note = QLabel()
        self.note.setProperty("quiet", True)
        self.note.setWordWrap(True)
        last.addWidget(self.inverted, 1)
        last.addWidget(self.canvas_button)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(6)
        form.addRow("Shape", self.shape_choice)
        form.addRow("Feather", feather)
        self.column.addLayout(form)
        self.column.addLayout(last)
        self.column.addWidget(self.note)

    def _show(self) -> None:
        layer, mask = self._state.layer, self._state.mask
        if layer is None:
            return
        self._is_showing = True
        self.shape_choice.setCurrentIndex(self.shape_choice.findData(mask.shape if mask is not None else None))
        self.inverted.setChecked(mask is not None and mask.inverted)
        for widget in (self.feather, self.feather_value):
            widget.show_factor(0.5 if mask is None else mask.feather)
        why_not = self._state.why_not(layer)
        self.shape_choice.setEnabled(not why_not)
        for field in (self.inverted, self.canvas_button):
            field.setEnabled(not why_not and mask is not None)
        for widget in (self.feather, self.feather_value):
            widget.setEnabled(not why_not and mask is not None and mask.shape == "ellipse")
        self.note.setText(why_not or _EFFECT)
        self._is_showing = False

    def _on_shape(self) -> None:
        shape: MaskShape | None = self.shape_choice.currentData()
        mask = self._state.mask
        if shape is None:
            self._set(None)
        elif mask is None:
            self._set(self._state.new_mask(shape))
        else:
            self._set(replace(mask, shape=shape))

    def _set_feather(self, feather: float, gesture: object = None) -> None:
        mask = self._state.mask
        if mask is not None:
            self._set(replace(mask, feather=feather), gesture)

    def _set_inverted(self, inverted: bool) -> None:
        mask = self._state.mask
        if mask is not None and not self._is_showing:
            self._set(replace(mask, inverted=inverted))

    def _set(self, mask: Mask | None, gesture: object = None) -> None:
        self._state.set_mask(mask, gesture)


def mask_in_words(mask: Mask) -> str:
    """What a row's mark says: "inside an ellipse"."""
    if mask.shape == "gradient":
        return "below a gradient" if mask.inverted else "above a gradient"
    return "outside an ellipse" if mask.inverted else "inside an ellipse"
