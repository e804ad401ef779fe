"""What is read off a race: who won, when, how far, how well the labour is divided, and how sure we are.

The shares and the specialization index themselves are in :mod:`bsgui.core.race`, where the window finds them too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from bsgui.core.race import RaceCourse, shares

from .theory import winner

Array = NDArray[np.float64]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Band:
    """A mean over seeds with Student's 95 % confidence interval; of one seed, the interval is endless."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}]"


def band(values: Array) -> Band:
    """The band of one value per seed, (S,)."""
    mean, count = float(values.mean()), len(values)
    if count < 2:
        return Band(mean, -np.inf, np.inf)
    half = float(student.ppf((1 + CONFIDENCE) / 2, count - 1) * values.std(ddof=1) / np.sqrt(count))
    return Band(mean, mean - half, mean + half)


def division_of_labour(amplitudes: Array) -> Array:
    """How much a mode tells about its branch: (…, B, M) -> (…), 0 … 1.

    Mutual information between modes (equally likely) and branches (by share), over the logarithm of the smaller of
    their numbers. The specialization index is also 1 where one branch owns everything; this is then 0.
    """
    joint = shares(amplitudes) / amplitudes.shape[-1]
    expected = joint.sum(-1, keepdims=True) * joint.sum(-2, keepdims=True)
    ratio = np.divide(joint, expected, out=np.ones_like(joint), where=joint > 0)
    smaller = min(joint.shape[-2:])
    if smaller == 1:
        return np.zeros(joint.shape[:-2])
    return np.asarray((joint * np.log(ratio)).sum((-2, -1)) / np.log(smaller))


def decision_times(course: RaceCourse, strengths: Array) -> Array:
    """When each mode was decided: (S, M), in the course's time; infinite where it was not.

    Decided is a mode from the first record on at which the branches have learned half of its strength and the final
    winner leads, to lead to the end.
    """
    learned = course.amplitudes.sum(2) >= strengths / 2
    leads = winner(course.amplitudes) == winner(course.final)
    settled = np.flip(np.logical_and.accumulate(np.flip(learned & leads, 0), 0), 0)
    first = settled.argmax(0)
    return np.asarray(np.where(settled.any(0), course.times[first], np.inf))


def course_errors(course: RaceCourse, predicted: RaceCourse) -> Array:
    """Relative L2 distance of each branch's time course from its prediction, over time and modes: (S, B)."""
    distance = np.square(course.amplitudes - predicted.amplitudes).sum((0, 3))
    size = np.square(predicted.amplitudes).sum((0, 3))
    return np.asarray(np.sqrt(distance / size))


def overlaps(amplitudes: Array, pairs: list[tuple[int, int]]) -> Array:
    """What pairs of modes have in common in their owners: mean of ``Σ_b min(r_bi, r_bj)``, (S, B, M) -> (S,)."""
    share = shares(amplitudes)
    common = [np.minimum(share[..., i], share[..., j]).sum(-1) for i, j in pairs]
    return np.asarray(np.mean(common, axis=0))
