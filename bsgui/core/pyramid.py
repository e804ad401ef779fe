"""Photo pixels for a viewport, taken from the nearest level of a halving pyramid."""

from __future__ import annotations

import math
from collections.abc import Callable
from weakref import WeakValueDictionary

import cv2
import numpy as np

from .last_seen import LastSeen
from .photo import FloatImage, Samples, to_full_scale
from .viewport import Viewport

_SMALLEST_SIDE = 64
WARP_LIMIT = 32766
"""OpenCV warps from images with at most this many rows and columns."""
# Of what was seen last, per image and twice: what a large screen shows.
_REMEMBERED_BYTES = 16 * 2**20


class Pyramid:
    """An integer image and its halvings; each level is made once, when it is first needed.

    Making the levels of 100 megapixels takes a good part of a second. A caller that must not wait says so with
    :meth:`answer_at_once` and has :meth:`build` run elsewhere; until that is through, views below 100 % are
    coarse (pixels are left out, not averaged).

    Args:
        samples: (H, W, 3) uint8, uint16 or int16; kept, not copied.

    Thread: all methods may be called from several threads; at worst a level is made twice.
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._count = _level_count(*samples.shape[:2])
        # By number, so that two threads that make the same level at worst put the same pixels there twice.
        self._levels = {0: samples}
        self._is_patient = True
        self._seen = LastSeen[Samples](_REMEMBERED_BYTES)

    @staticmethod
    def of(samples: Samples) -> Pyramid:
        """The pyramid of these samples that others may be holding already, so that levels are made only once."""
        pyramid = _SHARED.get(id(samples))
        if pyramid is None:
            # The pyramid holds the samples, so the id stays theirs as long as the entry lives.
            pyramid = _SHARED[id(samples)] = Pyramid(samples)
        return pyramid

    @property
    def is_complete(self) -> bool:
        """Whether all levels have been made."""
        return len(self._levels) == self._count

    @property
    def levels(self) -> list[Samples]:
        """The image, then each level half the size of the one before (area averages); makes what is missing."""
        self.build()
        return [self._levels[number] for number in range(self._count)]

    def answer_at_once(self) -> None:
        """From now on :meth:`sample` makes do with the levels there are."""
        self._is_patient = False

    def build(self, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Make the levels that are missing, 2 to 4 ms a megapixel, unless cancelled between two of them."""
        for number in range(1, self._count):
            if is_cancelled():
                return
            if number not in self._levels:
                self._levels[number] = _half(self._levels[number - 1])

    def sample(self, view: Viewport) -> Samples:
        """The pixels seen through ``view``: (view.height, view.width, 3), dtype of the image; not to be written to.

        Pixel-aligned views inside the image are slices of it, exact and without a copy. Others are remembered for a
        while, as long as they are the last and not too many.
        """
        height, width = self._samples.shape[:2]
        if view.is_pixel_aligned and view.x + view.width <= width and view.y + view.height <= height:
            x, y = int(view.x), int(view.y)
            if x >= 0 and y >= 0:
                return self._samples[y : y + view.height, x : x + view.width]
        number = self._level_for(view.scale)
        seen = self._seen.get((view, number))
        if seen is None:
            # Above 200 % a person wants to see pixels, not a blur.
            interpolation = cv2.INTER_NEAREST if view.scale >= 2 else cv2.INTER_LINEAR
            seen = self._seen.keep((view, number), warp(self._levels[number], (width, height), view, interpolation))
        return seen

    def _level_for(self, scale: float) -> int:
        wanted = 0 if scale >= 1 else max(0, round(math.log2(1 / scale) - 0.25))
        number = min(wanted, self._count - 1)
        if number not in self._levels and self._is_patient:
            self.build()
        while number not in self._levels:
            number -= 1
        return number


_SHARED: WeakValueDictionary[int, Pyramid] = WeakValueDictionary()


def _level_count(height: int, width: int) -> int:
    count = 1
    while max(height, width) > 2 * _SMALLEST_SIDE:
        height, width, count = (height + 1) // 2, (width + 1) // 2, count + 1
    return count


def _half(level: Samples) -> Samples:
    height, width = level.shape[:2]
    # Odd sides are rounded up and weighted, so that every level covers exactly the whole image.
    size = ((width + 1) // 2, (height + 1) // 2)
    return cv2.resize(level, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


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
    columns = _needed(view.x * step_x, step_x / view.scale, view.width, source.shape[1])
    rows = _needed(view.y * step_y, step_y / view.scale, view.height, source.shape[0])
    # OpenCV counts from pixel centres: source = (photo coordinate) * step - 0.5.
    matrix = np.array(
        [
            [step_x / view.scale, 0.0, (view.x + 0.5 / view.scale) * step_x - 0.5 - columns.start],
            [0.0, step_y / view.scale, (view.y + 0.5 / view.scale) * step_y - 0.5 - rows.start],
        ]
    )
    matrix /= [[columns.step], [rows.step]]
    return cv2.warpAffine(
        source[rows, columns],
        matrix,
        (view.width, view.height),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _needed(start: float, step: float, count: int, size: int) -> slice:
    """The source rows (or columns) that ``count`` outputs from ``start`` draw on; every n-th when too many."""
    first = min(max(math.floor(start) - 2, 0), size - 1)
    last = max(min(math.ceil(start + count * step) + 2, size), first + 1)
    return slice(first, last, math.ceil((last - first) / WARP_LIMIT))


def working_copy(samples: Samples, size: int) -> FloatImage:
    """The whole image, shrunk so that its long side is at most ``size``: (h, w, 3) float32, 0..1."""
    height, width = samples.shape[:2]
    shrink = min(1.0, size / max(height, width))
    if shrink == 1.0:
        return to_full_scale(samples)
    small = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    shrunk: Samples = cv2.resize(samples, small, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return to_full_scale(shrunk)
