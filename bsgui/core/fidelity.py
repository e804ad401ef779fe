"""Figures about a decomposition: what the branches explain, and how the energy is shared out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .decomposition import strips
from .sources import LayerSource
from .viewport import Viewport

if TYPE_CHECKING:
    from .photo import Photo
    from .requests import CancelToken

_SHARES_SIDE = 512


def psnr_without_residual_db(source: LayerSource, photo: Photo, cancel: CancelToken) -> float:
    """PSNR of base plus branches against the photo, over every pixel at full size; infinite when they are equal.

    Thread: any; takes about 20 ms a megapixel. Raises Cancelled.
    """
    weights = np.ones(source.count, np.float32)
    weights[-1] = 0
    total = 0.0
    for start, stop in strips(photo.height):
        cancel.raise_if_cancelled()
        error = source.mix(weights, Viewport.strip(photo.width, start, stop)) - photo.rows_fs(start, stop)
        total += float(np.vdot(error, error))
    mean = total / (photo.height * photo.width * 3)
    return -10 * math.log10(mean) if mean > 0 else math.inf


def energy_shares(source: LayerSource, photo: Photo) -> NDArray[np.float64]:
    """Each layer's variance over the summed variance of the branches (all layers but the first and the last).

    Measured on a picture of at most 512 pixels, with the spatial means removed.

    Returns:
        (K,) float64; the branches' shares add up to 1 (to 0 for a photo of one colour).
    """
    scale = min(1.0, _SHARES_SIDE / max(photo.width, photo.height))
    view = Viewport(0.0, 0.0, scale, max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    variances = np.array(
        [
            source.mix(weights, view).var(axis=(0, 1), dtype=np.float64).sum()
            for weights in np.eye(source.count, dtype=np.float32)
        ]
    )
    total = variances[1:-1].sum()
    # Float rounding leaves a little variance in a photo of one colour.
    return np.asarray(variances / total if total > 1e-9 else np.zeros_like(variances))
