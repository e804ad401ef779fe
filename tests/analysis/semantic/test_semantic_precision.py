"""Average precision and local contrast on maps whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from bsgui.analysis.semantic.contrast import (
    contrast_removed,
    local_contrast,
    luma,
    patches,
    surround_contrast,
    surround_contrast_removed,
    well_outside,
)
from bsgui.analysis.semantic.precision import average_precisions, smooth, smoothed_precisions, strength


def disc(side: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[0:side, 0:side]
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 <= radius**2)


def test_a_perfect_score_is_one_and_a_hidden_mask_is_found_last() -> None:
    mask = np.array([[True, True, False, False, False]])
    assert average_precisions(np.array([0.9, 0.8, 0.3, 0.2, 0.1], np.float32), mask)[0] == 1
    # Found at places 4 and 5: precisions 1/4 and 2/5.
    assert average_precisions(np.array([0.1, 0.2, 0.3, 0.8, 0.9], np.float32), mask)[0] == pytest.approx(0.325)


def test_precision_by_hand() -> None:
    scores = np.array([4, 3, 2, 1], np.float32)
    masks = np.array([[True, False, True, False], [False, True, False, False]])
    assert average_precisions(scores, masks) == pytest.approx([(1 + 2 / 3) / 2, 1 / 2])


def test_equal_scores_give_the_share_of_the_mask_whatever_their_order() -> None:
    mask = np.array([[True, False, False, False], [False, False, False, True]])
    assert average_precisions(np.zeros(4, np.float32), mask) == pytest.approx([0.25, 0.25])


def test_pixels_that_do_not_count_change_nothing() -> None:
    scores = np.array([5, 4, 3, 2], np.float32)
    mask, counted = np.array([[False, True, False, True]]), np.array([[False, True, True, True]])
    assert average_precisions(scores, mask, counted) == pytest.approx(average_precisions(scores[1:], mask[:, 1:]))


@pytest.mark.parametrize("inside", [False, True])
def test_an_empty_or_full_mask_has_no_precision(inside: bool) -> None:
    assert np.isnan(average_precisions(np.arange(4, dtype=np.float32), np.full((1, 4), inside)))[0]


def test_strength_is_the_length_of_the_colour_vector() -> None:
    layer = np.zeros((2, 3, 1, 1), np.float32)
    layer[0, :, 0, 0] = 2, -1, 2
    assert strength(layer)[:, 0, 0].tolist() == [3, 0]


def test_smoothing_fills_a_texture_that_is_strong_here_and_there() -> None:
    mask = disc(64, 30, 30, 14)
    dots = np.zeros((64, 64), np.float32)
    dots[::3, ::3] = 1
    found = smoothed_precisions(dots[None] * mask, (0.0, 2.0), mask[None])
    assert found.shape == (1, 2, 1)
    # Without smoothing one pixel in nine of the disc is found, and the rest is chance.
    assert found[0, 0, 0] < 0.4
    assert found[0, 1, 0] > 0.95
    assert smooth(dots, 0) is dots


def test_luma_weighs_channels_and_carries_sums_over() -> None:
    pictures = np.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype(np.float32)
    assert luma(np.full((3, 1, 1), 0.5, np.float32))[0, 0] == pytest.approx(0.5)
    np.testing.assert_allclose(luma(pictures.sum(0)), luma(pictures).sum(0), atol=1e-6)


def test_local_contrast_is_relative_to_the_local_mean() -> None:
    rows = np.arange(64)[:, None]
    stripes = np.broadcast_to(1 + 0.1 * np.sin(rows * np.pi / 2), (64, 64)).astype(np.float32)
    bright, dark = local_contrast(0.8 * stripes, 8), local_contrast(0.2 * stripes, 8)
    np.testing.assert_allclose(bright, dark, atol=1e-5)
    assert np.abs(bright[20:40]).max() == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize(("gain", "left"), [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)])
def test_taking_a_spot_away_takes_its_contrast_away_and_nothing_else(gain: float, left: float) -> None:
    spot, elsewhere = disc(96, 30, 48, 4), disc(96, 75, 48, 4)
    picture = 0.6 - 0.3 * spot - 0.3 * elsewhere
    after = picture + gain * 0.3 * spot
    before, then = picture.astype(np.float32), after.astype(np.float32)
    assert 1 - contrast_removed(before, then, disc(96, 30, 48, 6), 8) == pytest.approx(left, abs=0.06)
    assert contrast_removed(before, then, disc(96, 75, 48, 6), 8) == pytest.approx(0, abs=1e-3)


def test_well_outside_keeps_its_distance() -> None:
    mask = np.zeros((20, 20), bool)
    mask[10, 10] = True
    outside = well_outside(mask, 3)
    assert not outside[10, 7]
    assert outside[10, 6]
    assert not outside[8, 8]
    assert outside[7, 7]


def test_pieces_of_a_mask_have_rings_that_keep_out_of_all_pieces() -> None:
    mask = disc(64, 20, 32, 5) | disc(64, 32, 32, 5)
    mask[5, 5] = True
    found = patches(mask, 4)
    assert len(found) == 2
    assert sum(x.inside.sum() for x in found) == mask.sum() - 1
    for piece in found:
        assert not (piece.ring & mask).any()
        assert not (piece.ring & ~well_outside(mask, 1)).any()
        assert (piece.ring & well_outside(piece.inside, 6)).sum() == 0


@pytest.mark.parametrize(("depth", "removed"), [(0.3, 0.0), (0.15, 0.5), (0.0, 1.0), (-0.15, 0.5)])
def test_contrast_to_the_surround_ignores_texture_within(depth: float, removed: float) -> None:
    spot = disc(64, 30, 30, 9)
    texture = 0.2 * np.random.default_rng(0).choice([-1, 1], (64, 64)) * spot
    texture -= spot * texture[spot].mean()
    before, after = ((0.6 - d * spot + texture).astype(np.float32) for d in (0.3, depth))
    assert surround_contrast(before, patches(spot, 5)) == pytest.approx(0.5, abs=1e-3)
    assert surround_contrast_removed(before, after, patches(spot, 5)) == pytest.approx(removed, abs=1e-3)


def test_without_pieces_there_is_no_contrast() -> None:
    picture = np.full((8, 8), 0.5, np.float32)
    assert np.isnan(surround_contrast(picture, patches(np.zeros((8, 8), bool), 3)))
    assert patches(np.ones((8, 8), bool), 3) == []
