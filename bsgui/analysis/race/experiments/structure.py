"""Specialization against what the network is: depth, branches, a shared bottleneck, activations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.race.findings import Bench, Check, Curve, Experiment, Findings, Panel, agrees, falls, listed, rises
from bsgui.analysis.race.initial import initial_weights
from bsgui.analysis.race.measures import band
from bsgui.analysis.race.tasks import make_task
from bsgui.analysis.race.theory import final_amplitudes, gradient_flow
from bsgui.core.race import RaceConfig, specialization_index

Array = NDArray[np.float64]
BASE = RaceConfig(depth=3, branches=4, modes=4, gap=2.0, scale=1e-3, spread=0.5, learning_rate=0.05, records=30)
NOISE_OF_ZERO = 1e-3


def closed_index(config: RaceConfig) -> Array:
    """(S,) the index that the closed form predicts for a balanced race without shared layers."""
    start = np.prod(initial_weights(config.with_(form="modes")), axis=0)
    return specialization_index(final_amplitudes(start, make_task(config).strengths, config.depth))


def _depth(bench: Bench) -> Findings:
    depths = (1, 2, 3, 4, 5)
    aligned = [bench.config(BASE, depth=x) for x in depths]
    full = [x.with_(form="matrices", init="gaussian") for x in aligned]
    courses = [bench.run(x) for x in aligned]
    start = Curve("before training", depths, _indices([x.amplitudes[0] for x in courses]))
    measured = Curve("measured, aligned start", depths, _indices([x.final for x in courses]))
    closed = Curve("closed form, aligned start", depths, np.stack([closed_index(x) for x in aligned]), True)
    gaussian = Curve("measured, full normal matrices", depths, _indices([bench.run(x).final for x in full]))
    checks = (
        Check("at depth 1 the index is 0 within noise (95 % interval below 0.001)",
              band(measured.values[0]).high < NOISE_OF_ZERO, str(band(measured.values[0]))),
        Check("with full normal matrices, too, at depth 1", band(gaussian.values[0]).high < NOISE_OF_ZERO,
              str(band(gaussian.values[0]))),
        Check("it rises with every layer", rises(measured.values), listed(measured)),
        Check("it rises with every layer of full normal matrices", rises(gaussian.values), listed(gaussian)),
        agrees(measured, closed, 0.02),
    )  # fmt: skip
    panel = Panel(
        "Index against depth", "layers per branch", "specialization index", (start, measured, closed, gaussian)
    )
    return Findings((panel,), checks, aligned[2])


def _branches(bench: Bench) -> Findings:
    counts = (2, 4, 8, 16)
    curves = []
    for depth in (2, 3, 4):
        configs = [bench.config(BASE, branches=x, depth=depth) for x in counts]
        values = _indices([bench.run(x).final for x in configs])
        curves.append(Curve(f"measured, depth {depth}", counts, values))
        curves.append(Curve(f"closed form, depth {depth}", counts, np.stack([closed_index(x) for x in configs]), True))
    shallow, deep = curves[0], curves[4]
    checks = (
        *(agrees(curves[k], curves[k + 1], 0.02) for k in (0, 2, 4)),
        Check("four layers keep the index above 0.5 with any number of branches", bool((deep.means > 0.5).all()),
              listed(deep)),
        Check("with more branches the first leads by less: the index falls at depth 2", falls(shallow.values),
              listed(shallow)),
    )  # fmt: skip
    panel = Panel("Index against the number of branches", "branches", "specialization index", tuple(curves), log_x=True)
    return Findings((panel,), checks, bench.config(BASE))


def _bottleneck(bench: Bench) -> Findings:
    shared = (0, 1, 2, 3)
    configs = [bench.config(BASE, depth=4, shared=x) for x in shared]
    courses = [bench.run(x) for x in configs]
    flows = [
        gradient_flow(initial_weights(x), make_task(x), course.times[[0, -1]])[-1]
        for x, course in zip(configs, courses, strict=True)
    ]
    measured = Curve("measured, aligned start", shared, _indices([x.final for x in courses]))
    predicted = Curve("gradient flow", shared, _indices(flows), True)
    full = [x.with_(form="matrices", init="gaussian") for x in configs]
    gaussian = Curve("measured, full normal matrices", shared, _indices([bench.run(x).final for x in full]))
    checks = (
        agrees(measured, predicted, 0.02),
        Check("each shared layer takes from the index", falls(measured.values), listed(measured)),
        Check("each shared layer of full normal matrices takes from the index", falls(gaussian.values),
              listed(gaussian)),
        Check("with one layer of its own a branch does not specialize (index below 0.01)",
              band(measured.values[-1]).high < 0.01, str(band(measured.values[-1]))),
    )  # fmt: skip
    panel = Panel("Index against shared layers, of four", "shared layers", "specialization index",
                  (measured, predicted, gaussian))  # fmt: skip
    return Findings((panel,), checks, configs[1])


def _networks(bench: Bench) -> Findings:
    depths = (1, 2, 3, 4)
    base = BASE.with_(form="matrices", init="gaussian", width=8, scale=1e-2, learning_rate=0.1, gap=1.5)
    curves, learned = [], []
    for activation in ("linear", "tanh", "relu"):
        finals = []
        for depth in depths:
            config = bench.config(base, depth=depth, activation=activation)
            finals.append(bench.run(config.with_(steps=min(_patience(activation) * config.step_count, 4000))).final)
        curves.append(Curve(f"measured, {activation}", depths, _indices(finals)))
        parts = [(x.sum(1) / base.mode_strengths).mean(-1) for x in finals]
        learned.append(Curve(f"measured, {activation}", depths, np.stack(parts)))
    checks = [
        Check(f"{x.name.removeprefix('measured, ')}: depth 3 specializes more than depth 1",
              rises([x.values[0], x.values[2]]), listed(x))
        for x in curves
    ]  # fmt: skip
    checks.append(Check("all networks learn at least 80 % of the task on average",
                        all((x.means > 0.8).all() for x in learned),
                        "; ".join(listed(x) for x in learned)))  # fmt: skip
    panels = (
        Panel("Index against depth and activation", "layers per branch", "specialization index", tuple(curves)),
        Panel("What was learned", "layers per branch", "learned share of the task", tuple(learned)),
    )
    return Findings(panels, tuple(checks), bench.config(base))


def _patience(activation: str) -> int:
    # Half of a ReLU network's units are silent at any time: it learns at a fraction of the linear rate.
    return {"linear": 2, "tanh": 3, "relu": 8}[activation]


def _indices(
    amplitudes: list[Array],
) -> Array:
    return np.stack([specialization_index(x) for x in amplitudes])


EXPERIMENTS = (
    Experiment(
        "depth", "Depth makes experts",
        "How does the specialization index depend on the number of layers of a branch?",
        "One layer: none at all. Every further layer: more.",
        "dp/dτ = L p^(2−2/L) in the common clock: alike for all at L = 1, proportional at L = 2, faster than"
        " that for the"
        " leader beyond. Closed form of the final shares (README).", _depth),
    Experiment(
        "branches", "From 2 to 16 branches",
        "Do many branches still find one owner per mode?",
        "At depth 4 yes; with more branches the first is less far ahead of the second, so shallow networks share more.",
        "Closed form of the final shares, from the initial weights.", _branches),
    Experiment(
        "bottleneck", "A shared bottleneck",
        "What if the branches share their first layers?",
        "Shared layers do not take part in the race: four layers of which k are shared specialize like 4 − k.",
        "A shared factor u multiplies every branch's velocity alike, so it belongs to the clock: dτ = u (s −"
        " Σp) dt; what"
        " is left is the race of the branches' own layers. Curve: gradient flow, integrated.", _bottleneck),
    Experiment(
        "networks", "Beyond linear networks",
        "Do tanh and ReLU networks, with full normal matrices, behave like the linear ones?",
        "Depth specializes them, too.",
        "No closed form; the linear network beside them is the reference.", _networks),
)  # fmt: skip
