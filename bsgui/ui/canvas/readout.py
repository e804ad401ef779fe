"""The pixel under the pointer, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bsgui.core.document import Document
from bsgui.core.photo import OFFSET
from bsgui.core.viewport import Viewport

from .pictures import layer_or_none, solo_or_none
from .view_state import ViewState

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class PixelReadout:
    """One photo pixel.

    Attributes:
        x, y: column and row, from 0.
        white: the sample value of white: 255 or 65535.
        photo: the photo's samples, 0..white.
        composite: the layers' sum at their settings (and solo), 0..white, clipped; None before a decomposition.
        layer: the selected layer as it contributes, signed, in 1/255 of white; None without one.
        layer_name: its name.
    """

    x: int
    y: int
    white: int
    photo: Rgb
    composite: Rgb | None = None
    layer: tuple[float, float, float] | None = None
    layer_name: str = ""


def read_pixel(document: Document, state: ViewState, x: int, y: int) -> PixelReadout | None:
    """The values at a photo pixel; None outside the photo. Takes well below a millisecond."""
    photo = document.photo
    if photo is None or not (0 <= x < photo.width and 0 <= y < photo.height):
        return None
    readout = PixelReadout(x, y, photo.white, _rgb(photo.samples[y, x]))
    if document.decomposition is None:
        return readout
    source, stack, view = document.decomposition.source, document.stack, Viewport(float(x), float(y), 1.0, 1, 1)
    mixed = source.mix(stack.weights(solo_or_none(stack, state)), view)[0, 0]
    composite = _rgb(np.rint(np.clip(mixed, 0, 1) * photo.white))
    layer = layer_or_none(stack, state.selected_layer_id)
    if layer is None:
        return PixelReadout(x, y, photo.white, readout.photo, composite)
    signed = (source.mix(stack.weights(layer.id), view)[0, 0] - np.float32(OFFSET)) * 255
    red, green, blue = (float(value) for value in signed)
    return PixelReadout(x, y, photo.white, readout.photo, composite, (red, green, blue), layer.name)


def _rgb(values: np.ndarray) -> Rgb:
    red, green, blue = (int(value) for value in values)
    return red, green, blue
