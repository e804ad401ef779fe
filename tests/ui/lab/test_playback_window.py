from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from bsgui.core.layer_view import LayerView, show_layer
from bsgui.core.viewport import Viewport
from bsgui.imageio.recording import write_recording
from bsgui.ui.canvas.qimage import to_array
from bsgui.ui.lab import frame_maker
from bsgui.ui.lab.frame_maker import FrameMaker
from bsgui.ui.lab.playback_frame import FIRST_BRANCH, PHOTO, FrameRequest, PlaybackFrame, render_frame, tile_names
from bsgui.ui.lab.playback_plots import tick_steps
from bsgui.ui.lab.playback_window import PlaybackWindow
from bsgui.ui.lab.tile_grid import place_tiles
from bsgui.ui.theme import apply_theme, current_theme
from tests.recordings import make_recording


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    write_recording(path, make_recording())
    return path


@pytest.fixture
def bugs() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def playback(qtbot: QtBot, path: Path, bugs: list[tuple[str, str]]) -> Iterator[PlaybackWindow]:
    window = PlaybackWindow([path], lambda title, details: bugs.append((title, details)))
    qtbot.addWidget(window)
    window.show()
    until_shown(qtbot, window)
    yield window
    window.close()
    assert bugs == []


def until_shown(qtbot: QtBot, window: PlaybackWindow) -> PlaybackFrame:
    """Waits until the pictures are those of the slider's moment, of the chosen photo and look."""

    def shown() -> bool:
        frame = window.frame
        if frame is None or window._frames.is_busy:
            return False
        asked = frame.request
        wanted = (window.transport.moment, window.bar.photo, window.bar.look, window.grid.alone)
        return (asked.moment, asked.photo, asked.look, asked.only) == wanted and frame.pictures == tuple(
            window.grid._pictures
        )

    qtbot.waitUntil(shown)
    qtbot.waitUntil(lambda: not window.plots._undrawn)
    assert window.frame is not None
    return window.frame


def request(moment: int = 1, photo: int = 0, only: int | None = None) -> FrameRequest:
    return FrameRequest(make_recording(), moment, photo, LayerView.GREY, 96, 96, only)


class Never:
    def raise_if_cancelled(self) -> None: ...


# ---- pictures ------------------------------------------------------------------------------------------------


def test_a_frame_shows_the_layers_as_the_canvas_does() -> None:
    asked = request()
    frame = render_frame(asked, Never())
    assert len(frame.pictures) == len(tile_names(asked.recording)) == 2 + 3 + 1
    photo = asked.recording.photos[0].photo
    layers = asked.recording.moments[1].maps[0].layers(photo)
    view = Viewport(0, 0, 2.0, 96, 64)
    for branch in range(3):
        picture = frame.pictures[FIRST_BRANCH + branch]
        assert picture is not None
        assert np.array_equal(to_array(picture), show_layer(layers, branch + 1, 1.0, LayerView.GREY, view))
    residual = frame.pictures[-1]
    assert residual is not None
    assert np.array_equal(to_array(residual), show_layer(layers, 4, 1.0, LayerView.GREY, view))


def test_a_frame_says_how_this_photo_is_shared_out_and_no_other() -> None:
    asked = request(moment=2, photo=1)
    frame = render_frame(asked, Never())
    decomposition = asked.recording.decomposition(2, 1)
    assert frame.fidelity_db == pytest.approx(decomposition.psnr_without_residual_db, abs=1e-3)
    assert frame.shares == pytest.approx([x.energy_share for x in decomposition.layers[1:-1]], abs=1e-5)
    assert render_frame(asked, Never()).shares is frame.shares


def test_one_tile_alone_is_all_that_is_made() -> None:
    frame = render_frame(request(only=3), Never())
    assert [x is not None for x in frame.pictures] == [False, False, False, True, False, False]


def test_tiles_are_placed_as_large_as_they_can_be() -> None:
    wide = place_tiles(9, QSize(900, 620), 1.5, 20)
    assert wide.columns == 3
    assert all(QSize(900, 620).width() > wide.tile(k).right() for k in range(9))
    assert all(QSize(900, 620).height() > wide.tile(k).bottom() for k in range(9))
    assert place_tiles(9, QSize(2000, 200), 1.0, 20).columns == 9
    assert place_tiles(9, QSize(200, 2000), 1.0, 20).columns == 1
    assert place_tiles(0, QSize(1, 1), 1.0, 20).width == 1


