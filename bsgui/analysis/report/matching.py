"""Whether branches keep their roles: from photo to photo, from style to style, and from one network to another."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from bsgui.analysis.bands import remove_means

from .bootstrap import RESAMPLES, Array, Estimate
from .traits import Traits

_SMALL = 1e-8


def match_branches(likeness: NDArray[np.floating]) -> NDArray[np.int64]:
    """The partner of each row so that the summed likeness is largest; no column is used twice.

    Args:
        likeness: (N, M).

    Returns:
        (N,) column indices; -1 for rows that are left over when there are more rows than columns.

    Source: Kuhn, The Hungarian Method for the Assignment Problem, 1955.
    """
    partners = np.full(len(likeness), -1, np.int64)
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    partners[rows] = columns
    return partners


def likeness(first: Tensor, second: Tensor) -> NDArray[np.float32]:
    """Correlation of every picture of one decomposition with every one of another's of the same photos.

    Args:
        first: (B, N, 3, h, w).
        second: (B, M, 3, h, w).

    Returns:
        (B, N, M).
    """
    flat = [remove_means(x).flatten(2) for x in (first, second)]
    left, right = (x / x.norm(dim=2, keepdim=True).clamp_min(_SMALL) for x in flat)
    matrix: Tensor = left @ right.transpose(1, 2)
    return matrix.detach().float().cpu().numpy()


def profiles(traits: Traits) -> Array:
    """What a branch is like, photo by photo: shares by band, colour and place, and skewness: (B, N, D) float64."""
    kinds = [_shares(x) for x in (traits.bands, traits.colours, traits.places)]
    return np.concatenate([*kinds, traits.skewness[..., None].astype(np.float64)], 2)


def split_half_stability(profile: Array, seed: int = 0) -> Estimate:
    """Correlation of each branch's mean profile on one half of the photos with that on the other half.

    A profile here is how the branch differs from the mean of all branches, every trait divided by its deviation;
    otherwise what all branches share would pass for stability.

    Args:
        profile: (B, N, D), see :func:`profiles`.
        seed: of the random halves.

    Returns:
        (N,) mean over random halves, -1..1; the samples are the halves', as many as there are resamples.
    """
    rng = np.random.default_rng(seed)
    count, branches, length = profile.shape
    scaled = profile / np.maximum(profile.std((0, 1)), _SMALL)
    ranks = rng.random((RESAMPLES, count)).argsort(1)
    in_first = (ranks < count // 2).astype(np.float64)
    halves = []
    for chosen in (in_first, 1 - in_first):
        weights = chosen / chosen.sum(1, keepdims=True)
        half = (weights @ scaled.reshape(count, -1)).reshape(-1, branches, length)
        halves.append(half - half.mean(1, keepdims=True))
    samples = _correlation(halves[0], halves[1])
    return Estimate(samples.mean(0), samples)


def _correlation(first: Array, second: Array) -> Array:
    """Along the last axis."""
    first, second = (x - x.mean(-1, keepdims=True) for x in (first, second))
    scale = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.asarray((first * second).sum(-1) / np.maximum(scale, _SMALL))


def _shares(energies: NDArray[np.float32]) -> Array:
    flat = energies.reshape(*energies.shape[:2], -1).astype(np.float64)
    return np.asarray(flat / np.maximum(flat.sum(2, keepdims=True), _SMALL))


def relative_change(first: Tensor, second: Tensor) -> Tensor:
    """How far the second decomposition is from the first, branch by branch, over the first's deviation: (B, N)."""
    one, other = remove_means(first), remove_means(second)
    change: Tensor = (one - other).flatten(2).norm(dim=2) / one.flatten(2).norm(dim=2).clamp_min(_SMALL)
    return torch.clamp(change, max=10.0)
