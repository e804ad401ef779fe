from dataclasses import replace

import cv2
import numpy as np
import pytest

from bsgui.core.enlargement import Enlargement
from bsgui.core.fidelity import energy_shares, psnr_without_residual_db
from bsgui.core.frame import SMALLEST_SIDE, Frame
from bsgui.core.layer_view import LayerView, show_layer
from bsgui.core.painted_mask import PaintedMask, Stroke
from bsgui.core.photo import OFFSET, OFFSET_TICKS, Photo, to_uint8, to_uint16
from bsgui.core.pyramid import Pyramid, warp
from bsgui.core.requests import NeverCancelled
from bsgui.core.sources import AffineLayers, LayerSource, PixelLayers
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights
from tests.fixtures import framed, make_decomposition, make_layers, make_photo


def whole(photo: Photo) -> Viewport:
    return Viewport.strip(photo.width, 0, photo.height)


def pixel_layers(source: AffineLayers) -> PixelLayers:
    ticks = source.ticks(0, source.photo.height)
    return PixelLayers(source.photo, tuple(layer.astype(np.int16) for layer in ticks))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (48, 32), (255, 257)])
def test_the_layers_add_up_to_the_photo(depth: int, size: tuple[int, int]) -> None:
    photo = make_photo(*size, depth=depth)
    source = make_layers(photo)
    total = source.mix(np.ones(source.count, np.float32), whole(photo))
    np.testing.assert_allclose(total, photo.rows_fs(), atol=2e-6)
    ticks = source.ticks(0, photo.height)
    np.testing.assert_array_equal(ticks.sum(0) + OFFSET_TICKS, photo.rows_ticks())


def test_ticks_of_strips_are_those_of_the_whole() -> None:
    source = make_layers(make_photo(60, 50))
    parts = np.concatenate([source.ticks(0, 17), source.ticks(17, 50)], axis=1)
    # A tick at most: interpolation starts from another pixel. Each way of cutting adds up exactly.
    np.testing.assert_allclose(parts, source.ticks(0, 50), atol=1)
    np.testing.assert_array_equal(parts.sum(0), source.ticks(0, 50).sum(0))


def test_what_does_not_fit_16_bits_goes_to_the_residual() -> None:
    photo = make_photo()
    loud = np.full((1, 4, 4, 3), 3.0, np.float32)
    source = AffineLayers.with_residual(photo, np.zeros(3, np.float32), loud, np.zeros_like(loud))
    ticks = source.ticks(0, photo.height)
    assert ticks[1].max() == 32767
    np.testing.assert_array_equal(ticks.sum(0) + OFFSET_TICKS, photo.rows_ticks())


def test_mixing_is_linear_and_channels_can_be_weighed_apart() -> None:
    photo = make_photo()
    source = make_layers(photo)
    view = Viewport(3.3, 2.2, 0.7, 20, 12)
    one, two = np.eye(source.count, dtype=np.float32)[[1, 2]]
    mixed = source.mix(2 * one - two, view) - OFFSET
    apart = 2 * (source.mix(one, view) - OFFSET) - (source.mix(two, view) - OFFSET)
    np.testing.assert_allclose(mixed, apart, atol=1e-5)
    tinted = source.mix(one[:, None] * np.array([1, 0, 2], np.float32), view) - OFFSET
    np.testing.assert_allclose(tinted, (source.mix(one, view) - OFFSET) * [1, 0, 2], atol=1e-5)


def test_all_layers_hidden_is_mid_grey() -> None:
    photo = make_photo()
    shown = make_layers(photo).show(np.zeros(5, np.float32), whole(photo))
    assert np.unique(shown).tolist() == [128]


