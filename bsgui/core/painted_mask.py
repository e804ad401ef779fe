"""Masks painted with a brush: strokes over the photo, sharp at any size.

Strokes are kept, not pixels: a mask is as sharp as the view or the export that it is drawn for, and takes kilobytes
in a project. Its pixels are computed where strokes are, at the scale that is looked at.
"""

from __future__ import annotations

import math
from collections import deque
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
Bounds = tuple[float, float, float, float]
"""Left, top, right and bottom, photo pixels."""

_FAR = 1e9
_SUBPIXELS = 4
_THICKEST = 32_000
_FINER = 4
_LARGE = 4_000_000
# A soft edge is drawn on a grid on which its Gaussian has this deviation, pixels: it has no more detail than that.
_COARSE = 2.0
_REACH = 3.0
# Views whose pixels lie on the photo's grid, within so many of their pixels, are put together from tiles of this side.
_TILE, _ALIGNED, _MOST_TILES = 256, 1e-3, 4096
# How many views are remembered to tell whether they move: those of a window, which come in strips.
_SCALES, _VIEWS = 4, 32
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
        return _part(self.bounds, view)

    @cached_property
    def bounds(self) -> Bounds:
        """Of what it may cover."""
        (left, top), (right, bottom) = self.path.min(0).tolist(), self.path.max(0).tolist()
        return left - self.radius, top - self.radius, right + self.radius, bottom + self.radius


def _overlap(one: Viewport, other: Viewport) -> bool:
    """Whether two views of one scale show some of the same; less than a pixel does not count."""
    across, down = (other.x - one.x) * one.scale, (other.y - one.y) * one.scale
    return -other.width + 1 < across < one.width - 1 and -other.height + 1 < down < one.height - 1


