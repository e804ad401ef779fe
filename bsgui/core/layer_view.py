"""From layers and settings to pictures: single layers, and the ways to look at them."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from .blend_mode import PLAIN, BlendMode
from .layer_filter import LayerFilter
from .mask import Mask
from .photo import OFFSET, to_uint8
from .sources import LayerSource
from .viewport import Viewport
from .weights import Weights


class LayerView(Enum):
    """How a single layer is shown."""

    GREY = "grey"
    MAGNITUDE = "magnitude"
    SIGNED = "signed"


# Blue and orange: told apart by people with any of the common colour vision deficiencies.
_POSITIVE = np.array([1.0, 0.62, 0.16], np.float32)
_NEGATIVE = np.array([0.22, 0.55, 1.0], np.float32)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def show_layer(
    source: LayerSource,
    index: int,
    weight: float | NDArray[np.float32],
    look: LayerView,
    view: Viewport,
    mask: Mask | None = None,
    outside: float = 1.0,
    mode: BlendMode = PLAIN,
    layer_filter: LayerFilter | None = None,
) -> NDArray[np.uint8]:
    """One layer alone, in one of three looks.

    Args:
        source: the layers.
        index: which one.
        weight: its factor, or (3,) one for each channel.
        look: over mid-grey; magnitude (brighter is more); or positive in orange and negative in blue over black.
        view: what to show.
        mask: where that factor counts; None for everywhere.
        outside: the factor elsewhere.
        mode: what of the layer counts.
        layer_filter: what is done to its content first.

    Returns:
        (view.height, view.width, 3) uint8.
    """
    channels = np.zeros((source.count, 3), np.float32)
    channels[index] = weight
    masks = tuple(mask if layer == index else None for layer in range(source.count)) if mask else ()
    modes = tuple(mode if layer == index else PLAIN for layer in range(source.count))
    filters = tuple(layer_filter if layer == index else None for layer in range(source.count))
    outer = np.full(source.count, outside, np.float32)
    alone = source.mix(Weights(channels, masks, outer, modes, filters), view)
    if look is LayerView.GREY:
        return to_uint8(alone)
    signed = alone - np.float32(OFFSET)
    if look is LayerView.MAGNITUDE:
        return to_uint8(np.minimum(2 * np.abs(signed), 1))
    # Not BLAS, whose threads stall on a busy machine.
    strength = cv2.transform(signed, 2 * _LUMA[None])[..., None]
    colours = np.maximum(strength, 0) * _POSITIVE + np.maximum(-strength, 0) * _NEGATIVE
    return to_uint8(colours.astype(np.float32, copy=False))
