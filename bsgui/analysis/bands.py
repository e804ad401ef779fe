"""Signed pictures in opponent colours and octave bands, where the training terms and the measures look at them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# Luma, then blue-yellow and red-green at a scale where a saturated colour weighs about as much as its luma.
_OPPONENT = torch.tensor([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]])


def to_opponent(pictures: Tensor) -> Tensor:
    """RGB to luma, Cb, Cr (BT.601 weights): (..., 3, h, w) -> the same shape; linear, so signs and sums carry over."""
    return torch.einsum("oc,...chw->...ohw", _OPPONENT.to(pictures), pictures)


def remove_means(pictures: Tensor) -> Tensor:
    """Subtract the spatial mean of every channel: (..., h, w) -> the same shape."""
    return pictures - pictures.mean((-2, -1), keepdim=True)


def octave_bands(pictures: Tensor, count: int) -> list[Tensor]:
    """Laplacian pyramid: octave bands from fine to coarse, the last one low-pass; enlarged, they add up to the input.

    Args:
        pictures: (B, C, h, w).
        count: number of bands; halving stops earlier when a side gets smaller than 4.

    Returns:
        Bands (B, C, h / 2^i, w / 2^i).

    Source: Burt & Adelson, The Laplacian Pyramid as a Compact Image Code, 1983.
    """
    bands: list[Tensor] = []
    current = pictures
    while len(bands) < count - 1 and min(current.shape[-2:]) >= 8:
        coarse = F.avg_pool2d(current, 2, ceil_mode=True, count_include_pad=False)
        bands.append(current - F.interpolate(coarse, current.shape[-2:], mode="bilinear", align_corners=False))
        current = coarse
    bands.append(current)
    return bands
