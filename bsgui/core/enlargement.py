"""Small maps at the size of a view, and what they make of the photo there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from bsgui import BLAS_HAS_ONE_THREAD

from .photo import FloatImage, Rendered, Samples
from .pyramid import WARP_LIMIT
from .viewport import Viewport

# Fewer rows need fewer of a small map; more of them mean fewer steps, in which threads wait for each other.
_BLOCK_ROWS = 24
# OpenBLAS uses one thread for products of at most so many multiplications. With more of them such small products take
# a hundred times as long on a busy machine.
_BLAS_ALONE = math.inf if BLAS_HAS_ONE_THREAD else 4 * 65536

MapPair = tuple[FloatImage, FloatImage]
"""What samples are multiplied by and what is added, two small maps (h, w, 3) float32."""

MaskedMaps = tuple[MapPair, FloatImage]
"""Two maps, and (height, width) float32: where they count in a view."""


class Enlargement:
    """How small maps look through a much larger view: what :func:`~bsgui.core.pyramid.warp` gives, sooner.

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
        buffers = np.empty((4 if masked else 2, self._block_rows, *samples.shape[1:]), np.float32)
        for start, stop, needed in self._blocks:
            total, term, *spare = buffers[:, : stop - start]
            block = weights[start:stop, needed]
            _product(block, scale[needed], total)
            _product(block, shift[needed], term)
            for own_scale, own_shift, mask in masked:
                if mask[start:stop].any():
                    change, covered = spare
                    cv2.cvtColor(mask[start:stop], cv2.COLOR_GRAY2RGB, dst=covered)
                    for own, changed in ((own_scale, total), (own_shift, term)):
                        _product(block, own[needed], change)
                        cv2.accumulateProduct(change, covered, changed)
            cv2.multiply(total, samples[start:stop], dst=total, dtype=cv2.CV_32F)
            cv2.add(total, term, dst=result[start:stop], dtype=depth)

    @property
    def _blocks(self) -> Iterator[tuple[int, int, slice]]:
        """First row, row after the last, and the few of the map's rows that they draw on."""
        for start in range(0, self._view.height, self._block_rows):
            stop = min(start + self._block_rows, self._view.height)
            yield start, stop, slice(int(self._above[start]), int(self._above[stop - 1]) + 2)

    def _flat_columns(self, maps: Sequence[FloatImage]) -> FloatImage:
        """The needed rows of maps as wide as the view: (number of maps, rows, width * C)."""
        count = self._weights.shape[1]
        # As many at once as can be: for so little, calls cost more than work.
        together = max(1, WARP_LIMIT // count)
        groups = (maps[start : start + together] for start in range(0, len(maps), together))
        columns = [self._columns(np.concatenate([small[self._rows] for small in group])) for group in groups]
        joined = columns[0] if len(columns) == 1 else np.concatenate(columns)
        return joined.reshape(len(maps), count, -1)

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


def _block_rows(step: float, values: int) -> int:
    """How many rows of so many values are made at a time, where a row is so many of the small map's further down."""
    fitting = (rows for rows in range(_BLOCK_ROWS, 1, -1) if rows * (rows * step + 2) * values <= _BLAS_ALONE)
    return next(fitting, 1)
