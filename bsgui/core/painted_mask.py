"""Masks painted with a brush: strokes over the photo, sharp at any size.

Strokes are kept, not pixels: a mask is as sharp as the view or the export that it is drawn for, and takes kilobytes
in a project. Its pixels are computed where strokes are, at the scale that is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .fields import Fields
from .last_seen import LastSeen
from .viewport import Viewport

MOST_STROKES, MOST_POINTS = 1_000, 4_000
LEAST_RADIUS, MOST_RADIUS = 0.5, 1e5

MaskValues = NDArray[np.float32]
Part = tuple[slice, slice]

_FAR = 1e9
_SUBPIXELS = 4
_THICKEST = 32_000
_FINER = 4
_LARGE = 4_000_000
# A soft edge is drawn on a grid on which its Gaussian has this deviation, pixels: it has no more detail than that.
_COARSE = 2.0
_REACH = 3.0
# A window has a million or two pixels, four bytes each; a mask that grows is kept with and without its last stroke.
_REMEMBERED_BYTES = 48 * 2**20


@dataclass(frozen=True)
class Stroke:
    """One stroke of the brush.

    Attributes:
        points: the middle of its path, x and y in photo pixels; one point is a dab.
        radius: of the brush, photo pixels.
        hardness: 0..1, the part of the radius within which it covers all; beyond, it fades to nothing.
        erases: whether it takes away what was painted before.
    """

    points: tuple[tuple[float, float], ...]
    radius: float
    hardness: float = 0.5
    erases: bool = False

    @cached_property
    def path(self) -> NDArray[np.float64]:
        """(n, 2) x and y, photo pixels."""
        return np.array(self.points, np.float64).reshape(-1, 2)

    @cached_property
    def _hash(self) -> int:
        return hash((self.points, self.radius, self.hardness, self.erases))

    def __hash__(self) -> int:
        # Strokes are keys of what is kept, and have thousands of points.
        return self._hash

    def part_of(self, view: Viewport) -> Part | None:
        """The rows and columns of a view that the stroke may cover; None if it covers none."""
        left, top, right, bottom = self._bounds
        columns = _seen(left - view.x, right - view.x, view.scale, view.width)
        rows = _seen(top - view.y, bottom - view.y, view.scale, view.height)
        return (rows, columns) if columns.start < columns.stop and rows.start < rows.stop else None

    @cached_property
    def _bounds(self) -> tuple[float, float, float, float]:
        (left, top), (right, bottom) = self.path.min(0).tolist(), self.path.max(0).tolist()
        return left - self.radius, top - self.radius, right + self.radius, bottom + self.radius


def _seen(low: float, high: float, scale: float, count: int) -> slice:
    """Which of a view's pixels lie between two distances from its edge, and one more each way."""
    return slice(max(math.floor(low * scale) - 1, 0), min(math.ceil(high * scale) + 1, count))


@dataclass(frozen=True)
class PaintedMask:
    """A mask of strokes.

    Attributes:
        strokes: one over the other, the first at the bottom; with none nothing is painted.
        inverted: all where nothing is painted, and nothing where all is.
    """

    strokes: tuple[Stroke, ...]
    inverted: bool = False

    def seen_in(self, view: Viewport) -> MaskValues:
        """The mask at a view's pixel centres: (view.height, view.width) float32, 0..1."""
        painted = self.painted_in(view)
        return 1 - painted if self.inverted else painted

    def painted_in(self, view: Viewport) -> MaskValues:
        """What is painted, whether that is the mask or its opposite: read-only, shaped as :meth:`seen_in`."""
        return _painted(self.strokes, view)

    def part_of(self, view: Viewport) -> Part | None:
        """The rows and columns of a view in which anything may be painted; None if there is nothing."""
        parts = [stroke.part_of(view) for stroke in self.strokes if not stroke.erases]
        seen = [part for part in parts if part is not None]
        return (_hull(rows for rows, _ in seen), _hull(columns for _, columns in seen)) if seen else None


