"""Lights and known layers on layers that are constructed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from bsgui.analysis.semantic.known_layers import best_assignment, group_correlations, matched_correlations
from bsgui.analysis.semantic.landmarks import FiveLandmarks
from bsgui.analysis.semantic.lights import (
    LitLayers,
    correlation,
    halve_lights,
    illumination_correlations,
    illumination_layers,
    left_right_difference,
    light_share,
    retinex_correlations,
    side_errors,
    split_side_lights,
)
from bsgui.analysis.semantic.lit_faces import LitFaces
from bsgui.analysis.semantic.medians import median, median_over_faces
from bsgui.analysis.semantic.relighting import to_encoded
from tests.analysis.semantic.drawn_face import FIVE

SIDE = 64
FACES, LIGHTS = 3, 2


def ramps() -> np.ndarray:
    """Light from the left and from the right, linear: (2, s, s)."""
    across = np.linspace(1, 0.25, SIDE, dtype=np.float32)
    return np.stack([np.tile(across, (SIDE, 1)), np.tile(across[::-1], (SIDE, 1))])


def lit_layers(detail: float = 0.05) -> LitLayers:
    """Layer 0 is the light, the same for everybody; layer 1 is a person's own pattern, the same in every light."""
    own = np.random.default_rng(0).uniform(-detail, detail, (FACES, 1, SIDE, SIDE)).astype(np.float32)
    own -= own.mean((2, 3), keepdims=True)
    light = to_encoded(0.7 * ramps())[None]
    samples = np.rint((light + own) * 255).astype(np.uint8)
    photos = np.repeat(samples[..., None], 3, -1)
    pictures = np.zeros((FACES, LIGHTS, 2, 3, SIDE, SIDE), np.float16)
    pictures[:, :, 0] = (light - light.mean((2, 3), keepdims=True))[:, :, None]
    pictures[:, :, 1] = own[:, :, None]
    faces = LitFaces(
        photos,
        np.broadcast_to(ramps(), (FACES, LIGHTS, SIDE, SIDE)),
        (FiveLandmarks.parse(FIVE, 0.5),) * FACES,
        ("test",) * FACES,
        (0, 1),
    )
    return LitLayers(faces, pictures)


def test_light_and_person_are_told_apart_completely() -> None:
    layers = lit_layers()
    chosen = illumination_layers(layers.between_lights.picture, layers.between_people.picture)
    assert chosen == (0,)
    share = light_share(layers.between_lights.picture, layers.between_people.picture, chosen, 0)
    assert float(share.light.value) == pytest.approx(1, abs=1e-6)
    assert float(share.person.value) == pytest.approx(1, abs=1e-6)
    wrong = light_share(layers.between_lights.face, layers.between_people.face, (1,), 0)
    assert float(wrong.light.value) == pytest.approx(0, abs=1e-6)
    assert float(wrong.person.value) == pytest.approx(0, abs=1e-6)


def test_variances_are_those_of_the_layers() -> None:
    layers = lit_layers()
    pictures = layers.pictures.astype(np.float64)
    np.testing.assert_allclose(layers.between_lights.picture[:, 0], pictures[:, :, 0].var(1).mean((1, 2, 3)), rtol=1e-3)
    np.testing.assert_allclose(
        layers.between_people.picture[:, 1].mean(), pictures[:, 0, 1].var(0, ddof=1).mean(), rtol=1e-3
    )
    inside = layers.faces.landmarks[0].face(SIDE)
    np.testing.assert_allclose(
        layers.between_lights.face[0, 0], pictures[0, :, 0].var(0).mean(0)[inside].mean(), rtol=1e-3
    )


def test_half_and_half_shares() -> None:
    lights, people = np.array([[3.0, 1.0]] * 4), np.array([[1.0, 4.0]] * 4)
    share = light_share(lights, people, (0,), 0)
    assert float(share.light.value) == pytest.approx(0.75)
    assert float(share.person.value) == pytest.approx(0.8)
    assert float(share.light.low) == pytest.approx(0.75)


def test_never_all_layers_are_light_and_never_none() -> None:
    even = np.ones((3, 4))
    assert 1 <= len(illumination_layers(even, even)) <= 3
    assert illumination_layers(np.array([[9.0, 5.0, 1.0]]), np.array([[1.0, 1.0, 8.0]])) == (0, 1)


def test_a_light_layer_follows_the_shading_and_a_pattern_does_not() -> None:
    layers = lit_layers()
    assert illumination_correlations(layers, (0,)).min() > 0.99
    assert np.abs(illumination_correlations(layers, (1,))).max() < 0.1


def test_retinex_finds_a_smooth_light_behind_a_fine_pattern() -> None:
    faces = lit_layers(detail=0.15).faces
    assert retinex_correlations(faces, 4).min() > 0.97
    assert retinex_correlations(faces, 4).mean() > retinex_correlations(faces, 0).mean() + 0.05


def test_correlation_counts_only_inside() -> None:
    rng = np.random.default_rng(0)
    first, where = rng.normal(size=(8, 8)).astype(np.float32), np.zeros((8, 8), bool)
    where[:4] = True
    second = np.where(where, -2 * first + 1, first).astype(np.float32)
    assert correlation(first, second, where) == pytest.approx(-1)
    assert correlation(first, np.ones_like(first), where) == 0


