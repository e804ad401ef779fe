"""Measures of a report on pictures with known answers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bsgui.analysis.bands import remove_means
from bsgui.analysis.report.bootstrap import Estimate, Photos
from bsgui.analysis.report.domains import fit_classifier
from bsgui.analysis.report.information import energy_information, picture_information
from bsgui.analysis.report.masks import chosen_elsewhere, load_masks, mask_precision
from bsgui.analysis.report.matching import likeness, match_branches, profiles, relative_change, split_half_stability
from bsgui.analysis.report.traits import GRID, Traits, traits
from bsgui.analysis.wavelet import wavelet_names, wavelet_split
from bsgui.core.errors import PhotoReadError


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def photos(count: int = 4, side: int = 64, seed: int = 0) -> torch.Tensor:
    small = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    smooth = torch.nn.functional.interpolate(small, (side, side), mode="bicubic")
    return (smooth + 0.1 * noise(count, 3, side, side, seed=seed + 1)).clamp(-1, 1)


# ---- wavelet ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [16, 64])
def test_wavelet_scales_add_up_to_the_photo(side: int) -> None:
    photo = photos(2, side)
    pictures, mean = wavelet_split(photo)
    assert pictures.shape == (2, len(wavelet_names()), 3, side, side)
    torch.testing.assert_close(pictures.sum(1) + mean, photo)


def test_wavelet_scales_hold_ever_larger_structures() -> None:
    pictures, mean = wavelet_split(photos(4, 64))
    seen = traits(pictures, photos(4, 64), mean)
    owners = seen.bands.mean(0)
    centres = (owners * np.arange(owners.shape[1])).sum(1) / owners.sum(1)
    assert all(fine < coarse for fine, coarse in pairwise(centres))


# ---- information -----------------------------------------------------------------------------------------------


def test_independent_pictures_say_nothing_of_each_other() -> None:
    bits = picture_information(noise(2, 4096, seed=1), noise(3, 4096, seed=2))
    assert bits.shape == (2, 3)
    assert bits.abs().max() < 0.02


def test_identical_pictures_say_everything_and_signs_do_not_matter() -> None:
    picture = noise(1, 4096)
    assert float(picture_information(picture, picture, bins=8)) == pytest.approx(3.0, abs=0.02)
    assert float(picture_information(picture, -picture, bins=8)) == pytest.approx(3.0, abs=0.02)


def test_the_bias_of_histograms_is_taken_away() -> None:
    few = [float(picture_information(noise(1, 1000, seed=2 * i), noise(1, 1000, seed=2 * i + 1))) for i in range(40)]
    # Uncorrected, 12 bins and 1000 samples give (12 - 1)² / (2 · 1000 · ln 2) = 0.09 bits for nothing.
    assert np.mean(few) == pytest.approx(0.0, abs=0.02)


def test_dead_branches_say_nothing() -> None:
    assert float(picture_information(torch.zeros(1, 256), torch.zeros(1, 256))) == 0.0


def test_energy_information() -> None:
    experts = np.eye(4)[None] * np.array([1.0, 2.0, 3.0, 4.0])[None, :, None]
    assert energy_information(experts) == pytest.approx(2.0)
    assert energy_information(np.ones((1, 4, 5))) == pytest.approx(0.0)
    assert energy_information(np.zeros((1, 4, 5))) == pytest.approx(0.0)


# ---- intervals -------------------------------------------------------------------------------------------------


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        estimate = Photos(40, resamples=300).mean(rng.normal(1.0, 1.0, 40))
        held += bool(estimate.low <= 1.0 <= estimate.high)
    assert 0.88 <= held / 200 <= 0.99


def test_differences_are_paired() -> None:
    values = np.random.default_rng(0).normal(0, 10, 30)
    draws = Photos(30)
    difference = draws.mean(values + 0.1).minus(draws.mean(values))
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)
    assert draws.median(values).value == np.median(values)


def test_the_jackknife_removes_bias() -> None:
    rng = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(200):
        values = rng.normal(0, 1, (10, 1))
        estimate = Photos(10, resamples=20).function_of_mean(values, lambda x: x[:, 0] ** 2)
        corrected.append(float(estimate.value))
        plain.append(values.mean() ** 2)
    assert np.mean(plain) == pytest.approx(0.1, abs=0.03)
    assert np.mean(corrected) == pytest.approx(0.0, abs=0.03)


# ---- traits ----------------------------------------------------------------------------------------------------


def test_traits_of_known_branches() -> None:
    photo = photos()
    whole = remove_means(photo)
    left = torch.zeros(64)
    left[:32] = 1
    grey = whole.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    pictures = torch.stack([grey, whole - grey, whole * left], 1)
    seen = traits(pictures, photo, photo.mean((2, 3), keepdim=True))
    assert seen.colours[:, 0, 1:].max() < 1e-6
    assert (seen.colours[:, 1].argmax(1) > 0).all()
    assert seen.places.shape == (4, 3, GRID, GRID)
    assert seen.places[:, 2, :, :4].mean() > 5 * seen.places[:, 2, :, 4:].mean()
    assert seen.correlation[:, 0, 0] == pytest.approx(1.0, abs=1e-5)
    assert seen.bands.shape[2] == 5, "64 pixels have room for five bands"


def test_leaving_a_branch_out_costs_what_it_held() -> None:
    photo = photos()
    pictures, mean = wavelet_split(photo)
    seen = traits(pictures, photo, mean)
    power = remove_means(pictures).square().mean((2, 3, 4)) / 4
    assert seen.psnr_without == pytest.approx((-10 * power.log10()).numpy(), abs=0.01)


def test_polarity_has_the_sign_of_what_stands_out() -> None:
    photo = photos(1)
    spots = torch.zeros(1, 2, 3, 64, 64)
    spots[:, 0, :, 10:14, 10:14] = 1
    spots[:, 1, :, 40:44, 40:44] = -1
    skewness = traits(spots, photo, photo.mean((2, 3), keepdim=True)).skewness[0]
    assert skewness[0] > 3
    assert skewness[1] < -3


def test_traits_are_joined_photo_by_photo() -> None:
    photo = photos()
    parts = [traits(*_split(photo[i : i + 2])) for i in (0, 2)]
    joined, whole = Traits.join(parts), traits(*_split(photo))
    assert joined.count == 4
    assert joined.correlation == pytest.approx(whole.correlation, abs=1e-5)
    assert joined.measures.psnr_db == pytest.approx(whole.measures.psnr_db)


def _split(photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    pictures, mean = wavelet_split(photo)
    return pictures, photo, mean


# ---- matching --------------------------------------------------------------------------------------------------


def test_matching_finds_a_permutation() -> None:
    pictures, _ = wavelet_split(photos())
    order = np.array([3, 0, 6, 1, 5, 2, 4])
    alike = likeness(pictures, pictures[:, order]).mean(0)
    assert order[match_branches(alike)].tolist() == list(range(7))


def test_matching_with_fewer_partners_leaves_the_rest_over() -> None:
    partners = match_branches(np.array([[0.1, 0.2], [0.9, 0.1], [0.2, 0.8]]))
    assert partners.tolist() == [-1, 0, 1]


def test_relative_change() -> None:
    pictures, _ = wavelet_split(photos(2))
    assert relative_change(pictures, pictures).max() == 0
    assert relative_change(pictures, -pictures).numpy() == pytest.approx(2.0, abs=1e-4)


def test_stable_roles_are_told_from_shuffled_ones() -> None:
    photo = photos(16)
    pictures, mean = wavelet_split(photo)
    rng = np.random.default_rng(0)
    shuffled = torch.stack([picture[rng.permutation(7)] for picture in pictures])
    stable, unstable = (
        split_half_stability(profiles(traits(x, photo, mean))).value.mean() for x in (pictures, shuffled)
    )
    assert stable > 0.65
    assert unstable < 0.4


# ---- kinds and masks -------------------------------------------------------------------------------------------


def kinds(count: int, seed: int) -> tuple[torch.Tensor, list[str]]:
    """Photos that are reddish or bluish."""
    picture = photos(count, 32, seed) * 0.3
    labels = ["red" if i % 2 else "blue" for i in range(count)]
    picture[1::2, 0] += 0.5
    picture[::2, 2] += 0.5
    return picture, labels


def test_the_classifier_of_kinds_learns_and_notices_the_branch_that_matters() -> None:
    classifier = fit_classifier(*kinds(40, 0), "kind")
    picture, labels = kinds(20, 5)
    guesses = [classifier.classes[i] for i in classifier.log_probabilities(picture).argmax(1)]
    assert guesses == labels
    tint = picture.mean((2, 3), keepdim=True).expand_as(picture)
    effects = classifier.effects(picture, torch.stack([tint, 0.01 * picture], 1))
    assert effects[:, 0].mean() > 0.2
    assert effects[:, 1].max() < 0.1


def _masks(count: int = 4) -> NDArray[np.bool_]:
    masks = np.zeros((count, 64, 64), np.bool_)
    masks[:, 16:32, 16:32] = True
    return masks


def test_a_branch_that_lights_up_in_the_mask_finds_it() -> None:
    masks = _masks()
    inside = torch.from_numpy(masks).float()[:, None].expand(-1, 3, -1, -1)
    pictures = torch.stack([inside * noise(4, 3, 64, 64), noise(4, 3, 64, 64, seed=3)], 1)
    scores = mask_precision(pictures, masks)
    assert scores[:, 0].min() > 0.95
    assert scores[:, 1].mean() == pytest.approx(1 / 16, abs=0.03), "chance is the share of the mask"
    assert chosen_elsewhere(scores) == pytest.approx(scores[:, 0])


def test_empty_masks_have_no_score() -> None:
    assert np.isnan(mask_precision(noise(1, 2, 3, 64, 64), np.zeros((1, 64, 64), np.bool_))).all()
    assert not load_masks([None]).any()


def test_masks_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    for name in ("broken.png", "missing.png"):
        with pytest.raises(PhotoReadError, match=name):
            load_masks([tmp_path / name])


def test_an_estimate_is_plain_values() -> None:
    estimate = Estimate(np.array([1.0, 2.0]), np.array([[0.0, 1.0], [2.0, 3.0]]))
    assert estimate.to_json()["value"] == [1.0, 2.0]
    assert estimate.map(lambda x: x.sum(1)).value == 3.0
