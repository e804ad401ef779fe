"""What the branches of one photo are like: the figures of the laboratory's reports that need no other photos.

The definitions are those of ``bsgui.analysis.measures``, in numpy and OpenCV, on a small copy of the layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .decomposition import Decomposition
from .layers import LayerKind
from .photo import OFFSET, FloatImage
from .requests import CancelToken, NeverCancelled

SIDE = 256
GRID = 8
_BANDS = 6
_SMALLEST_SIDE = 8
_SMALL = 1e-9
_NEVER = NeverCancelled()
# Luma, blue-yellow, red-green (BT.601 weights).
_OPPONENT = np.array([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], np.float32)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerMeasures:
    """Figures of N branches; spatial means removed everywhere.

    Attributes:
        names: of the branches.
        shares: (N,) of the branches' summed variance.
        correlation: (N, N) over pixels and channels, -1..1.
        bands: (N, K) shares of each branch's energy of luma in octave bands, finest first; rows add up to 1.
        colours: (N, 3) shares of each branch's energy along luma, blue-yellow and red-green; rows add up to 1.
        places: (N, GRID, GRID) mean absolute value in each cell, full scale.
        skewness: (N,) of luma; positive: light on mid-grey.
        redundancy: mean absolute correlation of two branches.
        cancellation: summed variance of the branches over the variance of the photo; near 1 is good.
        width, height: what was measured, pixels.
    """

    names: tuple[str, ...]
    shares: Array
    correlation: Array
    bands: Array
    colours: Array
    places: Array
    skewness: Array
    redundancy: float
    cancellation: float
    width: int
    height: int


def measure_layers(decomposition: Decomposition, cancel: CancelToken = _NEVER) -> LayerMeasures:
    """Measure the branches on a copy of at most 256 pixels, of the framed part if only that was taken apart.

    Thread: any; takes 10 to 20 ms a branch. Raises Cancelled.
    """
    view = decomposition.subject_view(SIDE)
    weights = np.eye(decomposition.source.count, dtype=np.float32)
    indices = [k for k, layer in enumerate(decomposition.layers) if layer.kind is LayerKind.BRANCH]
    branches: list[FloatImage] = []
    for index in indices:
        cancel.raise_if_cancelled()
        branches.append(_centred(decomposition.source.mix(weights[index], view)))
    whole = _centred(decomposition.source.mix(np.ones(len(weights), np.float32), view))
    names = tuple(decomposition.layers[index].name for index in indices)
    return _measure(names, np.stack(branches), whole, cancel)


def _measure(names: tuple[str, ...], branches: FloatImage, whole: FloatImage, cancel: CancelToken) -> LayerMeasures:
    """Branches (N, h, w, 3) and the photo (h, w, 3), all centred."""
    bands, colours, skewness = [], [], []
    for branch in branches:
        cancel.raise_if_cancelled()
        opponent = np.asarray(cv2.transform(branch, _OPPONENT), np.float32)
        bands.append(_band_energies(opponent[..., 0]))
        colours.append(np.square(opponent, dtype=np.float64).mean((0, 1)))
        skewness.append(_skewness(opponent[..., 0]))
    energies = np.square(branches, dtype=np.float64).mean((1, 2)).sum(1)
    correlation = _correlation(branches)
    pairs = np.triu_indices(len(branches), 1)
    return LayerMeasures(
        names=names,
        shares=energies / max(energies.sum(), _SMALL),
        correlation=correlation,
        bands=_shares(np.array(bands)),
        colours=_shares(np.array(colours)),
        places=np.stack([_places(branch) for branch in branches]),
        skewness=np.array(skewness),
        redundancy=float(np.abs(correlation[pairs]).mean()) if len(branches) > 1 else 0.0,
        cancellation=float(energies.sum() / max(np.square(whole, dtype=np.float64).mean((0, 1)).sum(), _SMALL)),
        width=int(whole.shape[1]),
        height=int(whole.shape[0]),
    )


def _centred(picture: FloatImage) -> FloatImage:
    return np.asarray(picture - np.float32(OFFSET) - (picture - np.float32(OFFSET)).mean((0, 1)), np.float32)


def _correlation(branches: FloatImage) -> Array:
    flat = branches.reshape(len(branches), -1)
    # Not BLAS, whose threads stall on a busy machine.
    products = np.einsum("ap,bp->ab", flat, flat, dtype=np.float64)
    deviations = np.sqrt(np.diag(products))
    return np.asarray(products / np.maximum(np.outer(deviations, deviations), _SMALL))


def _band_energies(luma: FloatImage) -> list[float]:
    """Mean squares of the octave bands of a Laplacian pyramid, finest first, the last one low-pass."""
    energies: list[float] = []
    current = luma
    while len(energies) < _BANDS - 1 and min(current.shape) >= _SMALLEST_SIDE:
        height, width = current.shape
        half = ((width + 1) // 2, (height + 1) // 2)
        coarse = np.asarray(cv2.resize(current, half, interpolation=cv2.INTER_AREA), np.float32)
        smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        energies.append(float(np.square(current - smooth, dtype=np.float64).mean()))
        current = coarse
    return [*energies, float(np.square(current, dtype=np.float64).mean())]


def _places(branch: FloatImage) -> Array:
    strength = np.abs(branch).mean(2)
    return np.asarray(cv2.resize(strength, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float64)


def _skewness(luma: FloatImage) -> float:
    values = luma.astype(np.float64)
    deviation = max(float(np.sqrt(np.square(values).mean())), _SMALL)
    return float((values**3).mean() / deviation**3)


def _shares(energies: Array) -> Array:
    return np.asarray(energies / np.maximum(energies.sum(1, keepdims=True), _SMALL**2))
