"""The tool in the window: mouse and keys on the overlay, the search, and what the engine is asked."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.core.errors import ModelError
from bsgui.core.frame import Frame, Subject
from bsgui.core.model_card import ModelCard
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken, DecomposeSettings
from bsgui.ui.framing.handles import Handle, place
from bsgui.ui.framing.state import Search
from bsgui.ui.main_window import MainWindow
from bsgui.ui.services import Services
from bsgui.ui.settings import SettingsStore
from tests.fixtures import make_photo
from tests.gated_decomposer import GatedDecomposer

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
FACE = Subject("face", 0.9, Frame.square(120, 90, 60, 0.2))
CAT = Subject("cat", 0.8, Frame.square(300, 150, 80))


@dataclass
class GatedFinder:
    """Finds the face and the cat once its gate is open."""

    gate: threading.Event = field(default_factory=threading.Event)
    photos: list[Photo] = field(default_factory=list)
    subjects: tuple[Subject, ...] = (FACE, CAT)
    error: Exception | None = None

    def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
        self.photos.append(photo)
        while not self.gate.wait(0.005):
            cancel.raise_if_cancelled()
        if self.error is not None:
            raise self.error
        return self.subjects


@pytest.fixture
def finder() -> Iterator[GatedFinder]:
    finder = GatedFinder()
    yield finder
    finder.gate.set()


@pytest.fixture
def framer(
    qtbot: QtBot,
    tmp_path: Path,
    decomposer: GatedDecomposer,
    settings_store: SettingsStore,
    cards: tuple[ModelCard, ...],
    finder: GatedFinder,
) -> MainWindow:
    """A window with a photo, before any layers, and the tool in hand; it shows the photo at a whole zoom."""
    services = Services(lambda: decomposer, settings_store, tmp_path / "log", cards, finder_factory=lambda: finder)
    window = MainWindow(services)
    qtbot.addWidget(window, before_close_func=lambda _: window.document.mark_clean())
    window.show()
    window.document.open_photo(make_photo(400, 240))
    window.canvas.actual_size()
    window.actions_table["frame"].trigger()
    return window


def spot(window: MainWindow, x: float, y: float) -> QPoint:
    """The overlay's pixel at a photo point."""
    placement = window.canvas.placement
    assert placement is not None
    at = placement.to_canvas(x, y)
    return QPoint(round(at[0]), round(at[1]))


def drag(
    window: MainWindow, start: tuple[float, float], end: tuple[float, float], keys: Qt.KeyboardModifier = NO
) -> None:
    """Press, move in two steps, release."""
    QTest.mousePress(window.frame_overlay, LEFT, keys, spot(window, *start))
    move(window, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), keys)
    move(window, end, keys)
    QTest.mouseRelease(window.frame_overlay, LEFT, keys, spot(window, *end))


def move(window: MainWindow, to: tuple[float, float], keys: Qt.KeyboardModifier = NO, held: bool = True) -> None:
    """Move the pointer; Qt's own helper knows no modifiers."""
    at = QPointF(spot(window, *to))
    buttons = LEFT if held else Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, at, at, Qt.MouseButton.NoButton, buttons, keys)
    QApplication.sendEvent(window.frame_overlay, event)


def key(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO) -> None:
    QTest.keyClick(window.frame_overlay, key, modifiers)


def grip(window: MainWindow, handle: Handle) -> tuple[float, float]:
    frame = window.frames.frame
    assert frame is not None
    return place(frame, handle, 26)


def test_taking_up_the_tool_shows_a_frame_and_searches(qtbot: QtBot, framer: MainWindow, finder: GatedFinder) -> None:
    assert framer.frames.is_active
    assert framer.frame_overlay.isVisible()
    assert framer.frames.search is Search.RUNNING
    assert framer.frames.frame == Frame.square(200, 120, 168)
    with qtbot.waitSignal(framer.frames.proposals_changed):
        finder.gate.set()
    assert framer.frames.frame == FACE.frame
    assert framer.decompose_panel.part.choice.currentText() == "Face"
    assert len(finder.photos) == 1


def test_the_frame_is_dragged_resized_and_turned(framer: MainWindow) -> None:
    drag(framer, (200, 120), (230, 110))
    assert framer.frames.frame == Frame.square(230, 110, 168)
    drag(framer, grip(framer, Handle.RIGHT), (334, 110))
    assert framer.frames.frame == Frame(240, 110, 188, 168)
    framer.frames.frame = Frame.square(200, 120, 100)
    drag(framer, grip(framer, Handle.BOTTOM_RIGHT), (270, 190))
    assert framer.frames.frame is not None
    assert (framer.frames.frame.x, framer.frames.frame.width) == pytest.approx((210, 120))
    drag(framer, grip(framer, Handle.TURN), (260, 66), SHIFT)
    assert framer.frames.frame.angle == pytest.approx(math.radians(45))


