"""The mode of a layer: chosen above the list, marked in its row."""

from __future__ import annotations

import numpy as np

from bsgui.core.viewport import Viewport
from bsgui.ui.canvas.pictures import chosen_picture
from bsgui.ui.layers.mode_names import MODE_NAMES
from bsgui.ui.main_window import MainWindow

LAYER = "branch-2"


def picture(window: MainWindow) -> np.ndarray:
    shown, photo = chosen_picture(window.document, window.view), window.document.photo
    assert shown is not None
    assert photo is not None
    return shown(Viewport.strip(photo.width, 0, photo.height)).astype(int)


def choose(window: MainWindow, mode: str) -> None:
    box = window.layer_panel._mode
    box.setCurrentIndex(box.findData(mode))
    box.activated.emit(box.currentIndex())


def test_a_mode_changes_the_picture_is_marked_and_undone(decomposed: MainWindow) -> None:
    decomposed.layers.select(LAYER)
    untouched = picture(decomposed)
    choose(decomposed, "lighten")
    assert decomposed.document.layer(LAYER).mode == "lighten"
    # What darkened is gone.
    assert (picture(decomposed) >= untouched - 1).all()
    assert (picture(decomposed) > untouched + 3).any()
    row = decomposed.layer_panel.row(LAYER)
    assert row is not None
    assert row._mode.isVisibleTo(row)
    assert "Lighten" in row._mode.toolTip()
    decomposed.document.undo()
    assert (picture(decomposed) == untouched).all()
    assert not row._mode.isVisibleTo(row)
    assert decomposed.layer_panel._mode.currentData() == "add"


def test_the_choice_is_the_selected_layers_and_only_of_branches_that_are_not_locked(decomposed: MainWindow) -> None:
    box = decomposed.layer_panel._mode
    assert [box.itemData(number) for number in range(box.count())] == list(MODE_NAMES)
    decomposed.layers.select(LAYER)
    choose(decomposed, "colour")
    decomposed.layers.select("branch-1")
    assert box.currentData() == "add"
    decomposed.layers.select(LAYER)
    assert box.currentData() == "colour"
    decomposed.layers.toggle_locked(LAYER)
    assert not box.isEnabled()
    for layer in ("base", "residual"):
        decomposed.layers.select(layer)
        assert not box.isEnabled()


def test_choosing_what_it_is_already_is_no_edit(decomposed: MainWindow) -> None:
    decomposed.layers.select(LAYER)
    steps = decomposed.document.history.undo_labels
    choose(decomposed, "add")
    assert decomposed.document.history.undo_labels == steps
