"""A race of branches, as values: what decides it, how it went, and who runs it.

The window, the command line and the laboratory's experiments meet here; torch is on the other side of
:class:`RaceSession`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import UsageError
from .requests import CancelToken

FORMS = ("modes", "matrices")
INITIALIZATIONS = ("balanced", "gaussian", "equal")
ACTIVATIONS = ("linear", "relu", "tanh")
OPTIMIZERS = ("sgd", "momentum", "adam")
MOMENTUM = 0.9

MAX_DEPTH, MAX_BRANCHES, MAX_MODES, MAX_WIDTH, MAX_SEEDS = 8, 64, 256, 256, 4096
MAX_STEPS = 1_000_000


@dataclass(frozen=True)
class RaceConfig:
    """All that decides a race; equal values give equal races.

    Attributes:
        depth: layers of each branch, L.
        branches: B.
        modes: M, things to be learned: the singular modes of the task.
        subtasks: groups of modes; the modes of a group are equally strong, and their inputs are correlated. 0: one
            per mode.
        strengths: of the sub-tasks; (): a geometric ladder from 1 to ``1 / gap``.
        gap: strongest over weakest sub-task, for the ladder.
        correlation: between the inputs of one sub-task's modes, in [0, 1).
        scale: what one branch contributes to a mode before training (the typical product of its L weights), in the
            units of the strengths; so races of different depth start alike as functions.
        spread: standard deviation, between branches, of the logarithm of that contribution ("balanced").
        init: "balanced" (layers of equal size, contributions positive), "gaussian" (independent normal weights), or
            "equal" (every branch the same).
        form: "modes" (one weight per layer, branch and mode) or "matrices" (full ones).
        activation: between the layers; "linear" unless the form is "matrices".
        width: hidden units of a branch ("matrices"); 0: as many as modes.
        shared: first layers that all branches share, 0 … depth − 1.
        optimizer: one of OPTIMIZERS.
        learning_rate: η.
        noise: standard deviation of the normal noise on every weight's gradient at every step.
        steps: of the optimizer; 0: as many as gradient flow needs, see :func:`suggested_steps`.
        records: how many moments are recorded, at most.
        seeds: races run side by side.
        seed: what all random numbers come from.
    """

    depth: int = 3
    branches: int = 4
    modes: int = 4
    subtasks: int = 0
    strengths: tuple[float, ...] = ()
    gap: float = 1.0
    correlation: float = 0.0
    scale: float = 1e-3
    spread: float = 0.5
    init: str = "balanced"
    form: str = "modes"
    activation: str = "linear"
    width: int = 0
    shared: int = 0
    optimizer: str = "sgd"
    learning_rate: float = 0.02
    noise: float = 0.0
    steps: int = 0
    records: int = 200
    seeds: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_choices(self)

    @property
    def groups(self) -> int:
        """Number of sub-tasks."""
        return self.subtasks or self.modes

    @property
    def mode_strengths(self) -> NDArray[np.float64]:
        """(M,) strength of each mode."""
        ladder = self.strengths or tuple(np.geomspace(1.0, 1.0 / self.gap, self.groups))
        return np.repeat(np.asarray(ladder, dtype=np.float64), self.modes // self.groups)

    @property
    def mode_variances(self) -> NDArray[np.float64]:
        """(M,) variance of the input along each singular mode: 1 + ρ(k−1) for a sub-task's common one, else 1 − ρ."""
        size = self.modes // self.groups
        block = np.full(size, 1.0 - self.correlation)
        block[0] = 1.0 + self.correlation * (size - 1)
        return np.tile(block, self.groups)

    @property
    def time_per_step(self) -> float:
        """Gradient-flow time that one step of the optimizer is worth; Adam's steps have no such time: η."""
        return self.learning_rate / (1.0 - MOMENTUM) if self.optimizer == "momentum" else self.learning_rate

    @property
    def step_count(self) -> int:
        """``steps``, or what gradient flow needs."""
        return self.steps or suggested_steps(self)

    def to_json(self) -> dict[str, Any]:
        """The object that :meth:`from_json` reads."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in vars(self).items()}

    @staticmethod
    def from_json(data: Any) -> RaceConfig:
        """Check and convert a parsed JSON object; fields that are not there keep their defaults.

        Raises:
            UsageError: not an object, an unknown field, a value of the wrong kind or out of range.
        """
        if not isinstance(data, Mapping):
            raise UsageError("The race's configuration is not a JSON object.")
        known = {field.name: field.default for field in fields(RaceConfig)}
        values: dict[str, Any] = {}
        for key, value in data.items():
            if key not in known:
                raise UsageError(f"The race's configuration has an unknown field “{key}”.")
            values[key] = _converted(str(key), value, known[str(key)])
        return RaceConfig(**values)

    def with_(self, **changes: Any) -> RaceConfig:
        """A copy with some values changed."""
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class RaceFrame:
    """Where a race stands.

    Attributes:
        step: steps done.
        time: gradient-flow time of that step.
        amplitudes: (S, B, M) float64, what each branch contributes to each mode; a mode is learned when the branches'
            sum is its strength.
    """

    step: int
    time: float
    amplitudes: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RaceCourse:
    """A race from its start to where it was recorded.

    Attributes:
        times: (T,) gradient-flow time, increasing.
        amplitudes: (T, S, B, M) float64, see :class:`RaceFrame`.
    """

    times: NDArray[np.float64]
    amplitudes: NDArray[np.float64]

    @property
    def final(self) -> NDArray[np.float64]:
        """(S, B, M) the last recorded amplitudes."""
        return np.asarray(self.amplitudes[-1])


class RaceSession(Protocol):
    """A race under way; one thread at a time."""

    @property
    def config(self) -> RaceConfig:
        """What decided it."""
        ...

    def frame(self) -> RaceFrame:
        """Where it stands."""
        ...

    def advance(self, steps: int) -> RaceFrame:
        """Train that many steps more."""
        ...

    def predict(self, times: NDArray[np.float64], cancel: CancelToken) -> RaceCourse | None:
        """What theory says of this race at these times, from its initial weights; None where there is no theory.

        Raises:
            Cancelled: the token was cancelled.
        """
        ...


def shares(amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each branch's share of each mode: |a_b| / Σ_c |a_c|, (…, B, M) -> (…, B, M); alike where all are zero."""
    size = np.abs(amplitudes)
    total = size.sum(axis=-2, keepdims=True)
    alike: NDArray[np.float64] = np.full_like(size, 1.0 / size.shape[-2])
    np.divide(size, total, out=alike, where=total > 0)
    return alike


