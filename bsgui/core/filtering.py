"""Softening and sharpening a layer's content, for what is in view, from only what is near it.

A wide Gaussian leaves nothing fine, so it is taken of a coarse grid and enlarged: whatever the radius, a filter costs
about one pass over the view. The grid is that of the photo, not of the view; so views agree with each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .enlargement import Enlargement
from .layer_filter import LayerFilter
from .photo import FloatImage
from .viewport import Viewport

ContentIn = Callable[[Viewport], NDArray[Any]]
"""A layer's content in a view: (view.height, view.width, 3), any dtype and unit; beyond the photo its edge repeats."""

# Standard deviations, in pixels of what is blurred: at least so many on a coarse grid, and what is too few to see.
_COARSE_SIGMA, _UNSEEN_SIGMA = 1.5, 0.1
# A Gaussian that is narrower has hardly anything at the middle of the next pixel.
_SAMPLED_SIGMA = 0.5
# Of the whole photo on the coarsest grid; see Pyramid.
_SMALLEST_SIDE = 64
# Views are filtered in pieces of at most this side: OpenCV warps from images of less than 32767.
_PIECE = 1 << 14


def filtered(content_in: ContentIn, view: Viewport, layer_filter: LayerFilter, size: tuple[int, int]) -> FloatImage:
    """A layer's content in a view, softened or sharpened.

    Args:
        content_in: the content.
        view: what to compute.
        layer_filter: how.
        size: (width, height) of the photo, photo pixels. Beyond its edges the blur finds the content mirrored.

    Returns:
        (view.height, view.width, 3) float32, in the content's unit; not to be changed.

    Source: unsharp masking; Gonzalez and Woods, Digital Image Processing, 4th ed., section 3.6.
    """
    if layer_filter.radius * view.scale < _UNSEEN_SIGMA:
        return _as_float(content_in(view))
    if max(view.width, view.height) > _PIECE:
        return _in_pieces(content_in, view, layer_filter, size)
    grid = _grid(layer_filter.radius, max(size))
    if view.scale <= grid:
        return _at_view_scale(content_in, view, layer_filter, size)
    sharp = _as_float(content_in(view))
    return _unsharp(sharp, _blurred_on_grid(content_in, view, layer_filter.radius, grid, size), layer_filter.amount)


def _grid(radius: float, side: int) -> float:
    """The scale of the coarse grid: one, a half, a quarter and so on."""
    # Not coarser than the pyramids that contents are drawn from: what they do not average would show as moiré.
    halvings = min(math.log2(radius / _COARSE_SIGMA), math.log2(side / _SMALLEST_SIDE))
    return float(2.0 ** -max(0, math.floor(halvings)))


def _in_pieces(content_in: ContentIn, view: Viewport, layer_filter: LayerFilter, size: tuple[int, int]) -> FloatImage:
    whole = np.empty((view.height, view.width, 3), np.float32)
    for rows in _pieces(view.height):
        for columns in _pieces(view.width):
            whole[rows, columns] = filtered(content_in, view.part(rows, columns), layer_filter, size)
    return whole


def _pieces(count: int) -> Iterator[slice]:
    return (slice(start, min(start + _PIECE, count)) for start in range(0, count, _PIECE))


def _at_view_scale(
    content_in: ContentIn, view: Viewport, layer_filter: LayerFilter, size: tuple[int, int]
) -> FloatImage:
    """Blur the view's own pixels and those around it, as far as the photo goes."""
    sigma = layer_filter.radius * view.scale
    columns, rows = (
        _Axis.within(start * view.scale, side * view.scale, 0, count, _reach(sigma))
        for start, count, side in ((view.x, view.width, size[0]), (view.y, view.height, size[1]))
    )
    around = _as_float(content_in(view.part(rows.source, columns.source)))
    sharp, blurred = around[rows.wanted, columns.wanted], _blurred(around, rows, columns, sigma)
    if sharp.shape[:2] != (view.height, view.width):
        # It sticks out of the photo: there what the blur takes away is as at the edge.
        repeated = np.ix_(rows.repeated(view.height), columns.repeated(view.width))
        own = _as_float(content_in(view))
        sharp, blurred = own, own + (blurred - sharp)[repeated]
    return _unsharp(sharp, blurred, layer_filter.amount)


def _blurred_on_grid(
    content_in: ContentIn, view: Viewport, radius: float, grid: float, size: tuple[int, int]
) -> FloatImage:
    """The blurred content in a view, from pixels of a coarse grid at the photo's origin, ``1 / grid`` apart."""
    # Averaging into the grid's pixels and drawing between them blurs, too.
    sigma = math.sqrt((radius * grid) ** 2 - (1 - grid**2) / 4)
    columns, rows = (
        _grid_axis(start * grid, count / view.scale * grid, side * grid, _reach(sigma))
        for start, count, side in ((view.x, view.width, size[0]), (view.y, view.height, size[1]))
    )
    whole = Viewport(0, 0, grid, 1, 1)
    coarse = _blurred(_as_float(content_in(whole.part(rows.source, columns.source))), rows, columns, sigma)
    inside = Viewport(view.x - columns.first / grid, view.y - rows.first / grid, view.scale, view.width, view.height)
    return Enlargement(coarse.shape[:2], (coarse.shape[1] / grid, coarse.shape[0] / grid), inside).of(coarse)


