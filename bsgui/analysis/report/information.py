"""Mutual information: between branches' pictures, and between who holds energy and where it is."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BINS = 12
_SMALL = 1e-12


def picture_information(first: Tensor, second: Tensor, bins: int = BINS) -> Tensor:
    """Mutual information of the values of pictures at the same place, every one with every other.

    A histogram estimate with bins of equal mass, and the Miller-Madow correction for its bias in each entropy. Pixels
    beside each other are alike, so the correction falls short; compare with what unrelated pictures give.

    Args:
        first: (N, P) values at P places.
        second: (M, P).
        bins: per picture.

    Returns:
        (N, M) bits; about 0 for independent pictures, and possibly a little below.

    Source: Miller, Note on the bias of information estimates, 1955; Paninski, Estimation of Entropy and Mutual
    Information, Neural Computation 15, 2003, eq. 4.
    """
    left, right = _one_hot(first, bins), _one_hot(second, bins)
    joint = left.flatten(0, 1) @ right.flatten(0, 1).T
    joint = joint.reshape(len(first), bins, len(second), bins).permute(0, 2, 1, 3).flatten(2)
    total = _entropy(left.sum(2))[:, None] + _entropy(right.sum(2))[None]
    return total - _entropy(joint)


def _one_hot(values: Tensor, bins: int) -> Tensor:
    """Which bin of equal mass each value falls in: (N, P) -> (N, bins, P). Equal values share a bin."""
    inner = torch.linspace(0, 1, bins + 1)[1:-1]
    edges = torch.quantile(values, inner, dim=1).T.contiguous()
    index = torch.searchsorted(edges, values.contiguous())
    return torch.zeros(len(values), bins, values.shape[1]).scatter_(1, index.unsqueeze(1), 1.0)


def _entropy(counts: Tensor) -> Tensor:
    """Entropy of counts along the last axis, bits: plug-in plus (occupied bins - 1) / (2 · samples) nats."""
    total = counts.sum(-1)
    shares = counts / total.unsqueeze(-1)
    plain = -(shares * shares.clamp_min(_SMALL).log()).sum(-1)
    occupied = (counts > 0).sum(-1)
    return (plain + (occupied - 1) / (2 * total)) / math.log(2)


def energy_information(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mutual information of branch and cell when energy is drawn at random: how much either says of the other.

    0 when every branch spreads alike over the cells; ``log2`` of the smaller number when each keeps to its own. The
    branches count alike, however strong they are.

    Args:
        energies: (M, N, K) energy of N branches in K cells (bands, colour axes, places), at least 0.

    Returns:
        (M,) bits.
    """
    energies = np.maximum(energies, 0)
    shares = energies / np.maximum(energies.sum(2, keepdims=True), _SMALL) / energies.shape[1]
    expected = shares.sum(2, keepdims=True) * shares.sum(1, keepdims=True)
    ratio = np.where(shares > 0, shares / np.maximum(expected, _SMALL), 1.0)
    return np.asarray((shares * np.log2(ratio)).sum((1, 2)))
