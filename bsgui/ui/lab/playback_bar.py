"""Under the pictures: play, step, the slider over the recorded moments; over them: run, photo, look, exports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from bsgui.core.layer_view import LayerView
from bsgui.core.recording import Recording
from bsgui.ui.described import described, icon_button, text_button
from bsgui.ui.icons import icon

from .value_slider import ValueSlider

_LOOKS = {"Over grey": LayerView.GREY, "Signs": LayerView.SIGNED, "Magnitude": LayerView.MAGNITUDE}
_EXPORTS = {
    "layers": "Layers at This Step (PNG)…",
    "curves": "Curves (PNG)…",
    "drawing": "Curves (SVG)…",
    "table": "Measures (CSV)…",
}
_USUAL_SPEED = 4.0


class TransportBar(QWidget):
    """Where in the run we are, and whether it moves.

    Signals:
        play_wanted(): play or pause.
        moment_changed(int): the slider is at another moment.
    """

    play_wanted = Signal()
    moment_changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._play = described(QPushButton("Play"), "Play or pause", "Play or pause (Space)")
        self._play.setIcon(icon("play", on_accent=True))
        self._play.setProperty("primary", True)
        # The word changes: the button, and all beside it, must not.
        self._play.setMinimumWidth(self._play.sizeHint().width() + self.fontMetrics().horizontalAdvance("se"))
        back = icon_button("left", "One moment back", "One moment back (Left)")
        on = icon_button("right", "One moment on", "One moment on (Right)")
        self.slider = described(QSlider(Qt.Orientation.Horizontal), "Moment", "The recorded moments of the run")
        self.slider.setRange(0, 0)
        self.slider.setPageStep(1)
        self._step = QLabel()
        self._step.setMinimumWidth(self.fontMetrics().horizontalAdvance("Step 100,000 of 100,000 "))
        self._speed = ValueSlider("Speed", 1, 20, log=True)
        self._speed.set_value(_USUAL_SPEED)
        self._speed.setToolTip("Recorded moments a second")
        self._speed.setMaximumWidth(180)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(6)
        for part in (self._play, back, on):
            row.addWidget(part)
        row.addWidget(self.slider, 1)
        row.addWidget(self._step)
        row.addWidget(QLabel("Speed"))
        row.addWidget(self._speed)
        self._play.clicked.connect(lambda: self.play_wanted.emit())
        back.clicked.connect(lambda: self.move_by(-1))
        on.clicked.connect(lambda: self.move_by(+1))
        self.slider.valueChanged.connect(self.moment_changed)

    @property
    def speed(self) -> float:
        """Moments a second."""
        return self._speed.value

    @property
    def moment(self) -> int:
        """The slider's moment."""
        return self.slider.value()

    @property
    def is_at_end(self) -> bool:
        """Whether this is the last moment."""
        return self.moment == self.slider.maximum()

    def start(self, moments: int) -> None:
        """Offer so many moments, and stand at the first; tells nobody."""
        self.slider.blockSignals(True)
        self.slider.setRange(0, moments - 1)
        self.slider.setValue(0)
        self.slider.blockSignals(False)

    def move_to(self, moment: int) -> None:
        """Go to a moment, as if the slider had been moved; beyond the ends is the end."""
        self.slider.setValue(moment)

    def move_by(self, moments: int) -> None:
        """Go so many moments on, or back."""
        self.slider.setValue(self.moment + moments)

    def show_playing(self, playing: bool) -> None:
        """Say what the first button will do."""
        self._play.setText("Pause" if playing else "Play")
        self._play.setIcon(icon("pause" if playing else "play", on_accent=True))

    def show_step(self, step: int, last: int) -> None:
        """Say which step the moment is."""
        self._step.setText(f"Step {step:,} of {last:,}")


class PlaybackBar(QWidget):
    """Buttons and choices; does nothing itself.

    Signals:
        path_chosen(Path): another recording.
        open_wanted(): a recording that is not in the list.
        photo_changed(int): another photo's layers.
        look_changed(LayerView): another look.
        export_wanted(str): "layers", "curves", "drawing" or "table".
    """

    path_chosen = Signal(object)
    open_wanted = Signal()
    photo_changed = Signal(int)
    look_changed = Signal(object)
    export_wanted = Signal(str)

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = list(paths)
        self._runs = described(QComboBox(), "Recording", "The run that is played")
        self._runs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._runs.setMinimumWidth(self.fontMetrics().horizontalAdvance("x" * 15))
        for path in self._paths:
            self._runs.addItem(path.stem)
        opener = text_button("Open…", "Open a recording (Ctrl+O)")
        self._photos = described(QComboBox(), "Photo", "The photo whose layers are shown (Page Up, Page Down)")
        self._photos.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._photos.setMinimumContentsLength(13)
        self._looks = described(QComboBox(), "Look", "How the layers are shown (1, 2, 3)")
        for text, look in _LOOKS.items():
            self._looks.addItem(text, look)
        self._export = self._export_button()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(6)
        row.addWidget(self._runs, 3)
        row.addWidget(opener)
        for label, box in (("Photo", self._photos), ("Look", self._looks)):
            row.addSpacing(10)
            row.addWidget(QLabel(label))
            row.addWidget(box)
        row.addStretch(1)
        row.addWidget(self._export)
        self._runs.activated.connect(lambda index: self.path_chosen.emit(self._paths[index]))
        opener.clicked.connect(lambda: self.open_wanted.emit())
        self._photos.currentIndexChanged.connect(self._on_photo)
        self._looks.currentIndexChanged.connect(lambda _: self.look_changed.emit(self.look))

    @property
    def photo(self) -> int:
        """The chosen photo."""
        return max(self._photos.currentIndex(), 0)

    @property
    def look(self) -> LayerView:
        """The chosen look."""
        look = self._looks.currentData()
        assert isinstance(look, LayerView)
        return look

    def show_recording(self, path: Path, recording: Recording) -> None:
        """Show which run this is, and its photos; tells nobody."""
        if path not in self._paths:
            self._paths.append(path)
            self._runs.addItem(path.stem)
        index = self._paths.index(path)
        self._runs.setItemText(index, recording.title or path.stem)
        self._runs.setCurrentIndex(index)
        kept = self.photo
        self._photos.blockSignals(True)
        self._photos.clear()
        self._photos.addItems([x.photo.name for x in recording.photos])
        self._photos.setCurrentIndex(kept if kept < len(recording.photos) else 0)
        self._photos.blockSignals(False)
        self._photos.setEnabled(len(recording.photos) > 1)

    def choose_look(self, number: int) -> None:
        """Choose a look, from 0, as if it had been chosen in the list."""
        self._looks.setCurrentIndex(number)

    def next_photo(self, by: int) -> None:
        """Choose another photo, in a circle, as if it had been chosen in the list."""
        if count := self._photos.count():
            self._photos.setCurrentIndex((self.photo + by) % count)

    def show_playable(self, playable: bool) -> None:
        """Whether there is something to export."""
        self._export.setEnabled(playable)

    def _on_photo(self, index: int) -> None:
        if index >= 0:
            self.photo_changed.emit(index)

    def _export_button(self) -> QToolButton:
        menu = QMenu(self)
        for name, text in _EXPORTS.items():
            menu.addAction(text).triggered.connect(lambda _=False, name=name: self.export_wanted.emit(name))
        button = described(QToolButton(), "Export", "Export pictures, curves or the table of measures")
        button.setText("Export")
        button.setIcon(icon("export"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button
