"""Sums of layers' small maps under weights: all anew, or in a drag only what changes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .photo import FloatImage
from .shaped_mask import ShapedMask
from .weights import Weights

Maps = NDArray[np.float32]
MasksOnMaps = Mapping[ShapedMask, NDArray[np.float32]]
"""Smooth masks at the maps' pixels, (h, w) each."""


class _Others(NamedTuple):
    """The sums of all layers but one.

    Attributes:
        layer: the one.
        key: of the others' weights.
        sums: one for each set of maps.
    """

    layer: int
    key: Hashable
    sums: tuple[FloatImage, ...]


class MapSums:
    """Sums of the same layers' maps, for weights that often differ from the last ones in one layer.

    Thread: any; what threads do at the same time is at worst done twice.

    Args:
        maps: sets of maps, (K, h, w, 3) each.
    """

    def __init__(self, *maps: Maps) -> None:
        self._maps = maps
        self._last: Weights | None = None
        self._others: _Others | None = None

    def of(self, weights: Weights, masks: MasksOnMaps) -> tuple[FloatImage, ...]:
        """What all layers come to outside of painted masks, new (h, w, 3) for each set of maps."""
        return tuple(_sum(weights, maps, masks) for maps in self._maps)

    def dragged(self, weights: Weights, masks: MasksOnMaps) -> tuple[FloatImage, ...]:
        """The same, sooner where only one layer changes: the sum of the others is kept.

        All layers' maps together are more than a processor's cache holds. Summed in another order, what comes out is
        rounded otherwise, by 1e-7 of white: for looking at.
        """
        last, self._last = self._last, weights
        others = self._others
        if others is None or weights.without([others.layer]).key != others.key:
            layer = None if last is None else _only_change(last, weights)
            if layer is None:
                return self.of(weights, masks)
            rest = weights.without([layer])
            others = self._others = _Others(layer, rest.key, self.of(rest, masks))
        own = (_own_part(weights, others.layer, maps, masks) for maps in self._maps)
        return tuple(np.add(part, rest, out=part) for rest, part in zip(others.sums, own, strict=True))


def _only_change(last: Weights, now: Weights) -> int | None:
    """The only layer whose weight is another; None where there are several, or none."""
    if len(last) != len(now):
        return None
    changed = np.flatnonzero((last.channels != now.channels).any(axis=1))
    if len(changed) != 1:
        return None
    layer = int(changed[0])
    return layer if last.without([layer]).key == now.without([layer]).key else None


def _own_part(weights: Weights, layer: int, maps: Maps, masks: MasksOnMaps) -> FloatImage:
    """What one layer adds to :func:`_sum`."""
    own, mask = maps[layer : layer + 1], weights.mask(layer)
    part = weighed(weights.unpainted[layer : layer + 1], own)
    if isinstance(mask, ShapedMask):
        change = weights.channels[layer : layer + 1] - weights.outer[layer : layer + 1]
        part += masks[mask][..., None] * weighed(change, own)
    return part


def _sum(weights: Weights, maps: Maps, masks: MasksOnMaps) -> FloatImage:
    """What all layers weigh outside of their masks, and for each smooth mask what changes inside of it."""
    mixed = weighed(weights.unpainted, maps)
    for mask in dict.fromkeys(mask for mask in weights.masks if isinstance(mask, ShapedMask)):
        inside = [layer for layer, own in enumerate(weights.masks) if own == mask]
        change = weights.channels[inside] - weights.outer[inside]
        mixed += masks[mask][..., None] * weighed(change, [maps[layer] for layer in inside])
    return mixed


def weighed(channels: NDArray[np.float32], maps: Maps | Sequence[Maps]) -> FloatImage:
    """``sum_k channels[k] * maps[k]``: (K, 3), K maps (h, w, 3) -> new (h, w, 3)."""
    if len(maps) == 1 and np.all(channels == channels[0, 0]):
        return np.asarray(maps[0] * channels[0, 0], np.float32)
    # Not BLAS: for so little work its threads cost more than they save, most of all on a busy machine.
    if isinstance(maps, np.ndarray) and np.all(channels == channels[:, :1]):
        return np.asarray(np.einsum("k,khwc->hwc", channels[:, 0], maps, dtype=np.float32), np.float32)
    # A whole row at a time: three channels at a time take a dozen times as long.
    height, width, _ = maps[0].shape
    rows, mixed = np.tile(channels, (1, width)), np.zeros((height, 3 * width), np.float32)
    for own, row in zip(maps, rows, strict=True):
        mixed += own.reshape(height, -1) * row
    return mixed.reshape(height, width, 3)
