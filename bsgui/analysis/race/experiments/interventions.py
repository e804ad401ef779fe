"""Interfering with a race: exchanging two branches halfway, freezing the leader."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.race.findings import Bench, Check, Curve, Experiment, Findings, Panel, listed
from bsgui.analysis.race.initial import initial_weights
from bsgui.analysis.race.measures import band
from bsgui.analysis.race.theory import final_amplitudes, predict_course, winner
from bsgui.analysis.race.training import Race
from bsgui.core.race import RaceConfig, RaceCourse, RaceFrame, shares

from .structure import BASE

Ints = NDArray[np.int64]
Array = NDArray[np.float64]
_RATES = {"sgd": 0.05, "momentum": 0.005, "adam": 0.002}


class _Once:
    """Interferes once, at the first record at which the strongest mode is learned to some part.

    Attributes:
        before: amplitudes at that record, None until then.
        leader: (S,) the branch that led the strongest mode then.
        second: (S,) the one after it.
    """

    def __init__(self, part: float, act: Callable[[Race, _Once], None]) -> None:
        self._part = part
        self._act = act
        self.before: Array | None = None
        self.leader: Ints = np.zeros(0, np.int64)
        self.second: Ints = np.zeros(0, np.int64)
        self.time = 0.0

    def __call__(self, race: Race, frame: RaceFrame) -> None:
        strongest = frame.amplitudes[:, :, 0]
        if self.before is not None or float(strongest.sum(1).mean()) < self._part:
            return
        order = np.argsort(-np.abs(strongest), axis=1)
        self.leader, self.second = order[:, 0], order[:, 1]
        self.before, self.time = frame.amplitudes, frame.time
        self._act(race, self)


def _swap(bench: Bench) -> Findings:
    moved, kept, panels, checks = [], [], [], []
    for optimizer, rate in _RATES.items():
        config = bench.config(BASE, optimizer=optimizer, learning_rate=rate, spread=1.0, records=120)
        once = _Once(0.5, lambda race, now: race.swap(now.leader, now.second))
        course = bench.run(config, once)
        undisturbed = bench.run(config)
        final, owner = winner(course.final)[:, 0], winner(undisturbed.final)[:, 0]
        expected = np.where(owner == once.leader, once.second, np.where(owner == once.second, once.leader, owner))
        moved.append((final == expected).astype(np.float64))
        kept.append((final == owner).astype(np.float64))
        panels.append(_swap_panel(course, once, optimizer))
        checks.append(Check(f"{optimizer}: the role goes with the weights in 99 % of races",
                            float(moved[-1].mean()) >= 0.99, f"{moved[-1].mean():.1%} of {len(final)}"))  # fmt: skip
    kinds = tuple(_RATES)
    bars = Panel("Who owns the strongest mode in the end", "optimizer", "share of races", (
        Curve("the branch that got the owner's weights", kinds, np.stack(moved)),
        Curve("the branch in the owner's place", kinds, np.stack(kept)),
        Curve("theory: roles follow weights", kinds, np.ones((len(kinds), 1)), True,
              "the branch that got the owner's weights"),
    ))  # fmt: skip
    return Findings((bars, *panels), tuple(checks), bench.config(BASE, spread=1.0))


def _swap_panel(course: RaceCourse, once: _Once, optimizer: str) -> Panel:
    times = tuple(float(x) for x in course.times)
    rows = np.arange(course.amplitudes.shape[1])
    of_mode = course.amplitudes[:, :, :, 0]
    return Panel(f"Swap with {optimizer}, at time {once.time:.3g}", "time", "contribution to the strongest mode", (
        Curve("place of the leader", times, of_mode[:, rows, once.leader]),
        Curve("place of the second", times, of_mode[:, rows, once.second]),
    ))  # fmt: skip


def _freeze(bench: Bench) -> Findings:
    config = bench.config(BASE, modes=2, spread=0.5, records=400)
    config = config.with_(steps=config.step_count * 3 // 2)
    once = _Once(0.15, lambda race, now: race.freeze(now.leader))
    course = bench.run(config, once)
    free = predict_course(config, initial_weights(config), course.times)
    assert once.before is not None
    assert free is not None
    final = course.final[:, :, 0]
    taken = (winner(course.final)[:, 0] == once.second).astype(np.float64)
    expected = _after_freezing(once, config)
    rows = np.arange(len(final))
    distance = np.abs(final - expected)[rows, once.second]
    learned = band(final.sum(1))
    gained = final[rows, once.second] - free.final[rows, once.second, 0]
    checks: tuple[Check, ...] = (
        Check("the runner-up owns the strongest mode in 99 % of races", float(taken.mean()) >= 0.99,
              f"{taken.mean():.1%} of {len(final)}"),
        Check("it ends with what the closed form gives the rest of the field (within 0.02)",
              float(distance.max()) < 0.02, f"largest distance {distance.max():.2g}"),
        Check("the mode is learned all the same (within 1 %)", abs(learned.mean - 1) < 0.01, str(learned)),
        Check("the runner-up gains by it", band(gained).low > 0, str(band(gained))),
    )  # fmt: skip
    times = tuple(float(x) for x in course.times)
    of_mode, of_free = course.amplitudes[:, :, :, 0], free.amplitudes[:, :, :, 0]
    panel = Panel(f"The leader is frozen at time {once.time:.3g}", "time", "contribution to the strongest mode", (
        Curve("leader, frozen", times, of_mode[:, rows, once.leader]),
        Curve("runner-up", times, of_mode[:, rows, once.second]),
        Curve("leader, had it gone on (gradient flow)", times, of_free[:, rows, once.leader], True, "leader, frozen"),
        Curve("runner-up, had it not (gradient flow)", times, of_free[:, rows, once.second], True, "runner-up"),
    ))  # fmt: skip
    owned = Curve(
        "measured", ("leader", "runner-up"), np.stack([_share(final, rows, x) for x in (once.leader, once.second)])
    )
    closed = Curve("closed form", ("leader", "runner-up"),
                   np.stack([_share(expected, rows, x) for x in (once.leader, once.second)]), True)  # fmt: skip
    bars = Panel("Final shares of the strongest mode", "branch", "share", (owned, closed))
    checks = (*checks, Check("measured and predicted shares", bool(np.abs(owned.means - closed.means).max() < 0.02),
                             f"{listed(owned)} | {listed(closed)}"))  # fmt: skip
    return Findings((panel, bars), checks, config)


def _after_freezing(once: _Once, config: RaceConfig) -> Array:
    """(S, B) the strongest mode's final contributions: the others run for what the frozen one has not learned."""
    assert once.before is not None
    before = once.before[:, :, 0]
    races, branches = before.shape
    others = np.ones((races, branches), dtype=np.bool_)
    others[np.arange(races), once.leader] = False
    left = float(config.mode_strengths[0]) - before[~others]
    field = before[others].reshape(races, branches - 1)
    result = before.copy()
    ends = [final_amplitudes(x[:, None], np.array([s]), config.depth)[:, 0] for x, s in zip(field, left, strict=True)]
    result[others] = np.stack(ends).ravel()
    return result


def _share(final: Array, rows: Ints, branch: Ints) -> Array:
    return np.asarray(shares(final[:, :, None])[rows, branch, 0])


EXPERIMENTS = (
    Experiment(
        "swap", "Exchanging two branches halfway",
        "Do roles belong to the branches' places or to their weights?",
        "To the weights: exchange the leader with the second when the strongest mode is half learned, and"
        " the role moves.",
        "The loss does not know the branches' names. The optimizer's memory (momentum, Adam's moments) is"
        " not exchanged and"
        " could resist; theory without memory says 100 %.", _swap),
    Experiment(
        "freeze", "Freezing the leader",
        "Who takes over when the leader stops learning?",
        "The runner-up.",
        "The others run on for what is left, s − p_leader; closed form from where they stand when the leader"
        " is frozen.",
        _freeze),
)  # fmt: skip
