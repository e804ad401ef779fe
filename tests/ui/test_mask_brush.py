"""Painting a layer's mask with the brush."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.core.painted_mask import PaintedMask
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.viewport import Viewport
from bsgui.ui.canvas.pictures import chosen_picture
from bsgui.ui.layers.mask_popover import MaskPopover
from bsgui.ui.main_window import MainWindow

LAYER = "branch-2"
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
NOTHING = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
# The offscreen platform says it of every popup.
no_real_popups = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)


@pytest.fixture
def brush(decomposed: MainWindow) -> MainWindow:
    """The window with the brush in hand on branch 2, and nothing painted."""
    decomposed.layers.select(LAYER)
    decomposed.masks.set_mask(PaintedMask(()))
    decomposed.masks.is_active = True
    return decomposed


def mask_of(window: MainWindow) -> PaintedMask:
    mask = window.document.layer(LAYER).mask
    assert isinstance(mask, PaintedMask)
    return mask


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """Where a photo point is, x and y in parts of the photo's sides."""
    photo = window.document.photo
    assert photo is not None
    return window.brush_overlay._to_widget((x * photo.width, y * photo.height)).toPoint()


def stroke(
    window: MainWindow, qtbot: QtBot, *points: tuple[float, float], held: Qt.KeyboardModifier | None = None
) -> None:
    overlay, modifiers = window.brush_overlay, held or Qt.KeyboardModifier.NoModifier
    qtbot.mousePress(overlay, LEFT, modifiers, at(window, *points[0]))
    for point in points[1:]:
        qtbot.mouseMove(overlay, at(window, *point))
    qtbot.mouseRelease(overlay, LEFT, modifiers, at(window, *points[-1]))


def picture(window: MainWindow) -> np.ndarray:
    shown, photo = chosen_picture(window.document, window.view), window.document.photo
    assert shown is not None
    assert photo is not None
    return shown(Viewport.strip(photo.width, 0, photo.height)).astype(int)


