"""Specialization against what is learned: the gap between modes, and correlated sub-tasks."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.race.findings import Bench, Check, Curve, Experiment, Findings, Panel, agrees, listed, rises
from bsgui.analysis.race.initial import initial_weights
from bsgui.analysis.race.measures import band, decision_times, division_of_labour, overlaps
from bsgui.analysis.race.tasks import make_task
from bsgui.analysis.race.theory import final_amplitudes, predict_course, winner
from bsgui.core.race import RaceConfig, specialization_index

from .structure import BASE, closed_index

Array = NDArray[np.float64]
_FINE = 400


def _gap(bench: Bench) -> Findings:
    gaps = (1.0, 1.5, 2.0, 4.0, 8.0)
    configs = [bench.config(BASE, modes=2, gap=x, records=_FINE) for x in gaps]
    courses = [bench.run(x) for x in configs]
    flows = [predict_course(x, initial_weights(x), c.times) for x, c in zip(configs, courses, strict=True)]
    index = Curve("measured, aligned start", gaps, np.stack([specialization_index(x.final) for x in courses]))
    closed = Curve("closed form, aligned start", gaps, np.stack([closed_index(x) for x in configs]), True)
    late: list[Array] = []
    late_flow: list[Array] = []
    for config, course, flow in zip(configs, courses, flows, strict=True):
        assert flow is not None
        for where, one in ((late, course), (late_flow, flow)):
            times = decision_times(one, config.mode_strengths)
            where.append(times[:, 1] / times[:, 0])
    ratio = Curve("measured", gaps, np.stack(late))
    ratio_flow = Curve("gradient flow", gaps, np.stack(late_flow), True)
    full = [bench.run(x.with_(form="matrices", init="gaussian")) for x in configs]
    same = Curve("measured, full normal matrices", gaps, np.stack([_same_owner(x.final) for x in full]))
    chance = Curve("chance, 1/B", gaps, np.full((len(gaps), 1), 1 / BASE.branches), True)
    error = float(np.abs(ratio.means / ratio_flow.means - 1).max())
    checks = (
        agrees(index, closed, 0.02),
        Check("the weaker mode is decided later, the more so the weaker", rises(ratio.values), listed(ratio)),
        Check("how much later is as predicted, within 3 %", error < 0.03, f"largest error {error:.2%}"),
        Check("full normal matrices: the owner of the strong mode wins the weak one as often as chance says, 1/4",
              all(band(x).low <= 1 / BASE.branches <= band(x).high for x in same.values), listed(same)),
    )  # fmt: skip
    label = "strength of the strong mode / of the weak one"
    panels = (
        Panel("Index against mode gap", label, "specialization index", (index, closed), log_x=True),
        Panel("When the weak mode is decided", label, "decision time, weak / strong", (ratio, ratio_flow), True, True),
        Panel("One owner for both modes", label, "share of races", (same, chance), log_x=True),
    )
    return Findings(panels, checks, configs[2])


def _correlation(bench: Bench) -> Findings:
    degrees = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)
    base = BASE.with_(modes=4, subtasks=2, gap=1.5, learning_rate=0.1, form="matrices")
    aligned = [bench.config(base, correlation=x) for x in degrees]
    finals = [bench.run(x).final for x in aligned]
    singular = Curve("measured, singular modes", degrees, np.stack([specialization_index(x) for x in finals]))
    closed = Curve("closed form, singular modes", degrees, np.stack([closed_index(x) for x in aligned]), True)
    nominal = [make_task(c).nominal(x) for c, x in zip(aligned, finals, strict=True)]
    tasks = Curve("measured, the tasks themselves", degrees, np.stack([specialization_index(x) for x in nominal]))
    expected = [_closed_nominal(x) for x in aligned]
    closed_tasks = Curve("closed form, the tasks", degrees, np.stack([specialization_index(x) for x in expected]), True)
    inside = Curve("within a sub-task", degrees, np.stack([overlaps(x, [(0, 1), (2, 3)]) for x in nominal]))
    pairs = [(0, 2), (0, 3), (1, 2), (1, 3)]
    between = Curve("between sub-tasks", degrees, np.stack([overlaps(x, pairs) for x in nominal]))
    loose = [_diagonals(bench, x.with_(init="gaussian")) for x in aligned]
    inside_full = Curve("within, full normal matrices", degrees,
                        np.stack([overlaps(x, [(0, 1), (2, 3)]) for x in loose]))  # fmt: skip
    between_full = Curve("between, full normal matrices", degrees, np.stack([overlaps(x, pairs) for x in loose]))
    labour = Curve("division of labour", degrees, np.stack([division_of_labour(x) for x in nominal]))
    checks = (
        agrees(singular, closed, 0.02),
        agrees(tasks, closed_tasks, 0.02),
        Check("uncorrelated, tasks of one sub-task have no more owners in common than others",
              band(inside.values[0] - between.values[0]).low <= 0, f"{listed(inside)} | {listed(between)}"),
        Check("correlated, they have the same owners (overlap above 0.95), other pairs do not (below 0.7)",
              bool((inside.means[1:] > 0.95).all() and (between.means[1:] < 0.7).all()),
              f"{listed(inside)} | {listed(between)}"),
        Check("full normal matrices: tasks of one sub-task have more in common the more they are correlated",
              rises([inside_full.values[0], inside_full.values[3], inside_full.values[5]]), listed(inside_full)),
        Check("full normal matrices: tasks of different sub-tasks do not",
              not rises([between_full.values[0], between_full.values[5]]), listed(between_full)),
        Check("correlated tasks have an owner less clearly than uncorrelated ones",
              all(rises([x, tasks.values[0]]) for x in tasks.values[1:]), listed(tasks)),
    )  # fmt: skip
    label = "correlation ρ of the inputs within a sub-task"
    panels = (
        Panel("Index against task correlation", label, "specialization index", (singular, closed, tasks, closed_tasks)),
        Panel(
            "What owners have in common",
            label,
            "overlap of shares",
            (inside, between, labour, inside_full, between_full),
        ),
    )
    return Findings(panels, checks, aligned[3])


def _diagonals(bench: Bench, config: RaceConfig) -> Array:
    """(S, B, M) what each branch of full matrices contributes to each task itself, after training."""
    weights = bench.train(config).weights
    product = reduce(lambda before, layer: layer @ before, weights)
    return np.diagonal(product, axis1=-2, axis2=-1)


def _closed_nominal(config: RaceConfig) -> Array:
    task = make_task(config)
    start = np.prod(initial_weights(config.with_(form="modes")), axis=0)
    return task.nominal(final_amplitudes(start, task.strengths, config.depth))


def _same_owner(
    final: Array,
) -> Array:
    owners = winner(final)
    return np.asarray((owners[:, 0] == owners[:, 1]).astype(np.float64))


EXPERIMENTS = (
    Experiment(
        "gap", "Strong and weak modes",
        "What if one mode is stronger than the other?",
        "The strong one is decided first; who owns it says nothing about the weak one.",
        "Modes that start aligned do not meet: each is a race of its own, at its own pace. Decision times: gradient"
        " flow. Index: closed form.", _gap),
    Experiment(
        "correlation", "Correlated tasks",
        "Two sub-tasks of two tasks each, with inputs correlated within a sub-task: who owns what?",
        "What has owners are the singular modes of the input-output correlation, whatever we call a task; tasks that"
        " are correlated get the same owners.",
        "Along singular modes the correlation changes only the clock, dτ = c (s − Σp) dt, so final shares are those of"
        " the closed form; the tasks' own shares are mixtures of them.", _correlation),
)  # fmt: skip
