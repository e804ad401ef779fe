"""Medians with intervals, where some photos have no figure and photos of one face belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.report.bootstrap import RESAMPLES, Estimate, Photos

Array = NDArray[np.float64]


def median(values: Array, seed: int) -> dict[str, Any] | None:
    """Over the photos that have a figure: (n,) with NaN for the others; None if there is none."""
    known = values[np.isfinite(values)]
    return Photos(len(known), seed).median(known).to_json() if len(known) else None


def median_over_faces(values: Array, seed: int) -> Estimate:
    """Over all pictures of several faces: (I, L) -> (); faces are resampled, with all their pictures.

    Source: Davison & Hinkley, Bootstrap Methods and their Application, 1997, section 3.8 (clusters).
    """
    drawn = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    samples = np.median(values[drawn].reshape(RESAMPLES, -1), axis=1)
    return Estimate(np.asarray(np.median(values)), samples)
