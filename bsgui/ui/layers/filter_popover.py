"""A small window at a layer's row: how much the layer is softened or sharpened, and how widely."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QPushButton, QWidget

from bsgui.core.document import Document
from bsgui.core.layer_filter import AMOUNT_MAX, AMOUNT_MIN, RADIUS_MAX, RADIUS_MIN, LayerFilter
from bsgui.core.layers import LayerKind, LayerState
from bsgui.ui.controllers.layer_controller import LayerController
from bsgui.ui.described import described

from .factor_slider import FactorSlider
from .popover import Popover, quiet_label, row_of
from .value_edit import ValueEdit

# Wide enough to soften skin in a usual portrait.
_FIRST_RADIUS = 6.0
# The length of the radius slider: its steps of 0.05 are 7 % of the radius.
_LENGTH = 4.0
_EFFECT = "Works on what the layer holds, before gain, tint and mode."
_ONLY_BRANCHES = "Only branches can be filtered."
_LOCKED = "The layer is locked."


class FilterPopover(Popover):
    """Edits one layer's filter through the controller, live.

    Args:
        layer_id: the layer.
        document: that has it.
        edits: what changes it.
        parent: the panel.
    """

    def __init__(self, layer_id: str, document: Document, edits: LayerController, parent: QWidget) -> None:
        layer = document.layer(layer_id)
        super().__init__(f"Filter of {layer.name}", parent)
        self._layer_id, self._document, self._edits = layer_id, document, edits
        self._filter = layer.filter or LayerFilter(_FIRST_RADIUS, 0.0)
        self._make_fields()
        self._lay_out()
        self.amount.edited.connect(self._set_amount)
        self.amount_value.committed.connect(self._set_amount)
        self.radius.edited.connect(lambda place, gesture: self._set_radius(radius_at(place), gesture))
        self.radius_value.valueChanged.connect(lambda radius: self._set_radius(radius))
        self.reset_button.clicked.connect(lambda: self._set_amount(0.0))
        self.follow(document.stack_changed, self._show)

    def _make_fields(self) -> None:
        self.amount = described(
            FactorSlider(AMOUNT_MIN, AMOUNT_MAX, 0.0, (0.0,)),
            "Amount",
            "Below 0 softens, −100 % leaves nothing finer than the radius; above 0 sharpens.\nDouble-click resets.",
        )
        self.amount_value = described(
            ValueEdit(AMOUNT_MIN, AMOUNT_MAX, percent=True), "Amount, per cent", "Below 0 softens, above 0 sharpens"
        )
        self.radius = described(
            FactorSlider(0.0, _LENGTH, place_of(_FIRST_RADIUS), ()),
            "Radius",
            "How large the details are that are taken away or made stronger.\nDouble-click resets.",
        )
        for slider in (self.amount, self.radius):
            slider.wheel_needs_focus = False
        box = QDoubleSpinBox(minimum=RADIUS_MIN, maximum=RADIUS_MAX, decimals=1, suffix=" px")
        box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        box.setKeyboardTracking(False)
        # The style sheet's padding does not reach the text of a spin box.
        box.lineEdit().setTextMargins(4, 0, 0, 0)
        self.radius_value = described(box, "Radius, pixels of the photo", "Standard deviation of the blur")
        self.reset_button = described(QPushButton("No Filter"), "No filter", "The layer as sharp as it came")
        self.reset_button.setAutoDefault(False)

    def _lay_out(self) -> None:
        width = self.radius_value.sizeHint().width()
        self.amount_value.setFixedWidth(width)
        ends = QHBoxLayout()
        ends.addWidget(quiet_label("Soften"))
        ends.addStretch(1)
        ends.addWidget(quiet_label("Sharpen"))
        ends.addSpacing(width + 4)
        self.form.setVerticalSpacing(4)
        amount, radius = row_of(self.amount, self.amount_value), row_of(self.radius, self.radius_value)
        self.lay_out({"Amount": amount, "": ends, "Radius": radius}, self.reset_button)

    def _show(self) -> None:
        if all(layer.id != self._layer_id for layer in self._document.stack):
            return
        layer = self._document.layer(self._layer_id)
        # Without a filter the radius is still the one that was chosen last.
        self._filter = layer.filter or replace(self._filter, amount=0.0)
        for widget in (self.amount, self.amount_value):
            widget.show_factor(self._filter.amount)
        self._show_radius()
        why_not = _why_not(layer)
        for field in (self.amount, self.amount_value, self.radius, self.radius_value):
            field.setEnabled(not why_not)
        self.reset_button.setEnabled(not why_not and layer.filter is not None)
        self.note.setText(why_not or _EFFECT)

    def _show_radius(self) -> None:
        self.radius.show_factor(place_of(self._filter.radius))
        self.radius_value.blockSignals(True)
        self.radius_value.setValue(self._filter.radius)
        self.radius_value.blockSignals(False)

    def _set_amount(self, amount: float, gesture: object = None) -> None:
        self._set(replace(self._filter, amount=amount), gesture)

    def _set_radius(self, radius: float, gesture: object = None) -> None:
        self._set(replace(self._filter, radius=radius), gesture)

    def _set(self, layer_filter: LayerFilter, gesture: object) -> None:
        self._filter = layer_filter
        if layer_filter.effective != self._document.layer(self._layer_id).filter:
            self._edits.set_filter(self._layer_id, layer_filter.effective, gesture)
        else:
            self._show_radius()


def place_of(radius: float) -> float:
    """Where a radius (px) is on its slider, which is logarithmic."""
    return _LENGTH * math.log(radius / RADIUS_MIN) / math.log(RADIUS_MAX / RADIUS_MIN)


def radius_at(place: float) -> float:
    """The radius (px) at a place of its slider, with the one decimal that the field shows."""
    return round(RADIUS_MIN * math.pow(RADIUS_MAX / RADIUS_MIN, place / _LENGTH), 1)


def filter_in_words(layer_filter: LayerFilter) -> str:
    """What a row's mark says: "softened by 60 %, radius 12 px"."""
    what = "softened" if layer_filter.amount < 0 else "sharpened"
    return f"{what} by {abs(layer_filter.amount) * 100:.0f} %, radius {layer_filter.radius:.3g} px"


def _why_not(layer: LayerState) -> str:
    if layer.kind is not LayerKind.BRANCH:
        return _ONLY_BRANCHES
    return _LOCKED if layer.locked else ""
