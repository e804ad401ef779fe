"""What of a frame can be taken hold of, and where it goes when it is dragged. Photo pixels; pure arithmetic, no Qt."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import Enum

import numpy as np

from bsgui.core.frame import SMALLEST_SIDE, Frame

Point = tuple[float, float]

SNAP = math.radians(15)


class Handle(Enum):
    """A place on a frame. Sides and corners say which way they lie from the middle: -1, 0 or 1 along and down."""

    INSIDE = (0, 0)
    LEFT = (-1, 0)
    RIGHT = (1, 0)
    TOP = (0, -1)
    BOTTOM = (0, 1)
    TOP_LEFT = (-1, -1)
    TOP_RIGHT = (1, -1)
    BOTTOM_RIGHT = (1, 1)
    BOTTOM_LEFT = (-1, 1)
    TURN = (0, -2)

    @property
    def is_corner(self) -> bool:
        """Whether both sides move with it."""
        along, down = self.value
        return abs(along) == 1 and abs(down) == 1

    @property
    def is_side(self) -> bool:
        """Whether one side moves with it."""
        along, down = self.value
        return abs(along) + abs(down) == 1


CORNERS = tuple(handle for handle in Handle if handle.is_corner)
SIDES = tuple(handle for handle in Handle if handle.is_side)


def place(frame: Frame, handle: Handle, stalk: float) -> Point:
    """Where a handle is.

    Args:
        frame: the frame.
        handle: which one.
        stalk: how far the turning handle stands off the top side, photo pixels.
    """
    along, down = handle.value
    if handle is Handle.TURN:
        return _to_photo(frame, 0.0, -frame.height / 2 - stalk)
    return _to_photo(frame, along * frame.width / 2, down * frame.height / 2)


def handle_at(frame: Frame, at: Point, reach: float, stalk: float) -> Handle | None:
    """What a point takes hold of; None beside the frame.

    Args:
        frame: the frame.
        at: the point.
        reach: how near a handle it must be.
        stalk: see :func:`place`.
    """
    if math.dist(place(frame, Handle.TURN, stalk), at) <= reach:
        return Handle.TURN
    # A frame that is small on the screen must leave room to take hold of its inside.
    reach = min(reach, frame.width / 3, frame.height / 3)
    for handle in CORNERS:
        if math.dist(place(frame, handle, stalk), at) <= reach:
            return handle
    along, down = _from_photo(frame, at)
    room_x, room_y = frame.width / 2 - abs(along), frame.height / 2 - abs(down)
    if min(room_x, room_y) < -reach:
        return None
    if min(room_x, room_y) <= reach / 2:
        horizontal = room_x < room_y
        return Handle((_sign(along), 0) if horizontal else (0, _sign(down)))
    return Handle.INSIDE


def dragged(frame: Frame, handle: Handle, start: Point, at: Point, special: bool) -> Frame:
    """The frame after a handle was dragged.

    Args:
        frame: as it was when the drag began.
        handle: what is held.
        start: where the drag began.
        at: where it is now.
        special: Shift: turning stops every 15 degrees; a corner leaves the frame's shape free; a side moves the
            opposite one as well.
    """
    if handle is Handle.INSIDE:
        return replace(frame, x=frame.x + at[0] - start[0], y=frame.y + at[1] - start[1])
    if handle is Handle.TURN:
        return turned(frame, _direction(frame, at) - _direction(frame, start), special)
    return _resized(frame, handle, _moved(frame, start, at), special)


def turned(frame: Frame, angle: float, snaps: bool = False) -> Frame:
    """The frame turned further, clockwise; to whole steps of 15 degrees if it snaps."""
    angle += frame.angle
    return replace(frame, angle=round(angle / SNAP) * SNAP if snaps else angle)


def scaled(frame: Frame, factor: float) -> Frame:
    """The frame larger or smaller about its middle, its shape unchanged."""
    factor = max(factor, SMALLEST_SIDE / min(frame.width, frame.height))
    return replace(frame, width=frame.width * factor, height=frame.height * factor)


def spanned(start: Point, end: Point, is_free: bool) -> Frame:
    """The upright frame that is drawn from one corner to the other: a square, unless its shape is free."""
    across, down = end[0] - start[0], end[1] - start[1]
    if not is_free:
        side = max(abs(across), abs(down))
        across, down = math.copysign(side, across), math.copysign(side, down)
    width, height = max(abs(across), SMALLEST_SIDE), max(abs(down), SMALLEST_SIDE)
    return Frame(start[0] + across / 2, start[1] + down / 2, width, height)


def _resized(frame: Frame, handle: Handle, moved: Point, special: bool) -> Frame:
    along, down = handle.value
    grows_x, grows_y = along * moved[0], down * moved[1]
    from_middle = handle.is_side and special
    if from_middle:
        grows_x, grows_y = 2 * grows_x, 2 * grows_y
    if handle.is_corner and not special:
        # What the pointer says along the diagonal.
        growth = (grows_x * frame.width + grows_y * frame.height) / (frame.width**2 + frame.height**2)
        factor = max(1 + growth, SMALLEST_SIDE / min(frame.width, frame.height))
        width, height = frame.width * factor, frame.height * factor
    else:
        width, height = max(frame.width + grows_x, SMALLEST_SIDE), max(frame.height + grows_y, SMALLEST_SIDE)
    shift = (0.0, 0.0) if from_middle else (along * (width - frame.width) / 2, down * (height - frame.height) / 2)
    x, y = _to_photo(frame, *shift)
    return Frame(x, y, width, height, frame.angle)


def _direction(frame: Frame, at: Point) -> float:
    return math.atan2(at[1] - frame.y, at[0] - frame.x)


def _moved(frame: Frame, start: Point, at: Point) -> Point:
    """A movement, along and down the frame."""
    (x0, y0), (x1, y1) = _from_photo(frame, start), _from_photo(frame, at)
    return x1 - x0, y1 - y0


def _from_photo(frame: Frame, at: Point) -> Point:
    """Photo pixels along and down the frame from its middle."""
    along, down = frame.from_photo @ np.array([*at, 1.0]) - 0.5
    return float(along * frame.width), float(down * frame.height)


def _to_photo(frame: Frame, along: float, down: float) -> Point:
    x, y = frame.to_photo @ np.array([along / frame.width + 0.5, down / frame.height + 0.5, 1.0])
    return float(x), float(y)


def _sign(value: float) -> int:
    return -1 if value < 0 else 1
