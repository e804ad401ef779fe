"""What of a layer's content its mode lets through."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from .blend_mode import BlendMode
from .photo import FloatImage

# BT.601 luma in every channel.
_TO_LUMA: Any = np.tile(np.array([[0.299, 0.587, 0.114]], np.float32), (3, 1))


def in_mode(content: FloatImage, mode: BlendMode) -> FloatImage:
    """What of a layer's signed content (h, w, 3), weighed already, goes into the sum; itself if all of it does."""
    if mode == "add":
        return content
    if mode == "lighten":
        return np.maximum(content, 0)
    if mode == "darken":
        return np.minimum(content, 0)
    # Not BLAS, whose threads stall on a busy machine.
    luma = np.asarray(cv2.transform(content, _TO_LUMA), np.float32)
    return luma if mode == "luminosity" else content - luma
