from __future__ import annotations

import threading

import numpy as np
import pytest

from bsgui.core.photo import Photo
from bsgui.core.pyramid import Pyramid, warp
from bsgui.core.sources import AffineLayers, PixelLayers
from bsgui.core.viewport import Viewport
from tests.fixtures import make_layers, make_photo


def _columns(width: int, height: int) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width) % 251
    image[..., 1] = (np.arange(height) % 251)[:, None]
    return image


def test_aligned_views_are_slices_without_a_copy() -> None:
    image = _columns(300, 200)
    pixels = Pyramid(image).sample(Viewport(17, 5, 1.0, 40, 30))
    assert np.shares_memory(pixels, image)
    np.testing.assert_array_equal(pixels, image[5:35, 17:57])


@pytest.mark.parametrize("zoom", [2.0, 3.0, 16.0, 32.0])
def test_magnified_pixels_are_the_photos_own(zoom: float) -> None:
    image = _columns(300, 200)
    view = Viewport(21.0, 13.0, zoom, 200, 150)
    columns = np.floor(view.x + (np.arange(200) + 0.5) / zoom).astype(int)
    rows = np.floor(view.y + (np.arange(150) + 0.5) / zoom).astype(int)
    np.testing.assert_array_equal(Pyramid(image).sample(view), image[np.ix_(rows, columns)])


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 3000), (20_000, 8), (40_000, 3), (301, 403)])
def test_any_shape_shrinks_to_its_mean(width: int, height: int) -> None:
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    pyramid = Pyramid(image)
    scale = min(1.0, 100 / max(width, height))
    view = Viewport(0, 0, scale, max(1, int(width * scale)), max(1, int(height * scale)))
    pixels = pyramid.sample(view)
    assert pixels.shape == (view.height, view.width, 3)
    assert pyramid.is_complete
    assert max(pyramid.levels[-1].shape[:2]) <= 128
    assert abs(float(pixels.mean()) - float(image.mean())) < 4


def test_an_impatient_pyramid_answers_coarsely_until_it_is_built() -> None:
    # A checkerboard averages to grey; left-out pixels do not.
    image = np.zeros((1024, 1024, 3), np.uint8)
    image[::2, ::2] = image[1::2, 1::2] = 255
    pyramid, view = Pyramid(image), Viewport(0, 0, 1 / 8, 128, 128)
    pyramid.answer_at_once()
    pyramid.sample(view)
    assert not pyramid.is_complete
    pyramid.build()
    assert pyramid.is_complete
    assert np.abs(pyramid.sample(view).astype(int) - 127).max() <= 2


def test_what_was_seen_last_is_not_sampled_again_and_no_more_than_that_is_kept() -> None:
    pyramid, views = Pyramid(_columns(1024, 1024)), [Viewport(i + 0.5, 0, 0.9, 800, 800) for i in range(20)]
    seen = [pyramid.sample(view) for view in views]
    assert pyramid.sample(views[-1]) is seen[-1]
    assert not seen[-1].flags.writeable
    again = pyramid.sample(views[0])
    assert again is not seen[0]
    np.testing.assert_array_equal(again, seen[0])


def test_building_stops_between_levels_and_goes_on_later() -> None:
    pyramid = Pyramid(_columns(1024, 1024))
    answers = iter([False, True])
    pyramid.build(lambda: next(answers))
    assert not pyramid.is_complete
    assert len(pyramid.levels) == 4


def test_a_slow_builder_does_not_undo_a_quick_one() -> None:
    pyramid = Pyramid(_columns(1024, 1024))

    def overtaken() -> bool:
        """Asked after the slow builder has made up its mind which level comes next."""
        pyramid.build()
        return False

    pyramid.build(overtaken)
    assert pyramid.is_complete
    barrier = threading.Barrier(4)
    for _ in range(20):
        contested = Pyramid(_columns(1024, 1024))
        threads = [threading.Thread(target=lambda p=contested: (barrier.wait(), p.build())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert contested.is_complete
        assert [max(level.shape) for level in contested.levels] == [1024, 512, 256, 128]


def test_one_image_has_one_pyramid_as_long_as_somebody_holds_it() -> None:
    photo = make_photo(300, 200)
    first = make_layers(photo, seed=0).pyramids
    assert make_layers(photo, seed=1).pyramids == first
    assert Pyramid.of(photo.samples) is first[0]
    assert Pyramid.of(make_photo(300, 200).samples) is not first[0]


def test_pixel_layers_have_a_pyramid_for_each_layer() -> None:
    layers = tuple(np.zeros((20, 30, 3), np.int16) for _ in range(3))
    assert len(PixelLayers(make_photo(30, 20), layers).pyramids) == 3


@pytest.mark.parametrize("position", [(0.0, 0.0), (31.7, 12.2), (250.0, 170.0)])
def test_cropping_before_warping_changes_nothing(position: tuple[float, float]) -> None:
    maps = np.random.default_rng(1).random((23, 31, 3)).astype(np.float32)
    view = Viewport(*position, 1.7, 64, 48)
    crop = warp(maps, (300, 200), view, 1)
    xs = (view.x + (np.arange(64) + 0.5) / 1.7) * 31 / 300 - 0.5
    ys = (view.y + (np.arange(48) + 0.5) / 1.7) * 23 / 200 - 0.5
    np.testing.assert_allclose(crop, _bilinear(maps, xs, ys), atol=2e-5)


def _bilinear(image: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    def along(axis_length: int, at: np.ndarray) -> np.ndarray:
        weights = np.zeros((len(at), axis_length))
        low = np.floor(at).astype(int)
        for row, (index, part) in enumerate(zip(low, at - low, strict=True)):
            weights[row, np.clip(index, 0, axis_length - 1)] += 1 - part
            weights[row, np.clip(index + 1, 0, axis_length - 1)] += part
        return weights

    rows = np.tensordot(along(image.shape[0], ys), image, (1, 0))
    return np.einsum("xw,ywc->yxc", along(image.shape[1], xs), rows)


def test_strips_of_a_view_are_the_view(tiny_photo: Photo) -> None:
    layers: AffineLayers = make_layers(make_photo(400, 300))
    weights = np.array([1, 2, 0, 0.5, 1], np.float32)
    whole = layers.mix(weights, Viewport(10, 20, 0.75, 200, 100))
    strip = layers.mix(weights, Viewport(10, 20 + 40 / 0.75, 0.75, 200, 60))
    np.testing.assert_allclose(strip, whole[40:], atol=1e-2)
    other = layers.mix(np.zeros(5, np.float32), Viewport(0, 0, 1, 4, 4))
    np.testing.assert_allclose(other, 0.5)


def test_mixing_from_several_threads_gives_each_its_own_weights() -> None:
    layers = make_layers(make_photo(200, 150))
    view = Viewport(0, 0, 1.0, 200, 150)
    weights = [np.eye(5, dtype=np.float32)[k] for k in range(5)]
    expected = [layers.mix(w, view) for w in weights]
    wrong: list[int] = []
    barrier = threading.Barrier(5)

    def mix(k: int) -> None:
        barrier.wait()
        for _ in range(20):
            if not np.array_equal(layers.mix(weights[k], view), expected[k]):
                wrong.append(k)

    threads = [threading.Thread(target=mix, args=(k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