def read_painted(mask: Fields) -> PaintedMask:
    """A mask as ``asdict`` wrote it.

    Raises:
        FieldError: a value is missing or out of range.
    """
    return PaintedMask(mask.items("strokes", 0, MOST_STROKES, _read_stroke), mask.flag("inverted", False))


def _read_stroke(stroke: Fields) -> Stroke:
    return Stroke(
        stroke.pairs("points", 1, MOST_POINTS, -_FAR, _FAR),
        stroke.number("radius", LEAST_RADIUS, MOST_RADIUS),
        stroke.number("hardness", 0.0, 1.0, 0.5),
        stroke.flag("erases", False),
    )


def _hull(slices: Iterable[slice]) -> slice:
    ends = [(one.start, one.stop) for one in slices]
    return slice(min(start for start, _ in ends), max(stop for _, stop in ends))


_last_seen = LastSeen[MaskValues](_REMEMBERED_BYTES)


def _painted(strokes: tuple[Stroke, ...], view: Viewport) -> MaskValues:
    """What strokes paint in a view; of one that grows, only the last is drawn anew."""
    if not strokes:
        return np.zeros((view.height, view.width), np.float32)
    known = _last_seen.get((strokes, view))
    if known is not None:
        return known
    settled = _last_seen.get((strokes[:-1], view))
    if settled is None:
        settled = np.zeros((view.height, view.width), np.float32)
        for stroke in strokes[:-1]:
            _paint(settled, stroke, view)
        _last_seen.keep((strokes[:-1], view), settled)
    painted = settled.copy()
    _paint(painted, strokes[-1], view)
    return _last_seen.keep((strokes, view), painted)


def _paint(canvas: MaskValues, stroke: Stroke, view: Viewport) -> None:
    """Add a stroke to what is painted in a view, or take it away."""
    part = stroke.part_of(view)
    if part is None:
        return
    covered = _covered(stroke, view, part)
    here = canvas[part]
    here[:] = here * (1 - covered) if stroke.erases else np.maximum(here, covered)


def _covered(stroke: Stroke, view: Viewport, part: Part) -> MaskValues:
    """How much a stroke covers of each pixel of a part of a view: a thick line, blurred as its edge is soft."""
    rows, columns = part
    radius = stroke.radius * view.scale
    sigma = radius * (1 - stroke.hardness) / 4
    step = max(1, int(sigma / _COARSE))
    margin = math.ceil(_REACH * sigma / step)
    height, width = (math.ceil((along.stop - along.start) / step) + 2 * margin for along in part)
    # OpenCV's own smoothed lines are a pixel and a half too wide.
    finer = _FINER if height * width <= _LARGE else 1
    line = np.zeros((height * finer, width * finer), np.uint8)
    pixels = (stroke.path - (view.x, view.y)) * view.scale - (columns.start, rows.start)
    points = np.rint(((pixels / step + margin) * finer - 0.5) * 2**_SUBPIXELS)
    # One point is no line; and what is far away must fit 32 bits.
    points = np.clip(np.concatenate([points[:1], points]), -(2**29), 2**29).astype(np.int32)
    # An even thickness is drawn a pixel wider, an odd one two.
    thickness = 2 * round((radius * (1 + stroke.hardness) / step * finer - 1) / 2)
    cv2.polylines(line, [points], False, 255, min(max(1, thickness), _THICKEST), cv2.LINE_8, _SUBPIXELS)
    if finer > 1:
        line = np.asarray(cv2.resize(line, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    covered: MaskValues = line.astype(np.float32) / np.float32(255)
    if margin:
        covered = np.asarray(cv2.GaussianBlur(covered, (0, 0), sigma / step), np.float32)
    if step > 1:
        size = (width * step, height * step)
        covered = np.asarray(cv2.resize(covered, size, interpolation=cv2.INTER_LINEAR), np.float32)
    top = left = margin * step
    return covered[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start]
