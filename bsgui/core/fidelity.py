"""Figures about a decomposition: what the branches explain, and how the energy is shared out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from .decomposition import Decomposition, strips
from .photo import to_full_scale
from .sources import LayerSource
from .viewport import Viewport

if TYPE_CHECKING:
    from .frame import Frame
    from .photo import Photo
    from .requests import CancelToken

_SHARES_SIDE = 512


def psnr_without_residual_db(
    source: LayerSource, photo: Photo, cancel: CancelToken, frame: Frame | None = None
) -> float:
    """PSNR of base plus branches against the photo, over every pixel at full size; infinite when they are equal.

    Args:
        source: the layers.
        photo: the photo.
        cancel: asked between strips.
        frame: where they are: what counts is its core, where the branches are at full strength.

    Thread: any; takes about 20 ms a megapixel. Raises Cancelled.
    """
    weights = np.ones(source.count, np.float32)
    weights[-1] = 0
    left, top, width, height = _measured(photo, frame)
    total, count = 0.0, 0
    for start, stop in strips(height):
        cancel.raise_if_cancelled()
        view = Viewport(float(left), float(top + start), 1.0, width, stop - start)
        error = source.mix(weights, view)
        error -= to_full_scale(photo.samples[top + start : top + stop, left : left + width])
        if frame is not None:
            error = error[frame.core.mask(view)]
        if error.size:
            # Not BLAS, whose threads stall on a busy machine.
            total += cv2.norm(error, cv2.NORM_L2SQR)
        count += error.size
    mean = total / max(count, 1)
    return -10 * math.log10(mean) if mean > 0 else math.inf


def energy_shares(source: LayerSource, photo: Photo, frame: Frame | None = None) -> NDArray[np.float64]:
    """Each layer's variance over the summed variance of the branches (all layers but the first and the last).

    Measured on a picture of at most 512 pixels, with the spatial means removed; of framed layers, in the frame's core.

    Returns:
        (K,) float64; the branches' shares add up to 1 (to 0 for a photo of one colour).
    """
    view = Viewport.over(*_measured(photo, frame), _SHARES_SIDE)
    inside = frame.core.mask(view) if frame is not None else np.ones((view.height, view.width), bool)
    variances = np.array(
        [_variance(source.mix(weights, view)[inside]) for weights in np.eye(source.count, dtype=np.float32)]
    )
    total = variances[1:-1].sum()
    # Float rounding leaves a little variance in a photo of one colour.
    return np.asarray(variances / total if total > 1e-9 else np.zeros_like(variances))


def with_figures(decomposition: Decomposition, cancel: CancelToken) -> Decomposition:
    """The same layers, measured anew: energy shares and fidelity. Thread: any; see above for the time it takes."""
    source, photo, frame = decomposition.source, decomposition.photo, decomposition.provenance.frame
    shares = energy_shares(source, photo, frame)
    base, *others = decomposition.layers
    layers = (base, *(replace(x, energy_share=float(shares[k])) for k, x in enumerate(others, 1)))
    psnr_db = psnr_without_residual_db(source, photo, cancel, frame)
    return replace(decomposition, layers=layers, psnr_without_residual_db=psnr_db)


def _measured(photo: Photo, frame: Frame | None) -> tuple[int, int, int, int]:
    size = (photo.width, photo.height)
    return frame.core.cover(size) if frame is not None else (0, 0, *size)


def _variance(pixels: NDArray[np.float32]) -> float:
    """Of (P, 3), summed over the channels; 0 without pixels."""
    return float(pixels.var(axis=0, dtype=np.float64).sum()) if len(pixels) else 0.0
