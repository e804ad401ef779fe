"""What taking a layer away does to the local contrast of a place: is the thing gone, and is the rest still there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .precision import Maps, Masks, smooth

_DARKEST = 0.05
_FEWEST_PIXELS = 4
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


@dataclass(frozen=True, eq=False)
class Patch:
    """One piece of a mask and the ring around it.

    Attributes:
        inside: (h, w) bool.
        ring: (h, w) bool, within some pixels of the piece and in no piece of the mask.
    """

    inside: NDArray[np.bool_]
    ring: NDArray[np.bool_]


def patches(mask: NDArray[np.bool_], reach: int) -> list[Patch]:
    """The connected pieces of a mask that have a surround; specks of fewer than four pixels are left out.

    Args:
        mask: (h, w).
        reach: width of the rings, pixels; one pixel next to the piece, where outlines are not certain, is left out.
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    near = ~well_outside(mask, 1)
    pieces = (np.asarray(labels == label) for label in range(1, count))
    both = (Patch(piece, ~well_outside(piece, reach + 1) & ~near) for piece in pieces)
    return [patch for patch in both if min(patch.inside.sum(), patch.ring.sum()) >= _FEWEST_PIXELS]


def surround_contrast(picture: Maps, pieces: Sequence[Patch]) -> float:
    """How far the pieces differ from what is around them: mean of ``abs(Y_in − Y_ring) / max(Y_ring, 0.05)``, by area.

    ``Y`` are means of luma over a piece and its ring. Texture and shading within a piece do not count: what counts is
    whether one sees that there is a spot. NaN without pieces.
    """
    if not pieces:
        return float("nan")
    inside, ring = (np.array([picture[where].mean() for where in both]) for both in _both(pieces))
    areas = np.array([patch.inside.sum() for patch in pieces], np.float64)
    return float((np.abs(inside - ring) / np.maximum(ring, _DARKEST) * areas).sum() / areas.sum())


def _both(pieces: Sequence[Patch]) -> tuple[list[NDArray[np.bool_]], list[NDArray[np.bool_]]]:
    return [patch.inside for patch in pieces], [patch.ring for patch in pieces]


def surround_contrast_removed(before: Maps, after: Maps, pieces: Sequence[Patch]) -> float:
    """The share of :func:`surround_contrast` that is gone; a spot turned into its opposite still has contrast."""
    return 1 - surround_contrast(after, pieces) / surround_contrast(before, pieces)
