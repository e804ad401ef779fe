"""A scale and a shift for every pixel of a photo, from two small maps over the photo or over a frame in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .enlargement import Enlargement
from .frame import Frame
from .photo import FloatImage, Rendered, Samples
from .viewport import Viewport

# While a slider is dragged, the same strips of a window are drawn again and again.
_enlargement = lru_cache(maxsize=32)(Enlargement)
# Pixels of the upright grid, each way, for one of a turned map. Drawing from an upright grid takes half the time of
# warping the turned map; finer grids take longer and change the fidelity of real layers by less than 0.05 dB.
_DENSITY = 1.25


@dataclass(frozen=True, eq=False)
class MixedMaps:
    """Two maps over an upright box of the photo. Outside, what their first pixel holds goes on.

    Attributes:
        scale, shift: (h, w, 3) float32; pixel = scale * sample + shift.
        size: (width, height) of the box, photo pixels.
        corner: (left, top) of the box, photo pixels; None for maps over the whole photo, whose edges end with it.
    """

    scale: FloatImage
    shift: FloatImage
    size: tuple[float, float]
    corner: tuple[float, float] | None = None

    @staticmethod
    def over(scale: FloatImage, shift: FloatImage, photo_size: tuple[int, int], frame: Frame | None) -> MixedMaps:
        """Maps in a frame's coordinates, laid over the photo; those of a turned frame are turned here, once."""
        if frame is None:
            return MixedMaps(scale, shift, photo_size)
        left, top, right, bottom = frame.bounds
        box = (right - left, bottom - top)
        if frame.angle != 0:
            scale, shift = (_upright(maps, frame) for maps in (scale, shift))
        return MixedMaps(scale, shift, box, (left, top))

    def apply(self, samples: Samples, view: Viewport, changes: Sequence[Change] = ()) -> FloatImage:
        """Scale and shift what is seen through a view.

        Args:
            samples: (view.height, view.width, 3), the photo there.
            view: where.
            changes: what is added to that under masks.

        Returns:
            New (view.height, view.width, 3) float32.
        """
        result = np.empty((view.height, view.width, 3), np.float32)
        self._fill(result, samples, view, changes)
        return result

    def show(self, samples: Samples, view: Viewport, changes: Sequence[Change] = ()) -> NDArray[np.uint8]:
        """As :meth:`apply`, clipped to 0..1 and rounded to 8 bits: in two thirds of the time of doing that apart."""
        result = np.empty((view.height, view.width, 3), np.uint8)
        self._fill(result, samples, view, changes)
        return result

    def _fill(self, result: Rendered, samples: Samples, view: Viewport, changes: Sequence[Change]) -> None:
        if self.corner is None:
            self._apply(samples, view, result, changes)
            return
        rows, columns = self._inside(view)
        if rows.start < rows.stop and columns.start < columns.stop:
            inside = [change.part(rows, columns) for change in changes]
            self._apply(samples[rows, columns], self._in_box(view, rows, columns), result[rows, columns], inside)
        for part in _around(rows, columns, view):
            self._apply_constant(samples[part], result[part], [change.part(*part) for change in changes])

    def _apply(self, samples: Samples, view: Viewport, result: Rendered, changes: Sequence[Change]) -> None:
        masked = [((change.maps.scale, change.maps.shift), change.covered) for change in changes]
        enlargement = _enlargement(self.scale.shape[:2], self.size, view)
        enlargement.apply((self.scale, self.shift), samples, result, masked)

    def _apply_constant(self, samples: Samples, result: Rendered, changes: Sequence[Change]) -> None:
        white, depth = (255, cv2.CV_8U) if result.dtype == np.uint8 else (1, cv2.CV_32F)
        total, term = self._constant(samples, white)
        for change in changes:
            if change.covered.any():
                cv2.add(total, term, dst=total)
                scaled, shift = change.maps._constant(samples, white)
                term = cv2.multiply(cv2.add(scaled, shift), cv2.merge([change.covered] * 3))
        cv2.add(total, term, dst=result, dtype=depth)

    def _constant(self, samples: Samples, white: float) -> tuple[Any, Any]:
        """What the first pixel's scale makes of samples, and its shift."""
        # OpenCV's stubs do not know scalar operands; it takes them as four channels.
        factors: Any = (*(white * self.scale[0, 0]).tolist(), 0.0)
        shift: Any = (*(white * self.shift[0, 0]).tolist(), 0.0)
        return cv2.multiply(samples, factors, dtype=cv2.CV_32F), shift

    def _inside(self, view: Viewport) -> tuple[slice, slice]:
        """The rows and columns of a view whose centres lie in the box."""
        assert self.corner is not None
        (left, top), (width, height) = self.corner, self.size
        return (
            _covered(view.y, view.scale, view.height, top, height),
            _covered(view.x, view.scale, view.width, left, width),
        )

    def _in_box(self, view: Viewport, rows: slice, columns: slice) -> Viewport:
        assert self.corner is not None
        x = view.x + columns.start / view.scale - self.corner[0]
        y = view.y + rows.start / view.scale - self.corner[1]
        return Viewport(x, y, view.scale, columns.stop - columns.start, rows.stop - rows.start)


@dataclass(frozen=True, eq=False)
class Change:
    """What is added to a picture where something is painted.

    Attributes:
        maps: its maps, over the same box as those that it is added to.
        covered: (view.height, view.width) float32, how much of it counts.
    """

    maps: MixedMaps
    covered: FloatImage

    def part(self, rows: slice, columns: slice) -> Change:
        """The same for a part of the view."""
        return Change(self.maps, self.covered[rows, columns])


def _covered(start: float, scale: float, count: int, low: float, length: float) -> slice:
    """Which of ``count`` pixels, ``1 / scale`` apart, have their centres in ``low..low + length``."""
    first = math.ceil((low - start) * scale - 0.5)
    last = math.floor((low + length - start) * scale - 0.5)
    first, stop = min(max(first, 0), count), min(max(last + 1, 0), count)
    return slice(first, max(first, stop))


def _around(rows: slice, columns: slice, view: Viewport) -> list[tuple[slice, slice]]:
    """What of a view lies above, below, left and right of a part of it; nothing that is empty."""
    everywhere = slice(0, view.width)
    parts = [
        (slice(0, rows.start), everywhere),
        (slice(rows.stop, view.height), everywhere),
        (rows, slice(0, columns.start)),
        (rows, slice(columns.stop, view.width)),
    ]
    return [(r, c) for r, c in parts if r.start < r.stop and c.start < c.stop]


def _upright(maps: FloatImage, frame: Frame) -> FloatImage:
    """A turned frame's map on an upright grid over the frame's bounds; its edge repeats."""
    left, top, right, bottom = frame.bounds
    height, width = maps.shape[:2]
    pitch = min(frame.width / width, frame.height / height) / _DENSITY
    # A frame from a damaged file may have sides that its maps do not fit.
    most = 2 * math.ceil(_DENSITY) * (width + height)
    columns, rows = (min(math.ceil(side / pitch), most) for side in (right - left, bottom - top))
    # From a grid pixel's centre to photo, to frame and to map coordinates, which OpenCV counts from pixel centres.
    step = np.array([(right - left) / columns, (bottom - top) / rows])
    to_map = np.array([[width], [height]]) * frame.from_photo
    linear = to_map[:, :2] * step
    offset = to_map[:, :2] @ (np.array([left, top]) + step / 2) + to_map[:, 2] - 0.5
    return cv2.warpAffine(  # type: ignore[return-value]
        maps,
        np.column_stack([linear, offset]),
        (columns, rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
