from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bsgui.core.decomposition import Decomposition
from bsgui.core.fidelity import energy_shares, psnr_without_residual_db
from bsgui.core.frame import Frame
from bsgui.core.layer_measures import measure_layers
from bsgui.core.mixed_maps import MixedMaps
from bsgui.core.photo import OFFSET_TICKS, Photo
from bsgui.core.requests import NeverCancelled
from bsgui.core.sources import AffineLayers
from bsgui.core.viewport import Viewport
from tests.fixtures import framed, make_decomposition, make_photo

FRAMES = [
    Frame(60, 40, 48, 48),
    Frame(60, 40, 48, 30, 0.4),
    Frame(10, 70, 60, 60, -2.5),  # Sticks out of the photo.
    Frame(60, 40, 400, 400, 1.0),  # The photo lies in its middle.
]


def framed_source(frame: Frame, depth: int = 8) -> tuple[Photo, AffineLayers]:
    source = framed(make_decomposition(make_photo(120, 80, depth)), frame).source
    assert isinstance(source, AffineLayers)
    return source.photo, source


def whole(photo: Photo) -> Viewport:
    return Viewport(0, 0, 1.0, photo.width, photo.height)


@pytest.mark.parametrize("frame", FRAMES)
def test_branches_are_exactly_0_outside(frame: Frame) -> None:
    photo, source = framed_source(frame)
    outside = ~frame.mask(whole(photo))
    for index in range(1, source.count - 1):
        alone = source.mix(np.eye(source.count, dtype=np.float32)[index], whole(photo))
        assert (alone[outside] == 0.5).all()
        assert np.abs(alone[~outside] - 0.5).max() > 0.01


@pytest.mark.parametrize("frame", FRAMES)
def test_the_photo_outside_does_not_change_when_branches_do(frame: Frame) -> None:
    photo, source = framed_source(frame)
    outside = ~frame.mask(whole(photo))
    ones = np.ones(source.count, np.float32)
    edited = ones.copy()
    edited[1:-1] = [3.0, -2.0, 0.0]
    before, after = source.mix(ones, whole(photo)), source.mix(edited, whole(photo))
    assert np.array_equal(before[outside], after[outside])
    assert np.abs(before[outside] - photo.rows_fs()[outside]).max(initial=0) < 1e-6


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("frame", FRAMES)
def test_the_sum_is_exact(frame: Frame, depth: int) -> None:
    photo, source = framed_source(frame, depth)
    ticks = np.concatenate([source.ticks(start, min(start + 17, 80)) for start in range(0, 80, 17)], axis=1)
    assert np.array_equal(ticks.sum(0) + OFFSET_TICKS, photo.rows_ticks())
    outside = ~frame.mask(whole(photo))
    assert not ticks[1:-1, outside].any()
    assert framed(make_decomposition(photo), frame).max_error_lsb() < 1e-3


@pytest.mark.parametrize("frame", FRAMES)
def test_strips_and_views_agree_with_the_whole(frame: Frame) -> None:
    photo, source = framed_source(frame)
    weights = np.array([1, 2, 0.5, -1, 1], np.float32)
    all_at_once = source.mix(weights, whole(photo))
    for start in range(0, 80, 23):
        strip = source.mix(weights, Viewport.strip(120, start, min(start + 23, 80)))
        assert np.abs(strip - all_at_once[start : start + 23]).max() < 1e-5
    part = source.mix(weights, Viewport(37, 21, 1.0, 40, 30))
    assert np.abs(part - all_at_once[21:51, 37:77]).max() < 1e-5


@pytest.mark.parametrize("scale", [0.25, 0.5, 3.0])
def test_zoomed_views_show_the_frame_where_it_is(scale: float) -> None:
    frame = FRAMES[1]
    _, source = framed_source(frame)
    view = Viewport(0, 0, scale, round(120 * scale), round(80 * scale))
    branch = source.mix(np.eye(source.count, dtype=np.float32)[1], view)
    assert (branch[~frame.mask(view)] == 0.5).all()
    assert np.abs(branch[frame.core.mask(view)] - 0.5).mean() > 0.02


