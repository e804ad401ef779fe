"""Halos: what layers do beside the photo's strong edges that they should not."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import to_opponent
from bsgui.core.photo import FloatImage

_STRONG_SHARE = 0.05
_NEAR_PX = 3
_GLOW_PX = 16
_AROUND_PX = 10


@dataclass(frozen=True, eq=False)
class Edges:
    """Where a photo has strong edges.

    Attributes:
        near: (H, W) bool, within 3 px of the steepest twentieth of the photo.
        beside: (H, W) bool, the flat half of the photo 4 to 16 px from those edges.
        steps: (H, W) bool, near them, and the photo stays within the range it has 4 to 10 px to both sides: a step.
        is_upright: (H, W) bool, the photo varies more from left to right than from top to bottom.
        slope: mean square of the photo's slope where ``beside`` is.
    """

    near: NDArray[np.bool_]
    beside: NDArray[np.bool_]
    steps: NDArray[np.bool_]
    is_upright: NDArray[np.bool_]
    slope: float

    @staticmethod
    def of(photo: Tensor) -> Edges:
        """The edges of a photo (1, 3, H, W)."""
        luma = lumas(photo)[0]
        across, down = _slopes(np.asarray(cv2.GaussianBlur(luma, (0, 0), 1.0), np.float32))
        slopes, is_upright = across * across + down * down, np.abs(across) > np.abs(down)
        strong = slopes > np.quantile(slopes, 1 - _STRONG_SHARE)
        distance = cv2.distanceTransform((~strong).astype(np.uint8), cv2.DIST_L2, 5)
        near = distance <= _NEAR_PX
        beside = (distance > _NEAR_PX) & (distance <= _GLOW_PX) & (slopes < np.median(slopes))
        low, high = range_across(luma, is_upright)
        steps = near & (luma >= low) & (luma <= high)
        return Edges(near, beside, steps, is_upright, _mean(_squared_slope(luma), beside))

    def error_ratio(self, squares: Tensor) -> float:
        """Mean of squared differences (..., H, W) near strong edges over that elsewhere."""
        together = squares.flatten(0, -3).mean(0).numpy()
        return _mean(together, self.near) / max(_mean(together, ~self.near), 1e-12)

    def overshoot(self, layers: list[FloatImage]) -> float:
        """How far layers leave, at plain steps of the photo, the range they have on both sides; over their deviation.

        Args:
            layers: lumas, (H, W) each.

        Returns:
            Root mean square, mean over the layers.
        """
        return float(np.mean([self._overshoot(layer) for layer in layers]))

    def _overshoot(self, layer: FloatImage) -> float:
        low, high = range_across(layer, self.is_upright)
        excess = np.maximum(layer - high, low - layer).clip(0)
        return float(_mean(excess * excess, self.steps) ** 0.5 / max(layer.std(), 1e-6))

    def glow(self, layers: list[FloatImage]) -> float:
        """Slopes of the layers in flat parts beside strong edges over the photo's own slope there, root mean square.

        Where layers only share the photo out it is at most 1; more is slopes that the photo does not have, which fight.
        """
        slopes = sum(_mean(_squared_slope(layer), self.beside) for layer in layers)
        return float((slopes / max(self.slope, 1e-12)) ** 0.5)


def lumas(pictures: Tensor) -> list[FloatImage]:
    """Luma of pictures: (N, 3, H, W) -> N times (H, W) float32."""
    return [np.ascontiguousarray(x, np.float32) for x in to_opponent(pictures)[:, 0].numpy()]


def range_across(image: FloatImage, is_upright: NDArray[np.bool_]) -> tuple[FloatImage, FloatImage]:
    """The least and the greatest value of (H, W) 4 to 10 px to both sides of each pixel.

    Args:
        image: (H, W).
        is_upright: where to look left and right, as edges are upright there; elsewhere above and below. What lies along
            an edge does not count: a halo is as long as its edge.
    """
    (low_beside, high_beside), (low_above, high_above) = _range_along(image, 1), _range_along(image, 0)
    return np.where(is_upright, low_beside, low_above), np.where(is_upright, high_beside, high_above)


def _range_along(image: FloatImage, axis: int) -> tuple[FloatImage, FloatImage]:
    length = _AROUND_PX - _NEAR_PX
    shift = _NEAR_PX + 1 + length // 2
    kernel = np.ones((length, 1) if axis == 0 else (1, length), np.uint8)
    lows, highs = cv2.erode(image, kernel), cv2.dilate(image, kernel)
    places = [np.clip(np.arange(image.shape[axis]) + step, 0, image.shape[axis] - 1) for step in (-shift, shift)]
    low = np.minimum(*(np.take(lows, place, axis) for place in places))
    high = np.maximum(*(np.take(highs, place, axis) for place in places))
    return np.asarray(low, np.float32), np.asarray(high, np.float32)


def _slopes(image: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Across and down, per pixel."""
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _squared_slope(image: FloatImage) -> FloatImage:
    across, down = _slopes(image)
    return np.asarray(across * across + down * down, np.float32)


def _mean(values: FloatImage, where: NDArray[np.bool_]) -> float:
    """Mean over the places, 0 if there are none."""
    return float(values[where].mean(dtype=np.float64)) if where.any() else 0.0
