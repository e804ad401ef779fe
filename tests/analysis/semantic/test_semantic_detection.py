"""The choice of layer and smoothing, and the comparison with the wavelet, on layers that are constructed."""

from __future__ import annotations

import numpy as np
import pytest

from bsgui.analysis.report.subjects import Subject
from bsgui.analysis.semantic.comparison import compare
from bsgui.analysis.semantic.detection import Contender, MaskedPhotos, contend, detect, layers_of
from bsgui.analysis.wavelet import wavelet_split
from bsgui.core.errors import UsageError

SIDE = 32
KINDS = ("left", "right")


def photos(count: int = 8) -> MaskedPhotos:
    """Half of them for validation; both halves of the picture are annotated, and of the last photo only one."""
    rng = np.random.default_rng(0)
    masks = np.zeros((count, 2, SIDE, SIDE), bool)
    masks[:, 0, 8:24, 2:12] = True
    masks[:-1, 1, 8:24, 20:30] = True
    samples = rng.integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)
    return MaskedPhotos(samples, KINDS, masks, np.arange(count) % 2 == 0, np.ones_like(masks))


def contender(material: MaskedPhotos, names: tuple[str, ...], strengths: np.ndarray) -> Contender:
    subject = Subject(names[0], names, lambda photos, seed: wavelet_split(photos, 1))
    return Contender(subject, strengths.astype(np.float32), np.zeros_like(strengths, np.float32))


def noise(material: MaskedPhotos, layers: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 0.5, (len(material.samples), layers, SIDE, SIDE))


def test_the_layer_that_is_the_mask_is_chosen_and_perfect() -> None:
    material = photos()
    strengths = noise(material, 3)
    strengths[:, 1] = material.masks[:, 0]
    strengths[:, 2] = material.masks[:, 1]
    found = detect(contender(material, ("a", "b", "c"), strengths), material)
    assert [found[kind].chosen for kind in KINDS] == [1, 2]
    assert found["left"].precision.shape == (4, 3)
    assert found["right"].precision.shape == (3, 3)
    assert found["left"].precision[:, 1] == pytest.approx(1)
    assert found["left"].pooled[1] == pytest.approx(1)
    assert found["left"].sigmas[1] == 0


def test_the_test_photos_have_no_say_in_the_choice() -> None:
    material = photos()
    strengths = noise(material, 2)
    strengths[material.validation, 0] = material.masks[material.validation, 0]
    strengths[~material.validation, 1] = material.masks[~material.validation, 0]
    left = detect(contender(material, ("good in validation", "good in test"), strengths), material)["left"]
    assert left.chosen == 0
    assert left.precision[:, 0].max() < 0.5
    assert left.precision[:, 1] == pytest.approx(1)


def test_smoothing_is_chosen_for_each_layer() -> None:
    material = photos()
    strengths = np.zeros((8, 2, SIDE, SIDE))
    strengths[:, 0] = material.masks[:, 0]
    dots = np.zeros((SIDE, SIDE))
    dots[::3, ::3] = 1
    strengths[:, 1] = material.masks[:, 0] * dots
    left = detect(contender(material, ("solid", "dotted"), strengths), material, (0.0, 16.0))["left"]
    # A sixteenth of the side: the smoothings are for 256 pixels.
    assert left.sigmas.tolist() == [0, 2]


def test_pixels_nobody_knows_about_do_not_count() -> None:
    material = photos()
    strengths = material.masks[:, :1] * 1.0
    strengths[:, 0, :4] = 2
    counted = np.ones_like(material.masks)
    counted[:, :, :4] = False
    known = MaskedPhotos(material.samples, KINDS, material.masks, material.validation, counted)
    layer = contender(material, ("one", "two"), np.repeat(strengths, 2, 1))
    assert detect(layer, material, (0.0,))["left"].precision.max() < 0.9
    assert detect(layer, known, (0.0,))["left"].precision == pytest.approx(1)
    assert detect(layer, known, (0.0,))["left"].pooled == pytest.approx(1)


def test_a_kind_on_one_side_only_is_left_out() -> None:
    material = photos()
    masks = material.masks.copy()
    masks[~material.validation, 1] = False
    half = MaskedPhotos(material.samples, KINDS, masks, material.validation, material.counted)
    assert set(detect(contender(half, ("a", "b"), noise(half, 2)), half)) == {"left"}


def test_without_validation_photos_nothing_can_be_chosen() -> None:
    material = photos()
    alone = MaskedPhotos(material.samples, KINDS, material.masks, np.zeros(8, bool), material.counted)
    with pytest.raises(UsageError, match="val"):
        detect(contender(alone, ("a", "b"), noise(alone, 2)), alone)


def test_layers_come_in_full_scale_without_their_means() -> None:
    material = photos(4)
    subject = Subject("Wavelet", ("fine", "rest"), lambda photos, seed: wavelet_split(photos, 1))
    layers = layers_of(subject, material.samples)
    assert layers.shape == (4, 2, 3, SIDE, SIDE)
    assert np.abs(layers.mean((3, 4))).max() < 1e-5
    centred = material.samples / 255 - (material.samples / 255).mean((1, 2), keepdims=True)
    np.testing.assert_allclose(layers.sum(1), centred.transpose(0, 3, 1, 2), atol=1e-5)
    made = contend(subject, material.samples)
    np.testing.assert_allclose(made.strengths, np.linalg.norm(layers, axis=2), atol=1e-5)


def test_the_baseline_may_choose_on_the_test_photos() -> None:
    material = photos()
    ours, wavelet = noise(material, 2), noise(material, 2)
    ours[:, 0] = material.masks[:, 0]
    wavelet[material.validation, 0] = material.masks[material.validation, 0]
    wavelet[~material.validation, 1] += 0.2 * material.masks[~material.validation, 0]
    found = {
        "ours": detect(contender(material, ("mask", "noise"), ours), material),
        "Wavelet": detect(contender(material, ("for validation", "for test"), wavelet), material),
    }
    left = compare(material, found, 0)["left"]
    assert left["best_wavelet_layer"] == "for test"
    assert left["photos"] == 4
    assert left["chance"] == pytest.approx(160 / SIDE**2, abs=1e-4)
    assert left["contenders"]["Wavelet"]["layer"] == "for validation"
    best = left["contenders"]["Wavelet"]["by_layer"]["for test"]
    ratio = left["contenders"]["ours"]["ratio_to_wavelet"]
    assert ratio["value"] == pytest.approx(1 / best, rel=1e-3)
    assert ratio["low"] <= ratio["value"] <= ratio["high"]
    assert left["contenders"]["Wavelet"]["ratio_to_wavelet"]["value"] < 1