def specialization_index(amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each mode has one owner: (…, B, M) -> (…).

    ``mean over modes of (B Σ_b r_b² − 1) / (B − 1)``, r being the :func:`shares`: 0 exactly when all branches share
    every mode alike, 1 exactly when every mode has one owner. (A Herfindahl index, normalized by its range.)
    """
    branches = amplitudes.shape[-2]
    if branches == 1:
        return np.ones(amplitudes.shape[:-2])
    owned = (branches * np.square(shares(amplitudes)).sum(axis=-2) - 1.0) / (branches - 1.0)
    return np.asarray(owned.mean(axis=-1))


def suggested_steps(config: RaceConfig) -> int:
    """Steps after which gradient flow has learned the slowest mode within about a per mille, with some to spare.

    The time is that of leaving the neighbourhood of zero, plus eight times that of settling; both follow from
    ``dp/dt = L p^(2−2/L) (s − Σp)``.
    """
    strength, variance = float(config.mode_strengths.min()), float(config.mode_variances.min())
    depth = config.depth
    start = min(config.scale, strength)
    escape: float = 0.0
    if depth == 2:
        escape = math.log(max(strength / start, 1.0)) / (2 * strength)
    elif depth > 2:
        escape = start ** (2 / depth - 1) / ((depth - 2) * strength)
    settle: float = 1.0 / (depth * config.branches ** (2 / depth - 1) * strength ** (2 - 2 / depth))
    if config.optimizer == "adam":
        # Every weight moves by about η a step until the strength is reached, then the oscillation dies out.
        strongest = float(config.mode_strengths.max())
        moved = 3 * math.pow(strongest, 1 / depth) + 300 * config.learning_rate
        return min(math.ceil(moved / config.learning_rate), MAX_STEPS)
    time = (1.4 * escape + 8 * settle) / variance
    return min(max(math.ceil(time / config.time_per_step), 10), MAX_STEPS)


def _check_numbers(config: RaceConfig) -> None:
    limits: dict[str, tuple[float, float]] = {
        "depth": (1, MAX_DEPTH),
        "branches": (1, MAX_BRANCHES),
        "modes": (1, MAX_MODES),
        "subtasks": (0, config.modes),
        "gap": (1.0, 1e6),
        "correlation": (0.0, 0.999),
        "scale": (1e-12, 10.0),
        "spread": (0.0, 10.0),
        "width": (0, MAX_WIDTH),
        "shared": (0, config.depth - 1),
        "learning_rate": (1e-9, 10.0),
        "noise": (0.0, 10.0),
        "steps": (0, MAX_STEPS),
        "records": (2, 10_000),
        "seeds": (1, MAX_SEEDS),
        "seed": (0, 2**63 - 1),
    }
    for name, (low, high) in limits.items():
        value = getattr(config, name)
        if not low <= value <= high:  # NaN is never within.
            raise UsageError(f"The race's {_words(name)} is {value:g}, which is not from {low:g} to {high:g}.")
    if config.modes % config.groups:
        raise UsageError(f"{config.modes} modes cannot be shared out evenly among {config.groups} sub-tasks.")
    if config.strengths and len(config.strengths) != config.groups:
        raise UsageError(f"There are {len(config.strengths)} strengths for {config.groups} sub-tasks.")
    if not all(1e-6 <= x <= 1e3 for x in config.strengths):
        raise UsageError("A strength is not from 1e-06 to 1000.")


def _check_choices(config: RaceConfig) -> None:
    choices = {"init": INITIALIZATIONS, "form": FORMS, "activation": ACTIVATIONS, "optimizer": OPTIMIZERS}
    for name, known in choices.items():
        if getattr(config, name) not in known:
            raise UsageError(f"“{getattr(config, name)}” is no {_words(name)}; there are {', '.join(known)}.")
    if config.activation != "linear" and config.form != "matrices":
        raise UsageError(f"Only networks of full matrices can have the activation “{config.activation}”.")
    if config.form == "matrices" and config.init == "balanced" and config.width not in (0, config.modes):
        raise UsageError("A balanced start of full matrices needs as many hidden units as modes.")


def _words(name: str) -> str:
    known = {"init": "initialization", "seeds": "number of races", "records": "number of records"}
    return known.get(name, name.replace("_", " "))


def _converted(key: str, value: Any, default: Any) -> Any:
    wrong = UsageError(f"The field “{key}” of the race's configuration has a value of the wrong kind.")
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(_is_number(x) for x in value):
            raise wrong
        return tuple(float(x) for x in value)
    if isinstance(default, str):
        if not isinstance(value, str):
            raise wrong
        return value
    if not _is_number(value) or (isinstance(default, int) and value != int(value)):
        raise wrong
    return type(default)(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
