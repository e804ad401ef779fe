"""Photo pixels for a viewport, taken from the nearest level of a halving pyramid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from weakref import WeakValueDictionary

import cv2
import numpy as np

from bsgui import BLAS_HAS_ONE_THREAD

from .last_seen import LastSeen
from .photo import FloatImage, Rendered, Samples, to_full_scale
from .viewport import Viewport

_SMALLEST_SIDE = 64
# OpenCV warps from images with at most this many rows and columns.
_WARP_LIMIT = 32766
# Fewer rows need fewer of a small map; more of them mean fewer steps, in which threads wait for each other.
_BLOCK_ROWS = 24
# OpenBLAS uses one thread for products of at most so many multiplications. With more of them such small products take
# a hundred times as long on a busy machine.
_BLAS_ALONE = math.inf if BLAS_HAS_ONE_THREAD else 4 * 65536
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
    return slice(first, last, math.ceil((last - first) / _WARP_LIMIT))


MapPair = tuple[FloatImage, FloatImage]
"""What samples are multiplied by and what is added, two small maps (h, w, 3) float32."""

MaskedMaps = tuple[MapPair, FloatImage]
"""Two maps, and (height, width) float32: where they count in a view."""


class Enlargement:
    """How small maps look through a much larger view: what :func:`warp` gives with bilinear interpolation, sooner.

    Columns first, for the few rows of a small map that the view covers; then rows, as a product with a thin matrix.

    Args:
        shape: (h, w) of the maps, whose edges are the photo's edges.
        photo_size: (width, height) of the photo, photo pixels.
        view: the viewport.

    Thread: any.
    """

    def __init__(self, shape: tuple[int, int], photo_size: tuple[float, float], view: Viewport) -> None:
        height, width = shape
        self._view = view
        self._columns_per_pixel = width / photo_size[0] / view.scale
        self._first_column = view.x * width / photo_size[0]
        step_y = height / photo_size[1]
        rows = (view.y + (np.arange(view.height) + 0.5) / view.scale) * step_y - 0.5
        rows = rows.clip(0, height - 1)
        above = np.minimum(rows.astype(np.intp), max(height - 2, 0))
        self._rows = slice(int(above[0]), min(int(above[-1]) + 2, height))
        self._above = above - self._rows.start
        count, index, below = self._rows.stop - self._rows.start, np.arange(view.height), rows - above
        self._weights = np.zeros((view.height, count), np.float32)
        self._weights[index, self._above] = 1 - below
        self._weights[index, np.minimum(self._above + 1, count - 1)] += below
        self._block_rows = _block_rows(step_y / view.scale, 3 * view.width)

    def of(self, small: FloatImage) -> FloatImage:
        """A map (h, w, C) float32 with C <= 3, enlarged: new (view.height, view.width, C) float32."""
        (flat,) = self._flat_columns([small])
        enlarged = np.empty((self._view.height, flat.shape[1]), np.float32)
        for start, stop, needed in self._blocks:
            np.matmul(self._weights[start:stop, needed], flat[needed], out=enlarged[start:stop])
        return enlarged.reshape(self._view.height, self._view.width, *small.shape[2:])

    @property
    def _blocks(self) -> Iterator[tuple[int, int, slice]]:
        """First row, row after the last, and the few of the map's rows that they draw on."""
        for start in range(0, self._view.height, self._block_rows):
            stop = min(start + self._block_rows, self._view.height)
            yield start, stop, slice(int(self._above[start]), int(self._above[stop - 1]) + 2)

    def apply(self, maps: MapPair, samples: Samples, result: Rendered, changes: Sequence[MaskedMaps] = ()) -> None:
        """Scale and shift what is seen: ``result = scale * samples + shift``, and what changes that under masks.

        Args:
            maps: scale and shift, (h, w, 3) float32 each.
            samples: (view.height, view.width, 3), what is seen.
            result: of the same shape. Where it is uint8 it gets ``255 *`` that, rounded and clipped.
            changes: scales and shifts that are added where their masks, (view.height, view.width) float32, say so.
        """
        weights, depth = self._weights, cv2.CV_32F
        if result.dtype == np.uint8:
            weights, depth = weights * np.float32(255), cv2.CV_8U
        scale, shift, *others = self._flat_columns([*maps, *(small for own, _ in changes for small in own)])
        masked = list(zip(others[::2], others[1::2], (mask for _, mask in changes), strict=True))
        # All that is done to a block of rows is done while they are in the processor's cache.
        buffers = np.empty((3, self._block_rows, *samples.shape[1:]), np.float32)
        for start, stop, needed in self._blocks:
            total, term, spare = buffers[:, : stop - start]
            block, seen = weights[start:stop, needed], samples[start:stop]
            _scaled(block, scale[needed], seen, total)
            _product(block, shift[needed], term)
            for own_scale, own_shift, mask in masked:
                covered = mask[start:stop]
                if covered.any():
                    cv2.add(total, term, dst=total)
                    _scaled(block, own_scale[needed], seen, term)
                    _product(block, own_shift[needed], spare)
                    cv2.add(term, spare, dst=term)
                    cv2.multiply(term, cv2.merge([covered] * 3), dst=term)
            cv2.add(total, term, dst=result[start:stop], dtype=depth)

    def _flat_columns(self, maps: Sequence[FloatImage]) -> FloatImage:
        """The needed rows of maps as wide as the view: (number of maps, rows, width * C)."""
        needed = [small[self._rows] for small in maps]
        # At once: for so little, calls cost more than work.
        rows = np.concatenate(needed) if len(needed) > 1 else needed[0]
        return self._columns(rows).reshape(len(maps), self._weights.shape[1], -1)

    def _columns(self, rows: FloatImage) -> FloatImage:
        step, first, width = self._columns_per_pixel, self._first_column, self._view.width
        if first == 0 and step <= 1:
            # Views that begin with the photo's edge, as the whole photo does, are what OpenCV's quick way can do.
            resized = cv2.resize(rows, None, fx=1 / step, fy=1, interpolation=cv2.INTER_LINEAR)
            if resized.shape[1] >= width:
                return np.ascontiguousarray(resized[:, :width], np.float32)
        warped = cv2.warpAffine(
            rows,
            np.array([[step, 0, first + 0.5 * step - 0.5], [0, 1.0, 0]]),
            (width, len(rows)),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(warped, np.float32)


def _product(weights: FloatImage, rows: FloatImage, result: FloatImage) -> None:
    """Rows of a small map, mixed: the product of (n, m) and (m, width * C), into (n, width, C)."""
    np.matmul(weights, rows, out=result.reshape(len(result), -1))


def _scaled(weights: FloatImage, rows: FloatImage, samples: Samples, result: FloatImage) -> None:
    """Samples (n, width, C), multiplied by such a product."""
    _product(weights, rows, result)
    cv2.multiply(result, samples, dst=result, dtype=cv2.CV_32F)


def _block_rows(step: float, values: int) -> int:
    """How many rows of so many values are made at a time, where a row is so many of the small map's further down."""
    fitting = (rows for rows in range(_BLOCK_ROWS, 1, -1) if rows * (rows * step + 2) * values <= _BLAS_ALONE)
    return next(fitting, 1)


def working_copy(samples: Samples, size: int) -> FloatImage:
    """The whole image, shrunk so that its long side is at most ``size``: (h, w, 3) float32, 0..1."""
    height, width = samples.shape[:2]
    shrink = min(1.0, size / max(height, width))
    if shrink == 1.0:
        return to_full_scale(samples)
    small = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    shrunk: Samples = cv2.resize(samples, small, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return to_full_scale(shrunk)