def _grid_axis(start: float, length: float, side: float, reach: int) -> _Axis:
    """The grid's pixels that a view draws on; beyond the photo's edges one, mirrored, to draw between."""
    first, stop = _clipped(math.floor(start - 0.5), math.ceil(start + length - 0.5) + 1, -1, math.ceil(side) + 1)
    return _Axis(0.0, side, first, stop, reach)


@dataclass(frozen=True)
class _Axis:
    """Some rows (or columns) of a grid that lies over the photo, and what a blur of them draws on.

    Attributes:
        offset: where the grid's pixel 0 begins in the photo, in the grid's pixels.
        side: of the photo, in the grid's pixels.
        first, stop: the pixels.
        reach: how far a pixel is drawn from.
    """

    offset: float
    side: float
    first: int
    stop: int
    reach: int

    @staticmethod
    def within(offset: float, side: float, first: int, stop: int, reach: int) -> _Axis:
        """An axis without the pixels that are not in the photo, but with one at least."""
        whole = _Axis(offset, side, first, stop, reach)
        return _Axis(offset, side, *_clipped(first, stop, *whole._in_photo), reach)

    @property
    def _in_photo(self) -> tuple[int, int]:
        """The pixels whose middle is in the photo; one if it is in none."""
        low = math.ceil(-self.offset - 0.5)
        return low, max(math.ceil(self.side - self.offset - 0.5), low + 1)

    @property
    def _drawn_on(self) -> NDArray[np.float64]:
        """Where each pixel's content, and that of those in reach, is to be had, mirrored at the photo's edges."""
        middle = np.arange(self.first - self.reach, self.stop + self.reach) + self.offset + 0.5
        mirrored = np.abs((middle + self.side) % (2 * self.side) - self.side)
        low, high = self._in_photo
        return np.asarray((mirrored - self.offset - 0.5).clip(low, high - 1))

    @property
    def source(self) -> slice:
        """The pixels of the photo that are needed."""
        places = self._drawn_on
        return slice(math.floor(places.min()), min(math.floor(places.max()) + 2, self._in_photo[1]))

    @property
    def wanted(self) -> slice:
        """Which of the source's pixels the axis has, where all are in the photo."""
        start = self.source.start
        return slice(self.first - start, self.stop - start)

    def extended(self, image: FloatImage) -> FloatImage:
        """The source's rows with those in reach, mirrored beyond the photo."""
        low, high = self._in_photo
        begin, end = self.first - self.reach, self.stop + self.reach
        start = self.source.start
        inner = image[max(begin, low) - start : max(min(end, high) - start, 0)]
        if begin >= low and end <= high:
            return inner
        places = self._drawn_on - start
        before, after = places[: max(low - begin, 0)], places[max(high - begin, 0) :]
        return np.concatenate([_between(image, before), inner, _between(image, after)])

    def repeated(self, count: int) -> NDArray[np.intp]:
        """Which of the pixels is seen in each of ``count``, where those that are not in the photo repeat its edge."""
        return np.arange(count).clip(self.first, self.stop - 1) - self.first


def _between(image: FloatImage, places: NDArray[np.float64]) -> FloatImage:
    """Rows at fractional places."""
    above = places.astype(np.intp)
    share = (places - above).astype(np.float32)[:, None, None]
    return image[above] * (1 - share) + image[np.minimum(above + 1, len(image) - 1)] * share


def _clipped(start: int, stop: int, low: int, high: int) -> tuple[int, int]:
    """What of a range lies in another, at least one."""
    first = min(max(start, low), high - 1)
    return first, max(min(stop, high), first + 1)


def _reach(sigma: float) -> int:
    """How far a pixel is drawn from, pixels."""
    return math.ceil(4 * sigma) if sigma >= _SAMPLED_SIGMA else 1


def _blurred(source: FloatImage, rows: _Axis, columns: _Axis, sigma: float) -> FloatImage:
    extended = columns.extended(rows.extended(source).swapaxes(0, 1)).swapaxes(0, 1)
    kernel = _kernel(sigma)
    blurred = cv2.sepFilter2D(np.ascontiguousarray(extended), cv2.CV_32F, kernel, kernel)
    height, width = extended.shape[:2]
    return np.asarray(blurred[rows.reach : height - rows.reach, columns.reach : width - columns.reach], np.float32)


def _kernel(sigma: float) -> NDArray[np.float32]:
    """A Gaussian's samples; of a narrow one three that have its variance."""
    if sigma < _SAMPLED_SIGMA:
        return np.array([sigma**2 / 2, 1 - sigma**2, sigma**2 / 2], np.float32)
    return np.asarray(cv2.getGaussianKernel(2 * _reach(sigma) + 1, sigma, cv2.CV_32F), np.float32)


def _unsharp(sharp: FloatImage, blurred: FloatImage, amount: float) -> FloatImage:
    return np.asarray(cv2.addWeighted(sharp, 1 + amount, blurred, -amount, 0), np.float32)


def _as_float(content: NDArray[Any]) -> FloatImage:
    return np.ascontiguousarray(content, np.float32)
