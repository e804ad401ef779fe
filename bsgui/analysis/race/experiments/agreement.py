"""Theory against measurement, directly: time courses and winners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.race.findings import Bench, Check, Curve, Experiment, Findings, Panel, listed
from bsgui.analysis.race.initial import initial_weights
from bsgui.analysis.race.measures import course_errors
from bsgui.analysis.race.tasks import make_task
from bsgui.analysis.race.theory import lead, predict_course, two_layer_amplitudes, winner
from bsgui.core.race import RaceConfig

from .structure import BASE

Array = NDArray[np.float64]
_DECIDED = 0.01


def _flow(bench: Bench) -> Findings:
    rates = (0.1, 0.03, 0.01, 0.003)
    kinds = [
        (depth, form) for depth in (1, 2, 3, 5) for form in ("modes", "matrices") if (depth, form) != (5, "matrices")
    ]
    curves = []
    for depth, form in kinds:
        start = {"form": form, "init": "balanced" if form == "modes" else "gaussian"}
        base = bench.config(BASE, depth=depth, scale=1e-2, records=100, **start)
        name = f"depth {depth}, {'aligned' if form == 'modes' else 'full normal matrices'}"
        curves.append(Curve(name, rates, np.stack([_errors(bench, base.with_(learning_rate=x)) for x in rates])))
    worst = max(float(x.values[-1].max()) for x in curves)
    ratios = [float(x.means[-2] / x.means[-1]) for x in curves]
    checks = (
        Check(f"at η = {rates[-1]} every branch's time course is within 2 % of gradient flow, in every race",
              worst < 0.02, f"worst of all: {worst:.2%}"),
        Check("the error is proportional to η (a factor 3.3 in η is one of 2.7 to 4 in error)",
              all(2.7 < x < 4 for x in ratios), ", ".join(f"{x:.2f}" for x in ratios)),
    )  # fmt: skip
    panel = Panel("Time courses against gradient flow", "learning rate η", "relative L2 error, worst branch",
                  tuple(curves), True, True)  # fmt: skip
    return Findings((panel,), checks, bench.config(BASE, scale=1e-2, learning_rate=rates[-1]))


def _errors(bench: Bench, config: RaceConfig) -> Array:
    """(S,) of each race the worst branch's error."""
    course = bench.run(config)
    predicted = predict_course(config, initial_weights(config), course.times)
    assert predicted is not None
    return np.asarray(course_errors(course, predicted).max(1))


def _winner(bench: Bench) -> Findings:
    depths = (2, 3, 4)
    kinds = {"aligned": {}, "independent layers": {"init": "gaussian"},
             "full normal matrices": {"form": "matrices", "init": "gaussian"}}  # fmt: skip
    curves, decided, rules = [], [], []
    for name, changes in kinds.items():
        hits, sure, first = [], [], []
        for depth in depths:
            config = bench.config(BASE, depth=depth, scale=1e-2, learning_rate=0.02, **changes)
            hit, certain, rule = _hits(bench, config)
            hits.append(hit)
            sure.append(certain)
            first.append(rule)
        curves.append(Curve(f"gradient flow, {name}", depths, np.stack(hits)))
        decided.append(Curve(f"decided, {name}", depths, np.stack(sure)))
        rules.append(Curve(f"initial weights alone, {name}", depths, np.stack(first)))
    smallest = min(float(x.means.min()) for x in curves)
    aligned = float(rules[0].means.min())
    checks = (
        Check("the winner is the predicted one in at least 99 % of the modes that theory decides", smallest >= 0.99,
              "; ".join(f"{x.name}: {listed(x)}" for x in curves)),
        Check("aligned: it is the branch that contributes most at the start, in at least 99 %", aligned >= 0.99,
              listed(rules[0])),
        Check("full normal matrices of two layers: it is the branch whose layers are best aligned with the mode, |W₁q +"
              " W₂ᵀq| largest, in at least 90 %", float(rules[2].means[0]) >= 0.9, listed(rules[2])),
    )  # fmt: skip
    panels = (
        Panel("Winners predicted", "layers per branch", "share of modes", (*curves, *rules)),
        Panel(f"Modes that theory decides (predicted lead above {_DECIDED:.0%})", "layers per branch", "share of modes",
              tuple(decided)),
    )  # fmt: skip
    return Findings(panels, checks, bench.config(BASE, scale=1e-2, learning_rate=0.02))


def _hits(bench: Bench, config: RaceConfig) -> tuple[Array, Array, Array]:
    """(S,) each: right predictions among decided modes, decided modes, right predictions of the rule of the start."""
    weights = initial_weights(config)
    course = bench.run(config)
    predicted = predict_course(config, weights, course.times[[0, -1]])
    assert predicted is not None
    task = make_task(config)
    # Only modes that were learned have an owner: a race may hang at a saddle, which theory foretells as well.
    sure = (lead(predicted.final) > _DECIDED) & (predicted.final.sum(1) > task.strengths / 2)
    right = winner(course.final) == winner(predicted.final)
    start = (
        two_layer_amplitudes(weights, task) if config.form == "matrices" and config.depth == 2 else course.amplitudes[0]
    )
    rule = winner(np.maximum(start, 0.0)) == winner(course.final)
    return _share_of(right, sure), sure.mean(1), _share_of(rule, sure)


def _share_of(right: NDArray[np.bool_], among: NDArray[np.bool_]) -> Array:
    """(S,) the share of right ones; a race in which nothing is decided counts with the mean of the others."""
    count = among.sum(1)
    share = np.divide((right & among).sum(1), count, out=np.full(len(count), np.nan), where=count > 0)
    return np.where(np.isnan(share), np.nanmean(share) if (count > 0).any() else 0.0, share)


EXPERIMENTS = (
    Experiment(
        "flow", "Time courses",
        "Does gradient descent do what gradient flow says, branch by branch?",
        "Within 2 % (relative L2 over time and modes) at a small learning rate, and the error is proportional to it.",
        "dW_l/dt = −∂loss/∂W_l, integrated with an error of 1e-8 from the same initial weights.", _flow),
    Experiment(
        "winner", "Who wins",
        "Is the winner of each mode known before training?",
        "In at least 99 % of the modes that theory decides; where layers start balanced, it is who starts ahead.",
        "Gradient flow from the initial weights. Aligned: order is conserved. Two full layers: the largest"
        " |W₁q + W₂ᵀq|.",
        _winner),
)  # fmt: skip