def test_a_new_frame_is_drawn_beside_the_old_one(framer: MainWindow) -> None:
    framer.frames.frame = Frame.square(60, 60, 40)
    drag(framer, (200, 100), (260, 130))
    assert framer.frames.frame == Frame.square(230, 130, 60)
    drag(framer, (300, 100), (360, 130), SHIFT)
    assert framer.frames.frame == Frame(330, 115, 60, 30)


def test_one_click_accepts_a_proposal(qtbot: QtBot, framer: MainWindow, finder: GatedFinder) -> None:
    with qtbot.waitSignal(framer.frames.proposals_changed):
        finder.gate.set()
    QTest.mouseClick(framer.frame_overlay, LEFT, NO, spot(framer, 300, 150))
    assert framer.frames.frame == CAT.frame
    QTest.mouseClick(framer.frame_overlay, LEFT, NO, spot(framer, 20, 220))
    assert framer.frames.frame == CAT.frame


def test_a_proposal_inside_the_frame_is_accepted_by_a_click_and_the_frame_moved_by_a_drag(
    qtbot: QtBot, framer: MainWindow, finder: GatedFinder
) -> None:
    with qtbot.waitSignal(framer.frames.proposals_changed):
        finder.gate.set()
    framer.frames.frame = Frame.square(200, 120, 300)
    drag(framer, (300, 150), (310, 150))
    assert framer.frames.frame == Frame.square(210, 120, 300)
    QTest.mouseClick(framer.frame_overlay, LEFT, NO, spot(framer, 300, 150))
    assert framer.frames.frame == CAT.frame


def test_return_decomposes_the_frame(qtbot: QtBot, framer: MainWindow, decomposer: GatedDecomposer) -> None:
    framer.frames.frame = Frame.square(200, 120, 100)
    with qtbot.waitSignal(framer.decompose.decomposed):
        key(framer, Qt.Key.Key_Return)
    assert decomposer.requests[-1].settings.frame == Frame.square(200, 120, 100)
    assert not framer.frames.is_active
    assert framer.document.decomposition is not None
    assert framer.document.decomposition.provenance.frame == Frame.square(200, 120, 100)
    assert framer.frame_overlay.isVisible()  # The outline.
    assert "framed part" in framer.status_line.fidelity.toolTip()


def test_a_double_click_inside_decomposes(qtbot: QtBot, framer: MainWindow, decomposer: GatedDecomposer) -> None:
    with qtbot.waitSignal(framer.decompose.decomposed):
        QTest.mouseDClick(framer.frame_overlay, LEFT, NO, spot(framer, 200, 120))
    assert decomposer.requests[-1].settings.frame == Frame.square(200, 120, 168)


def test_escape_takes_a_drag_back_then_removes_the_frame(framer: MainWindow) -> None:
    QTest.mousePress(framer.frame_overlay, LEFT, NO, spot(framer, 200, 120))
    move(framer, (250, 120))
    assert framer.frames.frame == Frame.square(250, 120, 168)
    key(framer, Qt.Key.Key_Escape)
    assert framer.frames.frame == Frame.square(200, 120, 168)
    assert framer.frames.is_active
    key(framer, Qt.Key.Key_Escape)
    assert (framer.frames.frame, framer.frames.is_active) == (None, False)
    assert not framer.actions_table["frame"].isChecked()
    assert not framer.frame_overlay.isVisible()
    assert framer.decompose_panel.settings.frame is None


def test_arrow_keys_move_turn_and_resize(framer: MainWindow) -> None:
    framer.frames.frame = Frame.square(200, 120, 100)
    key(framer, Qt.Key.Key_Right)
    key(framer, Qt.Key.Key_Up, SHIFT)
    assert framer.frames.frame == Frame.square(201, 110, 100)
    key(framer, Qt.Key.Key_Right, CONTROL)
    assert framer.frames.frame.angle == pytest.approx(math.radians(1))
    key(framer, Qt.Key.Key_Up, CONTROL)
    assert framer.frames.frame.width == pytest.approx(102)
    key(framer, Qt.Key.Key_Down, CONTROL)
    assert framer.frames.frame.width == pytest.approx(100)


