from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.core.document import Document
from bsgui.core.photo import Photo
from bsgui.core.sources import PixelLayers
from bsgui.ui.canvas.qimage import to_array
from bsgui.ui.canvas.readout import PixelReadout
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.canvas.view_state import Look
from bsgui.ui.theme import current_theme
from tests.fixtures import layer_infos, make_decomposition, make_photo


@pytest.fixture
def document() -> Document:
    return Document()


@pytest.fixture
def canvas(qtbot: QtBot, document: Document) -> Iterator[CanvasView]:
    canvas = CanvasView(document)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    with qtbot.waitExposed(canvas):
        canvas.show()
    yield canvas
    canvas.shutdown()


def shown(qtbot: QtBot, canvas: CanvasView) -> np.ndarray:
    """What the canvas has painted, at rest: (H, W, 3)."""
    qtbot.waitUntil(lambda: canvas.is_sharp)
    return to_array(canvas.grab().toImage())


def photo_part(canvas: CanvasView, pixels: np.ndarray) -> np.ndarray:
    placement = canvas.placement
    assert placement is not None
    rect = placement.visible
    return pixels[rect.top : rect.bottom, rect.left : rect.right]


def wheel(canvas: CanvasView, at: QPointF, notches: float, modifiers: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_without_a_photo_only_the_surround_is_painted(qtbot: QtBot, canvas: CanvasView) -> None:
    pixels = shown(qtbot, canvas)
    surround = current_theme().surround
    assert (pixels == [int(surround[i : i + 2], 16) for i in (1, 3, 5)]).all()
    assert canvas.visible_photo_rect.isNull()
    for move in (canvas.fit, canvas.actual_size, canvas.zoom_in, canvas.zoom_out, lambda: canvas.pan_by(3, 3)):
        move()


def test_a_photo_without_layers_is_shown_as_it_is(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    photo = make_photo(200, 150)
    document.open_photo(photo)
    canvas.actual_size()
    np.testing.assert_array_equal(photo_part(canvas, shown(qtbot, canvas)), photo.samples)


@pytest.mark.parametrize("depth", [8, 16])
def test_untouched_layers_show_the_photo(qtbot: QtBot, canvas: CanvasView, document: Document, depth: int) -> None:
    photo = make_photo(200, 150, depth=depth)
    document.open_decomposition(make_decomposition(photo))
    canvas.actual_size()
    expected = np.rint(photo.rows_fs() * 255)
    assert np.abs(photo_part(canvas, shown(qtbot, canvas)) - expected).max() <= 1


def test_edits_show_once_however_many(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    decomposition = make_decomposition(make_photo(200, 150))
    document.open_decomposition(decomposition)
    canvas.actual_size()
    shown(qtbot, canvas)
    paints = PaintCounter(canvas)
    for step in range(10):
        document.edit_layer("branch-1", "Gain", gain=step / 5)
    pixels = photo_part(canvas, shown(qtbot, canvas))
    placement = canvas.placement
    assert placement is not None
    expected = decomposition.source.show(document.stack.weights(), placement.viewport(placement.visible))
    np.testing.assert_array_equal(pixels, expected)
    # One for the edits, one for the picture this test took of the canvas.
    assert paints.count <= 2


class PaintCounter:
    def __init__(self, canvas: CanvasView) -> None:
        self.count = 0
        original = canvas.paintEvent

        def counted(event: object) -> None:
            self.count += 1
            original(event)  # type: ignore[arg-type]

        canvas.paintEvent = counted  # type: ignore[method-assign, assignment]


def test_before_shows_the_photo_and_solo_the_layer(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    decomposition = make_decomposition(make_photo(200, 150))
    document.open_decomposition(decomposition)
    document.edit_layer("branch-2", "Gain", gain=3.0)
    canvas.actual_size()
    canvas.state.before = True
    np.testing.assert_array_equal(
        photo_part(canvas, canvas_without_caption(qtbot, canvas)), decomposition.photo.samples
    )
    canvas.state.before = False
    canvas.state.solo_layer_id = "branch-2"
    placement = canvas.placement
    assert placement is not None
    expected = decomposition.source.show(document.stack.weights("branch-2"), placement.viewport(placement.visible))
    np.testing.assert_array_equal(photo_part(canvas, canvas_without_caption(qtbot, canvas)), expected)


def canvas_without_caption(qtbot: QtBot, canvas: CanvasView) -> np.ndarray:
    # The photo is smaller than the canvas: the caption in the corner does not cover it.
    return shown(qtbot, canvas)


def test_looks_differ_and_need_a_layer(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    document.open_decomposition(make_decomposition(make_photo(200, 150)))
    composite = shown(qtbot, canvas)
    canvas.state.look = Look.SIGNED
    np.testing.assert_array_equal(shown(qtbot, canvas), composite)
    canvas.state.selected_layer_id = "branch-1"
    pictures = []
    for look in Look:
        canvas.state.look = look
        pictures.append(photo_part(canvas, shown(qtbot, canvas)).astype(int))
    for index, first in enumerate(pictures):
        assert all(np.abs(first - second).mean() > 1 for second in pictures[index + 1 :])


@pytest.mark.parametrize("orientation", [Qt.Orientation.Horizontal, Qt.Orientation.Vertical])
def test_the_split_line_divides_photo_and_layers(
    qtbot: QtBot, canvas: CanvasView, document: Document, orientation: Qt.Orientation
) -> None:
    decomposition = make_decomposition(make_photo(380, 280))
    document.open_decomposition(decomposition)
    document.edit_layer("branch-1", "Gain", gain=-2.0)
    canvas.actual_size()
    after = photo_part(canvas, shown(qtbot, canvas)).copy()
    canvas.state.split_orientation = orientation
    canvas.state.split = 0.5
    pixels = photo_part(canvas, shown(qtbot, canvas))
    # Corners: far from line, handle and labels.
    np.testing.assert_array_equal(pixels[60:100, 40:90], decomposition.photo.samples[60:100, 40:90])
    np.testing.assert_array_equal(pixels[220:260, 300:370], after[220:260, 300:370])


def test_the_split_line_is_dragged_and_the_picture_is_not(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    document.open_decomposition(make_decomposition(make_photo(200, 150)))
    canvas.state.split = 0.5
    centre = canvas.state.centre
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, pos=QPoint(203, 100))
    qtbot.mouseMove(canvas, QPoint(100, 100))
    qtbot.mouseRelease(canvas, left, pos=QPoint(100, 100))
    assert canvas.state.split == 0.25
    assert canvas.state.centre == centre


def test_dragging_moves_the_picture_with_the_hand(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    document.open_photo(make_photo(2000, 1500))
    canvas.zoom_to(2.0)
    x, y = canvas.state.centre
    middle = Qt.MouseButton.MiddleButton
    qtbot.mousePress(canvas, middle, pos=QPoint(200, 150))
    qtbot.mouseMove(canvas, QPoint(140, 190))
    qtbot.mouseRelease(canvas, middle, pos=QPoint(140, 190))
    assert canvas.state.centre == (x + 30, y - 20)
    qtbot.mouseMove(canvas, QPoint(10, 10))
    assert canvas.state.centre == (x + 30, y - 20)


def test_the_wheel_zooms_at_the_pointer(canvas: CanvasView, document: Document) -> None:
    document.open_photo(make_photo(2000, 1500))
    canvas.actual_size()
    at = QPointF(70, 220)
    before = canvas.placement
    assert before is not None
    wheel(canvas, at, 3, Qt.KeyboardModifier.NoModifier)
    after = canvas.placement
    assert after is not None
    assert after.zoom == pytest.approx(2.0)
    np.testing.assert_allclose(after.to_photo(70, 220), before.to_photo(70, 220), atol=0.5)
    wheel(canvas, at, 100, Qt.KeyboardModifier.NoModifier)
    assert canvas.state.zoom == 32
    wheel(canvas, at, -1000, Qt.KeyboardModifier.NoModifier)
    assert canvas.state.zoom == 1 / 32


def test_shift_and_wheel_move_sideways(canvas: CanvasView, document: Document) -> None:
    document.open_photo(make_photo(2000, 1500))
    canvas.actual_size()
    x, y = canvas.state.centre
    wheel(canvas, QPointF(10, 10), 1, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.state.centre == (x - 48, y)


def test_pinching_zooms(canvas: CanvasView, document: Document) -> None:
    document.open_photo(make_photo(2000, 1500))
    canvas.actual_size()
    at = QPointF(50, 60)
    kind = Qt.NativeGestureType.ZoomNativeGesture
    device = QPointingDevice.primaryPointingDevice()
    QApplication.sendEvent(canvas, QNativeGestureEvent(kind, device, 2, at, at, at, 0.5, QPointF()))
    assert canvas.state.zoom == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("key", "modifier", "check"),
    [
        (Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier, lambda v: v.state.zoom == 1.0),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier, lambda v: v.state.zoom == 6.0),
        (Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier, lambda v: v.state.zoom == 3.0),
        (Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier, lambda v: v.state.fits),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, lambda v: v.state.centre == (988, 750)),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, lambda v: v.state.centre == (1000, 762)),
        (Qt.Key.Key_O, Qt.KeyboardModifier.NoModifier, lambda v: v.state.shows_clipping),
        (Qt.Key.Key_Y, Qt.KeyboardModifier.NoModifier, lambda v: v.state.split == 0.5),
        (Qt.Key.Key_BracketRight, Qt.KeyboardModifier.NoModifier, lambda v: v.state.boost == 4),
    ],
)
def test_keys(
    qtbot: QtBot,
    canvas: CanvasView,
    document: Document,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
    check: Callable[[CanvasView], bool],
) -> None:
    document.open_photo(make_photo(2000, 1500))
    canvas.zoom_to(4.0)
    assert not check(canvas)
    qtbot.keyClick(canvas, key, modifier)
    assert check(canvas)


def test_a_held_key_shows_the_photo_until_released_or_out_of_focus(
    qtbot: QtBot, canvas: CanvasView, document: Document
) -> None:
    document.open_decomposition(make_decomposition(make_photo(100, 100)))
    qtbot.keyPress(canvas, Qt.Key.Key_Backslash)
    assert canvas.state.before
    qtbot.keyRelease(canvas, Qt.Key.Key_Backslash)
    assert not canvas.state.before
    qtbot.keyPress(canvas, Qt.Key.Key_B)
    canvas.clearFocus()
    assert not canvas.state.before


def test_double_click_switches_between_fit_and_100_percent(
    qtbot: QtBot, canvas: CanvasView, document: Document
) -> None:
    document.open_photo(make_photo(2000, 1500))
    assert canvas.state.fits
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(30, 40))
    assert canvas.state.zoom == 1.0
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(30, 40))
    assert canvas.state.fits


def test_resizing_keeps_fitting_or_keeps_the_middle(canvas: CanvasView, document: Document) -> None:
    document.open_photo(make_photo(2000, 1500))
    zoom = canvas.state.zoom
    canvas.resize(800, 600)
    assert canvas.state.zoom > 1.9 * zoom
    canvas.zoom_to(3.0)
    centre = canvas.state.centre
    canvas.resize(500, 500)
    assert (canvas.state.zoom, canvas.state.centre) == (3.0, centre)


def test_another_photo_is_fitted_and_loses_solo(canvas: CanvasView, document: Document) -> None:
    document.open_decomposition(make_decomposition(make_photo(200, 150)))
    canvas.zoom_to(20.0)
    canvas.state.solo_layer_id = "base"
    document.open_photo(make_photo(30, 700))
    assert canvas.state.fits
    assert canvas.state.solo_layer_id is None
    assert canvas.visible_photo_rect.height() == pytest.approx(700, rel=0.01)
    document.open_photo(None)
    assert canvas.placement is None


def test_hovering_reads_the_pixel_and_follows_edits(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    decomposition = make_decomposition(make_photo(100, 80))
    document.open_decomposition(decomposition)
    canvas.state.selected_layer_id = "branch-1"
    canvas.actual_size()
    assert canvas.placement is not None
    left, top = canvas.placement.origin
    with qtbot.waitSignal(canvas.pixel_hovered, check_params_cb=lambda x: x is not None) as hovered:
        qtbot.mouseMove(canvas, QPoint(left + 7, top + 9))
    readout: PixelReadout = hovered.args[0]
    assert (readout.x, readout.y) == (7, 9)
    assert readout.photo == tuple(decomposition.photo.samples[9, 7])
    assert readout.composite == readout.photo
    assert readout.layer is not None
    value = readout.layer[0]
    is_doubled = lambda x: x is not None and x.layer[0] == pytest.approx(2 * value, rel=1e-3)  # noqa: E731
    with qtbot.waitSignal(canvas.pixel_hovered, check_params_cb=is_doubled):
        document.edit_layer("branch-1", "Gain", gain=2.0)
    with qtbot.waitSignal(canvas.pixel_hovered, check_params_cb=lambda x: x is None):
        qtbot.mouseMove(canvas, QPoint(1, 1))


def test_clipped_pixels_are_marked_and_counted(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    document.open_decomposition(make_decomposition(make_photo(200, 150)))
    canvas.actual_size()
    canvas.state.shows_clipping = True
    shown(qtbot, canvas)
    assert canvas.clipped_share == 0
    with qtbot.waitSignal(canvas.clipped_changed, check_params_cb=lambda share: share > 0):
        for layer_id in ("branch-1", "branch-2", "branch-3"):
            document.edit_layer(layer_id, "Gain", gain=3.0)
    pixels = photo_part(canvas, shown(qtbot, canvas)).reshape(-1, 3)
    marked = np.isin(pixels @ [65536, 256, 1], [0xFF2D2D, 0x285AFF]).mean()
    assert 0 < canvas.clipped_share < 1
    assert marked == pytest.approx(canvas.clipped_share, abs=0.01)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 3000), (20_000, 8), (40_000, 2)])
