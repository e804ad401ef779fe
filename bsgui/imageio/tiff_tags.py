"""The tags of a TIFF's first picture, for what neither Pillow nor OpenCV tells."""

from __future__ import annotations

import struct
from dataclasses import dataclass

WIDTH, HEIGHT, ORIENTATION, SAMPLES, PLANAR, FORMAT, PROFILE = 256, 257, 274, 277, 284, 339, 34675

_LETTERS = {1: "B", 3: "H", 4: "I", 7: "B", 16: "Q"}


@dataclass(frozen=True)
class TiffTag:
    """Where a tag's first value is.

    Attributes:
        place: byte offset in the file.
        layout: of one value, for ``struct``.
        count: how many values there are.
    """

    place: int
    layout: str
    count: int

    def first(self, data: bytes) -> int:
        """The first value. Raises struct.error if it lies outside the file."""
        return int(struct.unpack_from(self.layout, data, self.place)[0])


def read_tags(data: bytes) -> dict[int, TiffTag]:
    """The whole-number tags of the first directory, classic or BigTIFF; what is damaged is left out."""
    if data[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return {}
    order, big = "<" if data[:2] == b"II" else ">", b"+" in data[2:4]
    entry_layout, offset_layout, count_layout = ("HHQ8s", "Q", "Q") if big else ("HHI4s", "I", "H")
    tags: dict[int, TiffTag] = {}
    try:
        (directory,) = struct.unpack_from(order + offset_layout, data, 8 if big else 4)
        (entries,) = struct.unpack_from(order + count_layout, data, directory)
        first = directory + struct.calcsize(count_layout)
        for number in range(min(entries, 1000)):
            at = first + number * struct.calcsize(order + entry_layout)
            tag, kind, count, inline = struct.unpack_from(order + entry_layout, data, at)
            if kind not in _LETTERS:
                continue
            place = at + struct.calcsize(order + entry_layout) - len(inline)
            if count * struct.calcsize(order + _LETTERS[kind]) > len(inline):
                (place,) = struct.unpack_from(order + offset_layout, data, place)
            tags[tag] = TiffTag(place, order + _LETTERS[kind], count)
    except struct.error:
        pass
    return tags
