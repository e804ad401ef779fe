from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.core.errors import ModelError
from bsgui.core.photo import Photo
from bsgui.core.styled_layers import StyledLayers, affine_layers
from bsgui.core.styles import BranchStyle, Styles
from bsgui.core.viewport import Viewport
from bsgui.imageio.project_file import load_project
from bsgui.imageio.read_photo import read_photo
from bsgui.ui.layers.row import LayerRow
from bsgui.ui.layers.style_popover import StylePopover
from bsgui.ui.main_window import MainWindow
from tests.fixtures import make_decomposition
from tests.gated_decomposer import GatedDecomposer

LAYER = "branch-2"
CAT = BranchStyle(2, "cat", 7)
# The offscreen platform says it of every popup.
no_real_popups = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)


def styles_of(window: MainWindow) -> Styles:
    made = window.document.kept_decomposition
    assert made is not None
    return made.provenance.styles


@pytest.fixture
def styled(decomposed: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window, with branch 2 in the style cat, seed 7."""
    with qtbot.waitSignal(decomposed.decompose.decomposed):
        decomposed.styles.choose(LAYER, "cat", 7)
    return decomposed


@pytest.fixture
def popover(styled: MainWindow, qtbot: QtBot) -> StylePopover:
    styled.layer_panel.edit_style(LAYER)
    found = [x for x in QApplication.topLevelWidgets() if isinstance(x, StylePopover)]
    assert len(found) == 1
    return found[0]


def test_choosing_a_style_runs_the_network_and_keeps_the_edits(
    decomposed: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer
) -> None:
    decomposed.layers.set_gain(LAYER, 2.0)
    decomposed.layers.rename("branch-1", "Mine")
    with qtbot.waitSignal(decomposed.decompose.decomposed):
        decomposed.styles.choose(LAYER, "cat", 7)
    asked = decomposer.requests[-1].settings
    first = decomposer.requests[0].settings
    assert asked.styles == (CAT,)
    assert (asked.model, asked.domain, asked.seed, asked.size) == (first.model, first.domain, first.seed, first.size)
    assert styles_of(decomposed) == (CAT,)
    assert decomposed.document.layer(LAYER).gain == 2.0
    assert decomposed.document.layer("branch-1").name == "Mine"
    decomposed.document.undo()
    assert styles_of(decomposed) == ()
    assert decomposed.document.layer(LAYER).gain == 2.0
    decomposed.document.redo()
    assert styles_of(decomposed) == (CAT,)


def test_rows_of_the_layers_that_stay_are_kept_where_a_layer_comes_and_goes(
    decomposed: MainWindow, qtbot: QtBot
) -> None:
    panel = decomposed.layer_panel
    before = {layer.id: panel.row(layer.id) for layer in decomposed.document.stack}
    decomposed.layers.select(LAYER)
    with qtbot.waitSignal(decomposed.decompose.decomposed):
        decomposed.styles.choose(LAYER, "cat", 7)

    def shown() -> list[str]:
        widgets = [panel.list.indexWidget(panel.model.index(n)) for n in range(panel.model.rowCount())]
        return [widget.layer_id for widget in reversed(widgets) if isinstance(widget, LayerRow)]

    order = [layer.id for layer in decomposed.document.stack]
    assert "own-style" in order
    qtbot.waitUntil(lambda: shown() == order)
    assert all(panel.row(layer_id) is row for layer_id, row in before.items())
    assert decomposed.view.selected_layer_id == LAYER
    decomposed.layers.select("own-style")
    decomposed.document.undo()
    assert shown() == list(before)
    assert all(panel.row(layer_id) is row for layer_id, row in before.items())
    assert decomposed.view.selected_layer_id in before


def test_a_blend_is_live_and_one_drag_one_step(styled: MainWindow, decomposer: GatedDecomposer) -> None:
    before, asked = len(styled.document.history.undo_labels), len(decomposer.requests)
    drag = object()
    for alpha in (0.9, 0.6, 0.25):
        styled.styles.blend(LAYER, alpha, drag)
        assert styles_of(styled) == (replace(CAT, alpha=alpha),)
    assert len(decomposer.requests) == asked
    assert styled.document.history.undo_labels[before:] == ("Blend of Branch 2",)
    styled.document.undo()
    assert styles_of(styled) == (CAT,)


def test_a_blend_changes_the_picture_of_its_layer_and_not_the_sum(styled: MainWindow) -> None:
    def layer() -> np.ndarray:
        made = styled.document.decomposition
        assert made is not None
        return made.source.ticks(0, 32)

    full = layer()
    styled.styles.blend(LAYER, 0.5)
    half = layer()
    assert np.abs(full[2] - half[2]).max() > 100
    np.testing.assert_array_equal(full[1], half[1])
    np.testing.assert_array_equal(full.sum(0), half.sum(0))


def test_the_picture_shows_the_style_and_the_own_style_brings_the_photo_back(styled: MainWindow) -> None:
    document = styled.document
    made = document.decomposition
    assert made is not None
    view = Viewport(0, 0, 1, made.photo.width, made.photo.height)
    photo = made.photo.rows_fs(0, made.photo.height)

    def off() -> float:
        assert document.decomposition is not None
        return float(np.abs(document.decomposition.source.mix(document.stack.weights(), view) - photo).max())

    assert [x.id for x in document.stack] == ["base", "branch-1", "branch-2", "branch-3", "own-style", "residual"]
    assert not document.layer("own-style").visible
    assert styled.layer_panel.row("own-style").isVisible()
    assert off() > 0.05
    styled.layers.toggle_visible("own-style")
    assert off() < 1e-4
    document.undo()
    styled.styles.blend(LAYER, 0.0)
    assert off() < 1e-4


def test_the_layer_for_it_goes_with_the_last_style_and_all_else_stays(styled: MainWindow) -> None:
    styled.layers.set_gain(LAYER, 2.0)
    order = [x.id for x in styled.document.stack]
    styled.styles.reset(LAYER)
    assert [x.id for x in styled.document.stack] == [x for x in order if x != "own-style"]
    assert styled.document.layer(LAYER).gain == 2.0
    styled.document.undo()
    assert [x.id for x in styled.document.stack] == order
    assert not styled.document.layer("own-style").visible


def test_rows_of_a_drag_stay_and_figures_follow(styled: MainWindow, qtbot: QtBot) -> None:
    row = styled.layer_panel.row(LAYER)
    clean = styled.document.history.is_clean
    with qtbot.waitSignal(styled.styles._measuring.finished):
        styled.styles.blend(LAYER, 0.0)
    assert styled.layer_panel.row(LAYER) is row
    made = styled.document.kept_decomposition
    assert made is not None
    assert sum(x.energy_share for x in made.layers[1:-1]) == pytest.approx(1)
    share = made.layers[2].energy_share
    assert row._energy.text() == f"{share * 100:.0f} %"
    assert made.psnr_without_residual_db != 32.5
    assert styled.document.history.is_clean == clean
    steps = styled.document.history.undo_labels
    styled.document.undo()
    styled.document.redo()
    assert styled.document.kept_decomposition is made
    assert styled.document.history.undo_labels == steps


def test_figures_follow_the_last_style_too(styled: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(styled.styles._measuring.finished):
        styled.styles.blend(LAYER, 0.5)
    with qtbot.waitSignal(styled.styles._measuring.finished):
        styled.styles.reset(LAYER)
    made = styled.document.kept_decomposition
    assert made is not None
    assert [x.id for x in made.layers] == ["base", "branch-1", "branch-2", "branch-3", "residual"]
    assert sum(x.energy_share for x in made.layers[1:-1]) == pytest.approx(1)


def test_figures_do_not_make_saved_work_unsaved(styled: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(styled.styles._measuring.finished):
        styled.styles.blend(LAYER, 0.3)
        styled.document.mark_clean()
    assert styled.document.history.is_clean


def test_the_photos_own_style_again_needs_no_network(styled: MainWindow, decomposer: GatedDecomposer) -> None:
    asked = len(decomposer.requests)
    styled.styles.reset(LAYER)
    assert styles_of(styled) == ()
    assert len(decomposer.requests) == asked
    made = styled.document.kept_decomposition
    assert made is not None
    plain = make_decomposition(made.photo, seed=made.provenance.seed)
    np.testing.assert_array_equal(made.source.ticks(0, 32), plain.source.ticks(0, 32))


def test_a_second_branch_keeps_the_style_of_the_first(styled: MainWindow, qtbot: QtBot) -> None:
    styled.styles.blend(LAYER, 0.5)
    with qtbot.waitSignal(styled.decompose.decomposed):
        styled.styles.choose("branch-1", "any", 3)
    assert styles_of(styled) == (BranchStyle(1, "any", 3), replace(CAT, alpha=0.5))


def test_dragging_while_the_network_runs_waits_for_it(
    styled: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer
) -> None:
    decomposer.gate.clear()
    decomposer.running.clear()
    styled.styles.choose(LAYER, "cat", 8)
    asked = len(decomposer.requests)
    qtbot.waitUntil(decomposer.running.is_set)
    for alpha in (0.8, 0.4):
        styled.styles.blend(LAYER, alpha, "drag")
    assert styled.styles.style(LAYER) == BranchStyle(2, "cat", 8, 0.4)
    assert styles_of(styled) == (CAT,)
    with qtbot.waitSignal(styled.decompose.decomposed):
        decomposer.gate.set()
    assert styles_of(styled) == (BranchStyle(2, "cat", 8, 0.4),)
    assert len(decomposer.requests) <= asked + 1


def test_undo_while_the_network_runs_gives_the_style_up(
    styled: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer
) -> None:
    decomposer.gate.clear()
    styled.styles.choose(LAYER, "cat", 8)
    assert styled.styles.is_waiting
    styled.document.undo()
    assert not styled.decompose.is_busy
    assert styled.styles.style(LAYER) is None


def test_a_failure_leaves_the_style_as_it_was(styled: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    decomposer.error = ModelError("The model is gone.")
    styled.styles.choose(LAYER, "cat", 8)
    qtbot.waitUntil(lambda: not styled.decompose.is_busy)
    assert styled.styles.style(LAYER) == CAT
    assert not styled.styles.is_waiting


def test_a_decomposition_that_is_asked_for_meanwhile_wins(
    styled: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer
) -> None:
    decomposer.gate.clear()
    styled.styles.choose(LAYER, "cat", 8)
    styled.decompose_panel.ask()
    assert styled.styles.style(LAYER) == CAT
    with qtbot.waitSignal(styled.decompose.decomposed):
        decomposer.gate.set()
    assert styles_of(styled) == ()


def test_what_has_no_style_says_so(styled: MainWindow, tiny_photo: Photo) -> None:
    assert "Only the network" in styled.styles.why_not("base")
    styled.layers.toggle_locked(LAYER)
    assert "locked" in styled.styles.why_not(LAYER)
    styled.styles.reset(LAYER)
    assert styles_of(styled) == (CAT,)
    styled.document.open_decomposition(make_decomposition(tiny_photo))
    assert "read from files" in styled.styles.why_not(LAYER)
    styled.layer_panel.edit_style(LAYER)
    assert not [x for x in QApplication.topLevelWidgets() if isinstance(x, StylePopover) and x.isVisible()]


def test_the_mark_is_on_rows_with_a_style(styled: MainWindow) -> None:
    mark = styled.layer_panel.row(LAYER)._style
    assert mark.isVisible()
    assert "100 % in the style Cat, seed 7" in mark.toolTip()
    assert not styled.layer_panel.row("branch-1")._style.isVisible()
    styled.styles.reset(LAYER)
    assert not mark.isVisible()


@no_real_popups
def test_the_popover_shows_and_changes_the_style(popover: StylePopover, styled: MainWindow, qtbot: QtBot) -> None:
    assert popover.domain.currentData() == "cat"
    assert (popover.seed.value(), popover.alpha.factor) == (7, 1.0)
    with qtbot.waitSignal(styled.decompose.decomposed):
        popover.domain.setCurrentIndex(popover.domain.findData("any"))
    assert styles_of(styled) == (BranchStyle(2, "any", 7),)
    with qtbot.waitSignal(styled.decompose.decomposed):
        popover.seed.setValue(9)
    assert styles_of(styled) == (BranchStyle(2, "any", 9),)
    popover.alpha_value.committed.emit(0.4)
    assert styles_of(styled) == (BranchStyle(2, "any", 9, 0.4),)
    assert popover.alpha.factor == pytest.approx(0.4)
    qtbot.mouseClick(popover.reset_button, Qt.MouseButton.LeftButton)
    assert styles_of(styled) == ()
    assert popover.domain.currentIndex() == 0
    assert not popover.alpha.isEnabled()
    qtbot.keyClick(popover, Qt.Key.Key_Escape)
    assert not popover.isVisible()


@no_real_popups
def test_the_popover_says_how_much_the_style_changes(popover: StylePopover, styled: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: styled.styles.change(LAYER) is not None)
    change = styled.styles.change(LAYER)
    assert change is not None
    assert change > 0.1
    assert popover.note.text() == f"Changes it by {change * 100:.0f} %"
    assert styled.styles.change("branch-1") is None
    styled.styles.blend(LAYER, 0.2)
    assert styled.styles.change(LAYER) == change
    with qtbot.waitSignal(styled.decompose.decomposed):
        popover.domain.setCurrentIndex(popover.domain.findData("any"))
        popover.seed.setValue(0)
        popover.close()
    assert styled.styles.change(LAYER) != change


@no_real_popups
def test_a_seed_that_was_just_typed_counts_when_the_popover_closes(
    popover: StylePopover, styled: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(styled.decompose.decomposed):
        popover.seed.setValue(11)
        popover.close()
    assert styles_of(styled) == (BranchStyle(2, "cat", 11),)


def test_projects_keep_the_styles(
    styled: MainWindow, qtbot: QtBot, tmp_path: Path, write_photo: object, decomposer: GatedDecomposer
) -> None:
    path = tmp_path / "work.bsgui"
    photo = write_photo("kept.png")  # type: ignore[operator]
    styled.document.open_photo(read_photo(photo))
    with qtbot.waitSignal(styled.decompose.decomposed):
        styled.decompose_panel.ask()
    with qtbot.waitSignal(styled.decompose.decomposed):
        styled.styles.choose(LAYER, "cat", 7)
    styled.styles.blend(LAYER, 0.25)
    styled.project.path = path
    with qtbot.waitSignal(styled.project.saved):
        styled.project.save()
    settings = load_project(path).settings
    assert settings is not None
    assert settings.styles == (replace(CAT, alpha=0.25),)
    with qtbot.waitSignal(styled.decompose.decomposed):
        styled.opener.open_path(path)
    assert styles_of(styled) == (replace(CAT, alpha=0.25),)
    assert styled.document.history.is_clean
    made = styled.document.decomposition
    assert made is not None
    assert isinstance(made.source, StyledLayers)


def test_a_style_for_adapted_layers_is_made_anew_and_says_so(
    styled: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer
) -> None:
    made = styled.document.kept_decomposition
    assert made is not None
    maps = affine_layers(made.source)
    assert maps is not None
    adapted = replace(made, source=maps, provenance=replace(made.provenance, adapted_steps=9))
    styled.document.replace_content(adapted, "Adapt")
    assert styled.styles.style(LAYER) == CAT
    with qtbot.waitSignal(styled.decompose.decomposed):
        styled.styles.blend(LAYER, 0.5)
    after = styled.document.kept_decomposition
    assert after is not None
    assert (after.provenance.adapted_steps, after.provenance.styles) == (0, (replace(CAT, alpha=0.5),))
    assert any("without what adapting had added" in x.text for x in styled.notices.notices)
    styled.document.undo()
    assert styled.document.kept_decomposition is adapted
