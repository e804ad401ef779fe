"""The laboratory's controls: everything that decides a race."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from bsgui.core.errors import UsageError
from bsgui.core.race import ACTIVATIONS, FORMS, INITIALIZATIONS, OPTIMIZERS, RaceConfig

from .value_slider import ValueSlider

MAX_BRANCHES, MAX_MODES, MAX_DEPTH, MAX_GROUP = 16, 64, 5, 8
_LARGEST_SEED = 999_999
_WORDS = {
    "sgd": "SGD",
    "momentum": "Momentum",
    "adam": "Adam",
    "balanced": "Balanced layers",
    "gaussian": "Independent normal",
    "equal": "All branches equal",
    "modes": "One weight per mode",
    "matrices": "Full matrices",
    "linear": "None (linear)",
    "relu": "ReLU",
    "tanh": "tanh",
}


class RaceControls(QWidget):
    """Sliders and lists for a :class:`~bsgui.core.race.RaceConfig`.

    Signals:
        changed(): another race is wanted.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._sliders = {
            "depth": ValueSlider("Depth", 1, MAX_DEPTH, whole=True),
            "branches": ValueSlider("Branches", 2, MAX_BRANCHES, whole=True),
            "shared": ValueSlider("Shared layers", 0, MAX_DEPTH - 1, whole=True),
            "modes": ValueSlider("Modes", 1, MAX_MODES, whole=True),
            "gap": ValueSlider("Mode gap", 1, 16, log=True),
            "correlation": ValueSlider("Correlation of a group’s inputs", 0, 0.95),
            "scale": ValueSlider("Initial scale", 1e-6, 1, log=True),
            "spread": ValueSlider("Initial spread", 0, 2),
            "learning_rate": ValueSlider("Learning rate", 1e-3, 1, log=True),
            "noise": ValueSlider("Gradient noise", 1e-5, 0.3, log=True, zero=True),
        }
        self._lists = {
            "form": _list("Layers", FORMS),
            "activation": _list("Activation", ACTIVATIONS),
            "init": _list("Initial weights", INITIALIZATIONS),
            "optimizer": _list("Optimizer", OPTIMIZERS),
        }
        self._group = ValueSlider("Modes in a group", 1, MAX_GROUP, whole=True)
        self._strengths = QLineEdit()
        self._strengths.setAccessibleName("Mode strengths")
        self._strengths.setPlaceholderText("from the gap, or 1, 0.5, …")
        self._seed = QSpinBox()
        self._seed.setAccessibleName("Seed")
        self._seed.lineEdit().setTextMargins(4, 0, 0, 0)
        self._seed.setRange(0, _LARGEST_SEED)
        self._lay_out()
        self._connect()
        self._base = RaceConfig(branches=5, modes=8, gap=3.0, learning_rate=0.03, seeds=1)
        self.show_config(self._base)

    def config(self) -> RaceConfig:
        """What the controls say.

        Raises:
            UsageError: the strengths are not numbers, or something does not fit something else.
        """
        values = {name: slider.value for name, slider in self._sliders.items()}
        whole = {name: int(values[name]) for name in ("depth", "branches", "shared", "modes")}
        chosen = {name: str(box.currentData()) for name, box in self._lists.items()}
        return self._base.with_(
            **{**values, **whole, **chosen},
            subtasks=self._subtasks(whole["modes"]),
            strengths=self._typed_strengths(),
            seed=self._seed.value(),
        )

    def show_config(self, config: RaceConfig) -> None:
        """Show a race; tells nobody. What has no control (correlation, steps) is kept."""
        self._base = config.with_(seeds=1)
        self._sliders["shared"].set_maximum(max(config.depth - 1, 0))
        for name, slider in self._sliders.items():
            slider.set_value(getattr(config, name))
        for name, box in self._lists.items():
            box.blockSignals(True)
            box.setCurrentIndex(box.findData(getattr(config, name)))
            box.blockSignals(False)
        self._group.set_value(config.modes // config.groups)
        self._strengths.setText(", ".join(f"{x:g}" for x in config.strengths))
        self._seed.blockSignals(True)
        self._seed.setValue(config.seed)
        self._seed.blockSignals(False)

    def next_seed(self) -> None:
        """Ask for the same race with the next seed."""
        self._seed.setValue((self._seed.value() + 1) % (_LARGEST_SEED + 1))

    def _subtasks(self, modes: int) -> int:
        group = int(self._group.value)
        if modes % group:
            raise UsageError(f"{modes} modes cannot be shared out in groups of {group}.")
        return 0 if group == 1 else modes // group

    def _typed_strengths(self) -> tuple[float, ...]:
        text = self._strengths.text().strip()
        try:
            return tuple(float(x) for x in text.split(",")) if text else ()
        except ValueError as error:
            raise UsageError("The mode strengths are not numbers with commas between them.") from error

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        groups = {
            "Network": (
                ("Depth", "depth"),
                ("Branches", "branches"),
                ("Shared layers", "shared"),
                ("Layers", "form"),
                ("Activation", "activation"),
            ),
            "Task": (("Modes", "modes"), ("Gap", "gap"), ("Correlation", "correlation")),
            "Start": (("Weights", "init"), ("Scale", "scale"), ("Spread", "spread")),
            "Descent": (("Optimizer", "optimizer"), ("Rate", "learning_rate"), ("Noise", "noise")),
        }
        for title, rows in groups.items():
            group = QGroupBox(title)
            form = QFormLayout(group)
            for label, name in rows:
                form.addRow(label, self._sliders.get(name) or self._lists[name])
            if title == "Task":
                form.addRow("In groups of", self._group)
                form.addRow("Strengths", self._strengths)
            if title == "Start":
                form.addRow("Seed", self._seed)
            column.addWidget(group)
        column.addStretch(1)

    def _connect(self) -> None:
        for slider in self._sliders.values():
            slider.changed.connect(self._on_changed)
        self._group.changed.connect(self._on_changed)
        self._lists["activation"].currentIndexChanged.connect(self._on_activation_changed)
        self._lists["form"].currentIndexChanged.connect(self._on_form_changed)
        for box in self._lists.values():
            box.currentIndexChanged.connect(self._on_changed)
        self._strengths.editingFinished.connect(self._on_changed)
        self._seed.valueChanged.connect(self._on_changed)

    def _on_activation_changed(self) -> None:
        # Only full matrices have something between their layers, and only normal ones use it.
        if self._lists["activation"].currentData() != "linear":
            self._choose("form", "matrices")
            self._choose("init", "gaussian")

    def _on_form_changed(self) -> None:
        if self._lists["form"].currentData() == "modes":
            self._choose("activation", "linear")

    def _choose(self, name: str, choice: str) -> None:
        self._lists[name].setCurrentIndex(self._lists[name].findData(choice))

    def _on_changed(self) -> None:
        self._sliders["shared"].set_maximum(int(self._sliders["depth"].value) - 1)
        # A number of steps that came with an opened race belongs to that race alone.
        self._base = self._base.with_(steps=0)
        self.changed.emit()


def _list(name: str, choices: tuple[str, ...]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for choice in choices:
        box.addItem(_WORDS[choice], choice)
    return box
