"""Ways from layers at working size to layers at full size.

All take what is known at working size and the photo at full size, (1, 3, H, W) in [-1, 1], and give the layers'
signed pictures (1, N, 3, H, W) in the same unit.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bsgui.engine.network import BranchMaps

from .scene import Known

# Where no neighbour is of the pixel's colour, all are as good.
_LEAST_LIKENESS = 1e-4


def affine(known: Known, full: Tensor, mode: str = "bilinear") -> Tensor:
    """The affine head's maps enlarged smoothly and applied to the photo: what the program does ("bilinear")."""
    scale, shift = (_resized(x, full, mode) for x in known.maps[:2])
    return _applied(scale, shift, full, known.maps)


def guided_maps(known: Known, full: Tensor, window: int, regularization: float) -> Tensor:
    """The maps follow the photo's edges: each is itself fitted as an affine function of the photo, then enlarged."""
    guide = F.interpolate(known.photo, known.maps.scale.shape[-2:], mode="area")
    refined = []
    for maps in known.maps[:2]:
        scale, shift = fit(guide, maps, window, regularization)
        scale, shift = (_resized(x, full, "bilinear") for x in (scale, shift))
        refined.append(shift.addcmul_(scale, full.unsqueeze(1)))
    return _applied(refined[0], refined[1], full, known.maps)


def bilateral_maps(known: Known, full: Tensor, reach: float = 0.1) -> Tensor:
    """The maps follow the photo's edges: neighbours of another colour count less.

    Args:
        known: at working size.
        full: the photo.
        reach: deviation of the weight over colour distance, full scale.

    Source: Kopf, Cohen, Lischinski & Uyttendaele, Joint Bilateral Upsampling, 2007, eq. 3; domain deviation half a map
    pixel, here over 3 x 3 of them.
    """
    maps = torch.cat([x.flatten(1, 2) for x in known.maps[:2]], 1)
    guide = F.interpolate(known.photo, maps.shape[-2:], mode="area")
    total = full.new_zeros(1, maps.shape[1], *full.shape[-2:])
    weights = full.new_zeros(1, 1, *full.shape[-2:])
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            distance = (full - _neighbour(guide, down, right, full)).square().sum(1, keepdim=True)
            likeness = torch.exp(-distance / (2 * (2 * reach) ** 2)) + _LEAST_LIKENESS
            weight = likeness * torch.exp(-2 * _offsets(maps, down, right, full))
            total.addcmul_(_neighbour(maps, down, right, full), weight)
            weights += weight
    scale, shift = (total / weights).chunk(2, dim=1)
    shape = (1, -1, 3, *full.shape[-2:])
    return _applied(scale.reshape(shape), shift.reshape(shape), full, known.maps)


def fitted(known: Known, full: Tensor, window: int, regularization: float) -> Tensor:
    """Joint upsampling of the pictures: a local affine model of each layer in the photo, enlarged and applied.

    Source: He & Sun, Fast Guided Filter, 2015; see :func:`fit`.
    """
    scale, shift = (_resized(x, full, "bilinear") for x in fit(known.photo, known.pictures, window, regularization))
    return shift.addcmul_(scale, full.unsqueeze(1))


def plain(known: Known, full: Tensor, mode: str) -> Tensor:
    """The pictures enlarged without a look at the photo: the baseline."""
    return _resized(known.pictures, full, mode)


def fit(guide: Tensor, targets: Tensor, window: int, regularization: float) -> tuple[Tensor, Tensor]:
    """Local affine models ``target = scale * guide + shift``, channel by channel, averaged over the windows of a pixel.

    Args:
        guide: (1, 3, h, w) in [-1, 1].
        targets: (1, N, 3, h, w).
        window: side, pixels, odd.
        regularization: epsilon of the ridge, full scale squared.

    Returns:
        scale, shift: (1, N, 3, h, w).

    Source: He, Sun & Tang, Guided Image Filtering, 2013, eq. 5, 6 and 8.
    """
    x = guide.unsqueeze(1)
    mean_x, mean_y = _box(x, window), _box(targets, window)
    variance = _box(x * x, window) - mean_x.square()
    covariance = _box(x * targets, window) - mean_x * mean_y
    # Full scale is half of the network's unit.
    scale = covariance / (variance + 4 * regularization)
    return _box(scale, window), _box(mean_y - scale * mean_x, window)


def _box(pictures: Tensor, window: int) -> Tensor:
    """Means over windows, which end at the edge: (1, N, 3, h, w) -> the same shape."""
    flat, pad = pictures.flatten(1, 2), window // 2
    flat = F.avg_pool2d(flat, (window, 1), 1, (pad, 0), count_include_pad=False)
    flat = F.avg_pool2d(flat, (1, window), 1, (0, pad), count_include_pad=False)
    return flat.reshape(pictures.shape)


def _resized(pictures: Tensor, full: Tensor, mode: str) -> Tensor:
    size = full.shape[-2:]
    enlarged = F.interpolate(pictures.flatten(1, 2), size, mode=mode, align_corners=False)
    return enlarged.reshape(*pictures.shape[:3], *size)


def _applied(scale: Tensor, shift: Tensor, full: Tensor, maps: BranchMaps) -> Tensor:
    return shift.addcmul(scale, (full - maps.mean).unsqueeze(1))


def _neighbour(small: Tensor, down: int, right: int, full: Tensor) -> Tensor:
    """For every pixel of the photo the map pixel so far from the nearest one; edges repeat."""
    height, width = small.shape[-2:]
    padded = F.pad(small, (1, 1, 1, 1), "replicate")
    moved = padded[..., 1 + down : 1 + down + height, 1 + right : 1 + right + width]
    return F.interpolate(moved, full.shape[-2:], mode="nearest-exact")


def _offsets(small: Tensor, down: int, right: int, full: Tensor) -> Tensor:
    """Squared distance from every pixel of the photo to that neighbour's centre, map pixels: (1, 1, H, W)."""
    squares = []
    for step, few, many in zip((down, right), small.shape[-2:], full.shape[-2:], strict=True):
        place = (torch.arange(many) + 0.5) * few / many - 0.5
        squares.append(((place + 0.5).floor() + step - place).square())
    return (squares[0][:, None] + squares[1][None, :])[None, None]
