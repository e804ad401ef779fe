"""A network run tile by tile, as it must be where the whole photo does not fit."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from bsgui.engine.network import STEM_STRIDE, BranchedGenerator, BranchMaps


def tile_spans(length: int, core: int, margin: int) -> Iterator[tuple[slice, slice]]:
    """Cuts of one side: the pixels that a tile is run on, and those it is kept for; the kept ones cover ``length``."""
    for start in range(0, length, core):
        stop = min(start + core, length)
        yield slice(max(start - margin, 0), min(stop + margin, length)), slice(start, stop)


def run_tiled(network: BranchedGenerator, photos: Tensor, styles: Tensor, core: int, margin: int) -> BranchMaps:
    """The maps of a photo, tile by tile.

    Args:
        network: whose statistics should be frozen, or tiles will not fit each other.
        photos: (1, 3, h, w) in [-1, 1].
        styles: (1, N, style).
        core: side of what is kept of a tile, pixels, a multiple of the network's.
        margin: pixels around it that are run and thrown away; also such a multiple.
    """
    height, width = photos.shape[-2:]
    scale = photos.new_zeros(1, network.config.branches, 3, height // STEM_STRIDE, width // STEM_STRIDE)
    shift, mean = torch.zeros_like(scale), photos.mean((2, 3), keepdim=True)
    for rows, kept_rows in tile_spans(height, core, margin):
        for columns, kept_columns in tile_spans(width, core, margin):
            maps = network(photos[..., rows, columns], styles)
            target = _on_maps(kept_rows, 0), _on_maps(kept_columns, 0)
            part = _on_maps(kept_rows, rows.start), _on_maps(kept_columns, columns.start)
            scale[..., target[0], target[1]] = maps.scale[..., part[0], part[1]]
            shift[..., target[0], target[1]] = maps.shift[..., part[0], part[1]]
            mean = maps.mean
    return BranchMaps(scale, shift, mean)


def _on_maps(span: slice, origin: int) -> slice:
    return slice((span.start - origin) // STEM_STRIDE, (span.stop - origin) // STEM_STRIDE)
