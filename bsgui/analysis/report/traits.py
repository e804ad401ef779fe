"""What one photo tells of each branch: the raw material of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import octave_bands, remove_means, to_opponent
from bsgui.analysis.measures import PhotoMeasures, correlations, measure

from .information import picture_information

BANDS = 6
GRID = 8
_SMALL = 1e-8
_LEAST_ERROR = 1e-12

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Traits:
    """One row per photo; N branches, means removed ("centred").

    Attributes:
        measures: fidelity, redundancy, cancellation, shares, signatures.
        correlation: (B, N, N) over pixels and channels, signed.
        bands: (B, N, K) energy of luma in octave bands, finest first, over the photo's energy of luma; K is
            BANDS, fewer for squares under 128 pixels.
        colours: (B, N, 3) energy along luma, blue-yellow and red-green, over the photo's energy of all three.
        places: (B, N, GRID, GRID) mean absolute value in each cell, units of full scale.
        skewness: (B, N) third standardized moment of luma; positive: light on mid-grey.
        psnr_without: (B, N) PSNR against the photo when the branch is left out, dB.
        information: (B, N, N) bits that the luma of one branch says of another's at the same pixel.
        information_floor: (B,) the same for branches of two different photos, mean: what chance gives.
    """

    measures: PhotoMeasures
    correlation: Array
    bands: Array
    colours: Array
    places: Array
    skewness: Array
    psnr_without: Array
    information: Array
    information_floor: Array

    @property
    def count(self) -> int:
        """Number of photos."""
        return len(self.correlation)

    @property
    def branches(self) -> int:
        """Number of branches N."""
        return int(self.correlation.shape[1])

    @staticmethod
    def join(parts: list[Traits]) -> Traits:
        """All rows of several batches."""
        arrays: dict[str, Any] = {
            key: np.concatenate([vars(part)[key] for part in parts]) for key in vars(parts[0]) if key != "measures"
        }
        return Traits(measures=PhotoMeasures.join([part.measures for part in parts]), **arrays)


@torch.inference_mode()
def traits(pictures: Tensor, photos: Tensor, mean: Tensor) -> Traits:
    """Look at a batch of photos taken apart.

    Args:
        pictures: (B, N, 3, h, w) branches, units of x in [-1, 1].
        photos: (B, 3, h, w) in [-1, 1].
        mean: (B, 3, 1, 1) mean colours, which the pictures leave out.
    """
    centred = remove_means(pictures)
    opponent = to_opponent(centred)
    luma = opponent[:, :, 0]
    information, floor = _information(luma)
    return Traits(
        measures=measure(pictures, photos, mean),
        correlation=_numpy(correlations(centred)),
        bands=_numpy(_band_energies(luma, photos)),
        colours=_numpy(_colour_energies(opponent, photos)),
        places=_numpy(F.adaptive_avg_pool2d(centred.abs().mean(2) / 2, GRID)),
        skewness=_numpy(_skewness(luma)),
        psnr_without=_numpy(_psnr_without(pictures, centred, photos, mean)),
        information=information,
        information_floor=floor,
    )


def _band_energies(luma: Tensor, photos: Tensor) -> Tensor:
    batch, count = luma.shape[:2]
    bands = octave_bands(luma.flatten(0, 1).unsqueeze(1), BANDS)
    energies = torch.stack([band.square().mean((1, 2, 3)) for band in bands], 1).reshape(batch, count, -1)
    whole = to_opponent(remove_means(photos))[:, 0].square().mean((1, 2))
    return energies / whole.clamp_min(_SMALL)[:, None, None]


def _colour_energies(opponent: Tensor, photos: Tensor) -> Tensor:
    whole = to_opponent(remove_means(photos)).square().mean((2, 3)).sum(1)
    return opponent.square().mean((3, 4)) / whole.clamp_min(_SMALL)[:, None, None]


def _skewness(luma: Tensor) -> Tensor:
    flat = luma.flatten(2)
    deviation = flat.square().mean(2).sqrt().clamp_min(_SMALL**0.5)
    return (flat.pow(3).mean(2) / deviation.pow(3)).clamp(-10, 10)


def _psnr_without(pictures: Tensor, centred: Tensor, photos: Tensor, mean: Tensor) -> Tensor:
    error = pictures.sum(1) + mean - photos
    # One branch at a time: all at once would double the memory.
    lefts = [((error - centred[:, b]) / 2).square().mean((1, 2, 3)) for b in range(pictures.shape[1])]
    return -10 * torch.stack(lefts, 1).clamp_min(_LEAST_ERROR).log10()


def _information(luma: Tensor) -> tuple[Array, Array]:
    flat = luma.flatten(2)
    pairs = torch.stack([picture_information(x, x) for x in flat])
    others = torch.stack([picture_information(x, y).mean() for x, y in zip(flat, flat.roll(1, 0), strict=True)])
    return _numpy(pairs), _numpy(others)


def _numpy(tensor: Tensor) -> Array:
    return tensor.detach().float().cpu().numpy()