def test_halving_the_light_halves_the_difference_and_spares_the_rest() -> None:
    halving = halve_lights(lit_layers(), (0,))
    assert halving.strongest.shape == (FACES * LIGHTS,)
    assert halving.strongest == pytest.approx(0.5, abs=0.02)
    assert halving.all_lights == pytest.approx(0.5, abs=0.02)
    assert halving.eyes == pytest.approx(1, abs=0.1)


def test_the_strongest_light_is_the_one_that_holds_the_difference_in_this_picture() -> None:
    layers = lit_layers()
    left, right = layers.pictures[:, :, 0].copy(), layers.pictures[:, :, 0].copy()
    left[:, 1], right[:, 0] = 0, 0
    split = LitLayers(layers.faces, np.stack([left, right, layers.pictures[:, :, 1]], 2))
    assert halve_lights(split, (0, 1)).strongest == pytest.approx(0.5, abs=0.02)


def test_a_side_light_is_most_of_a_side_lit_faces_difference_and_turns_it_around() -> None:
    sides = split_side_lights(lit_layers(), (0,))
    assert sides.off.shape == (FACES * LIGHTS,)
    # Blur and the head's outline leave a little of it with the light.
    assert (np.abs(sides.off) < 0.5).all()
    assert (sides.turned < 0).all()
    assert sides.correlation.min() > 0.8
    # What is the same in all lights is no side light.
    still = split_side_lights(lit_layers(), (1,))
    assert still.off == pytest.approx(1, abs=0.2)


def test_left_right_difference_by_hand() -> None:
    picture = np.tile(np.array([1, 1, 0.25, 0.25], np.float32), (4, 1))
    assert left_right_difference(picture, np.ones((4, 4), bool), 2) == pytest.approx(0.75)


# ---- known layers ----------------------------------------------------------------------------------------------


def test_group_correlations_are_those_of_the_sums() -> None:
    rng = np.random.default_rng(0)
    layers, truth = (rng.normal(size=(n, 6, 7)).astype(np.float32) for n in (3, 2))
    found = group_correlations(layers, truth)
    assert found.shape == (8, 2)
    for group, true in product(range(1, 8), range(2)):
        total = sum(layers[i] for i in range(3) if group >> i & 1)
        assert found[group, true] == pytest.approx(np.corrcoef(total.ravel(), truth[true].ravel())[0, 1], abs=1e-5)
    assert (found[0] == 0).all()


def test_a_true_layer_that_does_not_vary_has_no_correlation() -> None:
    layers = np.random.default_rng(0).normal(size=(2, 4, 4)).astype(np.float32)
    found = group_correlations(layers, np.stack([layers[0], np.ones((4, 4), np.float32)]))
    assert np.isnan(found[:, 1]).all()
    assert np.isfinite(found[:, 0]).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_assignment_is_the_best_there_is(seed: int) -> None:
    layers, true = 5, 3
    scores = np.random.default_rng(seed).uniform(-1, 1, (2**layers, true))
    groups = best_assignment(scores, layers)
    assert sum(groups) == 2**layers - 1
    assert all(a & b == 0 for i, a in enumerate(groups) for b in groups[:i])

    def total(owners: tuple[int, ...]) -> float:
        sets = [sum(1 << i for i, owner in enumerate(owners) if owner == t) for t in range(true)]
        return float(sum(scores[group, t] for t, group in enumerate(sets)))

    best = max(total(owners) for owners in product(range(true), repeat=layers))
    assert sum(scores[group, t] for t, group in enumerate(groups)) == pytest.approx(best)


def test_layers_cut_from_the_truth_are_put_together_again() -> None:
    rng = np.random.default_rng(0)
    tables = []
    for _ in range(4):
        truth = rng.normal(size=(2, 16, 16)).astype(np.float32)
        half = rng.uniform(size=(16, 16)) < 0.5
        tables.append(group_correlations(np.stack([truth[0] * half, truth[1], truth[0] * ~half]), truth))
    assert matched_correlations(tables, 3) == pytest.approx(1, abs=1e-5)


# ---- medians ---------------------------------------------------------------------------------------------------


def test_medians_leave_out_photos_without_a_figure() -> None:
    found = median(np.array([1.0, np.nan, 3.0, 2.0]), 0)
    assert found is not None
    assert found["value"] == 2
    assert median(np.full(3, np.nan), 0) is None


def test_pictures_of_one_face_are_drawn_together() -> None:
    values = np.repeat(np.arange(5.0)[:, None], 40, 1)
    together, apart = median_over_faces(values, 0), median_over_faces(values.reshape(-1, 1), 0)
    assert float(together.value) == float(apart.value) == 2
    assert together.high - together.low > apart.high - apart.low


def test_the_side_of_the_light_layer_is_that_of_the_shading_and_a_mirrored_one_is_opposite() -> None:
    layers = lit_layers()
    assert side_errors(layers, (0,)).max() <= 45
    mirrored = LitLayers(layers.faces, -layers.pictures)
    assert side_errors(mirrored, (0,)).min() >= 135
    flat = LitLayers(layers.faces, np.zeros_like(layers.pictures))
    assert np.isnan(side_errors(flat, (0,))).all()