@pytest.mark.parametrize("zoom", [None, 1 / 32, 1.0, 32.0])
def test_odd_shapes(
    qtbot: QtBot, canvas: CanvasView, document: Document, width: int, height: int, zoom: float | None
) -> None:
    document.open_decomposition(make_decomposition(make_photo(width, height)))
    if zoom:
        canvas.zoom_to(zoom)
    canvas.state.split = 0.5
    shown(qtbot, canvas)
    canvas.pan_by(-5000, 40)
    shown(qtbot, canvas)
    assert canvas.placement is not None
    assert not canvas.placement.visible.is_empty


def test_levels_of_a_large_photo_are_made_elsewhere_and_then_shown(
    qtbot: QtBot, canvas: CanvasView, document: Document
) -> None:
    checkers = np.zeros((3000, 4000, 3), np.uint8)
    checkers[::2, ::2] = checkers[1::2, 1::2] = 255
    document.open_photo(Photo(checkers, "checkers.png", ""))

    def is_grey() -> bool:
        # Only averaging turns the checkers grey.
        pixels = photo_part(canvas, shown(qtbot, canvas))[20:-20, 20:-20]
        return bool(np.abs(pixels.astype(int) - 127).max() <= 3)

    qtbot.waitUntil(is_grey, timeout=20_000)


