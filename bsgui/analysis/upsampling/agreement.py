"""How near layers come to others of the same photo, and whether they are still the same layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.analysis.report.matching import likeness, match_branches

_SMALL = 1e-12


@dataclass(frozen=True)
class Agreement:
    """Layer by layer, spatial means removed.

    Attributes:
        correlations: of each layer with its counterpart.
        psnr_db: of each layer against its counterpart, white = 1.
    """

    correlations: tuple[float, ...]
    psnr_db: tuple[float, ...]


def agreement(pictures: Tensor, reference: Tensor) -> Agreement:
    """Of pictures (1, N, 3, H, W) in the network's unit, which is half of full scale."""
    one, other = remove_means(pictures)[0].flatten(1), remove_means(reference)[0].flatten(1)
    products = (one * other).sum(1) / (one.norm(dim=1) * other.norm(dim=1)).clamp_min(_SMALL)
    psnr = -10 * ((one - other) / 2).square().mean(1).clamp_min(_SMALL).log10()
    return Agreement(tuple(products.tolist()), tuple(psnr.tolist()))


def fidelity_db(pictures: Tensor, mean: Tensor, photo: Tensor) -> float:
    """PSNR of mean colour plus branches against the photo, residual excluded."""
    error = (pictures.sum(1) + mean - photo) / 2
    return float(-10 * torch.log10(error.square().mean().clamp_min(_SMALL)))


def kept_share(pictures: Tensor, reference: Tensor) -> float:
    """Share of layers whose best partner, one to one and by content, is the layer of the same number.

    Args:
        pictures: (1, N, 3, h, w).
        reference: of the same shape.
    """
    partners = match_branches(likeness(reference, pictures)[0])
    return float((partners == np.arange(len(partners))).mean())
