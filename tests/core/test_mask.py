import numpy as np
import pytest

from bsgui.core.errors import UsageError
from bsgui.core.frame import Frame
from bsgui.core.layers import edit_layer
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.sources import PixelLayers
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights
from tests.fixtures import make_decomposition, make_photo

BOX = Frame(60, 40, 80, 40)
ELLIPSE = ShapedMask("ellipse", BOX, 0.5)


def at(mask: ShapedMask, *points: tuple[float, float]) -> list[float]:
    x, y = np.array(points).T
    return mask.at(x, y).tolist()


def test_an_ellipse_is_all_in_its_middle_and_nothing_outside() -> None:
    assert at(ELLIPSE, (60, 40), (79, 40), (60, 49)) == pytest.approx([1, 1, 1])
    assert at(ELLIPSE, (101, 40), (60, 61), (19, 21)) == [0, 0, 0]
    assert at(ELLIPSE, (90, 40), (60, 55)) == pytest.approx([0.5, 0.5])
    assert at(ShapedMask("ellipse", BOX, 0.5, inverted=True), (60, 40), (90, 40), (101, 40)) == pytest.approx(
        [0, 0.5, 1]
    )


def test_a_gradient_falls_from_its_top_to_its_bottom() -> None:
    gradient = ShapedMask("gradient", BOX)
    assert at(gradient, (60, 10), (-500, 20), (60, 40), (60, 60), (60, 90)) == pytest.approx([1, 1, 0.5, 0, 0])
    # Turned a quarter clockwise, its top is on the right.
    turned = ShapedMask("gradient", Frame(60, 40, 80, 40, np.pi / 2))
    assert at(turned, (90, 0), (60, 0), (30, 0)) == pytest.approx([1, 0.5, 0], abs=1e-6)


@pytest.mark.parametrize("mask", [ELLIPSE, ShapedMask("gradient", BOX), ShapedMask("ellipse", BOX, 0.01)])
def test_masks_are_smooth_and_between_nothing_and_all(mask: ShapedMask) -> None:
    values = mask.seen_in(Viewport(0, 0, 4.0, 480, 320))
    assert values.shape == (320, 480)
    assert (values.min(), values.max()) == (0, 1)
    assert max(np.abs(np.diff(values, axis=axis)).max() for axis in (0, 1)) < 0.4


def test_maps_see_the_mask_where_the_photo_does() -> None:
    whole = ELLIPSE.on_maps((40, 60), (120, 80), None)
    np.testing.assert_allclose(whole, ELLIPSE.seen_in(Viewport(0, 0, 0.5, 60, 40)), atol=1e-6)
    framed = ELLIPSE.on_maps((20, 40), (120, 80), BOX)
    np.testing.assert_allclose(framed, ELLIPSE.seen_in(Viewport(20, 20, 0.5, 40, 20)), atol=1e-6)


def test_a_masked_layer_is_as_it_came_outside_and_as_it_is_set_inside() -> None:
    decomposition = make_decomposition(make_photo(width=480, height=320))
    photo, source = decomposition.photo, decomposition.source
    view = Viewport.strip(photo.width, 0, photo.height)
    mask = ShapedMask("gradient", Frame(photo.width / 2, photo.height / 2, photo.width, photo.height * 0.4))
    stack = edit_layer(decomposition.initial_stack(), "branch-1", gain=0.0, mask=mask)
    pixels = PixelLayers(photo, tuple(source.ticks(0, photo.height).astype(np.int16)))
    neutral, alone = np.ones(source.count, np.float32), np.eye(source.count, dtype=np.float32)[1]
    for layers in (source, pixels):
        untouched, layer = layers.mix(neutral, view), layers.mix(alone, view) - 0.5
        masked = layers.mix(stack.weights(), view)
        # A map's pixel beyond the mask's edges, which are as sharp as the maps.
        np.testing.assert_allclose(masked[-40:], untouched[-40:], atol=2e-4)
        np.testing.assert_allclose(masked[:40], (untouched - layer)[:40], atol=2e-4)
    # Pixel for pixel, where layers are pixels.
    np.testing.assert_allclose(masked, untouched - mask.seen_in(view)[..., None] * layer, atol=1e-5)


def test_a_hidden_layer_is_gone_whatever_its_mask() -> None:
    stack = make_decomposition().initial_stack()
    masked = edit_layer(stack, "branch-1", mask=ELLIPSE, gain=2.0)
    assert masked.weights().masks[1] == ELLIPSE
    for change in ({"visible": False}, {"muted": True}):
        weights = edit_layer(masked, "branch-1", **change).weights()
        assert not any(weights.masks)
        assert (weights.channels[1] == 0).all()
    assert masked.weights(solo="branch-1").masks[1] == ELLIPSE
    assert masked.weights(solo="branch-2").masks == ()


@pytest.mark.parametrize("layer", ["base", "residual"])
def test_only_branches_have_masks(layer: str) -> None:
    stack = make_decomposition().initial_stack()
    with pytest.raises(UsageError, match="cannot be masked"):
        edit_layer(stack, layer, mask=ELLIPSE)
    assert edit_layer(stack, layer, mask=None) == stack


def test_weights_that_do_the_same_have_the_same_key() -> None:
    channels = np.ones((3, 3), np.float32)
    one, other = (
        Weights(channels, (None, ELLIPSE, None)),
        Weights(channels.copy(), (None, ShapedMask("ellipse", BOX), None)),
    )
    assert one.key == other.key
    assert one.key != Weights(channels).key
    assert not one.is_neutral
    assert Weights.of(np.ones(3, np.float32)).is_neutral
