"""Specialization against how the descent is done: learning rate and optimizer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.race.findings import Bench, Check, Curve, Experiment, Findings, Panel, agrees, listed, rises
from bsgui.analysis.race.initial import initial_weights
from bsgui.analysis.race.measures import band
from bsgui.analysis.race.tasks import make_task
from bsgui.analysis.race.theory import sign_descent
from bsgui.core.race import RaceConfig, specialization_index

from .structure import BASE, closed_index

Array = NDArray[np.float64]
_SETTLE_STEPS = 4000


def _rate(bench: Bench) -> Findings:
    base = BASE.with_(gap=1.0)
    # One owner per mode has curvature L s^(2−2/L): 3 here; sharing alike has B^(2/L−1) of it.
    edge = 2 / (base.depth * 1.0)
    rates = (0.01, 0.03, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
    configs = [bench.config(base, learning_rate=x) for x in rates]
    configs = [x.with_(steps=max(x.step_count, _SETTLE_STEPS)) for x in configs]
    measured = Curve("measured", rates, np.stack([specialization_index(bench.run(x).final) for x in configs]))
    closed = Curve("closed form (η → 0)", rates, np.stack([closed_index(x) for x in configs]), True)
    slow = np.array(rates) < 0.5 * edge
    fast = np.array(rates) > edge
    distance = np.abs(measured.means - closed.means)
    checks = (
        Check("below half of the limit 2/(L s^(2−2/L)) the learning rate does not matter (within 0.02)",
              bool((distance[slow] < 0.02).all()), listed(measured)),
        Check(f"beyond the limit, {edge:.2f}, sharing comes back: the index is lower there",
              bool(all(rises([v, measured.values[0]]) for v in measured.values[fast])), listed(measured)),
        Check("the faster beyond the limit, the more sharing",
              bool((np.diff(measured.means[fast]) < 0).all()), listed(measured)),
    )  # fmt: skip
    panel = Panel("Index against the learning rate, depth 3", "learning rate η", "specialization index",
                  (measured, closed), log_x=True)  # fmt: skip
    return Findings((panel,), checks, configs[2])


def _optimizer(bench: Bench) -> Findings:
    depths = (1, 2, 3, 4, 5)
    rates = {"sgd": 0.05, "momentum": 0.002, "adam": 0.002}
    curves = {}
    for optimizer, rate in rates.items():
        configs = [bench.config(BASE, depth=x, optimizer=optimizer, learning_rate=rate) for x in depths]
        values = np.stack([specialization_index(bench.run(x).final) for x in configs])
        curves[optimizer] = Curve(f"measured, {optimizer}", depths, values)
    configs = [bench.config(BASE, depth=x) for x in depths]
    closed = Curve("closed form of gradient flow", depths, np.stack([closed_index(x) for x in configs]), True,
                   "measured, sgd")  # fmt: skip
    limits = [sign_descent(initial_weights(x), make_task(x).strengths, np.array([10.0]))[-1] for x in configs]
    signs = Curve("closed form of sign descent", depths, np.stack([specialization_index(x) for x in limits]), True,
                  "measured, adam")  # fmt: skip
    adam = curves["adam"]
    checks = (
        agrees(curves["sgd"], closed, 0.02),
        agrees(curves["momentum"], closed, 0.05),
        agrees(adam, signs, 0.02),
        Check("Adam specializes far less than gradient descent at depth 3 and more (less than a quarter)",
              bool((adam.means[2:] < curves["sgd"].means[2:] / 4).all()), listed(adam)),
        Check("Adam, too, specializes more with depth", rises(adam.values[1:]), listed(adam)),
    )  # fmt: skip
    start = Curve("before training", depths, np.stack([_start_index(x) for x in configs]))
    panel = Panel("Index against depth and optimizer", "layers per branch", "specialization index",
                  (start, *curves.values(), closed, signs))  # fmt: skip
    more, claims = _adam_elsewhere(bench)
    config = bench.config(BASE, optimizer="adam", learning_rate=rates["adam"])
    return Findings((panel, *more), (*checks, *claims), config)


def _adam_elsewhere(bench: Bench) -> tuple[tuple[Panel, ...], tuple[Check, ...]]:
    """Adam at other learning rates, and on full normal matrices beside SGD."""
    rates, depths = (0.0005, 0.002, 0.01), (1, 2, 3, 4)
    slow = [bench.config(BASE, optimizer="adam", learning_rate=x) for x in rates]
    small = Curve("measured, adam", rates, np.stack([specialization_index(bench.run(x).final) for x in slow]))
    full = []
    for optimizer, rate in (("sgd", 0.05), ("adam", 0.002)):
        kind = {"form": "matrices", "init": "gaussian", "optimizer": optimizer, "learning_rate": rate}
        configs = [bench.config(BASE, depth=x, **kind) for x in depths]
        values = np.stack([specialization_index(bench.run(x).final) for x in configs])
        full.append(Curve(f"measured, {optimizer}", depths, values))
    checks = (
        Check("a smaller learning rate does not help Adam (index below 0.05 at depth 3)",
              bool(all(band(v).high < 0.05 for v in small.values)), listed(small)),
        Check("with full normal matrices, too, Adam specializes less at depth 3 and 4",
              all(rises([full[1].values[k], full[0].values[k]]) for k in (2, 3)),
              f"sgd {listed(full[0])} | adam {listed(full[1])}"),
    )  # fmt: skip
    panels = (
        Panel("Adam at depth 3", "learning rate η", "specialization index", (small,), log_x=True),
        Panel("Full normal matrices", "layers per branch", "specialization index", tuple(full)),
    )
    return panels, checks


def _start_index(config: RaceConfig) -> Array:
    return specialization_index(np.prod(initial_weights(config), axis=0))


EXPERIMENTS = (
    Experiment(
        "rate", "Learning rate",
        "Does the step size change who learns what?",
        "Not while it is small; beyond the stability of a single owner the descent oscillates and sharing comes back.",
        "A mode's curvature is Σ_b L p_b^(2−2/L): L s^(2−2/L) with one owner, B^(2/L−1) times that when all"
        " share. Steps"
        " with η above 2/curvature cannot rest there (edge of stability; arXiv 2606.05219).", _rate),
    Experiment(
        "optimizer", "SGD, momentum, Adam",
        "Is it gradient descent that specializes, or any descent?",
        "SGD and momentum alike; Adam, which makes every weight move at the same pace, takes the leader's"
        " advantage away.",
        "SGD and slow momentum follow gradient flow. Adam follows sign descent: p_b = Π_l (w_bl + κ), one κ"
        " for all, found"
        " where Σp = s. Both in closed form.", _optimizer),
)  # fmt: skip