@pytest.mark.parametrize(
    "view", [Viewport(0, 0, 1, 48, 32), Viewport(5.5, 3.25, 2.5, 40, 30), Viewport(0, 0, 0.5, 24, 16)]
)
def test_pixel_layers_answer_like_affine_ones(view: Viewport) -> None:
    affine = make_layers(make_photo())
    pixels: LayerSource = pixel_layers(affine)
    weights = np.array([1, 0.5, 2, 1, 1], np.float32)
    # Zoomed out, the one multiplies averages and the other averages products: close, not equal.
    tolerance = 2e-4 if view.scale == 1 else 0.05
    np.testing.assert_allclose(pixels.mix(weights, view), affine.mix(weights, view), atol=tolerance)
    np.testing.assert_array_equal(pixels.ticks(3, 9), affine.ticks(3, 9))


def test_viewports_show_the_right_place() -> None:
    samples = np.zeros((40, 60, 3), np.uint8)
    samples[10:20, 30:45] = 200
    pyramid = Pyramid(samples)
    assert (pyramid.sample(Viewport(30, 10, 1, 15, 10)) == 200).all()
    assert (pyramid.sample(Viewport(30, 10, 4, 60, 40)) == 200).all()
    edge = pyramid.sample(Viewport(25, 10, 4, 40, 40))
    assert (edge[:, :20] == 0).all()
    assert (edge[:, 20:] == 200).all()


def test_energy_shares_of_branches_add_up_to_one() -> None:
    photo = make_photo(200, 100)
    shares = energy_shares(make_layers(photo), photo)
    assert shares[1:-1].sum() == pytest.approx(1)
    assert shares[0] == pytest.approx(0, abs=1e-9)
    grey = Photo(np.full((20, 20, 3), 128, np.uint8), "grey", "0")
    assert not energy_shares(make_layers(grey, maps=1), grey).any()


def test_psnr_without_residual_is_that_of_the_other_layers() -> None:
    photo = make_photo()
    source = make_layers(photo)
    weights = np.array([1, 1, 1, 1, 0], np.float32)
    error = source.mix(weights, whole(photo)) - photo.rows_fs()
    expected = -10 * np.log10(np.mean(error.astype(np.float64) ** 2))
    assert psnr_without_residual_db(source, photo, NeverCancelled()) == pytest.approx(expected, abs=1e-3)


def test_the_sum_is_checked_pixel_by_pixel() -> None:
    decomposition = make_decomposition(make_photo(70, 300))
    assert decomposition.max_error_lsb() < 1e-3
    source = decomposition.source
    assert isinstance(source, AffineLayers)
    spoilt = source.shift_maps.copy()
    spoilt[-1, 0, 0, 0] += 0.1
    assert replace(decomposition, source=replace(source, shift_maps=spoilt)).max_error_lsb() > 1


def test_looks_of_a_layer() -> None:
    photo = Photo(np.full((4, 4, 3), 255, np.uint8), "white", "0")
    ones, zeros = np.ones((1, 2, 2, 3), np.float32), np.zeros((1, 2, 2, 3), np.float32)
    source = AffineLayers.with_residual(photo, np.zeros(3, np.float32), ones * 0.25, zeros)
    assert show_layer(source, 1, 1.0, LayerView.GREY, whole(photo))[0, 0].tolist() == [191, 191, 191]
    assert show_layer(source, 1, 1.0, LayerView.MAGNITUDE, whole(photo))[0, 0].tolist() == [128, 128, 128]
    positive = show_layer(source, 1, 1.0, LayerView.SIGNED, whole(photo))[0, 0]
    negative = show_layer(source, 1, -1.0, LayerView.SIGNED, whole(photo))[0, 0]
    assert positive[0] > positive[2]
    assert negative[2] > negative[0]


def test_rounding_is_to_nearest_and_clips() -> None:
    values = np.array([[[-1.0, 0.5, 2.0]]], np.float32)
    assert to_uint8(values).tolist() == [[[0, 128, 255]]]
    assert to_uint16(values).tolist() == [[[0, 32768, 65535]]]


