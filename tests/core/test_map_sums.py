from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bsgui.core import map_sums
from bsgui.core.frame import Frame
from bsgui.core.map_sums import MapSums
from bsgui.core.painted_mask import PaintedMask
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights
from tests.fixtures import make_layers, make_photo

LAYERS, SHAPE = 5, (7, 9)
MASK = ShapedMask("ellipse", Frame(20, 15, 25, 25))
VALUES = {MASK: np.random.default_rng(1).random(SHAPE, np.float32)}


def some_maps() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.random((LAYERS, *SHAPE, 3), np.float32) for _ in range(2)]


def some_weights(grey: bool) -> Weights:
    rng = np.random.default_rng(2)
    own = Weights.of(rng.random(LAYERS, np.float32)) if grey else Weights(rng.random((LAYERS, 3), np.float32))
    outside = rng.random(LAYERS, np.float32)
    return Weights(own.channels, (None, MASK, MASK, PaintedMask((), inverted=True), None), outside)


def with_layer(weights: Weights, layer: int, factor: float) -> Weights:
    channels = weights.channels.copy()
    channels[layer] *= factor
    return replace(weights, channels=channels)


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize("layer", range(LAYERS))
def test_a_drag_gives_what_all_layers_give(layer: int, grey: bool) -> None:
    maps = some_maps()
    sums, weights = MapSums(*maps), some_weights(grey)
    for factor in (1.0, 0.5, -2.0, 0.0, 3.0):
        dragged = with_layer(weights, layer, factor)
        for got, wanted in zip(sums.dragged(dragged, VALUES), MapSums(*maps).of(dragged, VALUES), strict=True):
            np.testing.assert_allclose(got, wanted, atol=2e-6)
    # Another slider, then a change of two at once, and back.
    other = with_layer(with_layer(weights, layer, 3.0), (layer + 1) % LAYERS, 0.3)
    for changed in (other, weights, other):
        for got, wanted in zip(sums.dragged(changed, VALUES), MapSums(*maps).of(changed, VALUES), strict=True):
            np.testing.assert_allclose(got, wanted, atol=2e-6)


def test_in_a_drag_only_one_layer_is_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    weighed = map_sums.weighed
    monkeypatch.setattr(
        map_sums, "weighed", lambda channels, maps: (seen.append(len(maps)), weighed(channels, maps))[1]
    )
    sums, weights = MapSums(*some_maps()), Weights.of(np.ones(LAYERS, np.float32))
    for factor in (1.0, 0.9):
        sums.dragged(with_layer(weights, 2, factor), {})
    seen.clear()
    for factor in (0.8, 0.7):
        sums.dragged(with_layer(weights, 2, factor), {})
    assert seen == [1] * 4


def test_what_is_kept_is_not_what_is_given_away() -> None:
    sums, weights = MapSums(*some_maps()), Weights.of(np.ones(LAYERS, np.float32))
    for factor in (1.0, 0.9):
        sums.dragged(with_layer(weights, 2, factor), {})
    once = sums.dragged(with_layer(weights, 2, 0.8), {})
    kept = [sum_.copy() for sum_ in once]
    for sum_ in once:
        sum_ += 1
    for got, wanted in zip(sums.dragged(with_layer(weights, 2, 0.8), {}), kept, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_pixels_that_are_kept_do_not_depend_on_what_was_looked_at() -> None:
    photo = make_photo(40, 30)
    layers, fresh = (make_layers(photo, 3) for _ in range(2))
    view = Viewport(0, 0, 1, 40, 30)
    for gain in (1.0, 0.9, 0.8, 0.7):
        weights = np.array([1, 1, gain, 1, 1], np.float32)
        layers.show(weights, view)
    np.testing.assert_array_equal(layers.mix(weights, view), fresh.mix(weights, view))
