"""Frames: the part of a photo that is taken apart, upright in a picture of its own. Pure geometry.

A head fills the pictures that a model of heads was trained with, and a face stands upright in them. A frame says where
such a picture lies in the photo: a rectangle, moved and turned. Its two coordinates run from 0 to 1 along its sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .fields import Fields
from .viewport import Viewport

SMALLEST_SIDE = 8.0
"""A frame's sides are at least so many photo pixels."""

FEATHER = 0.08
"""The layers of a frame fade in over this part of its shorter side."""

_FARTHEST = float(1 << 20)
_ZERO_PIXELS = 2

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """A rectangle over the photo, perhaps turned; it may stick out.

    Attributes:
        x, y: its centre, photo pixels from the top-left corner of the photo.
        width, height: its sides, photo pixels.
        angle: how far it is turned clockwise, as seen, about its centre; radians in -pi..pi.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.width, self.height, self.angle)
        if not all(math.isfinite(x) for x in values) or min(self.width, self.height) < SMALLEST_SIDE:
            raise ValueError(f"not a frame: {self}")
        if not -math.pi <= self.angle <= math.pi:
            object.__setattr__(self, "angle", math.remainder(self.angle, 2 * math.pi))

    @staticmethod
    def square(x: float, y: float, side: float, angle: float = 0.0) -> Frame:
        """A frame with equal sides."""
        return Frame(x, y, side, side, angle)

    @staticmethod
    def of_photo(width: int, height: int) -> Frame:
        """The frame that is the whole photo."""
        return Frame(width / 2, height / 2, max(width, SMALLEST_SIDE), max(height, SMALLEST_SIDE))

    @cached_property
    def to_photo(self) -> Matrix:
        """(2, 3) float64: from frame coordinates (0..1 along the sides, 1) to photo pixels."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        linear = np.array([[cosine * self.width, -sine * self.height], [sine * self.width, cosine * self.height]])
        return np.column_stack([linear, np.array([self.x, self.y]) - linear @ (0.5, 0.5)])

    @cached_property
    def from_photo(self) -> Matrix:
        """(2, 3) float64: from photo pixels to frame coordinates."""
        linear = np.linalg.inv(self.to_photo[:, :2])
        return np.column_stack([linear, -linear @ self.to_photo[:, 2]])

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) float64, photo pixels: top left, top right, bottom right, bottom left of the upright picture."""
        unit = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], np.float64)
        return unit @ self.to_photo.T

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the upright rectangle around the frame, photo pixels."""
        left, top = self.corners.min(0)
        right, bottom = self.corners.max(0)
        return float(left), float(top), float(right), float(bottom)

    @cached_property
    def core(self) -> Frame:
        """The part in which the layers are at full strength: without the margin over which they fade in."""
        margin = 2 * FEATHER * min(self.width, self.height)
        return replace(
            self,
            width=max(self.width - margin, SMALLEST_SIDE),
            height=max(self.height - margin, SMALLEST_SIDE),
        )

    def contains(self, x: float, y: float) -> bool:
        """Whether a photo point lies inside."""
        along, down = self.from_photo @ (x, y, 1.0)
        return bool(0 <= along <= 1 and 0 <= down <= 1)

    def mask(self, view: Viewport) -> NDArray[np.bool_]:
        """Which of a view's pixel centres lie inside: (view.height, view.width)."""
        columns = view.x + (np.arange(view.width) + 0.5) / view.scale
        rows = view.y + (np.arange(view.height) + 0.5) / view.scale
        matrix = self.from_photo
        inside = np.ones((view.height, view.width), bool)
        for across, down, offset in matrix:
            coordinate = across * columns[None, :] + (down * rows[:, None] + offset)
            inside &= (coordinate >= 0) & (coordinate <= 1)
        return inside

    def cover(self, photo_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The photo's pixels around the frame: left, top, width, height of an upright rectangle, at least a pixel."""
        left, top = (min(max(0, math.floor(x)), size - 1) for x, size in zip(self.bounds[:2], photo_size, strict=True))
        right, bottom = (min(size, math.ceil(x)) for x, size in zip(self.bounds[2:], photo_size, strict=True))
        return left, top, max(1, right - left), max(1, bottom - top)


@dataclass(frozen=True)
class Subject:
    """Something a model of its own may be had for, found in a photo.

    Attributes:
        kind: what it is: "face", "cat", "dog".
        score: how sure the finder is, 0..1.
        frame: where it is, framed as the models of its kind were trained.
        landmarks: x and y of a face's five points, photo pixels, see :data:`bsgui.core.alignment.LANDMARKS`; else ().
    """

    kind: str
    score: float
    frame: Frame
    landmarks: tuple[tuple[float, float], ...] = ()


def read_frame(fields: Fields) -> Frame | None:
    """The field "frame" of a manifest or project, as ``dataclasses.asdict`` wrote it; None where it is missing.

    Raises:
        FieldError: a value is missing or out of range.
    """
    frame = fields.optional("frame")
    if frame is None:
        return None
    return Frame(
        x=frame.number("x", -_FARTHEST, _FARTHEST),
        y=frame.number("y", -_FARTHEST, _FARTHEST),
        width=frame.number("width", SMALLEST_SIDE, _FARTHEST),
        height=frame.number("height", SMALLEST_SIDE, _FARTHEST),
        angle=frame.number("angle", -math.pi, math.pi, 0.0),
    )


def edge_window(height: int, width: int) -> NDArray[np.float32]:
    """What a frame's maps are multiplied with, so that its layers fade in: a raised cosine, 1 within.

    Exactly 0 in the two outermost pixels: so is all that repeats the edge, or is interpolated close to it.

    Returns:
        (height, width) float32, 0..1, for maps of this size.
    """
    feather = max(1.0, FEATHER * min(height, width) - _ZERO_PIXELS + 0.5)
    return np.outer(_fade(height, feather), _fade(width, feather)).astype(np.float32)


def _fade(count: int, feather: float) -> NDArray[np.float64]:
    """From 0 in the first pixels to 1 after ``feather`` more, and back to 0 in the last."""
    index = np.arange(count)
    from_zero = np.minimum(index, index[::-1]) - (_ZERO_PIXELS - 1)
    rise = (1 - np.cos(np.pi * np.clip(from_zero / feather, 0.0, 1.0))) / 2
    return np.asarray(rise, dtype=np.float64)
