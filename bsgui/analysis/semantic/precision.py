"""Semantic share: the strength of a layer as a detector of what somebody has outlined."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]
Masks = NDArray[np.bool_]


def strength(layer: Maps) -> Maps:
    """Length of the RGB vector of a signed layer whose spatial mean is zero: (..., 3, h, w) -> (..., h, w)."""
    return np.asarray(np.sqrt(np.square(layer).sum(-3)), np.float32)


def smooth(picture: Maps, sigma: float) -> Maps:
    """Gaussian blur of an (h, w) map; edges are mirrored.

    Args:
        picture: (h, w) float32.
        sigma: standard deviation, pixels; 0 leaves the map alone.
    """
    if sigma == 0:
        return picture
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred, np.float32)


def average_precisions(scores: Maps, masks: Masks, counted: Masks | None = None) -> NDArray[np.float64]:
    """Area under the precision-recall steps of a score, for several masks at once; equal scores are one step.

    Args:
        scores: (P,), higher means "inside".
        masks: (M, P).
        counted: (M, P); pixels that are left out where False, every pixel counts by default.

    Returns:
        (M,), 0..1; the share of the mask for a score without knowledge, NaN where a mask is empty or full.

    Source: the step-wise sum that has no interpolation, as in Manning, Raghavan & Schütze, Introduction to Information
    Retrieval, 2008, section 8.4.
    """
    order = np.argsort(-scores)
    ranked = scores[order]
    steps = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    if counted is None:
        counted = np.ones_like(masks)
    found = (masks & counted)[:, order].cumsum(1)[:, steps]
    taken = counted[:, order].cumsum(1)[:, steps]
    positives = found[:, -1].astype(np.float64)
    positives[(positives == 0) | (positives == taken[:, -1])] = np.nan
    gained = np.diff(found, axis=1, prepend=0)
    return np.asarray((gained * (found / np.maximum(taken, 1))).sum(1) / positives)


def smoothed_precisions(
    maps: Maps, sigmas: Sequence[float], masks: Masks, counted: Masks | None = None
) -> NDArray[np.float64]:
    """Average precision of every map at every smoothing for every mask of one photo.

    Args:
        maps: (N, h, w), see :func:`strength`.
        sigmas: S standard deviations, pixels.
        masks: (M, h, w).
        counted: (M, h, w), see :func:`average_precisions`.

    Returns:
        (N, S, M).
    """
    flat = masks.reshape(len(masks), -1)
    known = None if counted is None else counted.reshape(flat.shape)
    return np.stack([[average_precisions(smooth(one, sigma).ravel(), flat, known) for sigma in sigmas] for one in maps])
