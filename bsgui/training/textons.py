"""Textons: the kinds of places there are in photos, found without labels, for the branches to become experts in.

Every place of a photo is described by what surrounds it: thin bright or dark lines, dense or sparse texture, how
coherent its direction is, whether it is darker or brighter than its neighbourhood at three scales, how colourful it is.
k-means over many photos groups the descriptions; on animals the groups are whisker-like lines, fur-like texture, dark
patches, bright patches, colour, and smooth ground. No group has a name, and no branch is told which one is its own: a
kind goes to the branch that happens to lead there, as in a race, and :meth:`Textons.cross_entropies` widen the lead.

Source: Leung & Malik, Representing and Recognizing the Visual Appearance of Materials using Three-dimensional Textons,
IJCV 2001; Malik et al., Contour and Texture Analysis for Image Segmentation, IJCV 2001.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bsgui.analysis.bands import octave_bands, to_opponent
from bsgui.engine.filters import ThinLines, gaussian_blur

_SMALLEST_DEVIATION = 0.02
_SOFTNESS = 1.0
# Descriptors by group: thin lines; texture, tone and saturation; signed colour; distance from the picture's centre;
# height in the picture.
_GROUPS = (2, 9, 2, 1, 1)
_RESTARTS = 4
_MEMORY = 0.95
_ITERATIONS = 20
_RAREST = 0.002
_SELECTIVITY = 4
# A kind is at home in the octave bands that are worth at least this part of its best one.
_AT_HOME = 0.5


@dataclass(frozen=True)
class TextonConfig:
    """How many kinds of places to tell apart, and by what.

    Attributes:
        count: number of kinds K.
        lines, colour, centre, height: weights of thin lines, of signed colour, of the distance from the picture's
            centre, and of the height in the picture, relative to texture and tone; the last two are for aligned
            subjects only.
        coarse_bands: so many of the coarsest octave bands belong to no kind.
    """

    count: int
    lines: float = 1.0
    colour: float = 0.0
    centre: float = 0.0
    height: float = 0.0
    coarse_bands: int = 1

    def __post_init__(self) -> None:
        if self.count < 2 or self.coarse_bands < 0 or min(self.lines, self.colour, self.centre, self.height) < 0:
            raise ValueError(f"not textons: {self}")


class Textons(nn.Module):
    """Centres of the kinds of places, fitted once to training photos.

    Args:
        config: number of kinds K and what tells them apart. With fewer branches than kinds, those kinds are nobody's
            that stand out least.
        branches: number of branches N.
        bands: number of octave bands that branches are compared in.

    Attributes:
        owners: (N, K), running mean of the branches' shares of each kind of place.
        worth: (K, bands), 0..1: how much a kind counts in an octave band: by how much it stands out there. A line has
            no business in the coarse bands, and where photos show next to nothing there is nothing to own.
    """

    def __init__(self, config: TextonConfig, branches: int, bands: int) -> None:
        super().__init__()
        self.config = config
        weights = (config.lines, 1.0, config.colour, config.centre, config.height)
        grouped = [torch.full((size,), weight) for size, weight in zip(_GROUPS, weights, strict=True)]
        self.register_buffer("weights", torch.cat(grouped), persistent=False)
        self.register_buffer("owners", torch.full((branches, config.count), 1 / branches))
        self._lines = ThinLines()
        self.register_buffer("mean", torch.zeros(sum(_GROUPS)))
        self.register_buffer("deviation", torch.ones(sum(_GROUPS)))
        self.register_buffer("centres", torch.zeros(config.count, sum(_GROUPS)))
        self.register_buffer("worth", torch.ones(config.count, bands))

    weights: Tensor
    owners: Tensor
    mean: Tensor
    deviation: Tensor
    centres: Tensor
    worth: Tensor

    @torch.no_grad()
    def fit(self, photos: Tensor, seed: int, samples: int = 40_000) -> None:
        """Find the kinds in (B, 3, h, w) photos in [-1, 1]: k-means++ with restarts, deterministic for a seed."""
        chance = torch.Generator().manual_seed(seed)
        described = torch.cat([self._describe(photo[None]).flatten(2)[0].T for photo in photos])
        described = described[torch.randperm(len(described), generator=chance)[:samples]]
        self.mean.copy_(described.mean(0))
        self.deviation.copy_(described.std(0) + 1e-6)
        points = self._points(described)
        tries = [_k_means(points, len(self.centres), chance) for _ in range(_RESTARTS)]
        self.centres.copy_(min(tries, key=lambda result: result[1])[0])
        contrast = torch.stack([self._contrast(photo[None]) for photo in photos]).mean(0)
        most = contrast.amax(1, keepdim=True)
        # Who must own what is not there invents something.
        self.worth.copy_((contrast / most) ** _SELECTIVITY * most.clamp_max(1).square())
        self.worth[:, self.worth.shape[1] - self.config.coarse_bands :] = 0

    def _contrast(self, photo: Tensor) -> Tensor:
        """Contrast of the kinds over that of the whole photo in every octave band: (K, bands)."""
        luma = to_opponent(photo)[:, :1]
        bands = [band.abs() for band in octave_bands(luma - luma.mean(), self.worth.shape[1])]
        kinds = self(photo)
        ratios = []
        for band in bands:
            here = F.interpolate(kinds, band.shape[2:], mode="area")
            of_kinds = (here * band).sum((0, 2, 3)) / (here.sum((0, 2, 3)) + 1e-3)
            ratios.append(of_kinds / (band.mean() + _SMALLEST_DEVIATION * luma.std()))
        # A kind that the photo lacks says nothing; as good as ordinary.
        absent = kinds.mean((0, 2, 3)) < _RAREST
        return torch.where(absent.unsqueeze(1), torch.ones(()), torch.stack(ratios, 1))

    @torch.no_grad()
    def forward(self, photos: Tensor) -> Tensor:
        """How much each place is of each kind: (B, 3, h, w) in [-1, 1] -> (B, K, h, w), adding up to 1."""
        described = self._describe(photos).permute(0, 2, 3, 1)
        points = self._points(described).flatten(0, 2)
        nearness = -torch.cdist(points, self.centres).square() / (2 * _SOFTNESS)
        return nearness.softmax(1).reshape(*described.shape[:3], -1).permute(0, 3, 1, 2)

    def _points(self, described: Tensor) -> Tensor:
        return (described - self.mean) / self.deviation * self.weights

    def cross_entropies(
        self,
        bands: Sequence[Tensor],
        plain: Sequence[Tensor],
        whole: Sequence[Tensor],
        photos: Tensor,
        taken: Collection[int] = (),
    ) -> tuple[Tensor, Tensor]:
        """How far the branches are from owning a kind each, and from holding nothing else, nats.

        Which branch a kind is expected of is the assignment that the running shares fit best (Kuhn, 1955): it follows
        the branches, and no branch differs from another but by what it does already.

        Args:
            bands: per octave band (B, N, h_i, w_i), the branches' magnitudes, in any unit common to all branches.
            plain: the same in one unit for all bands, colour included.
            whole: the photos' own, (B, 1, h_i, w_i) in the unit of ``plain``, of which no branch can hold more.
            photos: (B, 3, h, w) in [-1, 1].
            taken: branches of which no kind is expected, because they are experts already: in the light.

        Returns:
            Two scalars: 0 when each kind lies in one branch, whole; 0 when these branches hold nothing at other places
            and nothing in the octave bands where their kinds do not stand out.
        """
        # Slow to import, and needed here alone: adapting to a photo imports this module, too.
        from scipy.optimize import linear_sum_assignment

        kinds = self(photos)
        # Small pictures have fewer bands; the coarsest of those there are belong to no kind.
        used = len(bands) - self.config.coarse_bands
        shares, worth = ownership(bands[:used], kinds), self.worth[:, :used]
        owners = (shares * worth).sum(2) / (worth.sum(1) + 1e-6)
        self.owners.lerp_(owners.detach(), 1 - _MEMORY)
        free = np.array([number for number in range(len(self.owners)) if number not in taken])
        row, kind = linear_sum_assignment(self.owners.cpu().numpy()[free], maximize=True)
        branch = free[row]
        home = worth >= _AT_HOME * worth.amax(1, keepdim=True)
        held = purity(plain, whole, kinds, home)
        weights = worth[kind] / (worth[kind].sum() + 1e-6)
        own = -(weights * (shares[branch, kind] + 1e-4).log()).sum()
        pure = -(weights.sum(1) * (held[branch, kind] + 1e-4).log()).sum()
        return own, pure

    def _describe(self, photos: Tensor) -> Tensor:
        """What surrounds each place, in units of the photo's own deviation of luma: (B, D, h, w)."""
        opponent = to_opponent(photos.float())
        opponent = opponent - opponent.mean((2, 3), keepdim=True)
        deviation = opponent[:, :1].square().mean((2, 3), keepdim=True).sqrt()
        opponent = opponent / (deviation + _SMALLEST_DEVIATION)
        luma, chroma = opponent[:, :1], opponent[:, 1:]
        soft = {sigma: gaussian_blur(luma, sigma) for sigma in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)}
        fine = luma - soft[2.0]
        density, spread = gaussian_blur(fine.abs(), 5.0), gaussian_blur(fine.square(), 5.0).sqrt()
        parts = [
            self._lines(fine),
            torch.log1p(8 * density),
            density / (spread + _SMALLEST_DEVIATION),
            _coherence(soft[1.0]),
            soft[2.0] - soft[8.0],
            soft[4.0] - soft[16.0],
            soft[8.0] - soft[32.0],
            gaussian_blur((soft[4.0] - soft[16.0]).abs(), 8.0),
            gaussian_blur(chroma.square().sum(1, keepdim=True).sqrt(), 4.0),
            gaussian_blur(fine.abs(), 16.0),
            gaussian_blur(chroma, 3.0) - gaussian_blur(chroma, 32.0),
            *_distance_and_height(luma),
        ]
        return torch.cat(parts, 1)


