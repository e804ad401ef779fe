"""Where the photo lies on the canvas. All canvas coordinates are device pixels; pure arithmetic, no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from bsgui.core.viewport import Viewport

from .view_state import ZOOM_MAX, ZOOM_MIN


@dataclass(frozen=True)
class DeviceRect:
    """A rectangle of device pixels: left and top inside, right and bottom outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return self.width <= 0 or self.height <= 0

    def clipped(self, left: int, top: int, right: int, bottom: int) -> DeviceRect:
        """The part inside another rectangle; may be empty."""
        return DeviceRect(max(self.left, left), max(self.top, top), min(self.right, right), min(self.bottom, bottom))


@dataclass(frozen=True)
class Placement:
    """A photo of some size, on a canvas of some size, at a zoom, with a photo point in the middle.

    Attributes:
        canvas: (width, height) of the canvas, device pixels.
        photo: (width, height) of the photo, photo pixels.
        zoom: device pixels per photo pixel.
        centre: photo point at the middle of the canvas.
    """

    canvas: tuple[int, int]
    photo: tuple[int, int]
    zoom: float
    centre: tuple[float, float]

    @cached_property
    def origin(self) -> tuple[int, int]:
        """The device pixel at the photo's top-left corner: whole, so that 100 % shows photo pixels untouched."""
        return (
            round(self.canvas[0] / 2 - self.centre[0] * self.zoom),
            round(self.canvas[1] / 2 - self.centre[1] * self.zoom),
        )

    @cached_property
    def photo_rect(self) -> DeviceRect:
        """The whole photo; at least one pixel each way."""
        left, top = self.origin
        width, height = (max(1, round(side * self.zoom)) for side in self.photo)
        return DeviceRect(left, top, left + width, top + height)

    @cached_property
    def visible(self) -> DeviceRect:
        """The part of the photo that is on the canvas; empty when none is."""
        return self.photo_rect.clipped(0, 0, *self.canvas)

    def viewport(self, rect: DeviceRect, coarseness: int = 1) -> Viewport:
        """What to compute for a part of :attr:`visible`, at full or 1/coarseness resolution."""
        return Viewport(
            x=(rect.left - self.origin[0]) / self.zoom,
            y=(rect.top - self.origin[1]) / self.zoom,
            scale=self.zoom / coarseness,
            width=math.ceil(rect.width / coarseness),
            height=math.ceil(rect.height / coarseness),
        )

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Device pixels to photo pixels."""
        return (x - self.origin[0]) / self.zoom, (y - self.origin[1]) / self.zoom

    def to_canvas(self, x: float, y: float) -> tuple[float, float]:
        """Photo pixels to device pixels."""
        return x * self.zoom + self.origin[0], y * self.zoom + self.origin[1]

    def zoomed(self, zoom: float, anchor: tuple[float, float]) -> tuple[float, float]:
        """The centre that keeps the photo point under ``anchor`` (device pixels) where it is, at a new zoom."""
        # From the exact centre, not the whole-pixel origin: zooming to and fro must not creep.
        step = 1 / self.zoom - 1 / zoom
        return (
            self.centre[0] + (anchor[0] - self.canvas[0] / 2) * step,
            self.centre[1] + (anchor[1] - self.canvas[1] / 2) * step,
        )


def fit_zoom(canvas: tuple[int, int], photo: tuple[int, int], margin: int) -> float:
    """The zoom at which the whole photo shows with a margin (device pixels) around it; at most ``ZOOM_MAX``."""
    room = [max(1, side - 2 * margin) for side in canvas]
    return min(room[0] / photo[0], room[1] / photo[1], ZOOM_MAX)


def clamp_zoom(zoom: float, fitting: float) -> float:
    """The zoom within 1/32…32; a photo so large that fitting it takes less may go down to that."""
    return min(max(zoom, min(ZOOM_MIN, fitting)), ZOOM_MAX)


def clamp_centre(
    centre: tuple[float, float], canvas: tuple[int, int], photo: tuple[int, int], zoom: float
) -> tuple[float, float]:
    """Keep the photo in reach: centred where it is smaller than the canvas, never further out than its edge."""
    x, y = (
        side / 2 if side * zoom <= room else min(max(at, 0.0), float(side))
        for at, room, side in zip(centre, canvas, photo, strict=True)
    )
    return x, y
