"""Putting a stack together again: layers from files, added up to one picture."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from bsgui.core.errors import UsageError
from bsgui.core.manifest import Manifest
from bsgui.core.photo import Samples, TickImage
from bsgui.core.requests import CancelToken, NeverCancelled, Progress, ProgressCallback, report_nothing
from bsgui.core.tint import Tint

from .read_stack import StackOnDisk, layer_strips
from .tick_pixels import blend, empty_samples, photo_samples

NEVER = NeverCancelled()


def recombine(
    stack: StackOnDisk,
    weights: Mapping[str, float] | None = None,
    tints: Mapping[str, Tint] | None = None,
    report: ProgressCallback = report_nothing,
    cancel: CancelToken = NEVER,
) -> Samples:
    """The picture that the layers add up to.

    Only the result and a strip of the layers are in memory. An untouched 16-bit stack gives the photo: bit for bit
    if that has 8 bits, within 1/65535 if it has 16.

    Args:
        stack: the stack.
        weights: the factor on each layer, by id; layers left out keep theirs. None: as the person had blended it.
        tints: the same for the factors on a layer's channels.
        report: told the rows done.
        cancel: asked before every strip.

    Returns:
        (H, W, 3) uint8 or uint16, as the photo.

    Raises:
        StackReadError: a file is damaged.
        UsageError: a layer that is not there.
    """
    photo = stack.manifest.photo
    factors = layer_factors(stack.manifest, weights, tints)
    picture = empty_samples(photo.height, photo.width, photo.bit_depth)
    with closing(watched_strips(stack, "Adding layers", report, cancel)) as pieces:
        for start, stop, ticks in pieces:
            picture[start:stop] = photo_samples(blend(ticks, factors), photo.bit_depth)
    return picture


def layer_factors(
    manifest: Manifest, weights: Mapping[str, float] | None = None, tints: Mapping[str, Tint] | None = None
) -> NDArray[np.float32]:
    """The factors of all layers' channels, in manifest order: (K, 3) float32; see :func:`recombine`."""
    all_weights, all_tints = manifest.weights() | dict(weights or {}), manifest.tints() | dict(tints or {})
    known = {layer.id for layer in manifest.layers}
    for layer_id in (*all_weights, *all_tints):
        if layer_id not in known:
            raise UsageError(f"There is no layer called “{layer_id}”.")
    return np.array([np.multiply(all_weights[layer.id], all_tints[layer.id]) for layer in manifest.layers], np.float32)


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
