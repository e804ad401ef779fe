"""What an experiment is and what it brings home: curves over seeds, checks, a verdict that follows from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsgui.core.race import RaceConfig, RaceCourse, RaceFrame
from bsgui.core.requests import CancelToken, NeverCancelled

from .measures import Band, band
from .training import Race, record_steps, run_race

Array = NDArray[np.float64]
MIN_SEEDS = 32


@dataclass(frozen=True, eq=False)
class Curve:
    """One line of a figure.

    Attributes:
        name: for the legend.
        x: (X,) numbers, or words where the axis is one of kinds.
        values: (X, S) one value per seed; a closed form without seeds has S = 1.
        predicted: whether theory says it, and not a measurement.
        of: name of the measured curve that it predicts; "": the one before it.
    """

    name: str
    x: tuple[float | str, ...]
    values: Array
    predicted: bool = False
    of: str = ""

    @property
    def bands(self) -> list[Band]:
        """Mean and 95 % interval at each x."""
        return [band(row) for row in self.values]

    @property
    def means(self) -> Array:
        """(X,)."""
        return np.asarray(self.values.mean(1))


@dataclass(frozen=True)
class Panel:
    """One diagram: its axes and curves."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Check:
    """One claim held against the data: whether it held, and the figures that say so."""

    claim: str
    kept: bool
    figures: str


@dataclass(frozen=True, eq=False)
class Findings:
    """What an experiment found; the verdict is "kept" if every check held, "refuted" if none did, else "mixed"."""

    panels: tuple[Panel, ...]
    checks: tuple[Check, ...]
    config: RaceConfig

    @property
    def verdict(self) -> str:
        """See the class."""
        held = [x.kept for x in self.checks]
        return "kept" if all(held) else "mixed" if any(held) else "refuted"


@dataclass
class Bench:
    """Where experiments run: how many seeds, from which seed, and whom to tell.

    Attributes:
        seeds: races per condition.
        seed: of everything.
        cancel: asked during every race.
        advance: told after every race.
        races: configurations that were run, in order.
    """

    seeds: int = MIN_SEEDS
    seed: int = 0
    cancel: CancelToken = field(default_factory=NeverCancelled)
    advance: Callable[[], None] = lambda: None
    races: list[RaceConfig] = field(default_factory=list)

    def config(self, base: RaceConfig, **changes: Any) -> RaceConfig:
        """The base with changes, and this bench's seeds."""
        return base.with_(seeds=self.seeds, seed=self.seed, **changes)

    def run(self, config: RaceConfig, intervene: Callable[[Race, RaceFrame], None] | None = None) -> RaceCourse:
        """Run one race, see :func:`~.training.run_race`."""
        self.races.append(config)
        course = run_race(config, self.cancel, intervene)
        self.advance()
        return course

    def train(self, config: RaceConfig) -> Race:
        """Run one race and give back its network, for a look at the weights."""
        self.races.append(config)
        race = Race(config)
        for before, after in pairwise(record_steps(config)):
            self.cancel.raise_if_cancelled()
            race.advance(int(after - before))
        self.advance()
        return race


@dataclass(frozen=True)
class Experiment:
    """An experiment of record.

    Attributes:
        name: what is typed.
        title: what is printed.
        question: what is asked.
        hypothesis: what we expect, in words.
        prediction: what theory says, and whence.
        work: does it.
    """

    name: str
    title: str
    question: str
    hypothesis: str
    prediction: str
    work: Callable[[Bench], Findings]


def rises(rows: Sequence[Array] | Array) -> bool:
    """Whether a value grows from row to row for sure: every paired difference's 95 % interval is above zero."""
    return all(band(after - before).low > 0 for before, after in pairwise(rows))


def falls(rows: Sequence[Array] | Array) -> bool:
    """Whether a value falls from row to row for sure."""
    return rises([-x for x in rows])


def agrees(measured: Curve, predicted: Curve, tolerance: float) -> Check:
    """Whether measured and predicted means differ by ``tolerance`` at most, everywhere."""
    distance = float(np.abs(measured.means - predicted.means).max())
    claim = f"“{measured.name}” is within {tolerance:g} of “{predicted.name}”"
    return Check(claim, distance <= tolerance, f"largest distance of the means {distance:.2g}")


def listed(curve: Curve) -> str:
    """The means of a curve, for a check's figures."""
    return ", ".join(
        f"{x if isinstance(x, str) else format(x, 'g')}: {y:.3g}" for x, y in zip(curve.x, curve.means, strict=True)
    )
