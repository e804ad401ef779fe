"""The laboratory's window: a race of branches, run live beside its prediction."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QMainWindow, QScrollArea, QSplitter, QVBoxLayout, QWidget

from bsgui.core.errors import BsguiError
from bsgui.core.race import RaceConfig, RaceCourse
from bsgui.core.race_csv import course_csv
from bsgui.core.requests import CancelToken, ProgressCallback
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import LatestJob
from bsgui.ui.panels.notices import NoticeStack
from bsgui.ui.theme import current_theme

from .race_bar import RaceBar
from .race_controls import RaceControls
from .race_files import config_bytes, png_bytes, read_config, render_image, render_svg, write_bytes
from .race_plots import RacePlots
from .race_run import RaceRun, SessionFactory, predict

TICK_MS = 20
_SECONDS_PER_RACE = 8.0
_WAIT_FOR_MORE_CHANGES_MS = 120
_SECONDS_TO_CLOSE = 5.0
_KINDS = {"png": "Picture (*.png)", "svg": "Drawing (*.svg)", "csv": "Table (*.csv)", "json": "Race (*.json)"}


class RaceWindow(QMainWindow):
    """One race at a time, with everything that decides it.

    Args:
        factory: makes the race; called on worker threads, so it may import what is heavy.
        report_bug: takes title and details of what should not have happened.
        parent: whose window this belongs to.

    Thread: GUI.
    """

    def __init__(
        self, factory: SessionFactory, report_bug: Callable[[str, str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Specialization Laboratory")
        self._factory = factory
        self._report_bug = report_bug
        self._run: RaceRun | None = None
        self._prediction: RaceCourse | None = None
        self._playing = False
        self._drawn = -1
        self._draws: list[float] = []
        self._make_jobs()
        self._make_parts()
        self._lay_out()
        self._connect()
        self.resize(1240, 880)
        self._restore_geometry()
        self.reset()

    # ---- what a person does ----------------------------------------------------------------------------------

    @property
    def is_playing(self) -> bool:
        """Whether steps are granted on every tick."""
        return self._playing

    @property
    def frames_per_second(self) -> float:
        """How often the race was drawn in the last second; 0 while nothing changes."""
        return float(len(self._draws))

    @property
    def race(self) -> RaceRun | None:
        """The race that is shown; None while the controls say something impossible."""
        return self._run

    def set_playing(self, playing: bool) -> None:
        """Run or pause; a race that is over starts again."""
        if playing and self._is_over():
            self.reset()
        self._playing = playing
        self.bar.show_playing(playing)

    def step(self) -> None:
        """Pause, and train one step."""
        self.set_playing(False)
        if self._run is not None:
            self._run.grant(1)

    def reset(self) -> None:
        """Start the race that the controls say from its beginning; it runs on if one was running."""
        self._stop_race()
        try:
            config = self.controls.config()
        except BsguiError as error:
            self._problem.setText(error.user_message)
            self._problem.show()
            self.set_playing(False)
            return
        self._problem.hide()
        self._start_race(config)

    def open_config(self, path: Path) -> None:
        """Show the race of a configuration file, from its beginning; a file that is none is said."""
        try:
            config = read_config(path)
        except BsguiError as error:
            self.notices.error(error.user_message, error.detail)
            return
        self.controls.show_config(config)
        self.reset()

    def export(self, path: Path) -> None:
        """Write what is shown as the path's suffix says: .png, .svg, .csv or .json."""
        run = self._run
        if run is None:
            return
        suffix = path.suffix.lower()
        if suffix == ".svg":
            drawing = render_svg(self.plots)
            self._write(path, lambda _: drawing)
        elif suffix == ".csv":
            self._write(path, lambda cancel: _table(run, self._factory, cancel))
        elif suffix == ".json":
            self._write(path, lambda _: config_bytes(run.config))
        else:
            image = render_image(self.plots)
            self._write(path, lambda _: png_bytes(image))

    # ---- the race --------------------------------------------------------------------------------------------

    def _start_race(self, config: RaceConfig) -> None:
        self._run = RaceRun(config, self._factory)
        self._prediction = None
        self._drawn = -1
        self.bar.show_modes(config.modes)
        self.plots.start(config)
        self._race_job.run(self._run.work)
        self._prediction_job.run(lambda report, cancel: predict(config, self._factory, cancel))
        self._show_status()

    def _stop_race(self) -> None:
        if self._run is not None:
            self._run.close()
        self._run = None
        self._race_job.cancel()
        self._prediction_job.cancel()

    def _is_over(self) -> bool:
        return self._run is not None and not self._race_job.is_following

    def _on_tick(self) -> None:
        run = self._run
        if run is None:
            return
        if self._playing:
            run.grant(self._steps_per_tick(run.config))
        if run.history.version > max(self._drawn, 0):
            self._drawn = run.history.version
            self._draw()
            self._draws.append(time.monotonic())
        self._draws = [x for x in self._draws if x > time.monotonic() - 1]
        self._show_status()

    def _steps_per_tick(self, config: RaceConfig) -> int:
        ticks = _SECONDS_PER_RACE * 1000 / TICK_MS
        return max(1, round(config.step_count / ticks * self.bar.speed))

    def _draw(self) -> None:
        if self._run is not None and (view := self._run.history.view(self.bar.mode)) is not None:
            self.plots.draw(view)
            self._step = view.step
            self._numbers = f"index {view.index[-1]:.3f}, learned {view.learned[-1]:.0%}"

    def _show_status(self) -> None:
        if self._run is None:
            self._status.setText("")
            return
        if self._drawn < 0:
            self._status.setText("Starting")
            return
        state = "finished" if self._is_over() else "running" if self._playing else "paused"
        rate = f" · {self.frames_per_second:.0f} frames/s" if self._playing and not self._is_over() else ""
        self._status.setText(f"Step {self._step} of {self._run.config.step_count}, {state} · {self._numbers}{rate}")

    def _on_predicted(self, prediction: RaceCourse | None) -> None:
        self._prediction = prediction
        self.plots.show_prediction(prediction)

    def _on_race_over(self) -> None:
        self._draw()
        self.set_playing(False)
        self._show_status()

    def _on_failed(self, failed: Failed) -> None:
        self.set_playing(False)
        if failed.is_bug:
            self._report_bug("The laboratory stopped.", failed.traceback)
        else:
            self.notices.error(failed.user_message)

    def _on_play_wanted(self) -> None:
        self.set_playing(not self._playing)

    def _on_mode_changed(self, mode: int) -> None:
        self.plots.show_mode(mode)
        self._draw()

    def _on_quantity_changed(self, name: str) -> None:
        self.plots.show_quantity(name)
        self._draw()

    # ---- files -----------------------------------------------------------------------------------------------

    def _write(self, path: Path, make: Callable[[CancelToken], bytes]) -> None:
        def work(_: ProgressCallback, cancel: CancelToken) -> Path:
            write_bytes(path, make(cancel))
            return path

        self._export_job.run(work)

    def _ask_export(self, suffix: str) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export", f"race.{suffix}", _KINDS[suffix])
        if name:
            path = Path(name)
            self.export(path if path.suffix.lower() == f".{suffix}" else path.with_name(f"{path.name}.{suffix}"))

    def _ask_config(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open Race", "", _KINDS["json"])
        if name:
            self.open_config(Path(name))

    # ---- parts -----------------------------------------------------------------------------------------------

    def _make_jobs(self) -> None:
        self._race_job = LatestJob("race", self)
        self._prediction_job = LatestJob("race-prediction", self)
        self._export_job = LatestJob("race-export", self)

    def _make_parts(self) -> None:
        self._step, self._numbers = 0, ""
        self.controls = RaceControls()
        self.plots: RacePlots = RacePlots()
        self.notices = NoticeStack()
        self.bar: RaceBar = RaceBar()
        self._problem = QLabel(wordWrap=True)
        self._problem.hide()
        self._status = QLabel()
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._settle = QTimer(self, singleShot=True, interval=_WAIT_FOR_MORE_CHANGES_MS)

    def _lay_out(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.notices)
        column.addWidget(self.plots, 1)
        splitter = QSplitter()
        splitter.addWidget(self._left())
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([320, 900])
        self.setCentralWidget(splitter)
        self.statusBar().addWidget(self._status)

    def _left(self) -> QWidget:
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._problem)
        column.addWidget(self.controls, 1)
        self._problem.setContentsMargins(8, 8, 8, 0)
        scroll.setWidget(inner)
        scroll.setMinimumWidth(inner.minimumSizeHint().width() + 16)
        return scroll

    def _connect(self) -> None:
        self.bar.play_wanted.connect(self._on_play_wanted)
        self.bar.step_wanted.connect(self.step)
        self.bar.reset_wanted.connect(self.reset)
        self.bar.seed_wanted.connect(self.controls.next_seed)
        self.bar.mode_changed.connect(self._on_mode_changed)
        self.bar.quantity_changed.connect(self._on_quantity_changed)
        self.bar.export_wanted.connect(self._ask_export)
        self.bar.open_wanted.connect(self._ask_config)
        self.plots.mode_chosen.connect(self.bar.choose_mode)
        self.controls.changed.connect(self._settle.start)
        self._settle.timeout.connect(self.reset)
        self._timer.timeout.connect(self._on_tick)
        self._race_job.finished.connect(self._on_race_over)
        self._prediction_job.finished.connect(self._on_predicted)
        self._export_job.finished.connect(lambda path: self.notices.info(f"{path.name} is written."))
        for job in (self._race_job, self._prediction_job, self._export_job):
            job.failed.connect(self._on_failed)
        for keys, slot in (("Space", self._on_play_wanted), (".", self.step), ("Ctrl+R", self.reset)):
            QShortcut(QKeySequence(keys), self, slot)
        QShortcut(QKeySequence("Ctrl+D"), self, self.controls.next_seed)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self, self.close)
        self._timer.start()

    # ---- Qt --------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plots"):
            self.plots.apply_theme(current_theme())

    def showEvent(self, event: QShowEvent) -> None:
        """Go on where a closed window stopped."""
        super().showEvent(event)
        self._timer.start()
        if self._run is None:
            self.reset()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work; the controls keep what they say."""
        self._timer.stop()
        self._settle.stop()
        self.set_playing(False)
        self._stop_race()
        QSettings().setValue("laboratory/geometry", self.saveGeometry())
        for job in (self._race_job, self._prediction_job):
            job.close(_SECONDS_TO_CLOSE)
        self._export_job.wait(_SECONDS_TO_CLOSE)
        super().closeEvent(event)

    def _restore_geometry(self) -> None:
        geometry = QSettings().value("laboratory/geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)


def _table(run: RaceRun, factory: SessionFactory, cancel: CancelToken) -> bytes:
    """The course so far beside its prediction at the same times, as CSV. Thread: any."""
    course = run.history.course()
    if course is None:
        return b""
    return course_csv(course, factory(run.config).predict(course.times, cancel)).encode()
