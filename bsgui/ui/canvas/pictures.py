"""What the canvas can show, as functions from a viewport to pixels. Pure; no Qt."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.document import Document
from bsgui.core.layer_view import show_layer
from bsgui.core.layers import LayerStack, LayerState
from bsgui.core.photo import FloatImage, Photo, to_uint8
from bsgui.core.pyramid import Pyramid
from bsgui.core.sources import LayerSource
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights

from .view_state import Look, ViewState

Pixels = NDArray[np.uint8]
Picture = Callable[[Viewport], Pixels]
"""The picture in a viewport: new or read-only (height, width, 3) uint8, RGB."""

_OVER = np.array([255, 45, 45], np.uint8)
_UNDER = np.array([40, 90, 255], np.uint8)
# What rounds to black or white on an 8-bit screen is not clipped.
_HALF_STEP = 0.5 / 255


class ClippingCount:
    """How many of the pixels that were rendered left black..white. Thread: any may add."""

    def __init__(self) -> None:
        self._counts: list[tuple[int, int]] = []

    def add(self, clipped: int, seen: int) -> None:
        """Count so many of so many pixels."""
        self._counts.append((clipped, seen))

    @property
    def share(self) -> float:
        """0..1."""
        seen = sum(seen for _, seen in self._counts)
        return sum(clipped for clipped, _ in self._counts) / seen if seen else 0.0


def photo_picture(photo: Photo) -> Picture:
    """The photo as it was opened."""
    pyramid = Pyramid.of(photo.samples)
    return lambda view: _to_8_bits(pyramid.sample(view))


def composite_picture(source: LayerSource, weights: Weights) -> Picture:
    """The sum of the layers, clipped to black..white."""
    source.get_ready(weights)
    return lambda view: source.show(weights, view)


def clipping_picture(source: LayerSource, weights: Weights, count: ClippingCount) -> Picture:
    """The composite, red where a channel is beyond white and blue where one is below black; fills ``count``."""

    def render(view: Viewport) -> Pixels:
        mixed = source.mix(weights, view)
        pixels = to_uint8(mixed)
        over, under = clipped_masks(mixed)
        pixels[under], pixels[over] = _UNDER, _OVER
        count.add(int(np.count_nonzero(over | under)), over.size)
        return pixels

    return render


def layer_picture(source: LayerSource, layer: LayerState, look: Look, boost: float) -> Picture:
    """One layer alone, at its own gain, opacity, tint, mode, filter and mask, even if it is hidden or muted.

    Args:
        source: the layers.
        layer: which one.
        look: how; over mid-grey it is shown as it is, in the other looks brighter by ``boost``.
        boost: a factor.
    """
    kind = look.layer_view
    assert kind is not None, "the composite is no layer look"
    outside = 1.0 if look is Look.GREY else boost
    weights = layer.own_weights * np.float32(outside)
    return lambda view: show_layer(
        source, layer.source, weights, kind, view, layer.mask, outside, layer.mode, layer.filter
    )


def clipped_masks(mixed: FloatImage) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where some channel is beyond white, and where one is below black: two (H, W) masks."""
    not_over = cv2.inRange(mixed, (-1e9,) * 3, (1 + _HALF_STEP,) * 3)
    not_under = cv2.inRange(mixed, (-_HALF_STEP,) * 3, (1e9,) * 3)
    return np.asarray(not_over) == 0, np.asarray(not_under) == 0


def chosen_picture(document: Document, state: ViewState, count: ClippingCount | None = None) -> Picture | None:
    """What the canvas shows of a document with this view state; None without a photo.

    Args:
        document: the document.
        state: look, solo, before, clipping; the split line is the canvas's own affair.
        count: filled when clipping is shown.
    """
    if document.photo is None:
        return None
    if state.before or document.decomposition is None:
        return photo_picture(document.photo)
    source = document.decomposition.source
    layer = looked_at(document, state)
    if layer is not None:
        return layer_picture(source, layer, state.look, state.boost)
    weights = document.stack.weights(solo_or_none(document.stack, state))
    if state.shows_clipping:
        return clipping_picture(source, weights, count or ClippingCount())
    return composite_picture(source, weights)


def looked_at(document: Document, state: ViewState) -> LayerState | None:
    """The layer that is shown alone by a layer look; None when the photo or the composite is shown."""
    if state.look is Look.COMPOSITE or state.before or document.decomposition is None:
        return None
    return layer_or_none(document.stack, state.selected_layer_id)


def layer_or_none(stack: LayerStack, layer_id: str | None) -> LayerState | None:
    """The layer with this id; None when there is none, as after another decomposition."""
    return next((layer for layer in stack.layers if layer.id == layer_id), None)


def solo_or_none(stack: LayerStack, state: ViewState) -> str | None:
    """The soloed layer's id, if the stack has that layer."""
    layer = layer_or_none(stack, state.solo_layer_id)
    return layer.id if layer else None


def _to_8_bits(samples: NDArray[np.uint8] | NDArray[np.uint16]) -> Pixels:
    if samples.dtype == np.uint8:
        return samples  # type: ignore[return-value]
    return np.asarray(cv2.convertScaleAbs(samples, alpha=255 / 65535), dtype=np.uint8)