def ownership(bands: Sequence[Tensor], kinds: Tensor) -> Tensor:
    """Each branch's share of what is seen at each kind of place, in every octave band.

    Args:
        bands: as for :meth:`Textons.cross_entropies`.
        kinds: (B, K, h, w), shares of the kinds, adding up to 1.

    Returns:
        (N, K, bands), adding up to 1 over the branches, so that rare kinds count as much as common ones;
        differentiable in ``bands``.
    """
    owned = []
    for magnitudes in bands:
        here = F.interpolate(kinds, magnitudes.shape[2:], mode="area")
        held = torch.einsum("bnhw,bkhw->nk", magnitudes, here)
        owned.append(held / (held.sum(0, keepdim=True) + 1e-6))
    return torch.stack(owned, 2)


def purity(bands: Sequence[Tensor], photos: Sequence[Tensor], kinds: Tensor, home: Tensor) -> Tensor:
    """The part of each branch that lies at places of a kind, in the octave bands where that kind is at home.

    Args:
        bands: per octave band (B, N, h_i, w_i), the branches' magnitudes in one unit for all bands.
        photos: (B, 1, h_i, w_i) in the same unit; what a branch has beyond the photo is nowhere at home.
        kinds: (B, K, h, w), shares of the kinds, adding up to 1.
        home: (K, used) bool, for the first ``used`` bands.

    Returns:
        (N, K), 0..1; differentiable in ``bands``.
    """
    held, whole = bands[0].new_zeros(bands[0].shape[1], len(home)), bands[0].new_zeros(bands[0].shape[1])
    for number, (magnitudes, most) in enumerate(zip(bands, photos, strict=True)):
        whole = whole + magnitudes.mean((2, 3)).sum(0)
        if number < home.shape[1]:
            here = F.interpolate(kinds, magnitudes.shape[2:], mode="area")
            inside = torch.einsum("bnhw,bkhw->nk", torch.minimum(magnitudes, most), here) / here[0, 0].numel()
            held = held + inside * home[:, number]
    return held / (whole.unsqueeze(1) + 1e-6)


