"""How large a picture may be; asked before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadLimits:
    """What is read at all. Files are hostile: a small file can unpack to more than the memory holds.

    Attributes:
        max_bytes: largest file.
        max_pixels: most pixels, width times height.
    """

    max_bytes: int = 1 << 30
    max_pixels: int = 200_000_000


USUAL_LIMITS = ReadLimits()


def megapixels(pixels: int) -> str:
    """A number of pixels for people: "24 megapixels", "0.3 megapixels"."""
    return f"{pixels / 1e6:,.1f}".removesuffix(".0") + " megapixels"
