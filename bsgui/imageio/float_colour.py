"""Colour pictures of floating-point samples, which Pillow does not open: PFM and TIFF."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .tiff_tags import FORMAT, HEIGHT, ORIENTATION, PLANAR, PROFILE, SAMPLES, WIDTH, TiffTag, read_tags

_PFM_HEADER = re.compile(rb"PF\s+(\d{1,9})\s+(\d{1,9})\s+([-+.\deE]{1,32})\s")
_FLOATING, _PLANE_BY_PLANE = 3, 2


@dataclass(frozen=True)
class FloatColour:
    """A picture that was recognised, not decoded yet.

    Attributes:
        width, height: as stored, pixels.
        orientation: EXIF orientation, 1..8.
        profile: ICC profile or b"".
    """

    width: int
    height: int
    orientation: int = 1
    profile: bytes = b""


def recognise(data: bytes) -> FloatColour | None:
    """What the file is, if it is a colour picture of floats.

    Raises:
        struct.error: a damaged TIFF.
    """
    header = _PFM_HEADER.match(data)
    if header:
        return FloatColour(int(header[1]), int(header[2]))
    tags = read_tags(data)
    if not {WIDTH, HEIGHT, FORMAT, SAMPLES} <= tags.keys() or tags[FORMAT].first(data) != _FLOATING:
        return None
    if tags[SAMPLES].first(data) not in (3, 4) or _first(tags, PLANAR, data, 1) == _PLANE_BY_PLANE:
        return None
    orientation = _first(tags, ORIENTATION, data, 1)
    profile = tags.get(PROFILE)
    return FloatColour(
        tags[WIDTH].first(data),
        tags[HEIGHT].first(data),
        orientation if orientation in range(1, 9) else 1,
        b"" if profile is None else data[profile.place : profile.place + profile.count],
    )


def decode_floats(data: bytes, picture: FloatColour) -> NDArray[np.float32]:
    """The samples as stored: (H, W, 3 or 4) float32, RGB.

    Raises:
        OSError: truncated or damaged.
    """
    if data[:2] == b"PF":
        return _decode_pfm(data, picture)
    decoded: Any = cv2.imdecode(np.frombuffer(without_orientation(data), np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.ndim != 3 or decoded.shape[:2] != (picture.height, picture.width):
        raise OSError("image file is truncated or damaged")
    order = cv2.COLOR_BGRA2RGBA if decoded.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(decoded.astype(np.float32), order), dtype=np.float32)


def without_orientation(data: bytes) -> bytes:
    """The same TIFF, said to be upright: OpenCV turns some orientations, half turns others, and does not say which."""
    tag = read_tags(data).get(ORIENTATION)
    if tag is None:
        return data
    upright = bytearray(data)
    struct.pack_into(tag.layout, upright, tag.place, 1)
    return bytes(upright)


def _first(tags: dict[int, TiffTag], tag: int, data: bytes, default: int) -> int:
    return tags[tag].first(data) if tag in tags else default


def _decode_pfm(data: bytes, picture: FloatColour) -> NDArray[np.float32]:
    header = _PFM_HEADER.match(data)
    assert header is not None
    count = picture.width * picture.height * 3
    if len(data) - header.end() < 4 * count or count == 0:
        raise OSError("image file is truncated")
    # The sign of the scale is the byte order, and rows go from the bottom to the top.
    values = np.frombuffer(data, "<f4" if float(header[3]) < 0 else ">f4", count, header.end())
    return np.ascontiguousarray(values.reshape(picture.height, picture.width, 3)[::-1], dtype=np.float32)
