"""Theory against itself: closed forms, conserved quantities, and against real gradient descent."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bsgui.analysis.race.initial import initial_weights
from bsgui.analysis.race.networks import make_network
from bsgui.analysis.race.tasks import make_task
from bsgui.analysis.race.theory import (
    balance,
    final_amplitudes,
    gradient_flow,
    lead,
    predict_course,
    sign_descent,
    two_layer_amplitudes,
    winner,
)
from bsgui.analysis.race.training import run_race
from bsgui.core.race import RaceConfig, specialization_index

LONG = np.array([0.0, 400.0])


def test_two_layers_and_one_branch_follow_the_known_sigmoid() -> None:
    # Saxe, McClelland & Ganguli 2014: p(t) = s e^{2st} / (e^{2st} − 1 + s/p0).
    config = RaceConfig(depth=2, branches=1, modes=1, strengths=(1.5,), spread=0.0, scale=0.01)
    times = np.linspace(0, 5, 21)
    course = gradient_flow(initial_weights(config), make_task(config), times)[:, 0, 0, 0]
    growth = np.exp(2 * 1.5 * times)
    np.testing.assert_allclose(course, 1.5 * growth / (growth - 1 + 1.5 / 0.01), rtol=1e-6)


def test_one_layer_is_an_exponential_alike_for_all() -> None:
    config = RaceConfig(depth=1, branches=3, modes=2, gap=2.0, scale=0.1)
    start = initial_weights(config)[0]
    times = np.linspace(0, 3, 7)
    course = gradient_flow([start], make_task(config), times)
    missing = config.mode_strengths - start.sum(1)
    gained = missing[None] * (1 - np.exp(-3 * times))[:, None, None] / 3
    np.testing.assert_allclose(course, start[None] + gained[:, :, None, :], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("scale", [1e-3, 0.9])
def test_the_closed_form_is_where_gradient_flow_ends(depth: int, scale: float) -> None:
    config = RaceConfig(depth=depth, branches=5, modes=3, gap=3.0, scale=scale, seeds=2)
    weights = initial_weights(config)
    flow = gradient_flow(weights, make_task(config), LONG)[-1]
    closed = final_amplitudes(np.prod(weights, axis=0), config.mode_strengths, depth)
    np.testing.assert_allclose(closed, flow, rtol=2e-4, atol=1e-7)


def test_gradient_flow_keeps_the_balance_and_the_quantities_between_branches() -> None:
    config = RaceConfig(depth=3, branches=4, modes=2, scale=0.01, init="gaussian", seeds=1, seed=3)
    course = gradient_flow(initial_weights(config.with_(init="balanced")), make_task(config), np.array([0.0, 4.0, 9.0]))
    between = course ** -(1 / 3)
    differences = between[:, :, 1:] - between[:, :, :1]
    np.testing.assert_allclose(differences[1:], np.broadcast_to(differences[:1], differences[1:].shape), rtol=1e-5)
    assert balance(initial_weights(config)).shape == (2, 1, 4, 2)


@pytest.mark.parametrize("form", ["modes", "matrices"])
@pytest.mark.parametrize("shared", [0, 1])
def test_the_flow_is_the_gradient_that_torch_computes(form: str, shared: int) -> None:
    config = RaceConfig(depth=3, form=form, shared=shared, init="gaussian", scale=0.3, subtasks=2, correlation=0.6)
    weights = initial_weights(config)
    tensors = [torch.from_numpy(x).requires_grad_() for x in weights]
    make_network(config).losses(tensors).sum().backward()
    instant = 1e-6
    before, after = (
        gradient_flow(weights, make_task(config), np.array([0.0, t]))[-1] for t in (instant / 2, instant * 3 / 2)
    )
    moved = [
        torch.from_numpy(w) - instant * x.grad for w, x in zip(weights, tensors, strict=True) if x.grad is not None
    ]
    slope = make_network(config).amplitudes(moved).numpy() - make_network(config).amplitudes(tensors).detach().numpy()
    np.testing.assert_allclose((after - before) / instant, slope / instant, rtol=1e-3, atol=1e-6)


def test_aligned_matrices_are_separate_races() -> None:
    config = RaceConfig(depth=3, subtasks=2, correlation=0.5, gap=2.0, seeds=2, learning_rate=0.05, steps=1500)
    modes, matrices = (run_race(config.with_(form=x)) for x in ("modes", "matrices"))
    start = modes.amplitudes[0]
    np.testing.assert_allclose(matrices.amplitudes[0], start, rtol=1e-9)
    np.testing.assert_allclose(matrices.final, modes.final, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("form", ["modes", "matrices"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_slow_gradient_descent_follows_the_prediction_within_two_percent(form: str, depth: int) -> None:
    init = "balanced" if form == "modes" else "gaussian"
    config = RaceConfig(depth=depth, form=form, init=init, scale=0.02, learning_rate=0.01, seeds=3, records=60)
    course = run_race(config)
    predicted = predict_course(config, initial_weights(config), course.times)
    assert predicted is not None
    error = np.square(course.amplitudes - predicted.amplitudes).sum((0, 3))
    assert np.sqrt(error / np.square(predicted.amplitudes).sum((0, 3))).max() < 0.02
    decided = lead(predicted.final) > 0.01
    assert (winner(course.final) == winner(predicted.final))[decided].all()


def test_the_index_rises_with_depth_in_the_closed_form() -> None:
    start = 1e-3 * np.exp(0.5 * np.random.default_rng(0).standard_normal((64, 4, 3)))
    indices = [specialization_index(final_amplitudes(start, np.ones(3), depth)).mean() for depth in (1, 2, 3, 4, 5)]
    assert indices[0] < 1e-4
    assert (np.diff(indices) > 0.01).all()


def test_adam_follows_sign_descent_and_does_not_specialize() -> None:
    config = RaceConfig(optimizer="adam", learning_rate=1e-3, seeds=2, spread=1.0)
    weights = initial_weights(config)
    course = run_race(config)
    limit = sign_descent(weights, config.mode_strengths, course.times)
    np.testing.assert_allclose(limit[-1].sum(1), 1.0, rtol=1e-9)
    np.testing.assert_allclose(course.final, limit[-1], atol=0.05)
    assert specialization_index(course.final).max() < 0.1 < specialization_index(course.amplitudes[0]).min()


def test_two_small_layers_go_to_the_branch_that_is_best_aligned() -> None:
    config = RaceConfig(depth=2, form="matrices", init="gaussian", scale=1e-7, seeds=3, branches=3, gap=2.0)
    weights = initial_weights(config)
    flow = gradient_flow(weights, make_task(config), np.array([0.0, 60.0]))[-1]
    predicted = two_layer_amplitudes(weights, make_task(config))
    assert (winner(flow)[:, 0] == winner(predicted)[:, 0]).all()
    strongest = predicted[:, :, 0] / predicted[:, :, 0].sum(1, keepdims=True)
    np.testing.assert_allclose(flow[:, :, 0], strongest, atol=0.05)


def test_no_theory_for_activations_and_for_adam_on_matrices() -> None:
    times = np.array([0.0, 1.0])
    for changes in ({"activation": "tanh"}, {"optimizer": "adam"}):
        config = RaceConfig(form="matrices", init="gaussian").with_(**changes)
        assert predict_course(config, initial_weights(config), times) is None


def test_one_moment_is_the_start() -> None:
    config = RaceConfig()
    weights = [x[0] for x in initial_weights(config)]
    np.testing.assert_allclose(
        gradient_flow([x[None] for x in weights], make_task(config), np.array([0.0]))[:, 0][0], np.prod(weights, axis=0)
    )
