"""Photo pixels for a viewport, taken from the nearest level of a halving pyramid."""

from __future__ import annotations

import math
from functools import cached_property

import cv2
import numpy as np

from .photo import FloatImage, Samples, to_full_scale
from .viewport import Viewport

_SMALLEST_SIDE = 64


class Pyramid:
    """An integer image and its halvings; each level is made once, when it is first needed.

    Args:
        samples: (H, W, 3) uint8, uint16 or int16; kept, not copied.

    Thread: sampling from several threads is safe; at worst a level is made twice.
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    @cached_property
    def levels(self) -> list[Samples]:
        """The image, then each level half the size of the one before (area averages)."""
        levels = [self._samples]
        while min(levels[-1].shape[:2]) > 2 * _SMALLEST_SIDE:
            height, width = levels[-1].shape[:2]
            half = cv2.resize(levels[-1], ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
            levels.append(half)
        return levels

    def sample(self, view: Viewport) -> Samples:
        """The pixels seen through ``view``: (view.height, view.width, 3), dtype of the image.

        Pixel-aligned views inside the image are slices of it, exact and without a copy.
        """
        height, width = self._samples.shape[:2]
        if view.is_pixel_aligned and view.x + view.width <= width and view.y + view.height <= height:
            x, y = int(view.x), int(view.y)
            if x >= 0 and y >= 0:
                return self._samples[y : y + view.height, x : x + view.width]
        level = 0 if view.scale >= 1 else round(math.log2(1 / view.scale) - 0.25)
        source = self.levels[max(0, min(level, len(self.levels) - 1))] if level > 0 else self._samples
        # Above 200 % a person wants to see pixels, not a blur.
        interpolation = cv2.INTER_NEAREST if view.scale >= 2 else cv2.INTER_LINEAR
        return warp(source, (width, height), view, interpolation)


def warp(source: np.ndarray, photo_size: tuple[int, int], view: Viewport, interpolation: int) -> np.ndarray:
    """Sample an image that covers the whole photo, at whatever resolution, through ``view``.

    Args:
        source: (h, w, C) with C <= 4, any dtype OpenCV warps; its edges are the photo's edges.
        photo_size: (width, height) of the photo, photo pixels.
        view: the viewport.
        interpolation: ``cv2.INTER_LINEAR`` or ``cv2.INTER_NEAREST``.

    Returns:
        (view.height, view.width, C), dtype of ``source``; beyond the edge the edge repeats.
    """
    step_x = source.shape[1] / photo_size[0]
    step_y = source.shape[0] / photo_size[1]
    # OpenCV counts from pixel centres: source = (photo coordinate) * step - 0.5.
    matrix = np.array(
        [
            [step_x / view.scale, 0.0, (view.x + 0.5 / view.scale) * step_x - 0.5],
            [0.0, step_y / view.scale, (view.y + 0.5 / view.scale) * step_y - 0.5],
        ]
    )
    return cv2.warpAffine(
        source,
        matrix,
        (view.width, view.height),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def working_copy(samples: Samples, size: int) -> FloatImage:
    """The whole image, shrunk so that its long side is at most ``size``: (h, w, 3) float32, 0..1."""
    height, width = samples.shape[:2]
    shrink = min(1.0, size / max(height, width))
    if shrink == 1.0:
        return to_full_scale(samples)
    small = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return to_full_scale(cv2.resize(samples, small, interpolation=cv2.INTER_AREA))