def test_while_a_frame_is_made_only_the_latest_wish_is_kept(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, made = threading.Event(), []

    def slow(asked: FrameRequest, cancel: object) -> PlaybackFrame:
        made.append(asked.moment)
        assert gate.wait(10)
        return PlaybackFrame(asked, (), 30.0, np.zeros(3))

    monkeypatch.setattr(frame_maker, "render_frame", slow)
    maker = FrameMaker()
    frames: list[PlaybackFrame] = []
    maker.ready.connect(frames.append)
    for moment in (0, 1, 2):
        maker.want(request(moment))
    assert maker.is_busy
    gate.set()
    qtbot.waitUntil(lambda: len(frames) == 2)
    assert made == [0, 2]
    assert [x.request.moment for x in frames] == [0, 2]
    assert not maker.is_busy
    assert maker.close(5)


# ---- the window ----------------------------------------------------------------------------------------------


def test_opening_shows_the_first_moment(playback: PlaybackWindow) -> None:
    frame = playback.frame
    assert frame is not None
    assert frame.request.moment == 0
    captions = playback.grid._captions
    assert [x.name for x in captions] == ["Photo", "Sum", "Branch 1", "Branch 2", "Branch 3", "Residual"]
    assert captions[1].figure == f"{frame.fidelity_db:.1f} dB"
    assert all(x.figure.endswith("%") for x in captions[2:5])
    assert "Step 0 of 40" in playback.transport._step.text()
    assert "identity" not in playback._status.text()
    photo = frame.pictures[PHOTO]
    assert photo is not None
    assert not photo.isNull()


def test_the_slider_moves_pictures_and_measures_together(playback: PlaybackWindow, qtbot: QtBot) -> None:
    before = playback.grid._pictures[FIRST_BRANCH]
    playback.transport.move_to(2)
    frame = until_shown(qtbot, playback)
    after = frame.pictures[FIRST_BRANCH]
    assert before is not None
    assert after is not None
    assert not np.array_equal(to_array(before), to_array(after))
    assert "fidelity 14.0 dB" in playback._status.text()
    assert playback.plots._lines[0].value() == pytest.approx(40**0.5)
    assert playback.bands.cell_text(0, 0).startswith("Branch 1, 2: ")


def test_playing_runs_to_the_end_and_starts_again_from_there(playback: PlaybackWindow, qtbot: QtBot) -> None:
    playback.transport._speed.set_value(1000)
    playback.set_playing(True)
    qtbot.waitUntil(lambda: not playback.is_playing)
    assert playback.transport.moment == 2
    assert playback.transport._play.text() == "Play"
    playback.set_playing(True)
    assert playback.transport.moment == 0
    assert playback.transport._play.text() == "Pause"
    playback.set_playing(False)


def test_keys_play_step_and_choose(playback: PlaybackWindow, qtbot: QtBot) -> None:
    def press(key: Qt.Key) -> None:
        QTest.keyClick(playback, key)

    press(Qt.Key.Key_Right)
    assert playback.transport.moment == 1
    press(Qt.Key.Key_End)
    assert playback.transport.moment == 2
    press(Qt.Key.Key_Left)
    press(Qt.Key.Key_Home)
    assert playback.transport.moment == 0
    press(Qt.Key.Key_PageDown)
    assert playback.bar.photo == 1
    press(Qt.Key.Key_PageDown)
    assert playback.bar.photo == 0
    press(Qt.Key.Key_2)
    assert playback.bar.look is LayerView.SIGNED
    press(Qt.Key.Key_Space)
    assert playback.is_playing
    press(Qt.Key.Key_Space)
    assert not playback.is_playing
    assert until_shown(qtbot, playback).request.look is LayerView.SIGNED


def test_another_photo_says_who_made_it(playback: PlaybackWindow, qtbot: QtBot) -> None:
    box = next(x for x in playback.findChildren(QComboBox) if x.accessibleName() == "Photo")
    box.setCurrentIndex(1)
    assert until_shown(qtbot, playback).request.photo == 1
    assert playback._credit.text() == "Photo 1: maker 1, CC0"


def test_a_click_shows_one_tile_alone_and_another_all(playback: PlaybackWindow, qtbot: QtBot) -> None:
    places = playback.grid._places()
    QTest.mouseClick(playback.grid, Qt.MouseButton.LeftButton, pos=places.picture(2).center())
    assert playback.grid.alone == 2
    alone = until_shown(qtbot, playback).pictures[2]
    assert alone is not None
    assert alone.width() > places.width
    QTest.mouseClick(playback.grid, Qt.MouseButton.LeftButton, pos=QPoint(30, 60))
    assert playback.grid.alone is None
    seen = []
    for _ in range(7):
        QTest.keyClick(playback, Qt.Key.Key_Return)
        seen.append(playback.grid.alone)
    assert seen == [0, 1, 2, 3, 4, 5, None]
    playback.grid.show_alone(1)
    QTest.keyClick(playback, Qt.Key.Key_Escape)
    assert playback.grid.alone is None


def test_a_click_in_a_curve_goes_there(playback: PlaybackWindow, qtbot: QtBot) -> None:
    box = playback.plots._plots[1].getViewBox()
    for step, moment in ((40, 2), (9, 1)):
        place = playback.plots.mapFromScene(box.mapViewToScene(box.mapSceneToView(box.sceneBoundingRect().center())))
        x = box.mapViewToScene(pg_point(step**0.5)).x()
        with qtbot.waitSignal(playback.plots.moment_chosen):
            QTest.mouseClick(playback.plots.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(x), place.y()))
        assert playback.transport.moment == moment


