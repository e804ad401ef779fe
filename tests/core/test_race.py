"""Race configurations and the index of specialization."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bsgui.core.errors import UsageError
from bsgui.core.race import RaceConfig, shares, specialization_index, suggested_steps


def test_a_configuration_survives_json() -> None:
    config = RaceConfig(depth=4, modes=6, subtasks=3, strengths=(1.0, 0.5, 0.25), correlation=0.3, optimizer="momentum")
    assert RaceConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "not a JSON object"),
        ({"deepth": 3}, "deepth"),
        ({"depth": "3"}, "depth"),
        ({"depth": 2.5}, "depth"),
        ({"depth": 0}, "depth"),
        ({"scale": float("nan")}, "scale"),
        ({"branches": True}, "branches"),
        ({"modes": 5, "subtasks": 2}, "evenly"),
        ({"strengths": [1, 2]}, "2 strengths for 4"),
        ({"strengths": "all"}, "strengths"),
        ({"optimizer": "lbfgs"}, "lbfgs"),
        ({"activation": "relu"}, "full matrices"),
        ({"depth": 2, "shared": 2}, "shared"),
        ({"form": "matrices", "width": 7}, "balanced"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(data: object, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        RaceConfig.from_json(data)


def test_strengths_are_a_ladder_over_subtasks() -> None:
    config = RaceConfig(modes=6, subtasks=3, gap=4.0)
    np.testing.assert_allclose(config.mode_strengths, [1, 1, 0.5, 0.5, 0.25, 0.25])
    np.testing.assert_allclose(RaceConfig(modes=2, strengths=(3.0, 2.0)).mode_strengths, [3, 2])


def test_correlation_moves_variance_to_what_a_subtask_has_in_common() -> None:
    variances = RaceConfig(modes=6, subtasks=2, correlation=0.5).mode_variances
    np.testing.assert_allclose(variances, [2, 0.5, 0.5, 2, 0.5, 0.5])


def test_the_index_is_zero_when_all_share_alike_and_one_when_each_mode_has_an_owner() -> None:
    assert specialization_index(np.full((5, 4, 3), 0.2)) == pytest.approx(np.zeros(5), abs=1e-15)
    assert specialization_index(np.eye(3)) == pytest.approx(1.0)
    one_of_two = np.array([[0.75], [0.25]])
    assert specialization_index(one_of_two) == pytest.approx(0.25)


def test_shares_add_up_to_one_even_for_nothing() -> None:
    amplitudes = np.array([[0.0, -1.0], [0.0, 3.0]])
    np.testing.assert_allclose(shares(amplitudes), [[0.5, 0.25], [0.5, 0.75]])


def test_deeper_and_smaller_starts_take_longer() -> None:
    assert suggested_steps(RaceConfig(depth=4)) > suggested_steps(RaceConfig(depth=2))
    assert suggested_steps(RaceConfig(scale=1e-6)) > suggested_steps(RaceConfig(scale=1e-2))
    assert RaceConfig(steps=7).step_count == 7
