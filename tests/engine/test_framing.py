from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bsgui.core.errors import FrameError
from bsgui.core.frame import Frame
from bsgui.core.photo import OFFSET_TICKS, FloatImage, Photo
from bsgui.core.styles import BranchStyle
from bsgui.core.viewport import Viewport
from bsgui.engine.decomposer import working_picture
from bsgui.engine.framing import framed_picture, working_sides
from bsgui.imageio.model_store import ModelStore
from tests.fixtures import make_photo
from tests.tiny_model import take_apart, tiny_request

FRAME = Frame(50, 30, 40, 40, 0.3)


def photo_of(picture: NDArray[np.float64]) -> Photo:
    """A 16-bit photo of a function of place, 0..1."""
    samples = np.repeat((picture * 65535).round().astype(np.uint16)[..., None], 3, axis=2)
    return Photo(samples, "wave.png", "0")


def wave(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 + 0.2 * np.sin(x / 37) + 0.2 * np.cos(y / 23 + x / 90))


def sampled(width: int, height: int) -> Photo:
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    return photo_of(wave(columns, rows))


def expected(frame: Frame, width: int, height: int) -> NDArray[np.float64]:
    """The wave at the centres of an upright picture's pixels."""
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    place = np.stack([columns / width, rows / height, np.ones_like(rows)])
    x, y = np.einsum("ij,jhw->ihw", frame.to_photo, place)
    return wave(x, y)


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2, math.pi])
@pytest.mark.parametrize("side", [20, 90, 350], ids=["enlarged", "about as large", "shrunk"])
def test_pixels_are_where_the_frame_says(side: int, angle: float) -> None:
    frame = Frame(311.5, 222.25, side, side * 0.75, angle)
    picture = framed_picture(sampled(640, 480), frame, 64, 4)
    assert picture.shape == (48, 64, 3)
    assert picture.dtype == np.float32
    assert np.abs(picture[..., 0] - expected(frame, 64, 48)).max() < 0.01


def test_the_frame_of_the_whole_photo_gives_what_the_whole_photo_gives() -> None:
    photo = make_photo(400, 300)
    whole, framed = working_picture(photo, 64, 4), working_picture(photo, 64, 4, Frame.of_photo(400, 300))
    assert whole.shape == framed.shape
    assert float(np.sqrt(np.square(whole - framed).mean())) < 0.01


def test_a_shrunk_frame_averages_every_pixel() -> None:
    fine = np.indices((512, 512)).sum(0) % 2
    picture = framed_picture(photo_of(fine.astype(np.float64)), Frame(256, 256, 400, 400, 0.2), 32, 4)
    assert np.abs(picture - 0.5).max() < 0.02


def test_what_sticks_out_is_reflected() -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 200), (200, 200))
    picture: FloatImage = framed_picture(photo_of(np.array(ramp)), Frame(0, 100, 100, 100), 32, 4)
    assert np.abs(picture[:, :16] - picture[:, :15:-1]).max() < 0.02


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (9, 9)])
def test_tiny_photos(size: tuple[int, int]) -> None:
    photo = make_photo(*size)
    picture = framed_picture(photo, Frame(size[0] / 2, size[1] / 2, 8, 8, 0.5), 32, 4)
    assert picture.shape == (32, 32, 3)
    assert np.isfinite(picture).all()


def test_very_long_photos() -> None:
    photo = Photo(np.zeros((4, 70_000, 3), np.uint8), "long.png", "0")
    assert framed_picture(photo, Frame(35_000, 2, 69_000, 8), 128, 4).shape[1] == 128


def test_sides_keep_the_frames_shape_within_a_multiple() -> None:
    assert working_sides(300, 200, 256, 8) == (256, 168)
    assert working_sides(10, 4000, 256, 8) == (8, 256)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("frame", [FRAME, Frame(88, 58, 60, 30, -0.7), Frame(45, 30, 300, 300)])
def test_a_framed_part_is_taken_apart_exactly(store: ModelStore, frame: Frame, depth: int) -> None:
    photo = make_photo(90, 60, depth)
    result = take_apart(store, tiny_request(photo, frame=frame))
    assert result.provenance.frame == frame
    assert result.max_error_lsb() < 1e-2
    ticks = result.source.ticks(0, 60)
    assert np.array_equal(ticks.sum(0) + OFFSET_TICKS, photo.rows_ticks())
    outside = ~frame.mask(Viewport(0, 0, 1.0, 90, 60))
    assert not ticks[1:-1, outside].any()
    assert ticks[1:-1, ~outside].any()
    assert sum(layer.energy_share for layer in result.layers[1:-1]) == pytest.approx(1)


def test_inside_its_core_a_frame_is_like_its_crop(store: ModelStore) -> None:
    photo = make_photo(96, 96, seed=3)
    frame = Frame(48, 48, 64, 64)
    crop = Photo(np.ascontiguousarray(photo.samples[16:80, 16:80]), "crop.png", "0")
    framed, cropped = (take_apart(store, tiny_request(photo, frame=frame)), take_apart(store, tiny_request(crop)))
    branch = np.eye(5, dtype=np.float32)[2]
    inner = Viewport(28, 28, 1.0, 40, 40)
    a, b = framed.source.mix(branch, inner), cropped.source.mix(branch, Viewport(12, 12, 1.0, 40, 40))
    assert cv2.norm(a - b) < 0.1 * cv2.norm(b - 0.5)


def test_single_branches_are_styled_in_a_frame_too(store: ModelStore) -> None:
    photo = make_photo(90, 60)
    styled = take_apart(store, tiny_request(photo, frame=FRAME, styles=(BranchStyle(2, "cat", 5, 0.5),)))
    ticks = styled.source.ticks(0, 60)
    assert np.array_equal(ticks.sum(0) + OFFSET_TICKS, photo.rows_ticks())
    outside = ~FRAME.mask(Viewport(0, 0, 1.0, 90, 60))
    assert not ticks[1:-1, outside].any()
    # The base is still one colour.
    assert not np.ptp(ticks[0], axis=(0, 1)).any()


@pytest.mark.parametrize("frame", [Frame(-1, 30, 40, 40), Frame(50, 61, 40, 40)])
def test_a_frame_beside_the_photo_is_refused(store: ModelStore, frame: Frame) -> None:
    with pytest.raises(FrameError, match="90 × 60 pixels"):
        take_apart(store, tiny_request(make_photo(90, 60), frame=frame))
