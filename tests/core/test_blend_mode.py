"""Blend modes: what of a signed layer counts."""

import numpy as np
import pytest

from bsgui.core.blend_mode import MODES, BlendMode
from bsgui.core.blending import in_mode
from bsgui.core.errors import UsageError
from bsgui.core.frame import Frame
from bsgui.core.layer_view import LayerView, show_layer
from bsgui.core.layers import edit_layer, reset_layers
from bsgui.core.mask import Mask
from bsgui.core.painted_mask import PaintedMask, Stroke
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.sources import PixelLayers
from bsgui.core.viewport import Viewport
from bsgui.core.weights import SeenWeight, Weights
from tests.fixtures import make_decomposition, make_photo

CONTENT = np.random.default_rng(0).normal(0, 0.3, (5, 7, 3)).astype(np.float32)
ELLIPSE = ShapedMask("ellipse", Frame(70, 45, 90, 60), 0.5)
PAINTED = PaintedMask((Stroke(((30.0, 40.0), (100.0, 50.0)), 14, 0.4),))


def test_modes_take_their_part_of_the_content() -> None:
    assert (in_mode(CONTENT, "add") == CONTENT).all()
    np.testing.assert_array_equal(in_mode(CONTENT, "lighten") + in_mode(CONTENT, "darken"), CONTENT)
    assert in_mode(CONTENT, "lighten").min() == 0
    assert in_mode(CONTENT, "darken").max() == 0
    grey, colour = in_mode(CONTENT, "luminosity"), in_mode(CONTENT, "colour")
    np.testing.assert_allclose(grey + colour, CONTENT, atol=1e-6)
    assert np.ptp(grey, axis=2).max() < 1e-6
    np.testing.assert_allclose(colour @ np.float32([0.299, 0.587, 0.114]), 0, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mask", [None, ELLIPSE, PAINTED, PaintedMask(PAINTED.strokes, inverted=True)])
@pytest.mark.parametrize("gain", [1.0, 0.6, -1.5])
def test_a_layer_counts_in_its_mode_inside_its_mask_and_as_it_came_outside(
    mode: BlendMode, mask: Mask | None, gain: float
) -> None:
    decomposition = make_decomposition(make_photo(width=140, height=90))
    photo, source = decomposition.photo, decomposition.source
    stack = edit_layer(decomposition.initial_stack(), "branch-2", gain=gain, tint=(1.0, 0.8, 0.4), mode=mode, mask=mask)
    stack = edit_layer(stack, "branch-1", gain=1.5, mask=PAINTED)
    view = Viewport(10, 5, 0.8, 90, 60)
    weights = stack.weights()
    ones = np.eye(source.count, dtype=np.float32)
    alone = [source.mix(one, view) - 0.5 for one in ones]
    own = in_mode(alone[2] * (gain * np.float32([1.0, 0.8, 0.4])), mode)
    covered = np.float32(1) if mask is None else mask.seen_in(view)[..., None]
    painted = PAINTED.seen_in(view)[..., None]
    expected = 0.5 + sum(alone) + covered * (own - alone[2]) + painted * 0.5 * alone[1]
    mixed = source.mix(weights, view)
    pixels = PixelLayers(photo, tuple(source.ticks(0, photo.height).astype(np.int16)))
    whole = Viewport.strip(photo.width, 0, photo.height)
    by_pixel = np.abs(pixels.mix(weights, whole) - source.mix(weights, whole))
    if mode == "add" and isinstance(mask, ShapedMask):
        # Mixed in small maps, which are as sharp as they are.
        assert max(np.abs(mixed - expected).mean(), by_pixel.mean()) < 0.01
    else:
        np.testing.assert_allclose(mixed, expected, atol=2e-5)
        assert by_pixel.max() < 2e-4


def test_a_layer_in_another_mode_is_touched_and_reset_makes_it_plain() -> None:
    stack = make_decomposition().initial_stack()
    moded = edit_layer(stack, "branch-1", mode="colour")
    assert not moded.is_untouched
    assert not moded.weights().is_neutral
    assert moded.weights().apart == [1]
    assert moded.weights().key != stack.weights().key
    assert reset_layers(moded) == stack
    assert edit_layer(moded, "branch-1", visible=False).weights().apart == []


def test_modes_are_for_branches_that_are_not_locked_and_have_names() -> None:
    stack = make_decomposition().initial_stack()
    for layer in ("base", "residual"):
        with pytest.raises(UsageError, match="only branches"):
            edit_layer(stack, layer, mode="darken")
    with pytest.raises(UsageError, match="no blend mode “glow”"):
        edit_layer(stack, "branch-1", mode="glow")
    with pytest.raises(UsageError, match="locked"):
        edit_layer(edit_layer(stack, "branch-1", locked=True), "branch-1", mode="darken")


def test_a_layer_is_shown_alone_in_its_mode() -> None:
    source = make_decomposition(make_photo(width=64, height=48)).source
    view = Viewport(0, 0, 1.0, 64, 48)
    plain, darker = (show_layer(source, 1, 1.0, LayerView.GREY, view, mode=mode) for mode in ("add", "darken"))
    assert plain.max() > 128
    assert darker.max() <= 128
    assert (np.minimum(plain, 128) == darker).all()


def test_weights_know_when_they_do_nothing() -> None:
    one, zero = np.ones(3, np.float32), np.zeros(3, np.float32)
    half = np.full((5, 7), 0.5, np.float32)
    assert SeenWeight(one, one).is_neutral
    assert SeenWeight(one, one, half).is_neutral
    assert not SeenWeight(one, one, mode="darken").is_neutral
    assert not SeenWeight(one, zero, half).is_neutral
    assert SeenWeight(zero, one).is_nothing
    assert not SeenWeight(zero, one, half).is_nothing
    np.testing.assert_allclose(SeenWeight(zero, one, half).of(CONTENT), CONTENT / 2, atol=1e-7)
    chosen = Weights(np.ones((3, 3), np.float32), modes=("add", "darken", "colour")).chosen([2, 0])
    assert chosen.modes == ("colour", "add")
