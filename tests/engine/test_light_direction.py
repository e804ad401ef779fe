"""Planes and bumps whose side is known."""

import numpy as np
import pytest

from bsgui.core.model_card import BranchCard
from bsgui.engine.decomposer import _description
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


def test_only_lights_are_said_to_come_from_somewhere() -> None:
    light, feature = BranchCard("Key light", "Held 80 %.", "light"), BranchCard("Skin", "Cheeks.", "feature")
    assert _description(light, _plane(1, 0)) == "Held 80 %. In this photo it comes from the right."
    assert _description(light, _plane(0, 0)) == "Held 80 %. In this photo it comes from no side."
    assert _description(feature, _plane(1, 0)) == "Cheeks."
