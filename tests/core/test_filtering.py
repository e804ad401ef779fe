"""Layer filters: unsharp masking of a layer's own content, the same in every view."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bsgui.core.blend_mode import BlendMode
from bsgui.core.blending import in_mode
from bsgui.core.errors import UsageError
from bsgui.core.fields import FieldError, Fields
from bsgui.core.filtering import filtered
from bsgui.core.frame import Frame
from bsgui.core.layer_filter import LayerFilter, read_filter
from bsgui.core.layer_view import LayerView, show_layer
from bsgui.core.layers import LayerStack, edit_layer, reset_layers
from bsgui.core.mask import Mask
from bsgui.core.painted_mask import PaintedMask, Stroke
from bsgui.core.photo import FloatImage
from bsgui.core.pyramid import Pyramid
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.sources import LayerSource, PixelLayers
from bsgui.core.viewport import Viewport
from bsgui.core.weights import SeenWeight, Weights
from tests.fixtures import make_decomposition, make_photo

WIDTH, HEIGHT = 333, 214
SIZE = (WIDTH, HEIGHT)
WHOLE = Viewport.strip(WIDTH, 0, HEIGHT)
RADII = [0.5, 1.3, 2.9, 3.0, 5.9, 6.0, 17.0, 40.0, 100.0]
PAINTED = PaintedMask((Stroke(((30.0, 40.0), (100.0, 50.0)), 14, 0.4),))
ELLIPSE = ShapedMask("ellipse", Frame(70, 45, 90, 60), 0.5)


def make_content(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.int16]:
    """Ticks with structure of all sizes, up to the edges."""
    rng = np.random.default_rng(0)
    total = np.zeros((height, width, 3))
    for cell in (1, 4, 16, 64):
        small = rng.normal(0, 2500, (-(-height // cell), -(-width // cell), 3))
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return total.astype(np.int16)


CONTENT = make_content()
SAMPLE = Pyramid(CONTENT).sample


def directly(radius: float, amount: float) -> FloatImage:
    content = CONTENT.astype(np.float64)
    blurred = np.dstack([gaussian_filter(content[..., k], radius, mode="reflect", truncate=6) for k in range(3)])
    return (content + amount * (content - blurred)).astype(np.float32)


def of_range(difference: FloatImage) -> float:
    """The largest difference, as a part of the content's range."""
    return float(np.abs(difference).max() / np.ptp(CONTENT.astype(float)))


@pytest.mark.parametrize("amount", [-1.0, 0.8])
@pytest.mark.parametrize("radius", RADII)
def test_it_is_unsharp_masking_up_to_the_edges(radius: float, amount: float) -> None:
    difference = filtered(SAMPLE, WHOLE, LayerFilter(radius, amount), SIZE) - directly(radius, amount)
    assert of_range(difference) < (0.001 if radius < 3 else 0.03)
    assert np.sqrt((difference**2).mean()) / np.ptp(CONTENT.astype(float)) < 0.003


@pytest.mark.parametrize("radius", RADII)
def test_a_constant_stays_what_it_is(radius: float) -> None:
    content = np.full((50, 70, 3), 777, np.int16)
    for view in (Viewport.strip(70, 0, 50), Viewport(-20, -30, 0.7, 90, 80), Viewport(3.3, 4.7, 2.5, 60, 40)):
        result = filtered(Pyramid(content).sample, view, LayerFilter(radius, 2.0), (70, 50))
        np.testing.assert_allclose(result, 777, rtol=1e-5)


@pytest.mark.parametrize("radius", RADII)
def test_strips_of_any_height_agree_without_seams(radius: float) -> None:
    layer_filter = LayerFilter(radius, -1.0)
    whole = filtered(SAMPLE, WHOLE, layer_filter, SIZE)
    for rows in (1, 7, 64, 150):
        edges = [(start, min(start + rows, HEIGHT)) for start in range(0, HEIGHT, rows)]
        strips = [filtered(SAMPLE, Viewport.strip(WIDTH, *edge), layer_filter, SIZE) for edge in edges]
        assert np.abs(np.concatenate(strips) - whole).max() < 0.02  # Ticks: far below what rounds to another.


