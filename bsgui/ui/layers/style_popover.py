"""A small window at a layer's row: the branch's other style, and how much of it there is."""

from __future__ import annotations

import secrets

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QComboBox, QPushButton, QSpinBox, QWidget

from bsgui.core.styles import BranchStyle
from bsgui.ui.controllers.style_controller import StyleController
from bsgui.ui.described import described, icon_button

from .factor_slider import FactorSlider
from .popover import Popover, row_of
from .value_edit import ValueEdit

LARGEST_SEED = 99_999
_OWN = None
# Long enough that the arrows of the seed can be held; the network runs when they are let go.
_SEED_DELAY_MS = 180


class StylePopover(Popover):
    """Edits one branch's style through the controller.

    Args:
        layer_id: the branch's layer.
        name: what the person calls it.
        edits: what is asked, and told.
        parent: the panel.
    """

    def __init__(self, layer_id: str, name: str, edits: StyleController, parent: QWidget) -> None:
        super().__init__(f"Style of {name}", parent)
        self._layer_id, self._edits = layer_id, edits
        self._is_showing = False
        self._make_fields()
        self._lay_out()
        self._seed_rest = QTimer(self, singleShot=True, interval=_SEED_DELAY_MS)
        self._seed_rest.timeout.connect(self._choose)
        self.domain.currentIndexChanged.connect(self._on_domain)
        self.seed.valueChanged.connect(self._on_seed)
        self.dice.clicked.connect(lambda: self.seed.setValue(secrets.randbelow(LARGEST_SEED + 1)))
        self.alpha.edited.connect(self._blend)
        self.alpha_value.committed.connect(self._blend)
        self.reset_button.clicked.connect(lambda: edits.reset(layer_id))
        self.follow(edits.changed, self._show)

    def closeEvent(self, event: QCloseEvent) -> None:
        """What was just typed counts."""
        if self._seed_rest.isActive():
            self._choose()
        super().closeEvent(event)

    # ---- parts ---------------------------------------------------------------------------------------------

    def _make_fields(self) -> None:
        domain, seed = self._edits.own
        card = self._edits.card
        self.domain = described(QComboBox(), "Domain of the other style", "The style this branch is run with as well")
        self.domain.addItem(f"As the photo: {_spoken(domain)}, seed {seed}", _OWN)
        for name in card.domains if card is not None else ():
            self.domain.addItem(_spoken(name), name)
        self.seed = described(
            QSpinBox(maximum=LARGEST_SEED),
            "Seed of the other style",
            "Which style of the domain is drawn; 0 is the domain’s mean",
        )
        # The style sheet's padding does not reach the text of a spin box; so it lines up with the box above.
        self.seed.lineEdit().setTextMargins(4, 0, 0, 0)
        self.dice = icon_button("dice", "Draw another seed for this branch")
        self.alpha = FactorSlider(0.0, 1.0, 1.0, (0.5,))
        self.alpha.wheel_needs_focus = False
        described(
            self.alpha,
            "Blend with the other style",
            "From the photo’s own style (left) to the other one (right); live, the sum stays the photo",
        )
        self.alpha_value = described(ValueEdit(0.0, 1.0, percent=True), "Blend, per cent", "Share of the other style")
        self.reset_button = described(QPushButton("Own Style"), "Own style", "Only the photo’s own style again")
        self.reset_button.setAutoDefault(False)

    def _lay_out(self) -> None:
        self.note.setToolTip("How far the other style is from the photo’s own, in this branch: a question of the model")
        seed, blend = row_of(self.seed, self.dice), row_of(self.alpha, self.alpha_value)
        self.lay_out({"Style": self.domain, "Seed": seed, "Blend": blend}, self.reset_button)

    # ---- there and back ------------------------------------------------------------------------------------

    def _show(self) -> None:
        style = self._edits.style(self._layer_id)
        self._is_showing = True
        self.domain.setCurrentIndex(0 if style is None else max(0, self.domain.findData(style.domain)))
        # What is being typed stays, until the network runs for it.
        if style is not None and not self._seed_rest.isActive():
            self.seed.setValue(style.seed)
        self._is_showing = False
        for widget in (self.alpha, self.alpha_value):
            widget.show_factor(0.0 if style is None else style.alpha)
        free = not self._edits.why_not(self._layer_id)
        self.domain.setEnabled(free)
        for field in (self.seed, self.dice, self.alpha, self.alpha_value, self.reset_button):
            field.setEnabled(free and style is not None)
        self.note.setText(self._remark(style))

    def _remark(self, style: BranchStyle | None) -> str:
        if self._edits.is_waiting:
            return "Running…"
        if style is None or self._edits.why_not(self._layer_id):
            return self._edits.why_not(self._layer_id)
        if (style.domain, style.seed) == self._edits.own:
            return "This is the photo’s own style."
        change = self._edits.change(self._layer_id)
        return "" if change is None else f"Changes it by {change * 100:.{0 if change >= 0.0995 else 1}f} %"

    def _on_domain(self) -> None:
        if self._is_showing:
            return
        if self.domain.currentData() is _OWN:
            self._edits.reset(self._layer_id)
        else:
            self._choose()

    def _on_seed(self) -> None:
        if not self._is_showing:
            self._seed_rest.start()

    def _choose(self) -> None:
        self._seed_rest.stop()
        if self.domain.currentData() is not _OWN:
            self._edits.choose(self._layer_id, self.domain.currentData(), self.seed.value())

    def _blend(self, alpha: float, gesture: object = None) -> None:
        self._edits.blend(self._layer_id, alpha, gesture)


def style_in_words(style: BranchStyle) -> str:
    """What a row's mark says: "40 % in the style Cat, seed 7"."""
    return f"{style.alpha * 100:.0f} % in the style {_spoken(style.domain)}, seed {style.seed}"


def _spoken(domain: str) -> str:
    return domain.replace("_", " ").capitalize()
