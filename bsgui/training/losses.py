"""What the branches are trained for. No term knows a branch's name: gradient descent breaks the symmetry.

Every term compares branches *per octave band*, each band divided by the photo's own deviation in that band, so that
thin faint things (whiskers) count as much as large strong ones (light). The reasons stand in ``models/RESEARCH.md``.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from bsgui.analysis.bands import octave_bands, remove_means, to_opponent

from .textons import Textons

_SMALL = 1e-2
_PLACE_GRID = 4


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts.

    Attributes:
        reconstruction: mean absolute plus mean square error of the sum.
        detail: mean absolute error of the sum, per band, so that what is thin and faint is not left to the residual.
        excess: of luma: branches that cancel each other.
        chroma_excess: the same for colour: forbids complementary colours, hence false colour when a branch is removed.
        likeness: squared correlation of branch pairs, per band.
        plain_likeness: the same of the whole pictures, where the large soft things have the say.
        ownership: squared positive correlation of the pairs' magnitudes: each detail wants one owner.
        balance: negative entropy of the branches' shares over all bands.
        place: mutual information of branch and place in all bands but the coarsest: to be an expert in a corner of the
            picture is the cheap way to be unlike the others.
        focus: entropy of each branch's own energy over the bands, beyond two bands' worth: specialists in scale.
        textons: cross-entropy of the kind of a place and the branch that owns what is there, in the finer bands:
            experts in what is seen, see :mod:`bsgui.training.textons`.
        purity: how much the branches that own a kind hold at other places and in octave bands that are not its own.
        floor: penalty on branches with less than ``least_share`` of the plain energy.
        factors: what two views of a photo differ in outside one branch; needs ``views``, see
            :mod:`bsgui.training.factors`.
        subjects: what of the rest stays in that branch.
        held: how far that branch's picture is from what the views differ in; where one of them is free of the factor.
        elsewhere: what counts how much in that, see :meth:`bsgui.training.factors.Factors.missed`.
        realism: the critic's opinion of re-blends.
        least_share: see ``floor``.
        bands: octave bands of all terms that have them.
        faintest: variance, in the photo's, below which a branch counts less in ``plain_likeness``. Correlation is
            blind to energy, so a branch of one per cent of it asks for less than the default.
    """

    reconstruction: float = 1.0
    detail: float = 0.0
    excess: float = 0.1
    chroma_excess: float = 0.2
    likeness: float = 0.5
    plain_likeness: float = 0.6
    ownership: float = 0.25
    balance: float = 0.05
    place: float = 0.2
    focus: float = 0.1
    textons: float = 0.0
    purity: float = 0.0
    floor: float = 0.3
    factors: float = 0.0
    subjects: float = 0.0
    held: float = 0.0
    elsewhere: float = 3.0
    realism: float = 0.15
    least_share: float = 0.045
    bands: int = 5
    faintest: float = 1e-2


class Terms(NamedTuple):
    """The unweighted terms, scalars."""

    reconstruction: Tensor
    detail: Tensor
    excess: Tensor
    chroma_excess: Tensor
    likeness: Tensor
    plain_likeness: Tensor
    ownership: Tensor
    balance: Tensor
    place: Tensor
    focus: Tensor
    textons: Tensor
    purity: Tensor
    floor: Tensor

    def total(self, weights: LossWeights) -> Tensor:
        """The weighted sum."""
        return torch.stack([getattr(weights, name) * term for name, term in self._asdict().items()]).sum()


def specialization_terms(
    pictures: Tensor,
    photos: Tensor,
    mean: Tensor,
    weights: LossWeights,
    textons: Textons | None = None,
    taken: Collection[int] = (),
) -> Terms:
    """All terms that need no critic.

    Args:
        pictures: (B, N, 3, h, w), the branches' signed pictures, units of x in [-1, 1].
        photos: (B, 3, h, w).
        mean: (B, 3, 1, 1), the photos' mean colours.
        weights: number of bands and smallest share; the weights themselves are applied by :meth:`Terms.total`.
        textons: the kinds of places, or None.
        taken: the branches that lead in what views differ in; no kind of place is expected of them.
    """
    count = pictures.shape[1]
    error = pictures.sum(1) + mean - photos
    centred = remove_means(pictures)
    branches = to_opponent(centred).flatten(1, 2)
    reference = to_opponent(photos - mean)
    detail, excess, chroma_excess, likeness, ownership = [], [], [], [], []
    energies, places, magnitudes, plain, most = [], [], [], [], []
    for own, whole in zip(octave_bands(branches, weights.bands), octave_bands(reference, weights.bands), strict=True):
        split = own.reshape(len(own), count, 3, *own.shape[2:])
        luma, chroma, photo_luma = _in_own_units(split, whole)
        detail.append((photo_luma - luma.sum(1, keepdim=True)).abs().mean())
        excess.append((luma.abs().sum(1) - luma.sum(1).abs()).mean())
        chroma_excess.append((_length(chroma).sum(1) - _length(chroma.sum(1, keepdim=True))[:, 0]).mean())
        likeness.append(_pairwise(luma).square())
        ownership.append(_pairwise(luma.abs()).clamp_min(0).square())
        places.append(_place_information(luma.abs()))
        # More than the photo shows is nobody's merit: a share is not to be won by exaggeration.
        magnitudes.append(torch.minimum(luma.abs(), photo_luma.abs()))
        plain.append(split.abs().sum(2))
        most.append(whole.abs().sum(1, keepdim=True))
        energies.append(_mean_shares(luma.square().mean((2, 3))))
    shares = _mean_shares(centred.square().mean((2, 3, 4)))
    table = torch.stack(energies, 1)
    owning = purity = shares.new_zeros(())
    if textons is not None:
        owning, purity = textons.cross_entropies(magnitudes, plain, most, photos, taken)
    return Terms(
        reconstruction=error.abs().mean() + error.square().mean(),
        detail=torch.stack(detail).mean(),
        excess=torch.stack(excess).mean(),
        chroma_excess=torch.stack(chroma_excess).mean(),
        likeness=torch.stack(likeness).mean(),
        plain_likeness=_pairwise(_scaled(centred, photos - mean).flatten(2, 3), weights.faintest).square().mean(),
        ownership=torch.stack(ownership).mean(),
        balance=-_entropy(table.mean(1)),
        place=torch.stack(places[:-1]).mean(),
        focus=F.relu(_entropy(table / table.sum(1, keepdim=True).add(1e-6)) - math.log(2)).mean(),
        textons=owning,
        purity=purity,
        floor=F.relu(1 - shares / weights.least_share).mean(),
    )