def test_opening_photos_quickly_and_closing_leaves_no_thread(
    qtbot: QtBot, canvas: CanvasView, document: Document
) -> None:
    before = threading.active_count()
    for size in (1500, 1600, 1700):
        document.open_photo(make_photo(size, size))
    canvas.shutdown()
    canvas.shutdown()
    document.open_photo(make_photo(10, 10))
    QApplication.processEvents()
    assert threading.active_count() <= before


def test_stacks_read_from_files_are_shown(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    decomposition = make_decomposition(make_photo(200, 150))
    ticks = decomposition.source.ticks(0, 150).astype(np.int16)
    layers = PixelLayers(decomposition.photo, tuple(ticks))
    document.open_decomposition(type(decomposition)(decomposition.photo, layer_infos(), layers))
    canvas.actual_size()
    pixels = photo_part(canvas, shown(qtbot, canvas))
    np.testing.assert_array_equal(pixels, decomposition.photo.samples)


def test_a_new_theme_repaints_the_surround(qtbot: QtBot, canvas: CanvasView) -> None:
    from bsgui.ui.theme import LIGHT, apply_theme

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "light")
    try:
        assert canvas.grab().toImage().pixelColor(3, 3).name() == LIGHT.surround
    finally:
        apply_theme(app, "dark")


def test_leaving_the_canvas_empties_the_readout(qtbot: QtBot, canvas: CanvasView, document: Document) -> None:
    document.open_photo(make_photo(400, 300))
    with qtbot.waitSignal(canvas.pixel_hovered, check_params_cb=lambda x: x is not None):
        qtbot.mouseMove(canvas, QPoint(200, 150))
    with qtbot.waitSignal(canvas.pixel_hovered, check_params_cb=lambda x: x is None):
        QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
