"""Counting how values are spread."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.photo import FloatImage

from .pictures import Pixels

_RANGES = (4, 8, 16, 32, 64, 128, 256)
# A row for cv2.transform, which does without the threads of a matrix product; they stall on a busy machine.
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


@dataclass(frozen=True)
class SignedHistogram:
    """How a layer's values are spread.

    Attributes:
        counts: (128,) pixels per bin, from -reach to +reach.
        reach: 1/255 of white; the smallest of a few round numbers that holds 99.8 % of the pixels.
    """

    counts: NDArray[np.int64]
    reach: int


def rgb_histogram(pixels: Pixels) -> NDArray[np.int64]:
    """Counts of luminance, red, green and blue: (4, 256)."""
    luma = np.asarray(cv2.transform(pixels, _LUMA), np.uint8)
    channels = [luma, *(pixels[..., c] for c in range(3))]
    return np.stack([np.bincount(channel.ravel(), minlength=256) for channel in channels])


def signed_histogram(signed: FloatImage) -> SignedHistogram:
    """The luminance of a signed layer (H, W, 3), full scale, 0 is nothing."""
    values = np.asarray(cv2.transform(signed, _LUMA), np.float32).ravel() * 255
    wanted = float(np.quantile(np.abs(values), 0.998))
    reach = next((reach for reach in _RANGES if reach >= wanted), _RANGES[-1])
    counts, _ = np.histogram(values, 128, (-reach, reach))
    return SignedHistogram(counts, reach)
