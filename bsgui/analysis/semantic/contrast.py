"""What taking a layer away does to the local contrast of a place: is the thing gone, and is the rest still there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .precision import Maps, Masks, smooth

_DARKEST = 0.05
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(pictures: Maps) -> Maps:
    """BT.601 luma: (..., 3, h, w) -> (..., h, w); linear, so sums of layers carry over."""
    return np.asarray(np.einsum("c,...chw->...hw", _LUMA, pictures), np.float32)


def local_contrast(picture: Maps, sigma: float) -> Maps:
    """What an (h, w) luma picture (full scale) does around its local mean, relative to that mean.

    ``(Y − G Y) / max(G Y, 0.05)``, G a Gaussian of standard deviation ``sigma`` pixels: Weber contrast of the
    structures that are smaller than about 3 sigma. The floor keeps black from counting without end.
    """
    mean = smooth(picture, sigma)
    return np.asarray((picture - mean) / np.maximum(mean, _DARKEST), np.float32)


def contrast_within(picture: Maps, mask: NDArray[np.bool_], sigma: float) -> float:
    """Root mean square of :func:`local_contrast` inside a mask; NaN for an empty one."""
    inside = local_contrast(picture, sigma)[mask]
    return float(np.sqrt(np.square(inside, dtype=np.float64).mean())) if inside.size else float("nan")


def contrast_removed(before: Maps, after: Maps, mask: NDArray[np.bool_], sigma: float) -> float:
    """The share of the local contrast inside a mask that is gone: 1 all of it, 0 none, negative: there is more now."""
    return 1 - contrast_within(after, mask, sigma) / contrast_within(before, mask, sigma)


def well_outside(mask: NDArray[np.bool_], margin: int) -> Masks:
    """Where a mask is at least ``margin`` pixels away, so that a line drawn a little beside its thing does no harm."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) == 0)
