"""A small window at a layer's row: where the layer's settings count."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QWidget

from bsgui.core.mask import Mask
from bsgui.core.painted_mask import PaintedMask
from bsgui.core.shaped_mask import LEAST_FEATHER, ShapedMask
from bsgui.ui.described import described
from bsgui.ui.masking.state import LEAST_SIZE, MOST_SIZE, MaskState

from .factor_row import FactorRow
from .popover import Popover, row_of

_BRUSH = "brush"
_SHAPES = {"No mask": None, "Ellipse": "ellipse", "Gradient": "gradient", "Brush": _BRUSH}
_EFFECT = "Gain, opacity, tint, mode and filter count inside; outside, the layer is as it came."


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
        self.brush_size.edited.connect(self._set_size)
        self.hardness.edited.connect(self._set_hardness)
        self.inverted.toggled.connect(self._set_inverted)
        self.canvas_button.clicked.connect(self.close)
        self.follow(state.changed, self._show)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A mask that there is wants to be put in its place."""
        self._state.is_active = self._state.mask is not None
        super().closeEvent(event)

    def _make_fields(self) -> None:
        self.shape_choice = described(QComboBox(), "Shape", "Where the layer’s gain, opacity and tint count")
        for text, shape in _SHAPES.items():
            self.shape_choice.addItem(text, shape)
        self.feather = FactorRow(
            "Feather", "Over how much of its radius the ellipse falls to nothing", LEAST_FEATHER, 1.0, 0.5
        )
        self.brush_size = FactorRow(
            "Size",
            "Width of the brush, of the shorter side of what was taken apart ([ and ])",
            LEAST_SIZE,
            MOST_SIZE,
            0.06,
        )
        self.hardness = FactorRow(
            "Hardness", "How much of the brush covers wholly, from soft to sharp ({ and })", 0.0, 1.0, 0.5
        )
        self.inverted = described(QCheckBox("Inverted"), "Inverted", "The settings count outside in place of inside")
        self.canvas_button = described(QPushButton(), "Place on canvas", "Change the mask on the picture")
        self.canvas_button.setAutoDefault(False)

    def _lay_out(self) -> None:
        self.form.addRow("Shape", self.shape_choice)
        for name, row in (("Feather", self.feather), ("Size", self.brush_size), ("Hardness", self.hardness)):
            self.form.addRow(name, row)
        self.column.addLayout(self.form)
        self.column.addLayout(row_of(self.inverted, self.canvas_button))
        self.column.addWidget(self.note)

    def _show(self) -> None:
        layer, mask = self._state.layer, self._state.mask
        if layer is None:
            return
        self._is_showing = True
        self.shape_choice.setCurrentIndex(self.shape_choice.findData(_shape_of(mask)))
        self.inverted.setChecked(mask is not None and mask.inverted)
        is_painted = isinstance(mask, PaintedMask)
        self.feather.show_factor(mask.feather if isinstance(mask, ShapedMask) else 0.5)
        self.brush_size.show_factor(self._state.brush.size)
        self.hardness.show_factor(self._state.brush.hardness)
        for row in (self.feather, self.brush_size, self.hardness):
            self.form.setRowVisible(row, is_painted != (row is self.feather))
        why_not = self._state.why_not(layer)
        self.shape_choice.setEnabled(not why_not)
        for field in (self.inverted, self.canvas_button, self.brush_size, self.hardness):
            field.setEnabled(not why_not and mask is not None)
        self.feather.setEnabled(not why_not and isinstance(mask, ShapedMask) and mask.shape == "ellipse")
        self.canvas_button.setText("Paint on Canvas" if is_painted else "Place on Canvas")
        self.note.setText(why_not or _EFFECT)
        self._is_showing = False
        self.adjustSize()

    def _on_shape(self) -> None:
        shape, mask = self.shape_choice.currentData(), self._state.mask
        if shape == _shape_of(mask):
            return
        if shape is None:
            self._set(None)
        elif shape == _BRUSH:
            self._set(PaintedMask((), mask is not None and mask.inverted))
        elif isinstance(mask, ShapedMask):
            self._set(replace(mask, shape=shape))
        else:
            self._set(replace(self._state.new_mask(shape), inverted=mask is not None and mask.inverted))

    def _set_feather(self, feather: float, gesture: object = None) -> None:
        mask = self._state.mask
        if isinstance(mask, ShapedMask):
            self._set(replace(mask, feather=feather), gesture)

    def _set_size(self, size: float, gesture: object = None) -> None:
        self._state.brush = replace(self._state.brush, size=size)

    def _set_hardness(self, hardness: float, gesture: object = None) -> None:
        self._state.brush = replace(self._state.brush, hardness=hardness)

    def _set_inverted(self, inverted: bool) -> None:
        mask = self._state.mask
        if mask is not None and not self._is_showing:
            self._set(replace(mask, inverted=inverted))

    def _set(self, mask: Mask | None, gesture: object = None) -> None:
        self._state.set_mask(mask, gesture)


def mask_in_words(mask: Mask) -> str:
    """What a row's mark says: "inside an ellipse"."""
    if isinstance(mask, PaintedMask):
        return "where nothing is painted" if mask.inverted else "where it is painted"
    if mask.shape == "gradient":
        return "below a gradient" if mask.inverted else "above a gradient"
    return "outside an ellipse" if mask.inverted else "inside an ellipse"


def _shape_of(mask: Mask | None) -> str | None:
    if mask is None:
        return None
    return _BRUSH if isinstance(mask, PaintedMask) else mask.shape