@pytest.mark.parametrize("most", [1, 4 * 65536, np.inf])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (13, 19)])
@pytest.mark.parametrize(
    "view",
    [
        Viewport(0, 0, 1, 190, 130),
        # What a whole photo has in height and width, rounded up and down.
        Viewport(0, 0, 0.73, 139, 94),
        Viewport(0, 0, 0.73, 138, 95),
        Viewport(0, 33.3, 5.17, 500, 90),
        Viewport(33.3, 21.7, 3.3, 200, 90),
        Viewport(-4, -2, 0.5, 110, 70),
    ],
)
def test_enlarging_is_bilinear_warping(
    shape: tuple[int, int], view: Viewport, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bsgui.core.enlargement._BLAS_ALONE", most)
    small = np.random.default_rng(0).random((*shape, 3), np.float32)
    expected = warp(small, (190, 130), view, cv2.INTER_LINEAR)
    np.testing.assert_allclose(Enlargement(shape, (190, 130), view).of(small), expected, atol=1e-5)


def test_maps_are_enlarged_alike_in_any_number_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    maps, view = list(np.random.default_rng(0).random((6, 13, 19, 3), np.float32)), Viewport(5.5, 3.3, 3.3, 200, 90)
    samples = np.random.default_rng(1).integers(0, 256, (90, 200, 3), np.uint8)
    masks = np.random.default_rng(2).random((2, 90, 200), np.float32)
    changes = [((maps[2], maps[3]), masks[0]), ((maps[4], maps[5]), masks[1])]
    scale, shift, *others = (Enlargement((13, 19), (190, 130), view).of(small) for small in maps)
    expected = scale * samples + shift
    for number, mask in enumerate(masks):
        expected += mask[..., None] * (others[2 * number] * samples + others[2 * number + 1])
    for limit in (32766, 30, 1):
        monkeypatch.setattr("bsgui.core.enlargement.WARP_LIMIT", limit)
        result = np.empty((90, 200, 3), np.float32)
        Enlargement((13, 19), (190, 130), view).apply((maps[0], maps[1]), samples, result, changes)
        np.testing.assert_allclose(result, expected, rtol=1e-4)


@pytest.mark.parametrize("size", [(40_000, 3), (3, 40_000)])
def test_photos_longer_than_opencv_warps_at_once_add_up_too(size: tuple[int, int]) -> None:
    photo = make_photo(*size)
    ticks = make_layers(photo).ticks(0, photo.height)
    np.testing.assert_array_equal(ticks.sum(0) + OFFSET_TICKS, photo.rows_ticks())
    assert np.abs(ticks[1:-1]).max() > 0


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 300), (57, 33)])
@pytest.mark.parametrize("is_framed", [False, True])
def test_what_is_shown_is_what_is_mixed(size: tuple[int, int], is_framed: bool) -> None:
    decomposition, (width, height) = make_decomposition(make_photo(*size)), size
    if is_framed:
        frame = Frame.square(width / 2, height / 2, max(0.6 * min(size), SMALLEST_SIDE), 0.3)
        decomposition = framed(decomposition, frame, repeats=1)
    source, rng = decomposition.source, np.random.default_rng(sum(size))
    stroke = Stroke(((0.3 * width, 0.3 * height), (0.7 * width, 0.6 * height)), max(1.0, 0.2 * min(size)))
    for number in range(12):
        channels = rng.uniform(0, 2, (source.count, 3)).astype(np.float32)
        mask = PaintedMask((stroke,), inverted=number % 4 == 0) if number % 2 else None
        weights = Weights(channels, (None, mask, *[None] * (source.count - 2)) if mask else ())
        scale = (1.0, 0.5, 0.73, 3.1)[number % 4]
        x, y = (0.0, 0.0) if number < 6 else (rng.uniform(0, width / 2), rng.uniform(0, height / 2))
        view = Viewport(x, y, scale, max(1, int(0.5 * width * scale)), max(1, int(0.5 * height * scale)))
        difference = source.show(weights, view).astype(int) - to_uint8(source.mix(weights, view))
        assert np.abs(difference).max() <= 1, view