@pytest.mark.parametrize("radius", [1.3, 6.0, 40.0])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.3])
def test_parts_of_a_view_agree_with_it(radius: float, scale: float) -> None:
    view = Viewport(11.3, 7.9, scale, 80, 50)
    whole = filtered(SAMPLE, view, LayerFilter(radius, -1.0), SIZE)
    for rows, columns in ((slice(0, 50), slice(30, 80)), (slice(20, 21), slice(5, 6)), (slice(49, 50), slice(0, 80))):
        part = filtered(SAMPLE, view.part(rows, columns), LayerFilter(radius, -1.0), SIZE)
        # OpenCV draws from 32nds of a pixel, which another origin rounds elsewhere.
        assert of_range(part - whole[rows, columns]) < 0.01


@pytest.mark.parametrize("radius", [0.5, 2.0, 3.5, 9.0, 30.0, 100.0])
@pytest.mark.parametrize("scale", [0.25, 0.4, 0.5, 0.8])
def test_what_is_seen_from_afar_is_the_filtered_picture_from_afar(radius: float, scale: float) -> None:
    view = Viewport(0, 0, scale, round(WIDTH * scale), round(HEIGHT * scale))
    seen = filtered(SAMPLE, view, LayerFilter(radius, -1.0), SIZE)
    true = Pyramid(np.rint(directly(radius, -1.0)).astype(np.int16)).sample(view)
    assert np.sqrt(((seen - true) ** 2).mean()) / np.ptp(CONTENT.astype(float)) < 0.006


@pytest.mark.parametrize("radius", [0.5, 2.0, 9.0, 100.0])
def test_magnified_it_is_the_same_at_the_middle_of_pixels(radius: float) -> None:
    seen = filtered(SAMPLE, Viewport(40, 30, 3.0, 90, 60), LayerFilter(radius, -1.0), SIZE)
    assert of_range(seen[1::3, 1::3] - directly(radius, -1.0)[30:50, 40:70]) < 0.015


@pytest.mark.parametrize("radius", RADII)
def test_a_single_pixel_is_that_of_the_whole(radius: float) -> None:
    layer_filter = LayerFilter(radius, 1.0)
    whole = filtered(SAMPLE, WHOLE, layer_filter, SIZE)
    for x, y in ((0, 0), (WIDTH - 1, HEIGHT - 1), (150, 99)):
        alone = filtered(SAMPLE, Viewport(x, y, 1.0, 1, 1), layer_filter, SIZE)
        np.testing.assert_allclose(alone[0, 0], whole[y, x], atol=32)  # A quarter of 1/255.


@pytest.mark.parametrize("radius", [1.0, 2.9, 8.0, 100.0])
def test_beyond_the_photo_the_edge_repeats(radius: float) -> None:
    layer_filter = LayerFilter(radius, -0.5)
    whole = filtered(SAMPLE, WHOLE, layer_filter, SIZE)
    seen = filtered(SAMPLE, Viewport(-15, -10, 1.0, WIDTH + 40, HEIGHT + 30), layer_filter, SIZE)
    expected = np.pad(whole, ((10, 20), (15, 25), (0, 0)), mode="edge")
    inside = (slice(10, 10 + HEIGHT), slice(15, 15 + WIDTH))
    np.testing.assert_allclose(seen[inside], expected[inside], atol=0.5)
    assert of_range(seen - expected) < 0.02
    outside = filtered(SAMPLE, Viewport(WIDTH + 50, 20, 1.0, 9, 8), layer_filter, SIZE)
    assert of_range(outside - whole[20:28, -1:]) < 0.02


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (5, 3), (300, 2)])
@pytest.mark.parametrize("radius", [0.5, 2.9, 20.0, 100.0])
def test_any_shape_can_be_filtered(width: int, height: int, radius: float) -> None:
    content = make_content(width, height)
    mean = content.mean((0, 1))
    for scale in (0.01, 0.4, 1.0, 3.0):
        view = Viewport(0, 0, scale, max(1, round(width * scale)), max(1, round(height * scale)))
        result = filtered(Pyramid(content).sample, view, LayerFilter(radius, -1.0), (width, height))
        assert result.shape == (view.height, view.width, 3)
        assert np.abs(result - mean).max() <= np.abs(content - mean).max() + 1