def pg_point(x: float) -> object:
    from PySide6.QtCore import QPointF

    return QPointF(x, 0.5)


def test_pictures_follow_the_window_s_size(playback: PlaybackWindow, qtbot: QtBot) -> None:
    small = playback.grid.room()
    playback.resize(playback.width() + 400, playback.height() + 300)
    qtbot.waitUntil(lambda: playback.grid.room() != small)
    qtbot.waitUntil(lambda: playback.frame is not None and playback.frame.request.width == playback.grid.room().width())


def test_a_recording_without_photos_still_has_its_curves(
    playback: PlaybackWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "bare.safetensors"
    write_recording(path, make_recording(photos=0))
    with qtbot.waitSignal(playback._open_job.finished):
        playback.open_path(path)
    assert not playback.grid.isVisible()
    playback.transport.move_to(1)
    assert "fidelity 11.0 dB" in playback._status.text()
    playback.export("layers", tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_what_is_no_recording_is_said_and_the_old_one_stays(
    playback: PlaybackWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    before = playback.recording
    with qtbot.waitSignal(playback._open_job.failed):
        playback.open_path(tmp_path / "x.safetensors")
    assert "x.safetensors" in playback.notices.notices[0].text
    assert playback.recording is before


def test_another_recording_is_opened_by_its_dialog_and_by_the_list(
    playback: PlaybackWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.safetensors"
    write_recording(path, make_recording((0, 5)))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    playback.transport.move_to(2)
    with qtbot.waitSignal(playback._open_job.finished):
        QTest.keyClick(playback, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert playback.transport.moment == 0
    assert until_shown(qtbot, playback).request.recording is playback.recording
    box = next(x for x in playback.findChildren(QComboBox) if x.accessibleName() == "Recording")
    assert (box.count(), box.currentIndex()) == (2, 1)
    with qtbot.waitSignal(playback._open_job.finished):
        box.activated.emit(0)
    assert playback.recording is not None
    assert len(playback.recording.moments) == 3


@pytest.mark.parametrize(
    ("what", "name"), [("layers", "a.png"), ("curves", "b.png"), ("drawing", "c.svg"), ("table", "d")]
)
def test_exports(
    playback: PlaybackWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, name: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), ""))
    with qtbot.waitSignal(playback._export_job.finished):
        playback.bar.export_wanted.emit(what)
    written = tmp_path / (name if "." in name else f"{name}.csv")
    assert written.name in playback.notices.notices[0].text
    if written.suffix == ".png":
        image = QImage(str(written))
        assert image.width() > 400
    else:
        text = written.read_text()
        assert ("<svg" in text) if what == "drawing" else text.startswith("step,seconds,fidelity_db")


def test_a_file_that_cannot_be_written_is_said(playback: PlaybackWindow, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(playback._export_job.failed):
        playback.export("table", tmp_path / "gone" / "x.csv")
    assert "x.csv" in playback.notices.notices[0].text


def test_the_theme_is_followed(playback: PlaybackWindow, qtbot: QtBot, qapp: object) -> None:
    try:
        apply_theme(qapp, "light")  # type: ignore[arg-type]
        qtbot.waitUntil(lambda: playback.plots.backgroundBrush().color().name() == current_theme().base)
    finally:
        apply_theme(qapp, "dark")  # type: ignore[arg-type]


def test_closing_and_showing_again_goes_on(playback: PlaybackWindow, qtbot: QtBot) -> None:
    playback.transport.move_to(1)
    playback.set_playing(True)
    playback.close()
    assert not playback.is_playing
    moment = playback.transport.moment
    playback.show()
    assert until_shown(qtbot, playback).request.moment == moment


def test_without_recordings_the_window_says_where_they_come_from(qtbot: QtBot) -> None:
    window = PlaybackWindow([], lambda *_: None)
    qtbot.addWidget(window)
    window.show()
    assert "recording.safetensors" in window._description.text()
    window.set_playing(True)
    assert not window.is_playing
    window.export("table", Path("nowhere.csv"))
    window.close()


def test_ticks_are_round_few_and_within_the_run() -> None:
    assert tick_steps(800) == [0, 10, 50, 100, 200, 500, 800]
    assert len(tick_steps(123_456)) <= 11
    assert tick_steps(0) == [0]
