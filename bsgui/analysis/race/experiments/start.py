"""Specialization against how training starts: initial scale, spread, equal branches."""

from __future__ import annotations

import numpy as np

from bsgui.analysis.race.findings import Bench, Check, Curve, Experiment, Findings, Panel, agrees, falls, listed, rises
from bsgui.analysis.race.measures import band
from bsgui.core.race import specialization_index

from .structure import BASE, closed_index

_EXACT = 1e-12


def _scale(bench: Bench) -> Findings:
    scales = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    curves = []
    for depth in (2, 3, 4):
        configs = [bench.config(BASE, depth=depth, scale=x) for x in scales]
        values = np.stack([specialization_index(bench.run(x).final) for x in configs])
        curves.append(Curve(f"measured, depth {depth}", scales, values))
        curves.append(Curve(f"closed form, depth {depth}", scales, np.stack([closed_index(x) for x in configs]), True))
    full = [bench.config(BASE, scale=x, form="matrices", init="gaussian") for x in scales]
    finals = np.stack([specialization_index(bench.run(x).final) for x in full])
    gaussian = Curve("measured, depth 3, full normal matrices", scales, finals)
    two, three, four = curves[0], curves[2], curves[4]
    checks = (
        Check("at depth 3 it falls with every decade of scale", falls(three.values), listed(three)),
        Check("at depth 4 it falls with every decade of scale", falls(four.values), listed(four)),
        Check("full normal matrices at depth 3: it falls with every decade", falls(gaussian.values), listed(gaussian)),
        Check("at depth 2 the scale does not matter (means within 0.005)", float(np.ptp(two.means)) < 0.005,
              listed(two)),
        *(agrees(curves[k], curves[k + 1], 0.02) for k in (0, 2, 4)),
    )  # fmt: skip
    panel = Panel("Index against initial scale", "initial contribution of a branch / strongest mode",
                  "specialization index", (*curves, gaussian), log_x=True)  # fmt: skip
    return Findings((panel,), checks, bench.config(BASE))


def _spread(bench: Bench) -> Findings:
    spreads = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
    curves = []
    for depth in (1, 2, 3):
        configs = [bench.config(BASE, depth=depth, spread=x) for x in spreads]
        values = np.stack([specialization_index(bench.run(x).final) for x in configs])
        curves.append(Curve(f"measured, depth {depth}", spreads, values))
        curves.append(Curve(f"closed form, depth {depth}", spreads, np.stack([closed_index(x) for x in configs]), True))
    one, two, three = curves[0], curves[2], curves[4]
    checks = (
        Check("no spread, no specialization (below 1e-12)", max(x.values[0].max() for x in curves[::2]) < _EXACT,
              f"largest {max(x.values[0].max() for x in curves[::2]):.1g}"),
        Check("at depth 2 it rises with the spread", rises(two.values), listed(two)),
        Check("at depth 3 it rises with the spread", rises(three.values), listed(three)),
        Check("at depth 1 no spread up to 1 makes an expert (below 0.001)", bool((one.means[:-1] < 1e-3).all()),
              listed(one)),
        *(agrees(curves[k], curves[k + 1], 0.02) for k in (0, 2, 4)),
    )  # fmt: skip
    panel = Panel("Index against initial spread", "deviation of log contribution between branches",
                  "specialization index", tuple(curves))  # fmt: skip
    return Findings((panel,), checks, bench.config(BASE))


def _equal(bench: Bench) -> Findings:
    noises = (0.0, 1e-3, 1e-2, 3e-2)
    words = tuple(f"{x:g}" for x in noises)
    curves = []
    for depth in (1, 2, 3, 4):
        configs = [bench.config(BASE, depth=depth, init="equal", noise=x) for x in noises]
        values = np.stack([specialization_index(bench.run(x).final) for x in configs])
        curves.append(Curve(f"measured, depth {depth}", words, values))
    still = max(float(x.values[0].max()) for x in curves)
    deep = curves[2:]
    checks = (
        Check("noise is enough for experts: the index is above 0.1 at depth 3 with the strongest",
              band(curves[2].values[-1]).low > 0.1, listed(curves[2])),
        Check("without noise equal branches stay equal (below 1e-12)", still < _EXACT, f"largest {still:.1g}"),
        *(Check(f"at {x.name.removeprefix('measured, ')} more noise breaks the tie further", rises(x.values), listed(x))
          for x in deep),
        Check("at depth 1 noise makes no experts (below 0.01)", band(curves[0].values[-1]).high < 0.01,
              listed(curves[0])),
    )  # fmt: skip
    panel = Panel("Equal branches and noise", "deviation of the noise on each gradient", "specialization index",
                  tuple(curves))  # fmt: skip
    return Findings((panel,), checks, bench.config(BASE, init="equal", noise=1e-2))


EXPERIMENTS = (
    Experiment(
        "scale", "Small starts make experts",
        "How does the index depend on the initial scale, over four decades?",
        "It falls with the scale at depth 3 and more; at depth 2 the scale does not matter.",
        "Conserved between branches is p_b/p_c at L = 2, whatever the scale, and p_b^−(1−2/L) − p_c^−(1−2/L)"
        " beyond, which"
        " grows without bound as the scale falls. Closed form of the final shares.", _scale),
    Experiment(
        "spread", "What the branches differ by at first",
        "How much must branches differ at the start?",
        "Without any difference there is no specialization; it rises with the difference, faster at depth 3; one layer"
        " never specializes.",
        "Closed form of the final shares.", _spread),
    Experiment(
        "equal", "Exactly equal branches",
        "What if all branches start with the same weights?",
        "They stay equal for ever, bit for bit, until noise on the gradients breaks the tie; then depth does the rest.",
        "The gradients of equal branches are equal: the tie is invariant under every optimizer. Noise makes a spread of"
        " L·σ·η·√steps / w before the mode is learned.", _equal),
)  # fmt: skip