def test_settings_count_where_it_is_painted_alone(brush: MainWindow, qtbot: QtBot) -> None:
    untouched = picture(brush)
    brush.layers.set_gain(LAYER, -1.0)
    assert (picture(brush) == untouched).all()  # Nothing is painted yet.
    stroke(brush, qtbot, (0.2, 0.25), (0.5, 0.25), (0.8, 0.25))
    changed = np.abs(picture(brush) - untouched).max(2)
    height = len(changed)
    assert changed[: height // 2].max() > 5
    assert changed[height // 2 :].max() == 0


def test_a_stroke_is_one_step_and_escape_takes_it_back(brush: MainWindow, qtbot: QtBot) -> None:
    steps = len(brush.document.history.undo_labels)
    stroke(brush, qtbot, (0.2, 0.2), (0.4, 0.3), (0.6, 0.2))
    stroke(brush, qtbot, (0.2, 0.7), (0.6, 0.7))
    assert brush.document.history.undo_labels[steps:] == ("Mask of Branch 2",) * 2
    assert [len(x.points) for x in mask_of(brush).strokes] == [3, 2]
    brush.document.undo()
    assert len(mask_of(brush).strokes) == 1
    before = mask_of(brush)
    qtbot.mousePress(brush.brush_overlay, LEFT, pos=at(brush, 0.3, 0.6))
    qtbot.mouseMove(brush.brush_overlay, at(brush, 0.5, 0.6))
    assert mask_of(brush) != before
    qtbot.keyClick(brush.brush_overlay, Qt.Key.Key_Escape)
    assert mask_of(brush) == before
    assert brush.masks.is_active
    qtbot.keyClick(brush.brush_overlay, Qt.Key.Key_Escape)
    assert not brush.masks.is_active


def test_x_and_alt_erase_and_shift_goes_straight_on(brush: MainWindow, qtbot: QtBot) -> None:
    stroke(brush, qtbot, (0.2, 0.5))
    stroke(brush, qtbot, (0.8, 0.5), held=SHIFT)
    assert [len(x.points) for x in mask_of(brush).strokes] == [1, 2]
    assert mask_of(brush).strokes[1].points[0] == mask_of(brush).strokes[0].points[-1]
    stroke(brush, qtbot, (0.5, 0.5), held=ALT)
    qtbot.keyClick(brush.brush_overlay, Qt.Key.Key_X)
    stroke(brush, qtbot, (0.3, 0.5))
    stroke(brush, qtbot, (0.3, 0.5), held=ALT)
    assert [x.erases for x in mask_of(brush).strokes] == [False, False, True, True, False]


def test_keys_change_the_brush(brush: MainWindow, qtbot: QtBot) -> None:
    before, overlay = brush.masks.brush, brush.brush_overlay
    qtbot.keyClick(overlay, "]")
    assert brush.masks.brush.size == pytest.approx(before.size * 2**0.25)
    qtbot.keyClick(overlay, "[")
    qtbot.keyClick(overlay, "}")
    assert (brush.masks.brush.size, brush.masks.brush.hardness) == pytest.approx((before.size, before.hardness + 0.1))
    for _ in range(100):
        qtbot.keyClick(overlay, "]")
        qtbot.keyClick(overlay, "{")
    assert (brush.masks.brush.size, brush.masks.brush.hardness) == (0.5, 0)
    stroke(brush, qtbot, (0.5, 0.5))
    photo = brush.document.photo
    assert photo is not None
    assert mask_of(brush).strokes[0].radius == pytest.approx(0.25 * min(photo.width, photo.height))


def test_delete_takes_the_mask_away_and_return_puts_the_tool_down(brush: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(brush.brush_overlay, Qt.Key.Key_Return)
    assert not brush.masks.is_active
    assert not brush.brush_overlay.isVisible()
    brush.masks.is_active = True
    qtbot.keyClick(brush.brush_overlay, Qt.Key.Key_Delete)
    assert brush.document.layer(LAYER).mask is None


def test_the_overlay_is_there_for_painted_masks_alone(brush: MainWindow) -> None:
    assert brush.brush_overlay.isVisibleTo(brush)
    assert not brush.mask_overlay.isVisibleTo(brush)
    brush.masks.set_mask(brush.masks.new_mask("ellipse"))
    assert not brush.brush_overlay.isVisibleTo(brush)
    assert brush.mask_overlay.isVisibleTo(brush)
    brush.document.undo()
    brush.layers.toggle_locked(LAYER)
    assert not brush.brush_overlay.isVisibleTo(brush)


def test_the_veil_shows_what_is_painted(brush: MainWindow, qtbot: QtBot) -> None:
    def redness() -> float:
        image = brush.brush_overlay.grab().toImage()
        colour = image.pixelColor(at(brush, 0.5, 0.5) * brush.devicePixelRatioF())
        return colour.red() - (colour.green() + colour.blue()) / 2

    brush.brush_overlay._pointer = None
    bare = redness()
    stroke(brush, qtbot, (0.3, 0.5), (0.7, 0.5))
    brush.brush_overlay._pointer = None
    assert redness() > bare + 30
    # An edit shows for itself.
    brush.layers.set_gain(LAYER, 0.0)
    assert redness() < bare + 30


def test_a_long_stroke_goes_on_in_another(brush: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setattr("bsgui.ui.masking.brush_overlay.MOST_POINTS", 3)
    stroke(brush, qtbot, *((0.1 + 0.1 * step, 0.5) for step in range(7)))
    strokes = mask_of(brush).strokes
    assert all(len(x.points) <= 3 for x in strokes)
    assert strokes[1].points[0] == strokes[0].points[-1]
    brush.document.undo()
    assert not mask_of(brush).strokes


@no_real_popups
def test_the_popover_offers_the_brush(decomposed: MainWindow, qtbot: QtBot) -> None:
    decomposed.layer_panel.edit_mask(LAYER)
    (popover,) = [x for x in QApplication.topLevelWidgets() if isinstance(x, MaskPopover) and x.isVisible()]

    def choose(shape: str) -> None:
        popover.shape_choice.setCurrentIndex(popover.shape_choice.findData(shape))
        popover.shape_choice.activated.emit(popover.shape_choice.currentIndex())

    choose("ellipse")
    assert popover.feather.isVisible()
    assert not popover.hardness.isVisible()
    popover.inverted.setChecked(True)
    choose("brush")
    assert mask_of(decomposed) == PaintedMask((), inverted=True)
    assert popover.hardness.isVisible()
    assert not popover.feather.isVisible()
    popover.hardness.value.committed.emit(0.9)
    popover.brush_size.value.committed.emit(0.2)
    assert (decomposed.masks.brush.hardness, decomposed.masks.brush.size) == (0.9, 0.2)
    choose("gradient")
    mask = decomposed.document.layer(LAYER).mask
    assert isinstance(mask, ShapedMask)
    assert (mask.shape, mask.inverted) == ("gradient", True)
    popover.close()
