"""Where the settings of a layer count.

Outside its mask a layer contributes as it came: a mask limits an edit, it cuts nothing out of the photo.
"""

from __future__ import annotations

from .fields import Fields
from .painted_mask import PaintedMask, read_painted
from .shaped_mask import ShapedMask, read_shaped

Mask = ShapedMask | PaintedMask
"""Smooth shapes, which are mixed into small maps; or strokes of a brush, computed where they are seen."""


def read_mask(fields: Fields) -> Mask | None:
    """The field "mask" of a layer in a manifest or project, as ``asdict`` wrote it; None where it is missing.

    Raises:
        FieldError: a value is missing or out of range.
    """
    mask = fields.optional("mask")
    if mask is None:
        return None
    return read_painted(mask) if mask.has("strokes") else read_shaped(mask)
