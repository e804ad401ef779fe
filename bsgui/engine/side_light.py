"""The light that comes from one side, split off from a light layer: what that has more of on one side of a face.

An aligned face stands upright in the middle of its frame and is much the same on both sides, so what a light layer has
the opposite of across the middle is the lamp's doing. Walls and shoulders are not: the split fades out around the head.
It is exact, needs no network, and is as smooth as light. At gain -1 the lamp stands on the other side.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.frame import Frame
from bsgui.core.photo import FloatImage
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.viewport import Viewport

# Standard deviation of the blur, of the frame's width: partings and folds stay with the light.
_SOFTNESS = 0.03
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LEAST_DIFFERENCE = 0.01
# Where heads are in aligned frames: middle, half axes, and the part of these up to which all of the light is split.
_MIDDLE, _ACROSS, _DOWN, _FULL = 0.55, 0.37, 0.47, 0.7


def side_light(layer: FloatImage) -> FloatImage:
    """What a framed light layer has the opposite of on the other side.

    Args:
        layer: (h, w, 3) float32, signed, without its mean.

    Returns:
        New (h, w, 3) float32, exactly the opposite of its mirror image, and 0 outside of the head.
    """
    height, width = layer.shape[:2]
    head = ShapedMask("ellipse", Frame(width / 2, _MIDDLE * height, 2 * _ACROSS * width, 2 * _DOWN * height), 1 - _FULL)
    odd = (layer - layer[:, ::-1]) / 2
    blurred = cv2.GaussianBlur(odd, (0, 0), _SOFTNESS * width, borderType=cv2.BORDER_REFLECT_101)
    soft = np.asarray(blurred, np.float32) * head.seen_in(Viewport(0, 0, 1, width, height))[..., None]
    # Rounding is not symmetric; the mean has to stay 0.
    return np.asarray((soft - soft[:, ::-1]) / 2, np.float32)


def brighter_side(side: NDArray[np.float32]) -> str:
    """Which half of the picture a side light brightens: "left", "right", or "" if there is next to no difference."""
    half = side.shape[1] // 2
    left, right = (part.mean((0, 1)) for part in (side[:, :half], side[:, -half:]))
    difference = float(((left - right) * _LUMA).sum())
    if abs(difference) < _LEAST_DIFFERENCE:
        return ""
    return "left" if difference > 0 else "right"
