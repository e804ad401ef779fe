"""The laboratory's second window: a recorded training run, played back: layers as they form, and measures in step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from bsgui.core.layer_view import LayerView
from bsgui.core.recording import Recording, recording_csv
from bsgui.core.requests import CancelToken
from bsgui.imageio.recording import read_recording
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import LatestJob
from bsgui.ui.panels.heat_map import HeatMap
from bsgui.ui.panels.notices import NoticeStack
from bsgui.ui.theme import current_theme

from .frame_maker import FrameMaker
from .playback_bar import PlaybackBar, TransportBar
from .playback_frame import FrameRequest, PlaybackFrame, frame_captions, render_frame, tile_names
from .playback_plots import PlaybackPlots
from .race_files import png_bytes, render_image, render_svg, write_bytes
from .tile_grid import TileGrid, sheet

_SECONDS_TO_CLOSE = 5.0
_EXPORT_SIDE = 480
_KINDS = {
    "layers": ("layers.png", "Picture (*.png)"),
    "curves": ("curves.png", "Picture (*.png)"),
    "drawing": ("curves.svg", "Drawing (*.svg)"),
    "table": ("measures.csv", "Table (*.csv)"),
}
_EMPTY = "No recording is open. A training run writes one: recording.safetensors in its folder."


class PlaybackWindow(QMainWindow):
    """One recording at a time.

    Args:
        paths: recordings to choose from; the first is opened at once.
        report_bug: takes title and details of what should not have happened.
        parent: whose window this belongs to.

    Thread: GUI; files are read and pictures made on others.
    """

    def __init__(
        self, paths: Sequence[Path], report_bug: Callable[[str, str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Training Playback")
        self._report_bug = report_bug
        self._recording: Recording | None = None
        self._frame: PlaybackFrame | None = None
        self._opening: Path | None = None
        self._make_parts(paths)
        self._lay_out()
        self._connect()
        self.resize(1320, 860)
        self._restore_geometry()
        if paths:
            self.open_path(paths[0])

    # ---- what a person does ----------------------------------------------------------------------------------

    @property
    def recording(self) -> Recording | None:
        """What is played."""
        return self._recording

    @property
    def frame(self) -> PlaybackFrame | None:
        """The pictures that are shown."""
        return self._frame

    @property
    def is_playing(self) -> bool:
        """Whether the slider moves by itself."""
        return self._timer.isActive()

    def open_path(self, path: Path) -> None:
        """Play another recording: a file, or a run's folder; what cannot be read is said."""
        self._opening = path
        self._open_job.run(lambda report, cancel: read_recording(path))

    def set_playing(self, playing: bool) -> None:
        """Play or pause; from the end it begins again."""
        playing = playing and self._recording is not None
        if playing and self.transport.is_at_end:
            self.transport.move_to(0)
        self.transport.show_playing(playing)
        if playing:
            self._timer.start(self._interval())
        else:
            self._timer.stop()

    def export(self, what: str, path: Path) -> None:
        """Write "layers" or "curves" as PNG, "drawing" as SVG, or "table" as CSV."""
        recording = self._recording
        if recording is None:
            return
        if what == "table":
            self._write(path, lambda cancel: recording_csv(recording).encode())
        elif what == "drawing":
            drawing = render_svg(self.plots)
            self._write(path, lambda cancel: drawing)
        elif what == "curves":
            image = render_image(self.plots)
            self._write(path, lambda cancel: png_bytes(image))
        elif recording.photos:
            request = self._request(recording, _EXPORT_SIDE, _EXPORT_SIDE, None)
            theme = current_theme()
            title = f"{recording.title}: step {recording.moments[request.moment].step:,}"

            def work(cancel: CancelToken) -> bytes:
                frame = render_frame(request, cancel)
                return png_bytes(sheet(frame.pictures, frame_captions(frame, theme), title, theme))

            self._write(path, work)

    # ---- the recording ---------------------------------------------------------------------------------------

    def _on_opened(self, recording: Recording) -> None:
        self._recording, self._frame = recording, None
        self._frames.forget()
        self.set_playing(False)
        if self._opening is not None:
            self.bar.show_recording(self._opening, recording)
        self.bar.show_playable(True)
        self.transport.start(len(recording.moments))
        self.plots.start(recording)
        self._show_words(recording)
        self._show_photo()
        if not recording.photos:
            self._show_measures(0)

    def _show_words(self, recording: Recording) -> None:
        self._description.setText(recording.description)
        moments, steps = len(recording.moments), recording.steps[-1]
        self._description.setToolTip(f"{moments} moments in {steps:,} steps; layers at {recording.size} pixels")

    def _show_photo(self) -> None:
        recording = self._recording
        if recording is None:
            return
        self.grid.setVisible(bool(recording.photos))
        if recording.photos:
            recorded = recording.photos[self.bar.photo]
            self._credit.setText(f"{recorded.photo.name}: {recorded.credit}" if recorded.credit else "")
            self.grid.start(len(tile_names(recording)), recorded.photo.width / recorded.photo.height)
        self._want_frame()

    def _want_frame(self) -> None:
        recording = self._recording
        if recording is None:
            return
        self.transport.show_step(recording.moments[self.transport.moment].step, int(recording.steps[-1]))
        if recording.photos:
            room = self.grid.room()
            self._frames.want(self._request(recording, room.width(), room.height(), self.grid.alone))
        else:
            self._show_measures(self.transport.moment)

    def _request(self, recording: Recording, width: int, height: int, only: int | None) -> FrameRequest:
        return FrameRequest(recording, self.transport.moment, self.bar.photo, self.bar.look, width, height, only)

    def _on_frame(self, frame: PlaybackFrame) -> None:
        if frame.request.recording is not self._recording:
            return
        self._frame = frame
        self.grid.show_tiles(frame.pictures, frame_captions(frame, current_theme()))
        self._show_measures(frame.request.moment)

    def _show_measures(self, moment: int) -> None:
        recording = self._recording
        if recording is None:
            return
        self.plots.show_moment(moment)
        measures = recording.moments[moment].measures
        bands = [str(2 << band) for band in range(measures.bands.shape[1])]
        bands[-1] = f"≥{bands[-1]}"
        self.bands.show_values(measures.bands, recording.branches, bands)
        self.correlation.show_values(measures.correlation, recording.branches, recording.branches)
        minutes, seconds = divmod(round(recording.moments[moment].seconds), 60)
        identity = f" · identity {measures.identity:.2f}" if measures.identity == measures.identity else ""
        self._status.setText(
            f"Trained for {minutes}:{seconds:02d} min · validation photos: fidelity {measures.fidelity_db:.1f} dB · "
            f"redundancy {measures.redundancy:.2f} · cancellation {measures.cancellation:.2f}{identity}"
        )

    def _on_tick(self) -> None:
        if self._frames.is_busy:
            return  # The pictures come first; a slow machine plays more slowly.
        if self.transport.is_at_end:
            self.set_playing(False)
        else:
            self._timer.setInterval(self._interval())
            self.transport.move_by(1)

    def _interval(self) -> int:
        return max(1, round(1000 / self.transport.speed))

    # ---- files -----------------------------------------------------------------------------------------------

    def _write(self, path: Path, make: Callable[[CancelToken], bytes]) -> None:
        def work(_: object, cancel: CancelToken) -> Path:
            write_bytes(path, make(cancel))
            return path

        self._export_job.run(work)

    def _ask_export(self, what: str) -> None:
        name, kind = _KINDS[what]
        chosen, _ = QFileDialog.getSaveFileName(self, "Export", name, kind)
        if chosen:
            path, suffix = Path(chosen), Path(name).suffix
            self.export(what, path if path.suffix.lower() == suffix else path.with_name(path.name + suffix))

    def _ask_path(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Open Recording", "", "Recording (*.safetensors)")
        if chosen:
            self.open_path(Path(chosen))

    def _on_failed(self, failed: Failed) -> None:
        self.set_playing(False)
        if failed.is_bug:
            self._report_bug("The playback stopped.", failed.traceback)
        else:
            self.notices.error(failed.user_message)

    # ---- parts -----------------------------------------------------------------------------------------------

    def _make_parts(self, paths: Sequence[Path]) -> None:
        self._open_job = LatestJob("playback-open", self)
        self._export_job = LatestJob("playback-export", self)
        self._frames = FrameMaker(self)
        self.bar = PlaybackBar(paths)
        self.transport = TransportBar()
        self.grid = TileGrid()
        self.plots: PlaybackPlots = PlaybackPlots()
        self.bands = HeatMap("Share of each branch in each octave band")
        self.correlation = HeatMap("Correlation of branches")
        self.notices = NoticeStack()
        self._description = QLabel(_EMPTY, wordWrap=True)
        self._description.setProperty("quiet", True)
        self._description.setContentsMargins(8, 4, 8, 8)
        self._status, self._credit = QLabel(), QLabel()
        for label in (self._status, self._credit):
            label.setContentsMargins(8, 0, 8, 0)
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self.bar.show_playable(False)

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.bar, self.notices, self._description):
            column.addWidget(part)
        column.addWidget(self.grid, 1)
        column.addWidget(self.transport)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(self._right())
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([820, 500])
        self.setCentralWidget(splitter)
        self.statusBar().addWidget(self._status)
        self.statusBar().addPermanentWidget(self._credit)

    def _right(self) -> QWidget:
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 8)
        column.addWidget(self.plots, 1)
        maps = QHBoxLayout()
        maps.setContentsMargins(8, 0, 8, 0)
        for title, widget in (("Share of structures by size, pixels", self.bands), ("Correlation", self.correlation)):
            part = QVBoxLayout()
            part.addWidget(QLabel(title))
            part.addWidget(widget)
            part.addStretch(1)
            maps.addLayout(part, 1)
        column.addLayout(maps)
        scroll.setWidget(inner)
        scroll.setMinimumWidth(360)
        return scroll

    def _connect(self) -> None:
        self.bar.path_chosen.connect(self.open_path)
        self.bar.open_wanted.connect(self._ask_path)
        self.bar.photo_changed.connect(lambda _: self._show_photo())
        self.bar.look_changed.connect(lambda _: self._want_frame())
        self.bar.export_wanted.connect(self._ask_export)
        self.transport.play_wanted.connect(lambda: self.set_playing(not self.is_playing))
        self.transport.moment_changed.connect(lambda _: self._want_frame())
        self.plots.moment_chosen.connect(self.transport.move_to)
        self.grid.room_changed.connect(self._want_frame)
        self._frames.ready.connect(self._on_frame)
        self._open_job.finished.connect(self._on_opened)
        self._export_job.finished.connect(lambda path: self.notices.info(f"{path.name} is written."))
        for job in (self._open_job, self._export_job, self._frames):
            job.failed.connect(self._on_failed)
        self._timer.timeout.connect(self._on_tick)
        self._make_keys()

    def _make_keys(self) -> None:
        move, last = self.transport, 1 << 30
        keys: dict[str, Callable[[], object]] = {
            "Space": lambda: self.set_playing(not self.is_playing),
            "Left": lambda: move.move_by(-1),
            "Right": lambda: move.move_by(+1),
            "Home": lambda: move.move_to(0),
            "End": lambda: move.move_to(last),
            "PgDown": lambda: self.bar.next_photo(+1),
            "PgUp": lambda: self.bar.next_photo(-1),
            "Return": self.grid.show_next,
            "Esc": lambda: self.grid.show_alone(None),
            "Ctrl+O": self._ask_path,
        }
        for number in range(len(LayerView)):
            keys[str(number + 1)] = lambda number=number: self.bar.choose_look(number)  # type: ignore[misc]
        for text, slot in keys.items():
            QShortcut(QKeySequence(text), self, slot)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self, self.close)

    # ---- Qt --------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plots"):
            self.plots.apply_theme(current_theme())
            self._want_frame()

    def showEvent(self, event: QShowEvent) -> None:
        """Go on where a closed window stopped."""
        super().showEvent(event)
        self._want_frame()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work; what is open stays open."""
        self.set_playing(False)
        QSettings().setValue("laboratory/playback", self.saveGeometry())
        self._frames.close(_SECONDS_TO_CLOSE)
        self._open_job.close(_SECONDS_TO_CLOSE)
        self._export_job.wait(_SECONDS_TO_CLOSE)
        super().closeEvent(event)

    def _restore_geometry(self) -> None:
        geometry = QSettings().value("laboratory/playback")
        if geometry is not None:
            self.restoreGeometry(geometry)
