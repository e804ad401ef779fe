from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from bsgui.core.layer_view import LayerView
from bsgui.ui.canvas.view_state import ZOOM_MAX, ZOOM_MIN, Look, ViewState


@pytest.mark.parametrize(
    ("name", "value", "signal"),
    [
        ("look", Look.SIGNED, "look_changed"),
        ("selected_layer_id", "branch-1", "selection_changed"),
        ("solo_layer_id", "base", "solo_changed"),
        ("before", True, "before_changed"),
        ("split", 0.25, "split_changed"),
        ("shows_clipping", True, "clipping_changed"),
    ],
)
def test_each_setting_tells_once(qtbot: QtBot, name: str, value: object, signal: str) -> None:
    state = ViewState()
    with qtbot.waitSignals([getattr(state, signal), state.view_changed]):
        setattr(state, name, value)
    with qtbot.assertNotEmitted(state.view_changed):
        setattr(state, name, value)


def test_looks_are_the_cores() -> None:
    assert Look.COMPOSITE.layer_view is None
    assert {look.layer_view for look in Look} - {None} == set(LayerView)


def test_solo_toggles_and_moves() -> None:
    state = ViewState()
    state.toggle_solo("a")
    state.toggle_solo("b")
    assert state.solo_layer_id == "b"
    state.toggle_solo("b")
    assert state.solo_layer_id is None


def test_split_and_boost_stay_in_range() -> None:
    state = ViewState()
    state.split = 7.0
    assert state.split == 1.0
    state.toggle_split()
    assert state.split is None
    state.boost = 1e9
    assert state.boost == 16
    state.boost = 0
    assert state.boost == 1


def test_zoom_stops() -> None:
    state = ViewState()
    state.set_view(0.9, (0, 0))
    assert state.next_zoom(+1) == 1.0
    assert state.next_zoom(-1) == pytest.approx(2 / 3)
    state.set_view(ZOOM_MAX, (0, 0))
    assert state.next_zoom(+1) == ZOOM_MAX
    state.set_view(ZOOM_MIN, (0, 0))
    assert state.next_zoom(-1) == ZOOM_MIN


def test_panning_is_not_zooming(qtbot: QtBot) -> None:
    state = ViewState()
    with qtbot.assertNotEmitted(state.zoom_changed), qtbot.waitSignal(state.view_changed):
        state.set_view(state.zoom, (5.0, 6.0))
