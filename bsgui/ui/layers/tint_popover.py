"""A small window at a layer's row: the colour that the layer is tinted with."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QToolButton, QWidget

from bsgui.core.document import Document
from bsgui.core.tint import NO_TINT, Tint, colour_of, hue_and_strength, tint_of, tint_of_text
from bsgui.ui.controllers.layer_controller import LayerController
from bsgui.ui.described import described
from bsgui.ui.theme import current_theme

from .factor_slider import FactorSlider
from .popover import Popover, row_of
from .value_edit import ValueEdit

# Where a person begins who has not chosen a hue: lamplight.
_FIRST_HUE, _FIRST_STRENGTH = 30.0, 0.4
_SWATCH = 22
_EFFECT = "What the layer adds takes the hue, what it takes away the opposite."

LIGHTS = {
    "Candle": "#ff9329",
    "Tungsten lamp": "#ffc58f",
    "Warm white": "#ffe0bd",
    "Overcast sky": "#c9e2ff",
    "Shade": "#9fc3ff",
    "Blue hour": "#5b95ff",
}
"""Usual lights, beside daylight: name and colour."""


class HueSlider(FactorSlider):
    """Sets a hue, as a part of the whole circle, on a track that shows them all."""

    def __init__(self) -> None:
        super().__init__(0.0, 1.0, _FIRST_HUE / 360, ())

    def _paint_track(self, painter: QPainter, track: QRectF, middle: float) -> None:
        rainbow = QLinearGradient(track.left(), 0, track.right(), 0)
        for step in range(7):
            rainbow.setColorAt(step / 6, QColor.fromHsvF(step / 6 % 1, 0.75, 0.9))
        painter.setBrush(rainbow)
        painter.drawRoundedRect(QRectF(track.left(), middle - 3, track.width(), 6), 3, 3)

    def _paint_bar(self, painter: QPainter, middle: float, x: float) -> None:
        """A hue is a place, not an amount."""

    def _colour(self, text: QColor) -> QColor:
        return QColor.fromHsvF(self.factor % 1, 0.85, 0.95) if self.isEnabled() else super()._colour(text)


class TintPopover(Popover):
    """Edits one layer's tint through the controller, live.

    Args:
        layer_id: the layer.
        document: that has it.
        edits: what changes it.
        parent: the panel.
    """

    def __init__(self, layer_id: str, document: Document, edits: LayerController, parent: QWidget) -> None:
        layer = document.layer(layer_id)
        super().__init__(f"Tint of {layer.name}", parent)
        self._layer_id, self._document, self._edits = layer_id, document, edits
        self._hue = hue_and_strength(layer.tint)[0] if layer.tint != NO_TINT else _FIRST_HUE
        self._make_fields()
        self._lay_out()
        self.hue.edited.connect(lambda part, gesture: self._set_hue(part * 360, gesture))
        self.degrees.valueChanged.connect(lambda degrees: self._set_hue(degrees))
        self.strength.edited.connect(self._set_strength)
        self.strength_value.committed.connect(self._set_strength)
        self.reset_button.clicked.connect(lambda: self._set(NO_TINT))
        self.follow(document.stack_changed, self._show)

    def _make_fields(self) -> None:
        self.swatches = [self._make_swatch(name, colour) for name, colour in LIGHTS.items()]
        self.hue = described(HueSlider(), "Hue", "Hue of the tint. Ctrl with arrows or wheel steps finely.")
        self.hue.wheel_needs_focus = False
        self.degrees = described(QSpinBox(maximum=359, suffix="°"), "Hue, degrees", "0 is red")
        self.degrees.setWrapping(True)
        # The style sheet's padding does not reach the text of a spin box.
        self.degrees.lineEdit().setTextMargins(4, 0, 0, 0)
        self.strength = FactorSlider(0.0, 1.0, 0.0, ())
        self.strength.wheel_needs_focus = False
        described(self.strength, "Strength", "Strength of the tint: 0 leaves the layer’s own colours")
        self.strength_value = described(ValueEdit(0.0, 1.0, percent=True), "Strength, per cent", "Strength of the tint")
        self.reset_button = described(QPushButton("No Tint"), "No tint", "The layer in its own colours")
        self.reset_button.setAutoDefault(False)

    def _make_swatch(self, name: str, colour: str) -> QToolButton:
        swatch = described(QToolButton(autoRaise=True), name, f"{name} ({colour})")
        swatch.setIcon(QIcon(tint_pixmap(tint_of_text(colour), _SWATCH, self.devicePixelRatioF())))
        swatch.setIconSize(QSize(_SWATCH, _SWATCH))
        swatch.clicked.connect(lambda: self._set(tint_of_text(colour)))
        return swatch

    def _lay_out(self) -> None:
        lights = QHBoxLayout()
        lights.setSpacing(4)
        for swatch in self.swatches:
            lights.addWidget(swatch)
        lights.addStretch(1)
        hue, strength = row_of(self.hue, self.degrees), row_of(self.strength, self.strength_value)
        self.lay_out({"Lights": lights, "Hue": hue, "Strength": strength}, self.reset_button)

    def _show(self) -> None:
        if all(layer.id != self._layer_id for layer in self._document.stack):
            return
        layer = self._document.layer(self._layer_id)
        hue, strength = hue_and_strength(layer.tint)
        if strength > 0:
            self._hue = hue
        self.hue.show_factor(self._hue / 360)
        self.degrees.blockSignals(True)
        self.degrees.setValue(round(self._hue) % 360)
        self.degrees.blockSignals(False)
        for widget in (self.strength, self.strength_value):
            widget.show_factor(strength)
        for field in (*self.swatches, self.hue, self.degrees, self.strength, self.strength_value):
            field.setEnabled(not layer.locked)
        self.reset_button.setEnabled(not layer.locked and layer.tint != NO_TINT)
        self.note.setText("The layer is locked." if layer.locked else _EFFECT)

    def _set_hue(self, degrees: float, gesture: object = None) -> None:
        # A hue that is chosen is a hue that is wanted.
        strength = hue_and_strength(self._document.layer(self._layer_id).tint)[1] or _FIRST_STRENGTH
        self._hue = degrees
        self._set(tint_of(degrees, strength), gesture)

    def _set_strength(self, strength: float, gesture: object = None) -> None:
        self._set(tint_of(self._hue, strength), gesture)

    def _set(self, tint: Tint, gesture: object = None) -> None:
        self._edits.set_tint(self._layer_id, tint, gesture)


def tint_colour(tint: Tint) -> QColor:
    """The colour that stands for a tint."""
    return QColor.fromRgbF(*colour_of(tint))


def tint_pixmap(tint: Tint, side: int, ratio: float) -> QPixmap:
    """A disc in the colour of a tint.

    Args:
        tint: which.
        side: logical pixels.
        ratio: device pixels to a logical one.
    """
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    # The rim keeps pale tints visible on a pale ground.
    painter.setPen(QPen(QColor(current_theme().disabled), 1))
    painter.setBrush(tint_colour(tint))
    painter.drawEllipse(QRectF(1.5, 1.5, side - 3, side - 3))
    painter.end()
    return pixmap


def tint_in_words(tint: Tint) -> str:
    """What a row's mark says: "hue 30°, 40 %"."""
    hue, strength = hue_and_strength(tint)
    return f"hue {hue:.0f}°, {strength * 100:.0f} %"