def test_views_wider_than_opencv_can_warp_are_filtered_in_pieces() -> None:
    content = np.tile(CONTENT[:2], (1, 120, 1))
    size = (content.shape[1], 2)
    assert size[0] > 32767
    seen = filtered(Pyramid(content).sample, Viewport.strip(size[0], 0, 2), LayerFilter(3.5, -1.0), size)
    near = filtered(Pyramid(content).sample, Viewport(16_300, 0, 1.0, 200, 2), LayerFilter(3.5, -1.0), size)
    assert of_range(seen[:, 16_300:16_500] - near) < 0.002


@pytest.mark.parametrize(("radius", "pixels"), [(0.5, 1.3), (2.9, 1.3), (3.0, 2.0), (20.0, 1.5), (100.0, 1.5)])
def test_the_cost_is_a_pass_or_two_whatever_the_radius(radius: float, pixels: float) -> None:
    asked: list[int] = []

    def content_in(view: Viewport) -> FloatImage:
        asked.append(view.width * view.height)
        return np.zeros((view.height, view.width, 3), np.float32)

    filtered(content_in, Viewport(500, 400, 1.0, 400, 300), LayerFilter(radius, 1.0), (4000, 3000))
    assert sum(asked) <= pixels * 400 * 300


def test_a_blur_that_cannot_be_seen_is_not_made() -> None:
    view = Viewport(0, 0, 0.1, 33, 21)
    np.testing.assert_array_equal(filtered(SAMPLE, view, LayerFilter(0.9, 3.0), SIZE), SAMPLE(view))


# ---- in the stack ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["add", "darken", "colour"])
@pytest.mark.parametrize("mask", [None, ELLIPSE, PAINTED])
@pytest.mark.parametrize("radius", [2.0, 12.0])
def test_a_layer_is_filtered_inside_its_mask_and_as_it_came_outside(
    mode: BlendMode, mask: Mask | None, radius: float
) -> None:
    decomposition = make_decomposition(make_photo(width=140, height=90))
    photo, source, tint = decomposition.photo, decomposition.source, np.float32([1.0, 0.8, 0.4])
    soft = LayerFilter(radius, -1.0)
    stack = edit_layer(
        decomposition.initial_stack(), "branch-2", gain=1.5, tint=tuple(tint), mode=mode, mask=mask, filter=soft
    )
    stack = edit_layer(stack, "branch-1", gain=0.4)
    view = Viewport.strip(140, 0, 90)
    pixels = PixelLayers(photo, tuple(source.ticks(0, photo.height).astype(np.int16)))
    alone = [source.mix(one, view) - 0.5 for one in np.eye(source.count, dtype=np.float32)]
    blurred = np.dstack([gaussian_filter(alone[2][..., k], radius, mode="reflect") for k in range(3)])
    own = in_mode(blurred * tint * np.float32(1.5), mode)
    covered = np.float32(1) if mask is None else mask.seen_in(view)[..., None]
    expected = 0.5 + sum(alone) - 0.6 * alone[1] + covered * (own - alone[2])
    for layers in (source, pixels):
        np.testing.assert_allclose(layers.mix(stack.weights(), view), expected, atol=0.01)


def counting(monkeypatch: pytest.MonkeyPatch) -> list[LayerFilter]:
    made: list[LayerFilter] = []

    def counted(content_in: Callable[..., FloatImage], view: Viewport, own: LayerFilter, size: object) -> FloatImage:
        made.append(own)
        return content_in(view)

    monkeypatch.setattr("bsgui.core.sources.filtered", counted)
    return made


def painted_and_filtered() -> tuple[LayerStack, LayerSource, LayerSource]:
    """Settings with a filter under a painted mask; the layers as maps and as pixels."""
    decomposition = make_decomposition(make_photo(width=140, height=90))
    photo, source = decomposition.photo, decomposition.source
    pixels = PixelLayers(photo, tuple(source.ticks(0, photo.height).astype(np.int16)))
    stack = edit_layer(decomposition.initial_stack(), "branch-1", filter=LayerFilter(9, 1.0), mask=PAINTED)
    return stack, source, pixels


def test_only_what_is_seen_of_a_layer_is_filtered(monkeypatch: pytest.MonkeyPatch) -> None:
    made = counting(monkeypatch)
    stack, source, pixels = painted_and_filtered()
    for layers in (source, pixels):
        for unseen in ({"gain": 0.0, "mask": None}, {"opacity": 0.0}, {"visible": False}, {"muted": True}):
            layers.mix(edit_layer(stack, "branch-1", **unseen).weights(), Viewport(0, 0, 1, 140, 90))
        layers.mix(stack.weights(), Viewport(120, 70, 1, 10, 10))
        assert not made, "nothing is painted there"
        layers.mix(stack.weights(), Viewport(0, 0, 1, 140, 90))
        assert made.pop()


