"""Measures of a decomposition, with the definitions of the laboratory's reports.

Everywhere: ``pictures`` are the branches' signed pictures (B, N, 3, h, w) in units of x in [-1, 1]; "centred" means
that each channel's spatial mean is removed, because it is arbitrary (it belongs to the base layer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from .bands import octave_bands, remove_means, to_opponent

_SMALL = 1e-8
_RINGS = 8
_ORIENTATIONS = 4
_GRID = 4


@dataclass(frozen=True)
class PhotoMeasures:
    """One row per photo.

    Attributes:
        psnr_db: (B,) of mean colour plus branches against the photo, residual excluded.
        redundancy: (B,) mean over pairs of the absolute correlation of the centred branches.
        cancellation: (B,) summed variance of the branches over the variance of the photo.
        shares: (B, N) the branches' shares of the summed variance.
        signatures: (B, N, D) what a branch looks like, for :func:`identity_score`.
        profile: (B, N, bands + 3) the branch's share of the energy of each octave band of luma; then the share of its
            energy that is colour, its skewness (positive: light on mid-grey), and its mean height in the picture.
    """

    psnr_db: NDArray[np.float32]
    redundancy: NDArray[np.float32]
    cancellation: NDArray[np.float32]
    shares: NDArray[np.float32]
    signatures: NDArray[np.float32]
    profile: NDArray[np.float32]

    @staticmethod
    def join(parts: list[PhotoMeasures]) -> PhotoMeasures:
        """All rows of several batches."""
        return PhotoMeasures(**{key: np.concatenate([vars(part)[key] for part in parts]) for key in vars(parts[0])})


def measure(pictures: Tensor, photos: Tensor, mean: Tensor, bands: int = 5) -> PhotoMeasures:
    """All measures that need one photo at a time.

    Args:
        pictures: (B, N, 3, h, w).
        photos: (B, 3, h, w) in [-1, 1].
        mean: (B, 3, 1, 1) mean colours, which the pictures leave out.
        bands: octave bands of the profile.
    """
    error = (pictures.sum(1) + mean - photos) / 2
    psnr = -10 * error.square().mean((1, 2, 3)).clamp_min(1e-12).log10()
    centred = remove_means(pictures)
    variances = centred.square().sum(2).mean((2, 3))
    total = remove_means(photos).square().sum(1).mean((1, 2))
    return PhotoMeasures(
        psnr_db=_numpy(psnr),
        redundancy=_numpy(_redundancy(centred)),
        cancellation=_numpy(variances.sum(1) / total.clamp_min(_SMALL)),
        shares=_numpy(variances / variances.sum(1, keepdim=True).clamp_min(_SMALL)),
        signatures=_numpy(signatures(centred)),
        profile=_numpy(_profile(centred, bands)),
    )


def correlations(centred: Tensor) -> Tensor:
    """Branch by branch correlation over all pixels and channels: (B, N, 3, h, w) -> (B, N, N)."""
    flat = centred.flatten(2)
    flat = flat / flat.norm(dim=2, keepdim=True).clamp_min(_SMALL)
    matrix: Tensor = flat @ flat.transpose(1, 2)
    return matrix


def _redundancy(centred: Tensor) -> Tensor:
    matrix = correlations(centred).abs()
    rows, columns = torch.triu_indices(matrix.shape[1], matrix.shape[1], 1)
    return matrix[:, rows, columns].mean(1)


def signatures(centred: Tensor) -> Tensor:
    """What a branch's picture is like, whatever it shows: (B, N, 3, h, w) -> (B, N, D).

    Log radial spectrum and orientation energy of luma, colour share, skewness, and a coarse map of where it is strong.
    """
    batch, count = centred.shape[:2]
    opponent = to_opponent(centred).flatten(0, 1)
    luma = opponent[:, 0]
    rings, angles = _spectrum(luma)
    strength = opponent[:, :1].abs()
    place = F.adaptive_avg_pool2d(strength, _GRID).flatten(1)
    place = place / place.sum(1, keepdim=True).clamp_min(_SMALL)
    features = [rings, angles, _chroma_share(opponent), _skewness(luma), place]
    return torch.cat(features, 1).reshape(batch, count, -1)


def _spectrum(luma: Tensor) -> tuple[Tensor, Tensor]:
    """Log energy in rings, and energy share of orientations: (M, h, w) -> (M, rings), (M, orientations)."""
    height, width = luma.shape[-2:]
    power = torch.fft.rfft2(luma).abs().square()
    rows = torch.fft.fftfreq(height, device=luma.device)[:, None]
    columns = torch.fft.rfftfreq(width, device=luma.device)[None]
    radius = (rows.square() + columns.square()).sqrt().clamp_min(1 / max(height, width))
    ring = (-radius.mul(2).log2()).floor().clamp(0, _RINGS - 1).long()
    angle = (torch.atan2(rows.expand_as(radius), columns.expand_as(radius)) / torch.pi + 0.5) * _ORIENTATIONS
    turn = angle.round().long() % _ORIENTATIONS
    rings = torch.stack([(power * (ring == k)).sum((1, 2)) for k in range(_RINGS)], 1)
    turns = torch.stack([(power * (turn == k)).sum((1, 2)) for k in range(_ORIENTATIONS)], 1)
    total = rings.sum(1, keepdim=True).clamp_min(_SMALL)
    return (rings / total + 1e-5).log(), turns / total


def _chroma_share(opponent: Tensor) -> Tensor:
    energy = opponent.square().mean((2, 3))
    return (energy[:, 1:].sum(1) / energy.sum(1).clamp_min(_SMALL)).unsqueeze(1)


def _skewness(luma: Tensor) -> Tensor:
    flat = luma.flatten(1)
    deviation = flat.square().mean(1).clamp_min(_SMALL).sqrt()
    return (flat.pow(3).mean(1) / deviation.pow(3)).unsqueeze(1).clamp(-10, 10)


def _profile(centred: Tensor, bands: int) -> Tensor:
    batch, count = centred.shape[:2]
    opponent = to_opponent(centred).flatten(0, 1)
    luma = opponent[:, :1]
    energies = torch.stack([band.square().mean((1, 2, 3)) for band in octave_bands(luma, bands)], 1)
    energies = energies.reshape(batch, count, -1)
    shares = energies / energies.sum(1, keepdim=True).clamp_min(_SMALL)
    magnitude = luma[:, 0].abs().mean(2)
    rows = torch.linspace(0, 1, magnitude.shape[1], device=magnitude.device)
    height = (magnitude * rows).sum(1, keepdim=True) / magnitude.sum(1, keepdim=True).clamp_min(_SMALL)
    rest = torch.cat([_chroma_share(opponent), _skewness(luma[:, 0]), height], 1).reshape(batch, count, -1)
    return torch.cat([shares, rest], 2)


def identity_score(fitted_on: NDArray[np.float32], tested_on: NDArray[np.float32]) -> float:
    """How well a branch's index is told from its content alone: accuracy of a linear classifier; chance is 1/N.

    Args:
        fitted_on: signatures (B, N, D) of some photos.
        tested_on: the same of others.
    """
    guesses = identity_guesses(fitted_on, tested_on)
    return float((guesses == np.arange(guesses.shape[1])).mean())


def identity_guesses(fitted_on: NDArray[np.float32], tested_on: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which branch each picture is taken for, see :func:`identity_score`: (B, N) of ``tested_on``."""
    count = fitted_on.shape[1]
    mean, deviation = fitted_on.mean((0, 1)), fitted_on.std((0, 1)) + 1e-6
    train = torch.from_numpy((fitted_on - mean) / deviation).flatten(0, 1)
    test = torch.from_numpy((tested_on - mean) / deviation).flatten(0, 1)
    classifier = fit_linear(train, torch.arange(count).repeat(len(fitted_on)), count)
    with torch.no_grad():
        return np.asarray(classifier(test).argmax(1).reshape(-1, count).numpy(), np.int64)


def fit_linear(inputs: Tensor, labels: Tensor, classes: int, decay: float = 1e-3) -> torch.nn.Linear:
    """Multinomial logistic regression: features (M, D), labels (M,) long; ``decay`` weighs the squared weights."""
    classifier = torch.nn.Linear(inputs.shape[1], classes)
    torch.nn.init.zeros_(classifier.weight)
    torch.nn.init.zeros_(classifier.bias)
    optimizer = torch.optim.LBFGS(classifier.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(classifier(inputs), labels) + decay * classifier.weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return classifier


def _numpy(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().float().cpu().numpy()