def bilinear(maps: NDArray[np.float32], frame: Frame, view: Viewport) -> NDArray[np.float64]:
    """What a turned map holds at each pixel of a view, in double precision, straight from the definition."""
    rows, columns = np.mgrid[0 : view.height, 0 : view.width] + 0.5
    height, width = maps.shape[:2]
    u, v = np.einsum("ij,jhw->ihw", frame.from_photo, np.stack([columns, rows, np.ones_like(rows)]))
    x, y = (u * width - 0.5).clip(0, width - 1), (v * height - 0.5).clip(0, height - 1)
    x0, y0 = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    a, b = (x - x0)[..., None], (y - y0)[..., None]
    upper = maps[y0, x0] * (1 - a) + maps[y0, x0 + 1] * a
    lower = maps[y0 + 1, x0] * (1 - a) + maps[y0 + 1, x0 + 1] * a
    return np.asarray(upper * (1 - b) + lower * b)


@pytest.mark.parametrize("angle", [0.0, 0.35, -1.9, math.pi])
def test_maps_land_where_the_frame_says(angle: float) -> None:
    frame = Frame(150, 100, 160, 120, angle)
    rows, columns = np.mgrid[0:30, 0:40]
    wave = np.stack([np.sin(columns / 4), np.cos(rows / 5), np.sin((rows + columns) / 6)], -1).astype(np.float32)
    view = Viewport(0, 0, 1.0, 300, 200)
    mixed = MixedMaps.over(wave, np.zeros_like(wave), (300, 200), frame)
    drawn = mixed.apply(np.ones((200, 300, 3), np.uint8), view)
    inside = replace(frame, width=152, height=112).mask(view)
    assert np.abs(drawn - bilinear(wave, frame, view))[inside].max() < 0.02


def test_maps_of_a_damaged_file_do_not_explode() -> None:
    thin = Frame(0, 0, 1e6, 8, 0.5)
    maps = np.zeros((64, 64, 3), np.float32)
    mixed = MixedMaps.over(maps, maps, (100, 100), thin)
    assert max(mixed.scale.shape) <= 1024


def test_fidelity_and_shares_are_those_of_the_core() -> None:
    photo, source = framed_source(FRAMES[1])
    core = FRAMES[1].core.mask(whole(photo))
    weights = np.ones(source.count, np.float32)
    weights[-1] = 0
    error = (source.mix(weights, whole(photo)) - photo.rows_fs())[core]
    expected = -10 * math.log10(float(np.square(error, dtype=np.float64).mean()))
    measured = psnr_without_residual_db(source, photo, NeverCancelled(), FRAMES[1])
    assert measured == pytest.approx(expected, abs=1e-3)
    assert measured > psnr_without_residual_db(source, photo, NeverCancelled()) + 3
    shares = energy_shares(source, photo, FRAMES[1])
    assert shares[1:-1].sum() == pytest.approx(1)
    assert shares[-1] < 0.1 * energy_shares(source, photo)[-1]


def test_a_frame_in_the_corner_is_measured_too() -> None:
    photo, source = framed_source(Frame(0, 0, 16, 16))
    assert math.isfinite(psnr_without_residual_db(source, photo, NeverCancelled(), Frame(0, 0, 16, 16)))


def test_the_analysis_looks_at_the_frame() -> None:
    decomposition: Decomposition = framed(make_decomposition(make_photo(120, 80)), FRAMES[0])
    assert decomposition.subject_view(512) == Viewport(36.0, 16.0, 1.0, 48, 48)
    assert decomposition.subject_view(24).scale == 0.5
    measures = measure_layers(decomposition)
    assert (measures.width, measures.height) == (48, 48)
    assert make_decomposition(make_photo(120, 80)).subject_view(60) == Viewport(0.0, 0.0, 0.5, 60, 40)
