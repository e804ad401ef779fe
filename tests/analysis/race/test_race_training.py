"""Real gradient descent: seeds, ties, noise, swapping, freezing, activations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bsgui.analysis.race.initial import initial_weights
from bsgui.analysis.race.networks import ActivatedNetwork, MatrixNetwork, make_network
from bsgui.analysis.race.tasks import make_task
from bsgui.analysis.race.theory import winner
from bsgui.analysis.race.training import Race, record_steps, run_race
from bsgui.core.errors import Cancelled, UsageError
from bsgui.core.race import RaceConfig, specialization_index
from bsgui.tasks.cancel import CancelSource

QUICK = RaceConfig(learning_rate=0.1, seeds=3, records=40)


def test_the_same_seed_is_the_same_race_and_another_is_another() -> None:
    noisy = QUICK.with_(noise=0.01, steps=60)
    first, again, other = run_race(noisy), run_race(noisy), run_race(noisy.with_(seed=1))
    assert (first.amplitudes == again.amplitudes).all()
    assert not np.allclose(first.final, other.final)


def test_races_side_by_side_do_not_touch() -> None:
    race, changed = Race(QUICK), Race(QUICK)
    with torch.no_grad():
        changed._weights[0][0] *= 2
    one, other = race.advance(50).amplitudes, changed.advance(50).amplitudes
    assert (one[1:] == other[1:]).all()
    assert not (one[0] == other[0]).all()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("form", ["modes", "matrices"])
def test_equal_branches_stay_equal_until_noise_comes(optimizer: str, form: str) -> None:
    config = QUICK.with_(
        init="equal", optimizer=optimizer, form=form, scale=0.05, learning_rate=0.01, steps=300, records=2
    )
    assert specialization_index(run_race(config).final).max() < 1e-12
    assert specialization_index(run_race(config.with_(noise=0.01)).final).min() > 1e-6


def test_roles_follow_the_weights() -> None:
    config = QUICK.with_(branches=2, modes=1, spread=1.0)
    start = Race(config)
    leader = winner(start.frame().amplitudes)[:, 0]
    undisturbed = run_race(config).final
    race = Race(config)
    race.advance(config.step_count // 2)
    race.swap(leader, 1 - leader)
    swapped = race.advance(config.step_count - config.step_count // 2).amplitudes
    np.testing.assert_allclose(swapped, undisturbed[:, ::-1], rtol=1e-12)
    assert (winner(swapped)[:, 0] == 1 - leader).all()
    assert race.predict(np.array([0.0, 1.0])) is None


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_frozen_branch_keeps_its_weights_and_others_learn_the_mode(optimizer: str) -> None:
    config = QUICK.with_(modes=1, optimizer=optimizer, learning_rate=0.02)
    race = Race(config)
    race.advance(20)
    leader = winner(race.frame().amplitudes)[:, 0]
    race.freeze(leader)
    before = race.frame().amplitudes
    after = race.advance(3 * config.step_count).amplitudes
    rows = np.arange(config.seeds)
    assert (after[rows, leader] == before[rows, leader]).all()
    np.testing.assert_allclose(after.sum(1), 1.0, atol=0.02)
    assert (winner(after)[:, 0] != leader).all()


def test_a_shared_layer_has_one_set_of_weights() -> None:
    for form in ("modes", "matrices"):
        shapes = [x.shape[1] for x in initial_weights(RaceConfig(depth=3, shared=2, form=form))]
        assert shapes == [1, 1, 4]
        final = run_race(QUICK.with_(depth=3, shared=1, form=form)).final
        np.testing.assert_allclose(final.sum(1), 1.0, atol=0.02)


def test_the_scale_is_what_a_branch_contributes_at_first() -> None:
    for init in ("balanced", "gaussian"):
        for form in ("modes", "matrices"):
            config = RaceConfig(init=init, form=form, scale=1e-3, spread=0.1, seeds=64, width=0)
            start = Race(config).frame().amplitudes
            assert 0.5e-3 < np.sqrt(np.square(start).mean()) < 2e-3


def test_the_sample_has_exactly_the_covariance_of_the_task() -> None:
    config = RaceConfig(form="matrices", activation="tanh", init="gaussian", subtasks=2, correlation=0.7)
    network = make_network(config)
    assert isinstance(network, ActivatedNetwork)
    inputs = network._inputs.numpy()
    np.testing.assert_allclose(inputs.T @ inputs / len(inputs), make_task(config).covariance, atol=1e-12)
    np.testing.assert_allclose(make_task(config).covariance[0], [1, 0.7, 0, 0], atol=1e-12)


def test_tanh_without_curvature_is_the_linear_network() -> None:
    config = RaceConfig(form="matrices", init="gaussian", activation="tanh", scale=1e-9)
    weights = [torch.from_numpy(x) for x in initial_weights(config)]
    linear = MatrixNetwork(make_task(config)).amplitudes(weights).numpy()
    np.testing.assert_allclose(make_network(config).amplitudes(weights).numpy(), linear, rtol=1e-3, atol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_networks_with_activations_learn(activation: str) -> None:
    config = RaceConfig(
        form="matrices", init="gaussian", activation=activation, width=16, scale=0.05, learning_rate=0.1, steps=400
    )
    course = run_race(config)
    np.testing.assert_allclose(course.final.sum(1), 1.0, atol=0.25)


def test_too_large_a_learning_rate_is_said() -> None:
    with pytest.raises(UsageError, match="learning rate 5 is too large"):
        run_race(QUICK.with_(learning_rate=5.0, scale=0.5, steps=100))


def test_a_cancelled_race_stops() -> None:
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        run_race(QUICK, source)


def test_records_include_the_first_and_the_last_step() -> None:
    steps = record_steps(QUICK.with_(steps=1000, records=7))
    assert steps[0] == 0
    assert steps[-1] == 1000
    assert len(steps) == 7
    assert list(record_steps(QUICK.with_(steps=3))) == [0, 1, 2, 3]
