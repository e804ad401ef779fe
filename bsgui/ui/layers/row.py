"""One layer in the panel: eye, thumbnail, name, energy, solo, mute, lock, gain."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from bsgui.core.blend_mode import PLAIN
from bsgui.core.decomposition import LayerInfo
from bsgui.core.layers import GAIN_MAX, GAIN_MIN, LayerKind, LayerState
from bsgui.core.styles import BranchStyle
from bsgui.core.tint import NO_TINT
from bsgui.ui.controllers.layer_controller import LayerController
from bsgui.ui.described import icon_button
from bsgui.ui.icons import icon
from bsgui.ui.panels.icon_label import IconLabel

from .elided_label import ElidedLabel
from .factor_slider import FactorSlider
from .filter_popover import filter_in_words
from .mask_popover import mask_in_words
from .mode_names import MODE_NAMES
from .style_popover import style_in_words
from .tint_popover import tint_in_words, tint_pixmap
from .value_edit import ValueEdit

THUMBNAIL = QSize(42, 42)
_MARK = 14

_KINDS = {
    LayerKind.BASE: "The base: one even colour, the average of what every branch adds everywhere. Hiding it shifts "
    "the colour of the whole picture.",
    LayerKind.BRANCH: "A branch of the network: a signed layer, added to the others.",
    LayerKind.RESIDUAL: "The residual: what the network’s branches leave of the photo. With it the layers add up to "
    "the photo exactly; hiding it shows what the network alone says.",
}


_PICTURES = {
    LayerKind.BASE: "Shown over mid-grey.",
    LayerKind.BRANCH: "Shown over mid-grey, with more contrast where it is faint.",
    LayerKind.RESIDUAL: "Shown over mid-grey, with no more contrast than the strongest branch.",
}


class LayerRow(QWidget):
    """Shows one layer's settings and passes edits to the controller.

    Signals:
        chosen(layer_id): a person touched a control that acts on this layer.
        style_wanted(layer_id): a person wants to see or change the layer's style.
        tint_wanted(layer_id), mask_wanted(layer_id), filter_wanted(layer_id): the same of its tint, its mask, or its
            filter.
    """

    chosen = Signal(str)
    style_wanted = Signal(str)
    tint_wanted = Signal(str)
    mask_wanted = Signal(str)
    filter_wanted = Signal(str)

    def __init__(self, layer: LayerState, info: LayerInfo, edits: LayerController, parent: QWidget | None = None):
        super().__init__(parent)
        self.layer_id = layer.id
        self._layer, self._info, self._edits = layer, info, edits
        self._make_buttons()
        self._thumbnail = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._thumbnail.setFixedSize(THUMBNAIL)
        self._thumbnail.setObjectName("layerThumbnail")
        self._name = ElidedLabel(layer.name)
        self._name.setProperty("italic", info.kind is not LayerKind.BRANCH)
        self._name_edit = QLineEdit(frame=False)
        self._name_edit.setAccessibleName("Name of the layer")
        self._name_edit.editingFinished.connect(self._finish_rename)
        self._energy = QLabel(_energy_text(info))
        self._energy.setProperty("quiet", True)
        self._slider = FactorSlider(GAIN_MIN, GAIN_MAX, 1.0, (0.0, 1.0))
        self._value = ValueEdit(GAIN_MIN, GAIN_MAX)
        # Enter is the end of typing: keys are shortcuts again, and the arrows still step.
        self._value.returnPressed.connect(self._slider.setFocus)
        self._slider.edited.connect(lambda gain, gesture: edits.set_gain(self.layer_id, gain, gesture))
        self._slider.grabbed.connect(lambda: self.chosen.emit(self.layer_id))
        self._value.committed.connect(lambda gain: edits.set_gain(self.layer_id, gain))
        self._lay_out()
        self._describe()
        self.show_layer(layer)

    def show_layer(self, layer: LayerState) -> None:
        """Show other settings of the same layer."""
        self._layer = layer
        self._eye.setIcon(icon("eye" if layer.visible else "eye-off"))
        self._eye.setChecked(layer.visible)
        self._mute.setChecked(layer.muted)
        self._lock.setIcon(icon("lock" if layer.locked else "unlock"))
        self._lock.setChecked(layer.locked)
        self._name.setText(layer.name)
        self._name.setEnabled(layer.visible and not layer.muted)
        self._thumbnail.setEnabled(layer.visible and not layer.muted)
        self._slider.show_factor(layer.gain)
        self._value.show_factor(layer.gain)
        self._show_tint(layer)
        self._show_mask(layer)
        self._show_mode(layer)
        self._show_filter(layer)
        self._slider.setEnabled(not layer.locked)
        self._value.setEnabled(not layer.locked)
        for widget, what in ((self._slider, "Gain"), (self._value, "Gain value"), (self._eye, "Visible")):
            widget.setAccessibleName(f"{what} of {layer.name}")
        for widget, what in ((self._solo, "Solo"), (self._mute, "Mute"), (self._lock, "Lock")):
            widget.setAccessibleName(f"{what} {layer.name}")

    def show_info(self, info: LayerInfo) -> None:
        """What is in the layer now, of the kind that it was."""
        self._info = info
        self._energy.setText(_energy_text(info))
        self._describe()

    def show_style(self, style: BranchStyle | None) -> None:
        """The mark of a layer that has another style than the photo; None takes it away."""
        self._style.setVisible(style is not None)
        if style is not None:
            self._style.setToolTip(
                f"{style_in_words(style)[:1].upper()}{style_in_words(style)[1:]}. Click to change (T)"
            )
            self._style.setAccessibleName(f"Style of {self._layer.name}: {style_in_words(style)}")

    def _show_tint(self, layer: LayerState) -> None:
        """The mark of a layer that is tinted, in its colour."""
        self._tint.setVisible(layer.tint != NO_TINT)
        if layer.tint != NO_TINT:
            self._tint.setIcon(QIcon(tint_pixmap(layer.tint, _MARK, self.devicePixelRatioF())))
            self._tint.setToolTip(f"Tint: {tint_in_words(layer.tint)}. Click to change (C)")
            self._tint.setAccessibleName(f"Tint of {layer.name}: {tint_in_words(layer.tint)}")

    def _show_mask(self, layer: LayerState) -> None:
        self._mask.setVisible(layer.mask is not None)
        if layer.mask is not None:
            self._mask.setToolTip(f"Mask: settings count {mask_in_words(layer.mask)}. Click to change (K)")
            self._mask.setAccessibleName(f"Mask of {layer.name}: {mask_in_words(layer.mask)}")

    def _show_mode(self, layer: LayerState) -> None:
        self._mode.setVisible(layer.mode != PLAIN)
        if layer.mode != PLAIN:
            name, tip = MODE_NAMES[layer.mode]
            self._mode.setToolTip(f"Mode: {name}. {tip}. Change it above the layers")
            self._mode.setAccessibleName(f"Mode of {layer.name}: {name}")

    def _show_filter(self, layer: LayerState) -> None:
        self._filter.setVisible(layer.filter is not None)
        if layer.filter is not None:
            words = filter_in_words(layer.filter)
            self._filter.setToolTip(f"Filter: {words}. Click to change (G)")
            self._filter.setAccessibleName(f"Filter of {layer.name}: {words}")

    def show_solo(self, on: bool) -> None:
        """Whether this layer is shown alone."""
        self._solo.setChecked(on)

    def show_selected(self, on: bool) -> None:
        """The wheel acts on the selected layer's gain wherever its slider is pointed at."""
        self._slider.wheel_needs_focus = not on

    def show_thumbnail(self, pixmap: QPixmap | None) -> None:
        """The layer's picture; None while there is none."""
        self._thumbnail.setPixmap(pixmap if pixmap is not None else QPixmap())

    def start_rename(self) -> None:
        """Edit the name in place; Enter keeps it, Escape takes it back."""
        if self._layer.locked:
            self._edits.rename(self.layer_id, self._layer.name)  # The lock answers with its notice.
            return
        self._name_edit.setText(self._layer.name)
        self._names.setCurrentWidget(self._name_edit)
        self._name_edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self._name_edit.selectAll()

    def cancel_rename(self) -> None:
        """Back to the label; the name stays."""
        # Losing the focus finishes the edit: with the old name nothing happens then.
        self._name_edit.setText(self._layer.name)
        self._names.setCurrentWidget(self._name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename, where the name is; elsewhere the list has it."""
        if self._names.geometry().contains(event.position().toPoint()):
            self.start_rename()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the name as it was."""
        if event.key() == Qt.Key.Key_Escape and self._names.currentWidget() is self._name_edit:
            self.cancel_rename()
        else:
            super().keyPressEvent(event)

    def _finish_rename(self) -> None:
        if self._names.currentWidget() is self._name_edit:
            self._names.setCurrentWidget(self._name)
            self._edits.rename(self.layer_id, self._name_edit.text())

    def _make_buttons(self) -> None:
        self._eye = _small_button("eye", "Show or hide this layer (V)\nAlt-click: show it alone, again: as before")
        self._eye.setObjectName("layerEye")
        self._solo = _small_button("solo", "Solo: show this layer alone (S)")
        self._mute = _small_button("mute", "Mute: take this layer out for now (M)")
        self._lock = _small_button("unlock", "Lock: protect gain, opacity, tint, mode, mask, filter and name (L)")
        self._style, self._tint, self._mask = _mark("style", "Style"), _mark("tint", "Tint"), _mark("mask", "Mask")
        self._mode, self._filter = _mark("mode", "Mode"), _mark("filter", "Filter")
        self._filter.clicked.connect(lambda: self.filter_wanted.emit(self.layer_id))
        self._mode.clicked.connect(lambda: self._edits.select(self.layer_id))
        self._mask.clicked.connect(lambda: self.mask_wanted.emit(self.layer_id))
        self._style.clicked.connect(lambda: self.style_wanted.emit(self.layer_id))
        self._tint.clicked.connect(lambda: self.tint_wanted.emit(self.layer_id))
        self._eye.clicked.connect(self._on_eye)
        self._solo.clicked.connect(lambda: self._edits.toggle_solo(self.layer_id))
        self._mute.clicked.connect(lambda: self._edits.toggle_muted(self.layer_id))
        self._lock.clicked.connect(lambda: self._edits.toggle_locked(self.layer_id))

    def _on_eye(self) -> None:
        if QApplication.keyboardModifiers() & Qt.KeyboardModifier.AltModifier:
            self._eye.setChecked(self._layer.visible)
            self._edits.toggle_solo(self.layer_id)
        else:
            self._edits.toggle_visible(self.layer_id)

    def _lay_out(self) -> None:
        self._names = QStackedWidget()
        self._names.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._names.addWidget(self._name)
        self._names.addWidget(self._name_edit)
        first = QHBoxLayout()
        first.setSpacing(1)
        if self._info.kind is not LayerKind.BRANCH:
            # The branches are many and named; the two that differ in kind are marked.
            first.addWidget(IconLabel("base" if self._info.kind is LayerKind.BASE else "residual", 14))
            first.addSpacing(4)
        first.addWidget(self._names, 1)
        first.addWidget(self._mode)
        first.addWidget(self._filter)
        first.addWidget(self._mask)
        first.addWidget(self._tint)
        first.addWidget(self._style)
        first.addWidget(self._energy)
        first.addSpacing(4)
        for button in (self._solo, self._mute, self._lock):
            first.addWidget(button)
        second = QHBoxLayout()
        second.setSpacing(4)
        second.addWidget(self._slider, 1)
        second.addWidget(self._value)
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 3, 6, 4)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(0)
        grid.addWidget(self._eye, 0, 0, 2, 1)
        grid.addWidget(self._thumbnail, 0, 1, 2, 1)
        grid.addLayout(first, 0, 2)
        grid.addLayout(second, 1, 2)
        grid.setColumnStretch(2, 1)

    def _describe(self) -> None:
        lines = [_KINDS[self._info.kind], self._info.description]
        tooltip = "\n".join(_wrapped(line) for line in lines if line)
        self._name.setToolTip(f"{tooltip}\n\nDouble-click or F2 renames.")
        self._thumbnail.setToolTip(f"{tooltip}\n\n{_PICTURES[self._info.kind]} Drag to reorder.")
        self._energy.setToolTip(_energy_tip(self._info))
        self._slider.setToolTip(
            "Gain: 1 is as it came, 0 removes the layer, below 0 inverts it.\n"
            "Click or drag sets, Shift-drag is fine, double-click resets to 1, wheel and arrows step."
        )
        self._value.setToolTip("Gain: type a number, or arithmetic with x as the old value, like x*2.")


def _mark(picture: str, name: str) -> QToolButton:
    """A button that is there only where there is something to show."""
    button = icon_button(picture, name)
    button.setIconSize(QSize(_MARK, _MARK))
    button.setFixedSize(20, 20)
    button.setObjectName("layerButton")
    button.hide()
    return button


def _small_button(picture: str, tooltip: str) -> QToolButton:
    button = icon_button(picture, tooltip, checkable=True)
    button.setIconSize(QSize(16, 16))
    button.setFixedSize(22, 22)
    button.setObjectName("layerButton")
    return button


def _energy_text(info: LayerInfo) -> str:
    if info.kind is LayerKind.BASE:
        return ""
    share = info.energy_share * 100
    return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %"


def _energy_tip(info: LayerInfo) -> str:
    if info.kind is LayerKind.RESIDUAL:
        return "Energy of the residual, measured against all branches together."
    return "Share of the branches’ energy (variance) that is in this one."


def _wrapped(text: str, width: int = 70) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])
