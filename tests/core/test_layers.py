import numpy as np
import pytest

from bsgui.core.errors import UsageError
from bsgui.core.layers import (
    GAIN_MAX,
    GAIN_MIN,
    LayerKind,
    LayerStack,
    LayerState,
    edit_layer,
    move_layer,
    reset_layers,
    show_only,
)
from bsgui.core.tint import TINT_MAX, tint_of


@pytest.fixture
def stack() -> LayerStack:
    return LayerStack(
        (
            LayerState("base", "Base", LayerKind.BASE, 0),
            LayerState("branch-1", "Fur", LayerKind.BRANCH, 1),
            LayerState("branch-2", "Light", LayerKind.BRANCH, 2),
            LayerState("residual", "Residual", LayerKind.RESIDUAL, 3),
        )
    )


def _grey(*factors: float) -> np.ndarray:
    """The same factor for all channels."""
    return np.repeat(np.float32(factors)[:, None], 3, axis=1)


def test_weights_follow_gain_opacity_visibility_and_mute(stack: LayerStack) -> None:
    edited = edit_layer(stack, "branch-1", gain=-2.0, opacity=0.25)
    edited = edit_layer(edit_layer(edited, "branch-2", visible=False), "residual", muted=True)
    np.testing.assert_allclose(edited.weights().channels, _grey(1, -0.5, 0, 0))
    assert stack.is_untouched
    assert not edited.is_untouched


def test_weights_are_indexed_by_source_whatever_the_order(stack: LayerStack) -> None:
    edited = move_layer(edit_layer(stack, "branch-1", gain=2.0), "branch-1", 3)
    assert [layer.id for layer in edited] == ["base", "branch-2", "residual", "branch-1"]
    np.testing.assert_allclose(edited.weights().channels, _grey(1, 2, 1, 1))


def test_solo_shows_one_layer_even_a_hidden_one(stack: LayerStack) -> None:
    hidden = edit_layer(stack, "branch-2", visible=False, gain=1.5)
    np.testing.assert_allclose(hidden.weights(solo="branch-2").channels, _grey(0, 0, 1.5, 0))


def test_a_tint_multiplies_the_channels_with_the_gain(stack: LayerStack) -> None:
    warm = tint_of(30, 0.4)
    tinted = edit_layer(stack, "branch-2", gain=2.0, tint=warm)
    np.testing.assert_allclose(tinted.weights().channels[2], 2 * np.float32(warm), rtol=1e-6)
    np.testing.assert_allclose(tinted.weights().channels[[0, 1, 3]], 1)
    np.testing.assert_allclose(tinted.weights(solo="branch-2").channels[2], 2 * np.float32(warm), rtol=1e-6)
    assert not edit_layer(stack, "branch-2", tint=warm).is_untouched
    assert reset_layers(tinted) == stack


def test_gain_and_opacity_are_clamped(stack: LayerStack) -> None:
    assert edit_layer(stack, "base", gain=99)["base"].gain == GAIN_MAX
    assert edit_layer(stack, "base", gain=-99)["base"].gain == GAIN_MIN
    assert edit_layer(stack, "base", opacity=2)["base"].opacity == 1
    assert edit_layer(stack, "base", tint=(-1.0, 1.0, 99.0))["base"].tint == (0.0, 1.0, TINT_MAX)


def test_a_locked_layer_refuses_edits_but_not_hiding(stack: LayerStack) -> None:
    locked = edit_layer(stack, "branch-1", locked=True)
    for change in ({"gain": 2.0}, {"opacity": 0.5}, {"name": "Hair"}, {"tint": tint_of(30, 0.4)}):
        with pytest.raises(UsageError, match="locked"):
            edit_layer(locked, "branch-1", **change)
    assert not edit_layer(locked, "branch-1", visible=False)["branch-1"].visible
    assert edit_layer(locked, "branch-1", locked=False)["branch-1"].locked is False


def test_an_empty_name_keeps_the_old_one(stack: LayerStack) -> None:
    assert edit_layer(stack, "branch-1", name="  ")["branch-1"].name == "Fur"
    assert edit_layer(stack, "branch-1", name=" Hair ")["branch-1"].name == "Hair"


def test_reset_spares_locked_layers_names_and_order(stack: LayerStack) -> None:
    edited = edit_layer(stack, "branch-1", gain=2.0, name="Hair")
    edited = edit_layer(edit_layer(edited, "branch-2", gain=3.0), "branch-2", locked=True)
    reset = reset_layers(move_layer(edited, "branch-1", 0))
    assert (reset["branch-1"].gain, reset["branch-1"].name) == (1.0, "Hair")
    assert reset["branch-2"].gain == 3.0
    assert reset.layers[0].id == "branch-1"


def test_show_only(stack: LayerStack) -> None:
    shown = show_only(stack, ["branch-1"])
    assert [layer.visible for layer in shown] == [False, True, False, False]
    with pytest.raises(UsageError, match="nose"):
        show_only(stack, ["nose"])
