from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.core.frame import Frame
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.viewport import Viewport
from bsgui.ui.canvas.pictures import chosen_picture
from bsgui.ui.canvas.view_state import Look
from bsgui.ui.layers.mask_popover import MaskPopover
from bsgui.ui.main_window import MainWindow

LAYER = "branch-2"
# The offscreen platform says it of every popup.
no_real_popups = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)


def picture(window: MainWindow) -> np.ndarray:
    shown, photo = chosen_picture(window.document, window.view), window.document.photo
    assert shown is not None
    assert photo is not None
    return shown(Viewport.strip(photo.width, 0, photo.height)).astype(int)


def mask_of(window: MainWindow) -> ShapedMask:
    mask = window.document.layer(LAYER).mask
    assert isinstance(mask, ShapedMask)
    return mask


@pytest.fixture
def masked(decomposed: MainWindow) -> MainWindow:
    """The window with the tool in hand, and an ellipse on branch 2."""
    decomposed.layers.select(LAYER)
    decomposed.masks.set_mask(decomposed.masks.new_mask("ellipse"))
    decomposed.masks.is_active = True
    return decomposed


def on_canvas(window: MainWindow, x: float, y: float) -> QPointF:
    return window.mask_overlay._to_widget((x, y))


def drag(window: MainWindow, qtbot: QtBot, start: QPointF, end: QPointF) -> None:
    """Drag with the left button, and hold it."""
    qtbot.mousePress(window.mask_overlay, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for at in ((start + end) / 2, end):
        qtbot.mouseMove(window.mask_overlay, at.toPoint())


def popovers() -> list[MaskPopover]:
    return [x for x in QApplication.topLevelWidgets() if isinstance(x, MaskPopover) and x.isVisible()]


def test_settings_count_inside_the_mask_alone_and_undo_takes_it_back(decomposed: MainWindow) -> None:
    photo = decomposed.document.photo
    assert photo is not None
    decomposed.layers.select(LAYER)
    untouched = picture(decomposed)
    decomposed.layers.set_gain(LAYER, 0.0)
    removed = picture(decomposed)
    gradient = ShapedMask("gradient", Frame(photo.width / 2, photo.height / 2, photo.width, photo.height / 4))
    decomposed.masks.set_mask(gradient)
    shown, rows = picture(decomposed), photo.height // 4
    assert np.abs(shown[:rows] - removed[:rows]).max() <= 1
    assert np.abs(shown[-rows:] - untouched[-rows:]).max() <= 1
    assert np.abs(removed[:rows] - untouched[:rows]).max() > 5
    decomposed.document.undo()
    assert (picture(decomposed) == removed).all()


def test_a_layer_alone_is_shown_with_its_mask(masked: MainWindow) -> None:
    masked.layers.set_gain(LAYER, 3.0)
    masked.view.look = Look.MAGNITUDE
    with_mask = picture(masked)
    masked.masks.set_mask(None)
    # The corner lies outside the ellipse: three times as much there without it.
    assert picture(masked)[:3, :3].sum() > 1.5 * with_mask[:3, :3].sum()


def test_a_drag_moves_the_mask_as_one_step(masked: MainWindow, qtbot: QtBot) -> None:
    before, steps = mask_of(masked).frame, len(masked.document.history.undo_labels)
    end = on_canvas(masked, before.x + 6, before.y - 3)
    drag(masked, qtbot, on_canvas(masked, before.x, before.y), end)
    qtbot.mouseRelease(masked.mask_overlay, Qt.MouseButton.LeftButton, pos=end.toPoint())
    after = mask_of(masked).frame
    assert (after.x - before.x, after.y - before.y) == pytest.approx((6, -3), abs=1)
    assert (after.width, after.height) == (before.width, before.height)
    assert masked.document.history.undo_labels[steps:] == ("Mask of Branch 2",)
    masked.document.undo()
    assert mask_of(masked).frame == before


def test_escape_while_dragging_takes_the_drag_back(masked: MainWindow, qtbot: QtBot) -> None:
    before = mask_of(masked)
    drag(masked, qtbot, on_canvas(masked, before.frame.x, before.frame.y), on_canvas(masked, 30, 20))
    assert mask_of(masked) != before
    qtbot.keyClick(masked.mask_overlay, Qt.Key.Key_Escape)
    assert mask_of(masked) == before
    assert masked.masks.is_active
    qtbot.keyClick(masked.mask_overlay, Qt.Key.Key_Escape)
    assert not masked.masks.is_active
    assert mask_of(masked) == before


def test_keys_move_turn_and_take_away(masked: MainWindow, qtbot: QtBot) -> None:
    before, overlay = mask_of(masked).frame, masked.mask_overlay
    qtbot.keyClick(overlay, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert mask_of(masked).frame.x > before.x
    qtbot.keyClick(overlay, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert mask_of(masked).frame.angle == pytest.approx(np.radians(1))
    qtbot.keyClick(overlay, Qt.Key.Key_Delete)
    assert masked.document.layer(LAYER).mask is None
    assert not masked.masks.is_active
    assert not overlay.isVisible()


def test_one_tool_at_a_time_and_none_without_a_mask(masked: MainWindow) -> None:
    assert masked.mask_overlay.isVisibleTo(masked)
    masked.frames.is_active = True
    assert not masked.masks.is_active
    masked.masks.is_active = True
    assert not masked.frames.is_active
    masked.layers.select("branch-1")
    assert not masked.mask_overlay.isVisibleTo(masked)
    masked.layers.select(LAYER)
    assert masked.mask_overlay.isVisibleTo(masked)
    masked.layers.toggle_locked(LAYER)
    assert not masked.mask_overlay.isVisibleTo(masked)


def test_a_mask_cannot_leave_the_photo(masked: MainWindow) -> None:
    photo = masked.document.photo
    assert photo is not None
    masked.masks.set_mask(ShapedMask("ellipse", Frame(-500, 9000, 20, 20)))
    frame = mask_of(masked).frame
    assert (frame.x, frame.y) == (0, photo.height)


@no_real_popups
def test_the_popover_makes_changes_and_removes_a_mask(decomposed: MainWindow, qtbot: QtBot) -> None:
    decomposed.layer_panel.edit_mask(LAYER)
    (popover,) = popovers()

    def choose(shape: str | None) -> None:
        popover.shape_choice.setCurrentIndex(popover.shape_choice.findData(shape))
        popover.shape_choice.activated.emit(popover.shape_choice.currentIndex())

    assert popover.shape_choice.currentData() is None
    assert not popover.feather.isEnabled()
    choose("ellipse")
    assert mask_of(decomposed).shape == "ellipse"
    popover.feather.value.committed.emit(0.2)
    popover.inverted.click()
    assert (mask_of(decomposed).feather, mask_of(decomposed).inverted) == (0.2, True)
    choose("gradient")
    assert (mask_of(decomposed).shape, mask_of(decomposed).inverted) == ("gradient", True)
    assert not popover.feather.isEnabled()
    choose(None)
    assert decomposed.document.layer(LAYER).mask is None
    choose("ellipse")
    qtbot.mouseClick(popover.canvas_button, Qt.MouseButton.LeftButton)
    assert decomposed.masks.is_active


@no_real_popups
@pytest.mark.parametrize("layer", ["base", "residual"])
def test_base_and_residual_say_why_they_have_no_mask(decomposed: MainWindow, layer: str) -> None:
    decomposed.layer_panel.edit_mask(layer)
    (popover,) = popovers()
    assert not popover.shape_choice.isEnabled()
    assert "Only branches" in popover.note.text()
    popover.close()
    assert not decomposed.masks.is_active


@no_real_popups
def test_the_row_has_a_mark_that_opens_the_popover(masked: MainWindow, qtbot: QtBot) -> None:
    row = masked.layer_panel.row(LAYER)
    assert not row._mask.isHidden()
    assert "inside an ellipse" in row._mask.toolTip()
    with qtbot.waitSignal(row.mask_wanted):
        qtbot.mouseClick(row._mask, Qt.MouseButton.LeftButton)
    for popover in popovers():
        popover.close()
    masked.layers.reset(LAYER)
    assert row._mask.isHidden()


def test_the_mask_is_veiled_while_it_is_held(masked: MainWindow, qtbot: QtBot) -> None:
    frame = mask_of(masked).frame
    at = on_canvas(masked, frame.x + 4, frame.y - frame.height / 6).toPoint()
    ratio = masked.devicePixelRatioF()

    def redness() -> int:
        colour = masked.mask_overlay.grab().toImage().pixelColor(at * ratio)
        return colour.red() - colour.green()

    plain = redness()
    end = on_canvas(masked, frame.x + 4, frame.y)
    drag(masked, qtbot, on_canvas(masked, frame.x, frame.y), end)
    assert redness() > plain + 20
    qtbot.mouseRelease(masked.mask_overlay, Qt.MouseButton.LeftButton, pos=end.toPoint())
    assert redness() == plain