def test_a_filtered_layer_is_touched_and_reset_takes_the_filter_away() -> None:
    stack = make_decomposition().initial_stack()
    soft = edit_layer(stack, "branch-1", filter=LayerFilter(4.0, -0.5))
    assert not soft.is_untouched
    assert not soft.weights().is_neutral
    assert soft.weights().apart == [1]
    assert soft.weights().key != stack.weights().key
    assert soft.weights().chosen([2, 1]).filters == (None, LayerFilter(4.0, -0.5))
    assert not any(soft.weights().without([1]).filters)
    assert reset_layers(soft) == stack
    assert edit_layer(soft, "branch-1", gain=0).weights().apart == []


def test_numbers_are_clamped_and_an_amount_of_0_is_no_filter() -> None:
    stack = make_decomposition().initial_stack()
    assert edit_layer(stack, "branch-1", filter=LayerFilter(1e9, -7))["branch-1"].filter == LayerFilter(100.0, -1.0)
    assert edit_layer(stack, "branch-1", filter=LayerFilter(0, 7))["branch-1"].filter == LayerFilter(0.5, 3.0)
    assert edit_layer(stack, "branch-1", filter=LayerFilter(5, 0)) == stack


def test_filters_are_for_branches_that_are_not_locked() -> None:
    stack = make_decomposition().initial_stack()
    for layer in ("base", "residual"):
        with pytest.raises(UsageError, match="only branches"):
            edit_layer(stack, layer, filter=LayerFilter(5, 1))
        assert edit_layer(stack, layer, filter=None) == stack
    with pytest.raises(UsageError, match="locked"):
        edit_layer(edit_layer(stack, "branch-1", locked=True), "branch-1", filter=None)


def test_a_layer_is_shown_alone_with_its_filter() -> None:
    source = make_decomposition(make_photo(width=64, height=48)).source
    view = Viewport(0, 0, 1.0, 64, 48)
    plain, soft = (
        show_layer(source, 1, 1.0, LayerView.GREY, view, layer_filter=own) for own in (None, LayerFilter(3, -1))
    )
    assert np.abs(np.diff(soft.astype(int), axis=1)).mean() < 0.5 * np.abs(np.diff(plain.astype(int), axis=1)).mean()


def test_weights_with_a_filter_are_not_neutral() -> None:
    one = np.ones(3, np.float32)
    assert not SeenWeight(one, one, filter=LayerFilter(3, 1)).is_neutral
    assert Weights(np.ones((2, 3), np.float32), filters=(None, None)).is_neutral


@pytest.mark.parametrize("stored", [7, [1, 2], {"radius": 3}, {"radius": 0.1, "amount": 1}, {"radius": 3, "amount": 9}])
def test_what_is_no_filter_is_refused(stored: object) -> None:
    with pytest.raises(FieldError, match="filter"):
        read_filter(Fields({"filter": stored}))


def test_files_without_a_filter_have_none() -> None:
    assert read_filter(Fields({})) is None
    assert read_filter(Fields({"filter": None})) is None
    assert read_filter(Fields({"filter": {"radius": 3, "amount": 0}})) is None
    assert read_filter(Fields({"filter": {"radius": 3, "amount": -1}})) == LayerFilter(3.0, -1.0)


def test_a_drag_of_anything_but_the_filter_does_not_filter_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = counting(monkeypatch)
    stack, source, pixels = painted_and_filtered()
    view = Viewport(0, 0, 1, 140, 90)
    for layers in (source, pixels):
        for changes in ({"gain": 2.0}, {"tint": (1.0, 0.5, 0.2)}, {"mask": None}, {"mode": "darken"}):
            layers.mix(edit_layer(stack, "branch-1", **changes).weights(), view)
        layers.mix(edit_layer(stack, "branch-2", gain=0.5).weights(), view)
        assert made.pop() == LayerFilter(9, 1.0)
        assert not made
        layers.mix(edit_layer(stack, "branch-1", filter=LayerFilter(9, 0.5)).weights(), view)
        assert made.pop() == LayerFilter(9, 0.5)
