"""Leakage between layers: whether detail that working size cannot show finds the layer that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.photo import FloatImage

_DETAIL_SIGMA = 2.0
_REGION_SIGMA = 16.0


@dataclass(frozen=True)
class Leakage:
    """Figures of one decomposition.

    Attributes:
        shared_detail: mean over pairs of layers of the absolute correlation of their fine detail.
        into_regions: mean over ordered pairs of the correlation, if positive, of the strength of one layer's fine
            detail with the strength of another's broad content, which it should have nothing to do with.
        owner_share: share of all layers' fine detail in the layer that holds most of it at working size.
    """

    shared_detail: float
    into_regions: float
    owner_share: float


def leakage(layers: list[FloatImage], owner: int) -> Leakage:
    """Of lumas (H, W), see :class:`Leakage`; ``owner`` is :func:`detail_owner` of the layers at working size.

    Fine detail is what a Gaussian of 2 px takes away, broad content what one of 16 px leaves.
    """
    details = [fine_detail(layer) for layer in layers]
    strengths = _standardized([np.abs(x) for x in details])
    regions = _standardized([np.abs(cv2.GaussianBlur(x - x.mean(), (0, 0), _REGION_SIGMA)) for x in layers])
    flat = _standardized(details)
    count = len(layers)
    pairs = flat @ flat.T / flat.shape[1]
    crossed = strengths @ regions.T / flat.shape[1]
    ordered = list(permutations(range(count), 2))
    energies = np.array([float((x * x).mean(dtype=np.float64)) for x in details])
    return Leakage(
        shared_detail=float(np.mean([abs(pairs[i, j]) for i, j in ordered])) if ordered else 0.0,
        into_regions=float(np.mean([max(crossed[i, j], 0.0) for i, j in ordered])) if ordered else 0.0,
        owner_share=float(energies[owner] / max(energies.sum(), 1e-12)),
    )


def detail_owner(layers: list[FloatImage]) -> int:
    """The layer with the most fine detail."""
    return int(np.argmax([float((fine_detail(x) ** 2).mean(dtype=np.float64)) for x in layers]))


def fine_detail(image: FloatImage) -> FloatImage:
    """What a Gaussian of 2 px takes away."""
    return np.asarray(image - cv2.GaussianBlur(image, (0, 0), _DETAIL_SIGMA), np.float32)


def _standardized(images: list[FloatImage]) -> NDArray[np.float32]:
    flat = np.stack([image.ravel() for image in images])
    flat = flat - flat.mean(1, keepdims=True)
    return np.asarray(flat / np.maximum(flat.std(1, keepdims=True), 1e-8), np.float32)
