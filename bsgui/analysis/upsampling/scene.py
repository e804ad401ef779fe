"""Photos at full and at working size, and what the network makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import torch.nn.functional as F
from torch import Tensor

from bsgui.core.errors import UsageError
from bsgui.core.photo import Photo, Samples, to_full_scale
from bsgui.engine.framing import working_sides
from bsgui.engine.network import BranchMaps
from bsgui.engine.tensors import to_tensor
from bsgui.imageio.read_photo import read_photo

FACTOR = 4
"""Full size over working size."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo at the size that layers are wanted at.

    Attributes:
        name: the file's name.
        full: (1, 3, 4 h, 4 w) in [-1, 1]; h and w are what the network takes.
    """

    name: str
    full: Tensor

    def at(self, factor: int) -> Tensor:
        """The photo at so many times the working size, pixels averaged: (1, 3, factor * h, factor * w)."""
        return self.full if factor == FACTOR else F.avg_pool2d(self.full, FACTOR // factor)


def read_scene(path: Path, size: int, multiple: int) -> Scene:
    """A photo shrunk to four times the working size.

    Args:
        path: of the photo.
        size: long side of the working size, pixels.
        multiple: of the network's sides.

    Raises:
        PhotoReadError: it cannot be read.
        UsageError: it is smaller than four times the working size, so that there would be no detail to compare.
    """
    return make_scene(read_photo(path), size, multiple)


def make_scene(photo: Photo, size: int, multiple: int) -> Scene:
    """See :func:`read_scene`."""
    if max(photo.width, photo.height) < FACTOR * size:
        raise UsageError(f"{photo.name}: the long side must have at least {FACTOR * size} pixels.")
    width, height = (FACTOR * side for side in working_sides(photo.width, photo.height, size, multiple))
    # Sides are rounded to what the network takes, so the short one may have to grow a little.
    shrinks = width <= photo.width and height <= photo.height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    samples: Samples = cv2.resize(photo.samples, (width, height), interpolation=interpolation)  # type: ignore[assignment]
    return Scene(photo.name, to_tensor(to_full_scale(samples)))


class Known(NamedTuple):
    """What a method may go by, besides the photo at full size.

    Attributes:
        photo: (1, 3, h, w) in [-1, 1], what the network saw.
        maps: the affine maps, at half of that.
        pictures: (1, N, 3, h, w) signed, the layers at that size.
    """

    photo: Tensor
    maps: BranchMaps
    pictures: Tensor


def shrunk(maps: BranchMaps, pictures: Tensor, photo: Tensor, factor: int) -> Known:
    """Layers known at full size as if they had been made at a fraction of it: maps and pictures averaged.

    Source: Wald, Ranchin & Mangolini, Fusion of Satellite Images of Different Spatial Resolutions, 1997 (a method that
    adds detail is tested where the truth is known: one step of size lower).
    """
    small = [F.avg_pool3d(x, (1, factor, factor)) for x in (maps.scale[0], maps.shift[0], pictures[0])]
    scale, shift, picture = (x.unsqueeze(0) for x in small)
    return Known(F.avg_pool2d(photo, factor), BranchMaps(scale, shift, maps.mean), picture)
