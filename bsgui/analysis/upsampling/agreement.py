"""How near layers come to others of the same photo, and whether they are still the same layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

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


def agreement(centred: Tensor, reference: Tensor) -> tuple[Agreement, Tensor]:
    """Of layers (1, N, 3, H, W) without their means, in the network's unit, which is half of full scale.

    Returns:
        The agreement, and the squared differences, of the shape of the layers.
    """
    one, other = centred[0].flatten(1), reference[0].flatten(1)
    products = torch.stack([x @ y for x, y in zip(one, other, strict=True)])
    correlations = products / (one.norm(dim=1) * other.norm(dim=1)).clamp_min(_SMALL)
    squares = (centred - reference).square_()
    psnr = -10 * (squares[0].flatten(1).mean(1) / 4).clamp_min(_SMALL).log10()
    return Agreement(tuple(correlations.tolist()), tuple(psnr.tolist())), squares


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
