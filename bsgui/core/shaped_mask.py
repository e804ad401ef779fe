"""Smooth masks over the photo, given by a rectangle that can be moved and turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .fields import Fields
from .frame import Frame, read_frame
from .viewport import Viewport

MaskShape = Literal["ellipse", "gradient"]
SHAPES: tuple[MaskShape, ...] = ("ellipse", "gradient")
LEAST_FEATHER = 0.05
"""Sharper edges than that would be finer than the maps that they are laid on."""

MaskValues = NDArray[np.float32]


@dataclass(frozen=True)
class ShapedMask:
    """A smooth mask.

    Attributes:
        shape: "ellipse": all of it in the middle, nothing outside the ellipse that the rectangle encloses;
            "gradient": all of it above the rectangle's top side, nothing below its bottom, whatever its width.
        frame: the rectangle, photo pixels.
        feather: of an ellipse: over how much of its radius the mask falls to nothing, 0.05..1.
        inverted: all where else there is nothing, and nothing where else there is all.
    """

    shape: MaskShape
    frame: Frame
    feather: float = 0.5
    inverted: bool = False

    def seen_in(self, view: Viewport) -> MaskValues:
        """The mask at a view's pixel centres: (view.height, view.width) float32, 0..1."""
        columns = view.x + (np.arange(view.width) + 0.5) / view.scale
        rows = view.y + (np.arange(view.height) + 0.5) / view.scale
        return self.at(columns[None, :], rows[:, None])

    def on_maps(self, shape: tuple[int, int], photo_size: tuple[int, int], frame: Frame | None) -> MaskValues:
        """The mask at the pixels of maps.

        Args:
            shape: (height, width) of the maps.
            photo_size: (width, height) of the photo.
            frame: what the maps lie over; None for the whole photo.
        """
        height, width = shape
        along, down = (np.arange(width) + 0.5) / width, ((np.arange(height) + 0.5) / height)[:, None]
        if frame is None:
            return self.at(along[None, :] * photo_size[0], down * photo_size[1])
        x, y = (across * along + (tilt * down + offset) for across, tilt, offset in frame.to_photo)
        return self.at(x, y)

    def at(self, x: NDArray[Any], y: NDArray[Any]) -> MaskValues:
        """The mask at photo points, whose coordinates are broadcast against each other: float32, 0..1."""
        along, down = (
            (across * x + (tilt * y + offset)).astype(np.float32) for across, tilt, offset in self.frame.from_photo
        )
        if self.shape == "gradient":
            rising = 1 - down
        else:
            radius = 2 * np.sqrt(np.square(along - 0.5) + np.square(down - 0.5))
            rising = (1 - radius) / np.float32(max(self.feather, LEAST_FEATHER))
        inside = _smooth(np.clip(rising, 0, 1))
        return 1 - inside if self.inverted else inside


def _smooth(values: MaskValues) -> MaskValues:
    """From 0 to 1 without a crease at either end: Hermite's cubic."""
    return np.asarray(values * values * (3 - 2 * values), np.float32)


def read_shaped(mask: Fields) -> ShapedMask:
    """A mask as ``asdict`` wrote it.

    Raises:
        FieldError: a value is missing or out of range.
    """
    mask.object("frame")
    frame = read_frame(mask)
    assert frame is not None
    return ShapedMask(
        mask.choice("shape", SHAPES),
        frame,
        mask.number("feather", LEAST_FEATHER, 1.0, 0.5),
        mask.flag("inverted", False),
    )