def _in_own_units(branches: Tensor, photos: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One band in units of the photos' own deviation in it.

    Args:
        branches: (B, N, 3, h, w), luma and two of colour.
        photos: (B, 3, h, w), the same of the photos.

    Returns:
        The branches' luma (B, N, h, w) and colour (B, N, 2, h, w), and the photos' luma (B, 1, h, w).
    """
    luma_deviation = photos[:, :1].square().mean((2, 3), keepdim=True).add(1e-6).sqrt()
    chroma_deviation = photos[:, 1:].square().mean((1, 2, 3), keepdim=True).add(1e-6).sqrt()
    # In a grey photo any colour is false, so luma sets the scale where the photo has little colour itself.
    chroma_unit = torch.maximum(chroma_deviation, 0.2 * luma_deviation).unsqueeze(1)
    return branches[:, :, 0] / luma_deviation, branches[:, :, 1:] / chroma_unit, photos[:, :1] / luma_deviation


def _mean_shares(energies: Tensor) -> Tensor:
    """Each branch's share of a photo's energy, mean over photos: (B, N) -> (N,)."""
    return (energies / energies.sum(1, keepdim=True).add(1e-6)).mean(0)


def _place_information(magnitudes: Tensor) -> Tensor:
    """Mutual information of branch and cell of a coarse grid, nats: (B, N, h, w) -> scalar."""
    joint = F.adaptive_avg_pool2d(magnitudes, _PLACE_GRID).flatten(2) + 1e-6
    joint = joint / joint.sum((1, 2), keepdim=True)
    independent = joint.sum(1, keepdim=True) * joint.sum(2, keepdim=True)
    return (joint * (joint / independent).log()).sum((1, 2)).mean()


def _entropy(shares: Tensor) -> Tensor:
    """Of distributions along the last axis, in nats."""
    return -(shares * (shares + 1e-6).log()).sum(-1)


def _length(vectors: Tensor, axis: int = 2) -> Tensor:
    # The square root's slope at zero is infinite; the constant keeps gradients finite and shifts nothing that matters.
    return (vectors.square().sum(axis) + 1e-4).sqrt()


def _scaled(centred: Tensor, whole: Tensor) -> Tensor:
    """Branches in units of the photo's own deviation."""
    return centred / whole.square().mean((1, 2, 3), keepdim=True).add(1e-6).sqrt().unsqueeze(1)


def _pairwise(images: Tensor, faintest: float = _SMALL) -> Tensor:
    """Correlation of every pair of branches, per photo: (B, N, h, w) -> (B, pairs); one branch: 0.

    Branches with a variance of less than ``faintest`` count less, or noise would be told apart.
    """
    if images.shape[1] == 1:
        return images.new_zeros(len(images), 1)
    flat = remove_means(images).flatten(2)
    covariance = flat @ flat.transpose(1, 2) / flat.shape[2]
    deviation = (covariance.diagonal(dim1=1, dim2=2) + faintest).sqrt()
    correlation = covariance / (deviation.unsqueeze(1) * deviation.unsqueeze(2))
    rows, columns = torch.triu_indices(images.shape[1], images.shape[1], 1, device=images.device)
    return correlation[:, rows, columns]


def random_reblends(pictures: Tensor, photos: Tensor, generator: torch.Generator) -> Tensor:
    """Photos with one or two random branches at gains between 0 and 1.8, as a person with the sliders would make.

    Args:
        pictures: (B, N, 3, h, w).
        photos: (B, 3, h, w).
        generator: source of the choice, on the CPU.

    Returns:
        (B, 3, h, w); the photo itself is taken for the sum, so the critic judges the re-blend, not the residual.
    """
    batch, count = pictures.shape[:2]
    order = torch.rand(batch, count, generator=generator).argsort(1)
    how_many = torch.randint(1, 3, (batch, 1), generator=generator)
    # Halves of the choices are removals: taking a layer away is the harshest test and the commonest wish.
    gains = 1.8 * torch.rand(batch, count, generator=generator)
    gains = torch.where(torch.rand(batch, count, generator=generator) < 0.4, torch.zeros(()), gains)
    change = torch.where(order < how_many, gains - 1, torch.zeros(())).to(pictures)
    return photos + torch.einsum("bn,bnchw->bchw", change, remove_means(pictures))
