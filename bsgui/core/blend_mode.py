"""How a layer's signed content goes into the sum.

In other editors a mode mixes a layer with what lies below. Here a layer is a difference: a mode chooses what of the
difference counts, and needs to know nothing of other layers: sums still commute, and a stack can hold the result.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import cv2
import numpy as np

from .photo import FloatImage

BlendMode = Literal["add", "lighten", "darken", "luminosity", "colour"]
"""All of it; what brightens a channel, as *lighten* does elsewhere; what darkens one; its luma, in grey; its colour."""
MODES: tuple[BlendMode, ...] = get_args(BlendMode)
PLAIN: BlendMode = "add"

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
