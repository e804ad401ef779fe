"""Confidence intervals over photos: every measure of a report is resampled with the same draws of photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RESAMPLES = 1000
_CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure, or an array of figures, with what resampling the photos makes of it.

    Attributes:
        value: (...) the figure on all photos.
        samples: (R, ...) the figure on each resample.
    """

    value: Array
    samples: Array

    @property
    def low(self) -> Array:
        """(...) lower end of the 95 % interval (percentile method)."""
        return self._quantile((1 - _CONFIDENCE) / 2)

    @property
    def high(self) -> Array:
        """(...) upper end of the 95 % interval."""
        return self._quantile((1 + _CONFIDENCE) / 2)

    def _quantile(self, probability: float) -> Array:
        return np.asarray(np.quantile(self.samples, probability, axis=0))

    def minus(self, other: Estimate) -> Estimate:
        """The difference, photo by photo paired, as both were resampled with the same draws."""
        return Estimate(self.value - other.value, self.samples - other.samples)

    def map(self, change: Callable[[Array], Array]) -> Estimate:
        """A figure of the figures; ``change`` maps (M, ...) to (M, ...), row by row."""
        return Estimate(change(self.value[None])[0], change(self.samples))

    def to_json(self) -> dict[str, Any]:
        """Value and interval, rounded to what is worth reading."""
        return {"value": _rounded(self.value), "low": _rounded(self.low), "high": _rounded(self.high)}


class Photos:
    """Draws of n photos with replacement, the same for every measure.

    Args:
        count: number of photos n.
        seed: of the draws.
        resamples: number of draws R.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13 (percentile intervals).
    """

    def __init__(self, count: int, seed: int = 0, resamples: int = RESAMPLES) -> None:
        self.count = count
        self._drawn = np.random.default_rng(seed).integers(0, count, (resamples, count))
        # How often each photo was drawn: (R, n); a mean is then one matrix product.
        self._weights = np.stack([np.bincount(row, minlength=count) for row in self._drawn]) / count

    def mean(self, values: NDArray[Any]) -> Estimate:
        """Mean over photos: (n, ...) -> (...)."""
        flat = np.asarray(values, np.float64).reshape(self.count, -1)
        shape = values.shape[1:]
        samples = (self._weights @ flat).reshape(len(self._weights), *shape)
        return Estimate(flat.mean(0).reshape(shape), samples)

    def median(self, values: NDArray[Any]) -> Estimate:
        """Median over photos: (n,) -> ()."""
        values = np.asarray(values, np.float64)
        return Estimate(np.median(values, axis=0), np.median(values[self._drawn], axis=1))

    def function_of_mean(self, values: NDArray[Any], function: Callable[[Array], Array]) -> Estimate:
        """A curved function of the mean over photos, its bias removed by the jackknife.

        A curved function of few photos' mean is off by about ``c/n``; the jackknife measures that, and a resample,
        which draws from a sample, is off twice.

        Args:
            values: (n, ...).
            function: row by row, (M, ...) -> (M,).

        Source: Efron & Tibshirani, ch. 11 (jackknife bias); Miller, The Jackknife – a Review, 1974.
        """
        values = np.asarray(values, np.float64)
        mean = self.mean(values)
        plain = function(mean.value[None])[0]
        without_one = (mean.value[None] * self.count - values) / (self.count - 1)
        bias = (self.count - 1) * (function(without_one).mean() - plain)
        return Estimate(np.asarray(plain - bias), function(mean.samples) - 2 * bias)


def _rounded(values: Array) -> Any:
    """To what is worth reading; what is no number becomes None."""
    rounded = np.array(np.round(values, 4), dtype=object)
    rounded[~np.isfinite(values)] = None
    return rounded.tolist()