def test_zooming_and_panning_stay_the_canvass(framer: MainWindow) -> None:
    framer.canvas.zoom_to(4.0)
    before = framer.view.centre
    overlay, middle = framer.frame_overlay, spot(framer, 200, 120)
    QTest.mousePress(overlay, Qt.MouseButton.MiddleButton, NO, middle)
    at = QPointF(middle + QPoint(40, 0))
    event = QMouseEvent(QEvent.Type.MouseMove, at, at, Qt.MouseButton.NoButton, Qt.MouseButton.MiddleButton, NO)
    QApplication.sendEvent(overlay, event)
    QTest.mouseRelease(overlay, Qt.MouseButton.MiddleButton, NO, middle + QPoint(40, 0))
    assert framer.view.centre[0] == pytest.approx(before[0] - 10)
    key(framer, Qt.Key.Key_Minus, CONTROL)
    assert framer.view.zoom < 4
    assert framer.frames.frame == Frame.square(200, 120, 168)


def test_the_pixel_under_the_pointer_is_told_while_framing(qtbot: QtBot, framer: MainWindow) -> None:
    with qtbot.waitSignal(framer.canvas.pixel_hovered, check_params_cb=lambda x: x is not None and x.x == 50):
        move(framer, (50.5, 60.5), held=False)


def test_put_down_the_tool_lets_the_mouse_through_and_keeps_the_frame(framer: MainWindow) -> None:
    framer.actions_table["frame"].trigger()
    assert framer.frames.frame is not None
    assert framer.frame_overlay.isVisible()
    assert framer.frame_overlay.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    assert framer.decompose_panel.settings.frame == framer.frames.frame


def test_the_whole_window_paints_with_the_tool(qtbot: QtBot, framer: MainWindow, finder: GatedFinder) -> None:
    plain = framer.canvas.grab().toImage()
    with qtbot.waitSignal(framer.frames.proposals_changed):
        finder.gate.set()
    assert framer.canvas.grab().toImage() != plain
    framer.frames.is_active = False
    framer.frames.frame = None
    outside = framer.canvas.grab().toImage()
    assert outside.pixel(spot(framer, 10, 10)) != plain.pixel(spot(framer, 10, 10))  # The veil is gone.


def test_the_search_waits_for_the_first_layers(
    qtbot: QtBot, framer: MainWindow, finder: GatedFinder, decomposer: GatedDecomposer
) -> None:
    framer.document.open_photo(make_photo(64, 48))
    assert framer.frames.search is Search.NOT_BEGUN
    decomposer.gate.clear()
    framer.decompose_panel.ask()
    assert framer.frames.search is Search.NOT_BEGUN
    with qtbot.waitSignal(framer.decompose.decomposed):
        decomposer.gate.set()
    assert framer.frames.search is Search.RUNNING
    with qtbot.waitSignal(framer.frames.proposals_changed):
        finder.gate.set()
    assert framer.frames.proposals == (FACE, CAT)
    assert framer.frames.frame is None


def test_what_is_found_in_another_photo_is_not_shown(qtbot: QtBot, framer: MainWindow, finder: GatedFinder) -> None:
    framer.document.open_photo(make_photo(64, 48))
    finder.gate.set()
    framer.frames.is_active = True
    qtbot.waitUntil(lambda: framer.frames.search is Search.DONE)
    assert [photo.width for photo in finder.photos] in ([400, 64], [64])


def test_a_finder_that_is_not_installed_is_no_trouble(qtbot: QtBot, framer: MainWindow, finder: GatedFinder) -> None:
    finder.error = ModelError("The finder is not installed.")
    with qtbot.waitSignal(framer.frames.proposals_changed):
        finder.gate.set()
    assert framer.frames.search is Search.FAILED
    assert framer.frames.frame == Frame.square(200, 120, 168)


def test_undo_brings_back_the_whole_photo_and_the_project_knows(qtbot: QtBot, framer: MainWindow) -> None:
    frame = Frame.square(200, 120, 100)
    framer.frames.frame = None
    with qtbot.waitSignal(framer.decompose.decomposed):
        framer.decompose_panel.ask()
    framer.frames.frame = frame
    with qtbot.waitSignal(framer.decompose.decomposed):
        framer.decompose_panel.ask()
    snapshot = framer.project.snapshot
    assert snapshot is not None
    assert snapshot.settings.frame == frame
    framer.document.undo()
    assert framer.project.snapshot is not None
    assert framer.project.snapshot.settings.frame is None


def test_the_fields_show_a_projects_frame(framer: MainWindow) -> None:
    framer.frames.frame = None
    framer.decompose_panel.show_settings(replace(DecomposeSettings("fake"), frame=FACE.frame))
    assert framer.frames.frame == FACE.frame
    assert framer.decompose_panel.part.choice.currentText() == "Framed part"