def _part(bounds: Bounds, view: Viewport) -> Part | None:
    """The rows and columns of a view within bounds; None if there are none."""
    left, top, right, bottom = bounds
    columns = _seen(left - view.x, right - view.x, view.scale, view.width)
    rows = _seen(top - view.y, bottom - view.y, view.scale, view.height)
    return (rows, columns) if columns.start < columns.stop and rows.start < rows.stop else None


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

    @cached_property
    def _hash(self) -> int:
        return hash((self.strokes, self.inverted))

    def __hash__(self) -> int:
        return self._hash

    def seen_in(self, view: Viewport) -> MaskValues:
        """The mask at a view's pixel centres: (view.height, view.width) float32, 0..1."""
        painted = self.painted_in(view)
        return 1 - painted if self.inverted else painted

    def painted_in(self, view: Viewport) -> MaskValues:
        """What is painted, whether that is the mask or its opposite: read-only, shaped as :meth:`seen_in`."""
        left, top = view.x * view.scale, view.y * view.scale
        corner = round(left), round(top)
        is_on_grid = max(abs(left - corner[0]), abs(top - corner[1])) <= _ALIGNED
        # Tiles reach beyond the view: that is made up for when it moves, and not while it is zoomed.
        if not self._is_moved(view) or not is_on_grid:
            return _painted(self._strokes_in(view), view)
        known = _last_seen.get((self, view))
        return known if known is not None else _last_seen.keep((self, view), self._in_tiles(view, *corner))

    def _is_moved(self, view: Viewport) -> bool:
        """Whether a view overlaps another that was asked for lately at its scale."""
        views = self._views.get(view.scale)
        if views is None:
            for scale in list(self._views)[: -_SCALES + 1]:
                self._views.pop(scale, None)
            views = self._views[view.scale] = deque(maxlen=_VIEWS)
        # A copy: other threads add to them.
        known = tuple(views)
        if view not in known:
            views.append(view)
        return any(other != view and _overlap(other, view) for other in known)

    @cached_property
    def _views(self) -> dict[float, deque[Viewport]]:
        """The last that were asked for, by scale; what threads do at the same time is at worst forgotten."""
        return {}

    def may_be_in(self, view: Viewport) -> bool:
        """Whether anything may be painted in a view; quick, and no more than a first look."""
        return self._painted_bounds is not None and _part(self._painted_bounds, view) is not None

    @cached_property
    def _painted_bounds(self) -> Bounds | None:
        painted = self._bounds[[not stroke.erases for stroke in self.strokes]]
        return (*painted[:, 0].min(0).tolist(), *painted[:, 1].max(0).tolist()) if len(painted) else None

    def _in_tiles(self, view: Viewport, left: int, top: int) -> MaskValues:
        """Put together from tiles of a grid over the photo: those that were in view before a movement are known."""
        painted = np.zeros((view.height, view.width), np.float32)
        for row in range(top // _TILE, (top + view.height - 1) // _TILE + 1):
            for column in range(left // _TILE, (left + view.width - 1) // _TILE + 1):
                tile = Viewport(column * _TILE / view.scale, row * _TILE / view.scale, view.scale, _TILE, _TILE)
                strokes = self._strokes_in_tile(tile)
                if strokes:
                    x, y = column * _TILE - left, row * _TILE - top
                    here = painted[max(y, 0) : y + _TILE, max(x, 0) : x + _TILE]
                    there = _painted(strokes, tile, _last_tiles)[max(-y, 0) :, max(-x, 0) :]
                    here[:] = there[: here.shape[0], : here.shape[1]]
        return painted

    def _strokes_in_tile(self, tile: Viewport) -> tuple[Stroke, ...]:
        strokes = self._by_tile.get(tile)
        if strokes is None:
            if len(self._by_tile) >= _MOST_TILES:
                self._by_tile.clear()
            strokes = self._by_tile[tile] = self._strokes_in(tile)
        return strokes

    @cached_property
    def _by_tile(self) -> dict[Viewport, tuple[Stroke, ...]]:
        return {}

    def _strokes_in(self, view: Viewport) -> tuple[Stroke, ...]:
        """The strokes that a view may show something of."""
        ends = (self._bounds - (view.x, view.y)) * view.scale
        seen = np.all((np.floor(ends[:, 0]) <= (view.width, view.height)) & (np.ceil(ends[:, 1]) >= 0), axis=1)
        return tuple(self.strokes[number] for number in np.flatnonzero(seen))

    @cached_property
    def _bounds(self) -> NDArray[np.float64]:
        """(n, 2, 2): left and top, then right and bottom of each stroke, photo pixels."""
        return np.array([stroke.bounds for stroke in self.strokes], np.float64).reshape(-1, 2, 2)


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


# Apart, so that the many views of a movement do not drive out the tiles that they are put together from.
_last_seen, _last_tiles = (LastSeen[MaskValues](_REMEMBERED_BYTES) for _ in range(2))


def _painted(strokes: tuple[Stroke, ...], view: Viewport, seen: LastSeen[MaskValues] | None = None) -> MaskValues:
    """What strokes paint in a view; of one that grows, only the last is drawn anew."""
    if not strokes:
        return np.zeros((view.height, view.width), np.float32)
    seen = _last_seen if seen is None else seen
    known = seen.get((strokes, view))
    if known is not None:
        return known
    settled = seen.get((strokes[:-1], view))
    if settled is None:
        settled = np.zeros((view.height, view.width), np.float32)
        for stroke in strokes[:-1]:
            _paint(settled, stroke, view)
        seen.keep((strokes[:-1], view), settled)
    painted = settled.copy()
    _paint(painted, strokes[-1], view)
    return seen.keep((strokes, view), painted)


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
    radius = stroke.radius * view.scale
    sigma = radius * (1 - stroke.hardness) / 4
    step = max(1, int(sigma / _COARSE))
    margin = math.ceil(_REACH * sigma / step)
    # The coarse grid begins where the photo does, or there would be seams between the parts of a view.
    rows, columns = (
        slice(along.start - (along.start + round(corner * view.scale)) % step, along.stop)
        for along, corner in zip(part, (view.y, view.x), strict=True)
    )
    height, width = (math.ceil((along.stop - along.start) / step) + 2 * margin for along in (rows, columns))
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
    top, left = (margin * step + along.start - wider.start for along, wider in zip(part, (rows, columns), strict=True))
    return covered[top:, left:][: part[0].stop - part[0].start, : part[1].stop - part[1].start]
