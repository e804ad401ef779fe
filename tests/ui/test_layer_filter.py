"""The filter of a layer: softened and sharpened in a popover, marked in its row."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from bsgui.core.layer_filter import LayerFilter
from bsgui.core.viewport import Viewport
from bsgui.ui.canvas.pictures import chosen_picture
from bsgui.ui.canvas.view_state import Look
from bsgui.ui.layers.filter_popover import FilterPopover, filter_in_words, place_of, radius_at
from bsgui.ui.main_window import MainWindow

LAYER = "branch-2"
# The offscreen platform says it of every popup.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)


def picture(window: MainWindow) -> np.ndarray:
    shown, photo = chosen_picture(window.document, window.view), window.document.photo
    assert shown is not None
    assert photo is not None
    return shown(Viewport.strip(photo.width, 0, photo.height)).astype(int)


def opened() -> FilterPopover:
    found = [x for x in QApplication.topLevelWidgets() if isinstance(x, FilterPopover)]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def popover(decomposed: MainWindow) -> FilterPopover:
    decomposed.layer_panel.edit_filter(LAYER)
    return opened()


@pytest.mark.parametrize("look", [Look.COMPOSITE, Look.GREY])
def test_the_picture_follows_and_undo_takes_it_back(decomposed: MainWindow, look: Look) -> None:
    decomposed.layers.select(LAYER)
    decomposed.view.look = look
    before = picture(decomposed)
    decomposed.layers.set_filter(LAYER, LayerFilter(4.0, -1.0))
    assert np.abs(np.diff(picture(decomposed), axis=1)).mean() < np.abs(np.diff(before, axis=1)).mean()
    decomposed.document.undo()
    assert (picture(decomposed) == before).all()


def test_a_drag_is_one_step_and_is_marked(decomposed: MainWindow, popover: FilterPopover) -> None:
    slider, middle = popover.amount, popover.amount.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(100, middle))
    for x in (60, 30, 0):
        QTest.mouseMove(slider, QPoint(x, middle))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(0, middle))
    assert decomposed.document.layer(LAYER).filter == LayerFilter(6.0, -1.0)
    assert decomposed.document.history.undo_labels == ("Filter of Branch 2",)
    assert popover.amount_value.text() == "−100 %"
    row = decomposed.layer_panel.row(LAYER)
    assert row._filter.isVisibleTo(row)
    assert "softened by 100 %, radius 6 px" in row._filter.toolTip()
    decomposed.document.undo()
    assert not row._filter.isVisibleTo(row)
    assert popover.amount.factor == 0


def test_the_radius_is_chosen_by_hand_and_typed(decomposed: MainWindow, popover: FilterPopover) -> None:
    popover.radius_value.setValue(25.0)
    assert decomposed.document.layer(LAYER).filter is None, "a radius alone is no filter"
    assert popover.radius.factor == pytest.approx(place_of(25.0))
    popover.amount_value.committed.emit(0.5)
    assert decomposed.document.layer(LAYER).filter == LayerFilter(25.0, 0.5)
    QTest.keyClick(popover.radius, Qt.Key.Key_End)
    assert decomposed.document.layer(LAYER).filter == LayerFilter(100.0, 0.5)
    QTest.keyClick(popover.radius, Qt.Key.Key_Home)
    assert popover.radius_value.value() == 0.5
    popover.reset_button.click()
    assert decomposed.document.layer(LAYER).filter is None
    assert not popover.reset_button.isEnabled()


def test_places_on_the_slider_are_radii() -> None:
    for radius in (0.5, 1.0, 6.0, 33.3, 100.0):
        assert radius_at(place_of(radius)) == pytest.approx(radius)
    assert filter_in_words(LayerFilter(12.5, 0.8)) == "sharpened by 80 %, radius 12.5 px"


def test_only_branches_that_are_not_locked_are_filtered(decomposed: MainWindow) -> None:
    panel = decomposed.layer_panel
    decomposed.layers.toggle_locked(LAYER)
    for layer, why_not in ((LAYER, "locked"), ("base", "Only branches"), ("residual", "Only branches")):
        decomposed.layers.select(layer)
        panel.edit_filter()
        popover = opened()
        assert why_not in popover.note.text()
        for field in (popover.amount, popover.amount_value, popover.radius, popover.radius_value, popover.reset_button):
            assert not field.isEnabled()
        popover.close()
        popover.deleteLater()
        QApplication.sendPostedEvents(None, 52)  # QEvent.Type.DeferredDelete


def test_the_button_and_the_mark_open_it_for_their_layer(decomposed: MainWindow) -> None:
    decomposed.layers.select(LAYER)
    buttons = decomposed.layer_panel.findChildren(QToolButton)
    next(x for x in buttons if x.defaultAction() is decomposed.actions_table["filter"]).click()
    popover = opened()
    assert popover.accessibleName() == "Filter of Branch 2"
    assert popover.radius_value.accessibleName()
    assert popover.amount.hasFocus() or popover.focusWidget() is popover.amount
