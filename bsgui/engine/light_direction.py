"""Where the light of an illumination layer comes from, seen in the picture."""

from __future__ import annotations

import math

import numpy as np

from bsgui.core.photo import FloatImage

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# The subject is in the middle; what lies in the corners is mostly the wall behind it.
_REACH = 0.6
# Of the layer's variance that a plane must explain: a light that falls off on all sides has no side.
_LEAST_EXPLAINED = 0.2
SIDES = (
    "the right",
    "the upper right",
    "above",
    "the upper left",
    "the left",
    "the lower left",
    "below",
    "the lower right",
)
"""What :func:`light_direction` may answer, an eighth of a turn from one to the next."""


def light_direction(layer: FloatImage) -> str | None:
    """The side of the picture that a light layer makes brighter, in words, such as "the left" or "above".

    A plane is fitted to the layer's luma by least squares, the middle of the picture counting most.

    Args:
        layer: (h, w, 3), signed.

    Returns:
        One of eight sides, or None if a plane explains less than a fifth of the layer's variance.
    """
    luma = (np.asarray(layer, np.float64) @ _LUMA).ravel()
    y, x = (axis.ravel() for axis in np.meshgrid(*(np.linspace(-1, 1, n) for n in layer.shape[:2]), indexing="ij"))
    weights = np.exp(-(x**2 + y**2) / (2 * _REACH**2))
    weights /= weights.sum()
    values = luma - weights @ luma
    right, down = (weights @ (axis * values) / (weights @ axis**2) for axis in (x, y))
    variance = weights @ values**2
    explained = weights @ (right * x + down * y) ** 2
    if variance < 1e-8 or explained < _LEAST_EXPLAINED * variance:
        return None
    return SIDES[round(math.atan2(-down, right) / (math.pi / 4)) % len(SIDES)]
