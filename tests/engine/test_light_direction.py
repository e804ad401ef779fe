"""Planes and bumps whose side is known."""

import numpy as np
import pytest

from bsgui.core.model_card import BranchCard, ModelCard
from bsgui.engine.decomposer import _layer_infos
from bsgui.engine.light_direction import light_direction


def _plane(right: float, up: float) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(1, -1, 40), np.linspace(-1, 1, 60), indexing="ij")
    return np.repeat((0.1 * (right * x + up * y))[..., None], 3, 2).astype(np.float32)


@pytest.mark.parametrize(
    ("right", "up", "side"),
    [
        (1, 0, "the right"),
        (-1, 0, "the left"),
        (0, 1, "above"),
        (0, -1, "below"),
        (1, 1, "the upper right"),
        (-1, 1, "the upper left"),
        (-1, -1, "the lower left"),
        (1, -1, "the lower right"),
        (-1, 0.3, "the left"),
    ],
)
def test_the_side_of_a_plane(right: float, up: float, side: str) -> None:
    assert light_direction(_plane(right, up)) == side
    assert light_direction(_plane(right, up) + 0.3) == side


def test_a_spot_in_the_middle_has_no_side() -> None:
    y, x = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 40), indexing="ij")
    spot = np.exp(-8 * (x**2 + y**2))
    assert light_direction(np.repeat(spot[..., None], 3, 2).astype(np.float32)) is None


def test_nothing_comes_from_nowhere() -> None:
    assert light_direction(np.zeros((8, 8, 3), np.float32)) is None


def _card(*roles: str) -> ModelCard:
    branches = tuple(BranchCard(f"Branch {number}", "Held 80 %.", role) for number, role in enumerate(roles, 1))
    return ModelCard(
        id="x",
        name="X",
        description="",
        domains=("any",),
        branches=branches,
        size=32,
        min_size=16,
        max_size=64,
        sha256="",
        licence="",
    )


def test_the_strongest_light_says_where_all_of_them_come_from() -> None:
    pictures = np.stack([_plane(0, 1), _plane(3, 0), _plane(-1, 0)])
    infos = _layer_infos(_card("feature", "light", "light"), pictures, np.array([0, 0.6, 0.3, 0.1, 0]))
    assert [info.description for info in infos[1:4]] == [
        "Held 80 %.",
        "Held 80 %. In this photo it comes from the right.",
        "Held 80 %.",
    ]
    assert "no side" in _layer_infos(_card("light"), np.zeros((1, 8, 8, 3), np.float32), np.ones(3))[1].description
    assert _layer_infos(_card("feature"), pictures[:1], np.ones(3))[1].description == "Held 80 %."
