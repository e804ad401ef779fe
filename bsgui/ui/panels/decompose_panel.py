"""How the photo is taken apart: model, domain, seed, size, device, and one big button."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from bsgui.core.model_card import ModelCard
from bsgui.core.model_choice import AUTO, ModelChoice
from bsgui.core.requests import DecomposeSettings, Progress
from bsgui.ui.described import described, icon_button, text_button
from bsgui.ui.framing.part_field import PartField
from bsgui.ui.framing.state import FrameState
from bsgui.ui.layers.elided_label import ElidedLabel
from bsgui.ui.settings import DEVICES

_LARGEST_SEED = 99_999
_SIZE_STEP = 32
_AUTOMATIC = "Automatic"
_AUTOMATIC_TIP = "The photo is searched for faces and animals, and the model that is made for them is taken."
_DOMAIN_TIP = (
    "The style of all branches. In the first the photo is taken apart as it is;\n"
    "in another one all layers are restyled, and the residual holds the difference."
)
_DEVICE_NAMES = {"auto": "Automatic", "cpu": "Processor (CPU)", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)"}


class DecomposePanel(QWidget):
    """Settings for the next decomposition, and the state of the running one.

    Args:
        cards: the installed models; none is a state of its own.
        frames: which part of the photo is taken apart.
        device: what "device" starts with, one of ``DEVICES``.
        automatic: whether the choice of the model may be left to the program.

    Signals:
        wanted(DecomposeSettings): the person asks for a decomposition.
        cancel_wanted(): the person wants the running one, or the training, stopped.
        adapt_wanted(): the person wants the model adapted to the photo.
        finish_wanted(): the person wants the training ended and its layers kept.
        model_chosen(str): the person has chosen a model by its id, or with "" left the choice to the program.
    """

    wanted = Signal(object)
    cancel_wanted = Signal()
    adapt_wanted = Signal()
    finish_wanted = Signal()
    model_chosen = Signal(str)

    def __init__(
        self,
        cards: Sequence[ModelCard],
        frames: FrameState,
        device: str = "auto",
        automatic: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._frames, self._has_automatic = frames, automatic
        self._choice: ModelChoice | None = None
        self._cards = {card.id: card for card in cards}
        self._has_photo = self._is_busy = self._is_adaptable = self._is_adapting = False
        self._why_not_adaptable = ""
        self._make_fields()
        self._make_button()
        self._lay_out()
        self.model.currentIndexChanged.connect(self._on_model_changed)
        self.model.activated.connect(lambda _: self.model_chosen.emit("" if self.is_automatic else self._card_id))
        self._on_model_changed()
        self.show_device(device)
        self._show_state()

    @property
    def has_model(self) -> bool:
        """Whether any model is installed."""
        return bool(self._cards)

    @property
    def settings(self) -> DecomposeSettings:
        """What the fields say."""
        return DecomposeSettings(
            model=self._card_id,
            domain=self.domain.currentData() or "",
            seed=self.seed.value(),
            size=self.size_px.value(),
            device=self.device.currentData(),
            frame=self._frames.frame,
            splits_light=self.splits_light.isChecked(),
        )

    def show_settings(self, settings: DecomposeSettings) -> None:
        """Fill the fields; what no installed model offers is left as it is."""
        row = self.model.findData(settings.model)
        if row >= 0:
            self.model.setCurrentIndex(row)
            self.domain.setCurrentIndex(max(0, self.domain.findData(settings.domain)))
            self.size_px.setValue(settings.size)
        self.seed.setValue(settings.seed)
        self.splits_light.setChecked(settings.splits_light)
        self.show_device(settings.device)
        self._frames.frame = settings.frame

    @property
    def is_automatic(self) -> bool:
        """Whether the choice of the model is left to the program."""
        return bool(self.model.currentData() == AUTO)

    def show_choice(self, choice: ModelChoice | None) -> None:
        """What the program would choose for the photo, and why; None while it does not know."""
        if choice == self._choice or not self._has_automatic:
            return
        self._choice = choice
        self.model.setItemText(0, f"Automatic: {choice.card.name}" if choice is not None else _AUTOMATIC)
        if self.is_automatic:
            self._on_model_changed()

    def show_model(self, model_id: str) -> None:
        """Choose a model, if it is installed; "" leaves the choice to the program, if it may have it."""
        row = self.model.findData(model_id or AUTO)
        if row >= 0:
            self.model.setCurrentIndex(row)

    def show_device(self, device: str) -> None:
        """Choose a device."""
        self.device.setCurrentIndex(max(0, self.device.findData(device)))

    def show_photo(self, there_is_one: bool) -> None:
        """Whether there is something to take apart."""
        self._has_photo = there_is_one
        self._show_state()

    def show_busy(self, busy: bool) -> None:
        """Turn the button into Cancel and show progress, or back."""
        self._is_busy = busy
        if busy:
            self.show_progress(Progress(0, 0, "Starting"))
        self._show_state()

    def show_adaptable(self, possible: bool, why_not: str = "") -> None:
        """Whether there are layers whose model can be adapted; and what is to be said against it, if there is."""
        self._is_adaptable, self._why_not_adaptable = possible, why_not
        self._show_state()

    def show_adapting(self, on: bool) -> None:
        """Turn the buttons into Cancel and Finish Now, or back."""
        self._is_adapting = on
        self.show_busy(on)

    def show_progress(self, progress: Progress) -> None:
        """How far the running decomposition is; no total means that nobody knows."""
        self._bar.setFormat(f"{progress.stage}…")
        # Qt draws no words on a bar without an end, and the first stage, loading torch, is the longest.
        self._bar.setRange(0, max(progress.total, 1))
        self._bar.setValue(progress.done)

    def draw_seed(self) -> None:
        """Throw the dice."""
        self.seed.setValue(secrets.randbelow(_LARGEST_SEED + 1))

    def ask(self) -> None:
        """Ask for a decomposition with what the fields say."""
        if self._has_photo and self.has_model:
            self.wanted.emit(self.settings)

    def _make_fields(self) -> None:
        self.part = PartField(self._frames)
        self.model = described(QComboBox(), "Model", "Which network takes the photo apart")
        self.reason = ElidedLabel()
        self.reason.setProperty("quiet", True)
        self.reason.setAlignment(Qt.AlignmentFlag.AlignRight)
        if self._has_automatic:
            self.model.addItem(_AUTOMATIC, AUTO)
            self.model.setItemData(0, _AUTOMATIC_TIP, Qt.ItemDataRole.ToolTipRole)
        for card in self._cards.values():
            self.model.addItem(card.name, card.id)
            self.model.setItemData(self.model.count() - 1, card.description, Qt.ItemDataRole.ToolTipRole)
        self.domain = described(QComboBox(), "Style of all branches", _DOMAIN_TIP)
        self.seed = described(QSpinBox(maximum=_LARGEST_SEED), "Seed")
        self.seed.setToolTip("Which style of the domain is drawn; the same seed gives the same layers")
        self._dice = icon_button("dice", "Draw another seed")
        self._dice.clicked.connect(self.draw_seed)
        self.size_px = described(QSpinBox(suffix=" px", singleStep=_SIZE_STEP), "Working size")
        for spin in (self.seed, self.size_px):
            # The style sheet's padding does not reach the text of a spin box; so it lines up with the boxes above.
            spin.lineEdit().setTextMargins(4, 0, 0, 0)
        self.splits_light = described(
            QCheckBox("Split by side"),
            "Split the light by side",
            "Of a framed face: what the light has more of on one side becomes a layer of its own, to be turned down, "
            "tinted, or with gain −1 moved to the other side",
        )
        self.device = described(QComboBox(), "Device", "What computes the network")
        for device in DEVICES:
            self.device.addItem(_DEVICE_NAMES[device], device)
        for box in (self.model, self.domain, self.device):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)

    def _make_button(self) -> None:
        self._bar = described(QProgressBar(), "Progress of the decomposition")
        self.button = QPushButton()
        self.button.setProperty("primary", True)
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(self._on_clicked)
        self.adapt_button = QPushButton()
        self.adapt_button.setMinimumHeight(34)
        self.adapt_button.clicked.connect(self._on_adapt_clicked)
        self._nothing = QLabel(
            "No model is installed. Models are a .json card and a .safetensors file; see Help ▸ Models for where "
            "they belong."
        )
        self._nothing.setWordWrap(True)

    def _lay_out(self) -> None:
        # One row, as a seed is the style's; every row here is one that the layer stack lacks in a small window.
        style = QHBoxLayout()
        style.setSpacing(4)
        style.addWidget(self.domain, 1)
        style.addWidget(self.seed, 1)
        style.addWidget(self._dice)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(6)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.addRow("Part", self.part)
        form.addRow("Model", self.model)
        form.addRow("Style", style)
        form.addRow("Size", self.size_px)
        form.addRow("Light", self.splits_light)
        form.addRow("Device", self.device)
        self._form = form
        self._advanced = text_button("Advanced", "Show or hide the device", checkable=True)
        self._advanced.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._advanced.toggled.connect(self._show_advanced)
        self._remarks = QWidget()
        remarks = QHBoxLayout(self._remarks)
        remarks.setContentsMargins(0, 0, 4, 0)
        remarks.addWidget(self._advanced)
        remarks.addWidget(self.reason, 1)
        # The bar takes the place of this line, so that nothing moves when a decomposition begins or ends.
        self._place = QStackedWidget()
        self._place.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._place.addWidget(self._remarks)
        self._place.addWidget(self._bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self._nothing)
        column.addLayout(form)
        column.addWidget(self._place)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.button, 1)
        buttons.addWidget(self.adapt_button, 1)
        column.addLayout(buttons)
        column.addStretch(1)
        self._show_advanced(False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _show_advanced(self, on: bool) -> None:
        self._form.setRowVisible(self.device, on)
        self._advanced.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)

    def _on_model_changed(self) -> None:
        card = self._cards.get(self._card_id)
        self._show_reason()
        self.domain.clear()
        if card is None:
            return
        for domain in card.domains:
            self.domain.addItem(domain.replace("_", " ").capitalize(), domain)
        self._form.setRowVisible(self.splits_light, any(branch.role == "light" for branch in card.branches))
        self.size_px.setRange(card.min_size, card.max_size)
        self.size_px.setValue(card.size)
        self.size_px.setToolTip(
            f"Working size: the long side of what the network sees, {card.min_size} to {card.max_size} px; "
            f"trained at {card.size} px"
        )
        self.model.setToolTip(f"{_AUTOMATIC_TIP}\n\n" * self.is_automatic + (card.description or card.name))

    @property
    def _card_id(self) -> str:
        """The model that the fields stand for; the first while the program does not know yet."""
        if not self.is_automatic:
            return self.model.currentData() or ""
        return self._choice.card.id if self._choice is not None else next(iter(self._cards))

    def _show_reason(self) -> None:
        reason = self._choice.reason if self.is_automatic and self._choice is not None else ""
        self.reason.setText(reason[:1].upper() + reason[1:])
        self.reason.setToolTip(self.reason.text())

    def _on_clicked(self) -> None:
        if self._is_busy:
            self.cancel_wanted.emit()
        else:
            self.ask()

    def _on_adapt_clicked(self) -> None:
        if self._is_adapting:
            self.adapt_button.setEnabled(False)
            self.finish_wanted.emit()
        else:
            self.adapt_wanted.emit()

    def _show_state(self) -> None:
        self._show_adapt_button()
        self._nothing.setVisible(not self.has_model)
        self._place.setCurrentWidget(self._bar if self._is_busy else self._remarks)
        self.button.setText("Cancel" if self._is_busy else "Decompose")
        stop = "Stop, and bring back the layers as they were (Esc)" if self._is_adapting else "Stop (Esc)"
        self.button.setToolTip(stop if self._is_busy else "Take the photo apart (Ctrl+Return)")
        self.button.setEnabled(self._is_busy or (self._has_photo and self.has_model))
        self.part.setEnabled(self._has_photo and self.has_model)
        for field in (self.model, self.domain, self.seed, self._dice, self.size_px, self.splits_light, self.device):
            field.setEnabled(self.has_model)

    def _show_adapt_button(self) -> None:
        self.adapt_button.setText("Finish Now" if self._is_adapting else "Adapt to Photo")
        self.adapt_button.setEnabled(self._is_adapting or (self._is_adaptable and not self._is_busy))
        self.adapt_button.setToolTip(
            "End the training here, and keep the layers as they are now"
            if self._is_adapting
            else self._why_not_adaptable
            or "Let the model train on for up to a minute on this photo alone, until the residual is nearly empty. "
            "The layers are shown as they improve, your settings stay, and it is one step to undo. (Ctrl+Shift+D)"
        )