def _distance_and_height(like: Tensor) -> tuple[Tensor, Tensor]:
    """0 in the middle, 1 at the middle of each side; and -1 at the top, 1 at the bottom: shaped as (B, 1, h, w)."""
    y, x = (torch.linspace(-1, 1, side, device=like.device) for side in like.shape[2:])
    return (x.square() + y.square().unsqueeze(1)).sqrt().expand_as(like), y.unsqueeze(1).expand_as(like)


def _coherence(luma: Tensor) -> Tensor:
    """Of the structure tensor: 0 for no direction, 1 for one (Bigün & Granlund, 1987)."""
    down, right = torch.gradient(luma, dim=(2, 3))
    xx, yy, xy = (gaussian_blur(product, 4.0) for product in (right.square(), down.square(), right * down))
    return ((xx - yy).square() + 4 * xy.square()).sqrt() / (xx + yy + 1e-3)


def _k_means(points: Tensor, count: int, chance: torch.Generator) -> tuple[Tensor, float]:
    """Centres (count, D) and mean squared distance; k-means++ start (Arthur & Vassilvitskii, 2007), Lloyd's steps."""
    centres = points[torch.randint(len(points), (1,), generator=chance)]
    for _ in range(count - 1):
        distance = torch.cdist(points, centres).square().amin(1)
        centres = torch.cat([centres, points[torch.multinomial(distance, 1, generator=chance)]])
    for _ in range(_ITERATIONS):
        nearest = torch.cdist(points, centres).argmin(1)
        members = F.one_hot(nearest, count).to(points)
        # A centre that lost all its points stays where it is.
        sizes = members.sum(0).unsqueeze(1)
        centres = torch.where(sizes > 0, members.T @ points / sizes.clamp_min(1), centres)
    return centres, torch.cdist(points, centres).square().amin(1).mean().item()
