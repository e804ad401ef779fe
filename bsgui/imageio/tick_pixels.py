"""Arithmetic on layers in ticks: to samples and back, blending, and what to do with values that do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bsgui.core.manifest import ZERO_8, ZERO_16
from bsgui.core.photo import OFFSET_TICKS, TICKS_PER_FULL_SCALE, FloatImage, Samples, TickImage
from bsgui.core.weights import SeenWeight

TICKS_PER_LSB = 128
"""Ticks in one step of an 8-bit photo."""

LOW, HIGH = -32768, 32767

_NONE: Mapping[int, FloatImage] = {}


def photo_samples(total: TickImage, bit_depth: int) -> Samples:
    """Ticks as samples of a photo, rounded to nearest and clipped; any shape.

    Exact for 8-bit photos; within 1/65535 for 16-bit ones, whose steps are finer than ticks.
    """
    total = np.clip(total, 0, TICKS_PER_FULL_SCALE)
    if bit_depth == 8:
        return ((total + TICKS_PER_LSB // 2) >> 7).astype(np.uint8)
    return ((total * 65535 + TICKS_PER_FULL_SCALE // 2) // TICKS_PER_FULL_SCALE).astype(np.uint16)


def empty_samples(height: int, width: int, bit_depth: int) -> Samples:
    """Room for a photo: (height, width, 3) uint8 or uint16, contents undefined."""
    if bit_depth == 8:
        return np.empty((height, width, 3), np.uint8)
    return np.empty((height, width, 3), np.uint16)


def add_up(ticks: TickImage) -> TickImage:
    """``OFFSET_TICKS + sum_k ticks[k]``, exact: (K, h, W, 3) int32 -> (h, W, 3) int32, not clipped."""
    return np.asarray(ticks.sum(0, dtype=np.int32) + OFFSET_TICKS, dtype=np.int32)


def blend(ticks: TickImage, weights: Sequence[SeenWeight], filtered: Mapping[int, FloatImage] = _NONE) -> TickImage:
    """``OFFSET_TICKS + sum_k weights[k].of(ticks[k])``: (h, W, 3) int32, not clipped.

    Args:
        ticks: (K, h, W, 3) int32.
        weights: of every layer, see :meth:`bsgui.core.weights.Weights.seen_in`; with all neutral the result is exact,
            otherwise it is rounded to a tick.
        filtered: what filters make of layers, by number; see :class:`~bsgui.imageio.filtered_layers.FilteredLayers`.
    """
    if _are_neutral(weights):
        return add_up(ticks)
    total = np.full(ticks.shape[1:], OFFSET_TICKS, np.float32)
    for number, (weight, layer) in enumerate(zip(weights, ticks, strict=True)):
        if not weight.is_nothing:
            total += weight.of(layer, filtered.get(number))
    return np.rint(total, out=total).astype(np.int32)


def bake(ticks: TickImage, weights: Sequence[SeenWeight], filtered: Mapping[int, FloatImage] = _NONE) -> None:
    """Multiply each layer by its weight, in place, rounding to a tick. The last layer gets what rounding leaves.

    So the baked layers add up to :func:`blend` of the layers as they were.

    Args:
        ticks: (K, h, W, 3) int32, changed.
        weights: as for :func:`blend`.
        filtered: as for :func:`blend`.
    """
    if _are_neutral(weights):
        return
    total = blend(ticks, weights, filtered)
    for number, (layer, weight) in enumerate(zip(ticks, weights, strict=True)):
        if not weight.is_neutral:
            layer[...] = np.rint(weight.of(layer, filtered.get(number)))
    if not weights[-1].is_nothing:
        ticks[-1] += total - OFFSET_TICKS - ticks.sum(0, dtype=np.int32)


def _are_neutral(weights: Sequence[SeenWeight]) -> bool:
    return all(weight.is_neutral for weight in weights)


def fit_16_bits(ticks: TickImage) -> tuple[int, int]:
    """Move what does not fit -32768..32767 to other layers, in place: to the last one, then to any with room.

    The sum over the layers stays what it was, as long as it fits them all together.

    Args:
        ticks: (K, h, W, 3) int32, changed.

    Returns:
        How many samples did not fit, and the largest excess in ticks.
    """
    if ticks.min() >= LOW and ticks.max() <= HIGH:
        return 0, 0
    samples, largest = 0, 0
    last = ticks[-1]
    for layer in (*ticks[:-1], last):
        fitting = np.clip(layer, LOW, HIGH)
        excess = layer - fitting
        samples += int(np.count_nonzero(excess))
        largest = max(largest, int(np.abs(excess).max()))
        if layer is not last:
            layer[...] = fitting
            last += excess
    _spread(ticks)
    return samples, largest


def _spread(ticks: TickImage) -> None:
    """Bring the last layer into range by moving its excess to the others, first to last, as far as each has room."""
    excess = ticks[-1] - np.clip(ticks[-1], LOW, HIGH)
    ticks[-1] -= excess
    for layer in ticks[:-1]:
        moved = np.clip(layer + excess, LOW, HIGH) - layer
        layer += moved
        excess -= moved


def encode(layer: TickImage, depth: int) -> Samples:
    """One layer's ticks as samples of its file: (h, W, 3) uint8 or uint16; see the manifest's formulas."""
    if depth == 16:
        return np.bitwise_xor(layer.astype(np.uint16), np.uint16(ZERO_16))
    preview: TickImage = np.clip(((layer + TICKS_PER_LSB // 2) >> 7) + ZERO_8, 0, 255)
    return preview.astype(np.uint8)


def decode_samples(samples: Samples) -> NDArray[np.int16]:
    """Samples of a layer's file as ticks, int16; exact for 16-bit files."""
    if samples.dtype == np.uint16:
        return np.bitwise_xor(samples, np.uint16(ZERO_16)).view(np.int16)
    return ((samples.astype(np.int16) - ZERO_8) * TICKS_PER_LSB).astype(np.int16)
