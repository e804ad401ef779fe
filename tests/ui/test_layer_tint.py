from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.core.tint import NO_TINT, hue_and_strength, tint_of, tint_of_text
from bsgui.core.viewport import Viewport
from bsgui.ui.canvas.pictures import chosen_picture
from bsgui.ui.canvas.view_state import Look
from bsgui.ui.layers.tint_popover import LIGHTS, TintPopover, tint_in_words, tint_pixmap
from bsgui.ui.main_window import MainWindow

LAYER = "branch-2"
WARM = tint_of(30, 0.4)
# The offscreen platform says it of every popup.
no_real_popups = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)


def picture(window: MainWindow) -> np.ndarray:
    shown = chosen_picture(window.document, window.view)
    assert shown is not None
    photo = window.document.photo
    assert photo is not None
    return shown(Viewport.strip(photo.width, 0, photo.height)).astype(int)


@pytest.fixture
def popover(decomposed: MainWindow) -> TintPopover:
    decomposed.layer_panel.edit_tint(LAYER)
    found = [x for x in QApplication.topLevelWidgets() if isinstance(x, TintPopover)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("look", [Look.COMPOSITE, Look.GREY])
def test_a_tint_colours_the_picture_and_undo_takes_it_back(decomposed: MainWindow, look: Look) -> None:
    decomposed.layers.select(LAYER)
    decomposed.view.look = look
    before = picture(decomposed)
    decomposed.layers.set_tint(LAYER, WARM)
    tinted = picture(decomposed)
    assert (np.abs(tinted - before).max((0, 1)) > 0).all()
    if look is Look.GREY:
        # Each channel of the layer alone is multiplied by its own factor, about mid-grey.
        expected = np.clip((before - 127.5) * WARM + 127.5, 0, 255)
        inside = (before > 0) & (before < 255)
        assert np.abs(tinted - expected)[inside].max() <= 2
    decomposed.document.undo()
    assert (picture(decomposed) == before).all()


def test_one_gesture_is_one_step_and_a_lock_refuses(decomposed: MainWindow) -> None:
    gesture = object()
    for strength in (0.1, 0.2, 0.4):
        decomposed.layers.set_tint(LAYER, tint_of(30, strength), gesture)
    assert decomposed.document.history.undo_labels == ("Tint of Branch 2",)
    decomposed.layers.toggle_locked(LAYER)
    decomposed.layers.set_tint(LAYER, NO_TINT)
    assert decomposed.document.layer(LAYER).tint == WARM
    decomposed.layers.toggle_locked(LAYER)
    decomposed.layers.reset(LAYER)
    assert decomposed.document.layer(LAYER).tint == NO_TINT


@no_real_popups
def test_the_popover_sets_hue_strength_and_lights(popover: TintPopover, decomposed: MainWindow, qtbot: QtBot) -> None:
    def tint() -> tuple[float, float, float]:
        return decomposed.document.layer(LAYER).tint

    assert not popover.reset_button.isEnabled()
    popover.degrees.setValue(200)
    assert hue_and_strength(tint()) == pytest.approx((200, 0.4), abs=0.01)
    popover.strength_value.committed.emit(0.8)
    assert hue_and_strength(tint()) == pytest.approx((200, 0.8), abs=0.01)
    popover.strength_value.committed.emit(0.0)
    assert tint() == NO_TINT
    # The hue is remembered though no tint has none.
    assert popover.degrees.value() == 200
    popover.hue.edited.emit(0.5, None)
    assert hue_and_strength(tint())[0] == pytest.approx(180, abs=0.01)
    assert popover.degrees.value() == 180
    for swatch, colour in zip(popover.swatches, LIGHTS.values(), strict=True):
        qtbot.mouseClick(swatch, Qt.MouseButton.LeftButton)
        assert tint() == tint_of_text(colour)
    assert popover.strength.factor == pytest.approx(hue_and_strength(tint())[1])
    qtbot.mouseClick(popover.reset_button, Qt.MouseButton.LeftButton)
    assert tint() == NO_TINT
    popover.close()
    decomposed.layers.set_tint(LAYER, WARM)


@no_real_popups
def test_the_popover_of_a_locked_layer_only_shows(decomposed: MainWindow, popover: TintPopover) -> None:
    decomposed.layers.toggle_locked(LAYER)
    fields = (popover.hue, popover.degrees, popover.strength, popover.strength_value, *popover.swatches)
    assert not any(field.isEnabled() for field in fields)
    assert "locked" in popover.note.text()
    popover.close()


@no_real_popups
def test_the_row_has_a_mark_of_its_colour_that_opens_the_popover(decomposed: MainWindow, qtbot: QtBot) -> None:
    row = decomposed.layer_panel.row(LAYER)
    assert row._tint.isHidden()
    decomposed.layers.set_tint(LAYER, WARM)
    assert not row._tint.isHidden()
    assert tint_in_words(WARM) in row._tint.toolTip()
    colour = tint_pixmap(WARM, 14, 1.0).toImage().pixelColor(7, 7)
    assert (colour.red(), colour.green(), colour.blue()) == pytest.approx((255, 204, 153), abs=1)
    with qtbot.waitSignal(row.tint_wanted):
        qtbot.mouseClick(row._tint, Qt.MouseButton.LeftButton)
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, TintPopover):
            widget.close()
    decomposed.layers.set_tint(LAYER, NO_TINT)
    assert row._tint.isHidden()
