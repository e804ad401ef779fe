"""Putting a stack together again: layers from files, added up to one picture."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing

import numpy as np

from bsgui.core.errors import UsageError
from bsgui.core.manifest import LayerBlend, Manifest
from bsgui.core.photo import Samples, TickImage
from bsgui.core.requests import CancelToken, NeverCancelled, Progress, ProgressCallback, report_nothing
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights

from .filtered_layers import FilteredLayers
from .read_stack import StackOnDisk, layer_strips
from .tick_pixels import blend, empty_samples, photo_samples

NEVER = NeverCancelled()


def recombine(
    stack: StackOnDisk,
    blends: Mapping[str, LayerBlend] | None = None,
    report: ProgressCallback = report_nothing,
    cancel: CancelToken = NEVER,
) -> Samples:
    """The picture that the layers add up to.

    Only the result, a strip of the layers and those with a filter are in memory. An untouched 16-bit stack gives the
    photo: bit for bit if that has 8 bits, within 1/65535 if it has 16.

    Args:
        stack: the stack.
        blends: how each layer goes into the sum, by id; layers left out as the person had blended them.
        report: told the rows done.
        cancel: asked before every strip.

    Returns:
        (H, W, 3) uint8 or uint16, as the photo.

    Raises:
        StackReadError: a file is damaged.
        UsageError: a layer that is not there.
    """
    photo = stack.manifest.photo
    weights = layer_weights(stack.manifest, blends)
    softened = filtered_layers(stack, weights, report, cancel)
    picture = empty_samples(photo.height, photo.width, photo.bit_depth)
    with closing(watched_strips(stack, "Adding layers", report, cancel)) as pieces:
        for start, stop, ticks in pieces:
            factors = weights.seen_in(Viewport.strip(photo.width, start, stop))
            picture[start:stop] = photo_samples(blend(ticks, factors, softened.rows(start, stop)), photo.bit_depth)
    return picture


def layer_weights(manifest: Manifest, blends: Mapping[str, LayerBlend] | None = None) -> Weights:
    """What all layers are multiplied by, in manifest order; see :func:`recombine`."""
    all_blends = manifest.blends()
    for layer_id in blends or ():
        if layer_id not in all_blends:
            raise UsageError(f"There is no layer called “{layer_id}”.")
    chosen = (all_blends | dict(blends or {})).values()
    channels = np.array([np.multiply(blend.weight, blend.tint) for blend in chosen], np.float32)
    masks = tuple(blend.mask for blend in chosen)
    modes, filters = tuple(blend.mode for blend in chosen), tuple(blend.filter for blend in chosen)
    return Weights(channels, masks if any(masks) else (), modes=modes, filters=filters)


def filtered_layers(
    stack: StackOnDisk, weights: Weights, report: ProgressCallback, cancel: CancelToken
) -> FilteredLayers:
    """What filters make of a stack's layers; reads them once more if there is a filter, else nothing."""
    layers = FilteredLayers(weights, (stack.manifest.photo.width, stack.manifest.photo.height))
    if layers:
        with closing(watched_strips(stack, "Filtering layers", report, cancel)) as pieces:
            layers.fill(pieces)
    return layers


def watched_strips(
    stack: StackOnDisk, stage: str, report: ProgressCallback, cancel: CancelToken
) -> Generator[tuple[int, int, TickImage], None, None]:
    """The strips of :func:`~bsgui.imageio.read_stack.layer_strips`, with progress told and cancelling heeded."""
    height = stack.manifest.photo.height
    report(Progress(0, height, stage))
    with closing(layer_strips(stack)) as pieces:
        for start, stop, ticks in pieces:
            cancel.raise_if_cancelled()
            yield start, stop, ticks
            report(Progress(stop, height, stage))
