"""The baseline without learning: an à trous wavelet split, whose scales take the place of branches."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 6
_B3_SPLINE = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def wavelet_split(photos: Tensor, levels: int = LEVELS) -> tuple[Tensor, Tensor]:
    """Differences of a photo smoothed ever more, finest first, and the smooth rest: they add up to the photo.

    Args:
        photos: (B, 3, h, w) in [-1, 1].
        levels: number of differences.

    Returns:
        Pictures (B, levels + 1, 3, h, w) and mean colours (B, 3, 1, 1), as a network's branches come.

    Source: Starck, Fadili & Murtagh, The Undecimated Wavelet Decomposition and its Reconstruction, 2007 (the
    "starlet": B3 spline, holes of 2^level).
    """
    mean = photos.mean((2, 3), keepdim=True)
    smooth = photos - mean
    pictures = []
    for level in range(levels):
        smoother = _smooth(smooth, 2**level)
        pictures.append(smooth - smoother)
        smooth = smoother
    return torch.stack([*pictures, smooth], 1), mean


def wavelet_names(levels: int = LEVELS) -> list[str]:
    """What the pictures of :func:`wavelet_split` hold."""
    return [f"Scale {2**level} px" for level in range(levels)] + ["Smooth rest"]


def _smooth(pictures: Tensor, hole: int) -> Tensor:
    """B3-spline smoothing with holes between the taps; edges repeat."""
    channels = pictures.shape[1]
    kernel = torch.tensor(_B3_SPLINE, dtype=pictures.dtype).repeat(channels, 1, 1, 1)
    reach = 2 * hole
    rows = F.conv2d(F.pad(pictures, (reach, reach, 0, 0), "replicate"), kernel, groups=channels, dilation=(1, hole))
    columns = F.pad(rows, (0, 0, reach, reach), "replicate")
    return F.conv2d(columns, kernel.transpose(2, 3), groups=channels, dilation=(hole, 1))
