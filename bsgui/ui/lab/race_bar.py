"""The bar over the plots: running, speed, what is drawn, exporting."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QSpinBox, QToolButton, QWidget

from bsgui.ui.described import described, icon_button
from bsgui.ui.icons import icon

from .value_slider import ValueSlider

_EXPORTS = {"png": "Picture (PNG)…", "svg": "Drawing (SVG)…", "csv": "Table (CSV)…"}


class RaceBar(QWidget):
    """Buttons and choices; does nothing itself.

    Signals:
        play_wanted(): run or pause.
        step_wanted(): one step.
        reset_wanted(): from the beginning.
        seed_wanted(): the next seed.
        mode_changed(int): the mode to draw, from 0.
        quantity_changed(str): "contributions" or "shares".
        export_wanted(str): a file of that suffix, "png", "svg", "csv" or "json".
        open_wanted(): a saved race.
    """

    play_wanted = Signal()
    step_wanted = Signal()
    reset_wanted = Signal()
    seed_wanted = Signal()
    mode_changed = Signal(int)
    quantity_changed = Signal(str)
    export_wanted = Signal(str)
    open_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._play = described(QPushButton("Run"), "Run or pause", "Run or pause (Space)")
        self._play.setIcon(icon("play", on_accent=True))
        self._play.setProperty("primary", True)
        # The word changes: the button, and all beside it, must not.
        self._play.setMinimumWidth(self._play.sizeHint().width() + self.fontMetrics().horizontalAdvance("se"))
        self._step = described(QPushButton("Step"), "One step", "Train one step (.)")
        self._reset = described(QPushButton("Reset"), "Reset", "From the beginning, with the same seed (Ctrl+R)")
        self._dice = icon_button("dice", "Next seed", "The same race with the next seed (Ctrl+D)")
        self._speed = ValueSlider("Speed", 0.1, 20, log=True)
        self._speed.set_value(1.0)
        self._speed.setToolTip("Speed: at 1 a race takes eight seconds")
        self._mode: QSpinBox = described(QSpinBox(), "Mode", "The mode whose branches are drawn; or click one in a map")
        self._mode.lineEdit().setTextMargins(4, 0, 0, 0)
        self._quantity = described(QComboBox(), "Quantity", "What is drawn of the mode")
        self._quantity.addItem("Contribution", "contributions")
        self._quantity.addItem("Share", "shares")
        self._lay_out()
        self._connect()

    @property
    def speed(self) -> float:
        """Races per eight seconds."""
        return self._speed.value

    @property
    def mode(self) -> int:
        """The mode to draw, from 0."""
        return self._mode.value() - 1

    def choose_mode(self, mode: int) -> None:
        """Choose a mode, from 0, as if it had been typed."""
        self._mode.setValue(mode + 1)

    def show_modes(self, count: int) -> None:
        """Offer so many modes."""
        self._mode.setRange(1, count)

    def show_playing(self, playing: bool) -> None:
        """Say what the first button will do."""
        self._play.setText("Pause" if playing else "Run")
        self._play.setIcon(icon("pause" if playing else "play", on_accent=True))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(6)
        for button in (self._play, self._step, self._reset, self._dice):
            row.addWidget(button)
        choices: tuple[tuple[str, QWidget], ...] = (
            ("Speed", self._speed),
            ("Mode", self._mode),
            ("", self._quantity),
        )
        for label, choice in choices:
            if label:
                row.addSpacing(10)
                row.addWidget(QLabel(label))
            row.addWidget(choice)
        row.addStretch(1)
        row.addWidget(self._export_button())

    def _export_button(self) -> QToolButton:
        menu = QMenu(self)
        for suffix, text in _EXPORTS.items():
            menu.addAction(text).triggered.connect(lambda _=False, suffix=suffix: self.export_wanted.emit(suffix))
        menu.addSeparator()
        menu.addAction("Save Race (JSON)…").triggered.connect(lambda: self.export_wanted.emit("json"))
        menu.addAction("Open Race (JSON)…").triggered.connect(lambda: self.open_wanted.emit())
        button = described(QToolButton(), "Export", "Export picture, drawing, table or configuration")
        button.setText("Export")
        button.setIcon(icon("export"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button

    def _connect(self) -> None:
        self._play.clicked.connect(lambda: self.play_wanted.emit())
        self._step.clicked.connect(lambda: self.step_wanted.emit())
        self._reset.clicked.connect(lambda: self.reset_wanted.emit())
        self._dice.clicked.connect(lambda: self.seed_wanted.emit())
        self._mode.valueChanged.connect(lambda number: self.mode_changed.emit(number - 1))
        self._quantity.currentIndexChanged.connect(lambda _: self.quantity_changed.emit(self._quantity.currentData()))
