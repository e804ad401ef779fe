"""What two views of a photo differ in is to lie in one branch, and nothing of what they share with it.

The same subjects are seen twice: under two lights, or with and without their colour, their features, their markings
(:mod:`bsgui.training.views`). What a branch changes by between the views of a subject, and what of it stays, say how
much of the factor and of the subject it holds. The factor goes to the branch that leads, as a kind of place does
(:mod:`bsgui.training.textons`): no branch is told that it is the one.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bsgui.analysis.bands import remove_means

_MEMORY = 0.95
_SMALL = 1e-8
_MOST_EXPOSURE = 2.0
# Whoever has little else leads, though another may have more of the factor beside much else, which would have to go.
_SHARE_COUNTS = 0.05
# Two branches that lead by turns undo each other's work.
_INERTIA = 0.15
# What two views differ in less than that, in [-1, 1], is rounding.
_VISIBLE = 0.05
_FAINT = 0.1


class Factors(nn.Module):
    """Remembers how far each branch leads in one factor.

    Args:
        branches: number of branches N.
        is_light: whether the factor is the light, of which there is some in every view.

    Attributes:
        lead: (N,), running mean of the part of a branch that changes, and a little of its share of what changes in all;
            who led before is a little ahead.
    """

    def __init__(self, branches: int, is_light: bool = True) -> None:
        super().__init__()
        self._is_light = is_light
        self.register_buffer("lead", torch.zeros(branches))

    lead: Tensor

    def overlap(self, pictures: Tensor, leader: int) -> tuple[Tensor, Tensor]:
        """How much of the factor lies outside the leading branch, and of the subjects inside: two scalars, 0 is best.

        The factor counts by its deviation, in units of the whole picture's, and not by its variance: branches with a
        tenth of the variance still hold a third of every difference of brightness, and a light at half should take
        half. What the leader keeps of a subject in both views counts by its part of the variance. As a part p of
        the picture moves into the leader the first falls by p and the second rises by p²: it takes some weight of the
        second to keep p small.

        What the light's leader keeps is counted against what all branches keep of the subjects: most of a picture is
        light. Other factors are smaller than that; there it is counted against the factor, so that half of the leader
        is not something else. The factor is the photo's, which exaggeration does not increase.

        What stays is the covariance of a branch with itself in the other view. In contrast to the variance of means
        over the views it has nothing of the factor in it, however few views there are (compare the estimators of
        variance components in Searle, Casella & McCulloch, Variance Components, 1992): a branch that is all light
        stays 0.

        Args:
            pictures: (2 S, N, 3, h, w): the branches' pictures of S subjects as seen once, then of the same subjects
                as seen the other time.
            leader: the branch that is to hold the factor, see :func:`leaders`.
        """
        one, other = remove_means(pictures).chunk(2)
        if self._is_light:
            one, other = _at_one_exposure(one, other, leader)
        changes, stays = _changing(one, other), (one * other).mean((0, 2, 3, 4)).clamp_min(0)
        self._note(changes.detach(), stays.detach(), leader)
        outside = (_deviation(one - other) / (_deviation((one - other).sum(1, keepdim=True)) + _SMALL)).mean(0)
        beside = stays.sum() if self._is_light else stays[leader] + _changing(*_wholes(one, other))[0]
        return outside.sum() - outside[leader], stays[leader] / (beside + _SMALL)

    def missed(self, pictures: Tensor, photos: Tensor, leader: int, elsewhere: float = 3.0) -> Tensor:
        """How far the leader's pictures are from the factor itself: a scalar, 0 is best, 1 for an empty leader.

        For factors that the second view is free of: there the leader is to show nothing, and in the first view what
        the photos differ in. Shares and deviations (:meth:`overlap`) do not tell a branch where to be empty, and leave
        it free to exaggerate. What is missed where the factor is, and what is held elsewhere, are means over their own
        places: markings cover a tenth of a photo and whiskers a hundredth, and over all places a leader that is not
        sure does best to hold nothing. Errors count half by their size and half by their square, in units of what the
        subject has of the factor.

        Args:
            pictures: as for :meth:`overlap`.
            photos: (2 S, 3, h, w), the photos themselves.
            leader: the branch that is to hold the factor.
            elsewhere: how many times what is held where the factor is not counts beside what is missed where it is: the
                more, the surer a leader must be.
        """
        one, other = photos.chunk(2)
        factor = one - other
        is_there = (factor.abs().amax(1, keepdim=True) > _VISIBLE).to(photos)
        first, second = pictures[:, leader].chunk(2)
        # A layer's mean is the base's: it is to be level where the factor is not.
        first = first - _mean_where(1 - is_there, first, (2, 3))
        second = second - second.mean((2, 3), keepdim=True)
        parts = []
        for power in (1, 2):
            # Where there is none of it, what is held in spite of that counts as if there were a little.
            unit = _mean_where(is_there, factor.abs() ** power).clamp_min(_FAINT**power)
            # Missed in the first view, and held in the second one.
            error = (first - factor).abs() ** power + second.abs() ** power
            parts.append((_mean_where(is_there, error) + elsewhere / 2 * _mean_where(1 - is_there, error)) / unit)
        missed: Tensor = torch.stack(parts).mean()
        return missed

    def _note(self, changes: Tensor, stays: Tensor, leader: int) -> None:
        lead = changes / (changes + stays + _SMALL) + _SHARE_COUNTS * changes / (changes.sum() + _SMALL)
        if self.lead.any():  # Nobody led before the first note.
            lead[leader] += _INERTIA
        self.lead.lerp_(lead, 1 - _MEMORY)


def leaders(factors: Mapping[str, Factors], known: Mapping[str, int]) -> dict[str, int]:
    """The branch that is to hold each factor: a branch of its own, those that lead most in all (Kuhn, 1955).

    Args:
        factors: by name.
        known: those whose branch is known already.
    """
    open_ones = {name: factor for name, factor in factors.items() if name not in known}
    if not open_ones:
        return dict(known)
    # Slow to import, and needed in training alone.
    from scipy.optimize import linear_sum_assignment

    table = torch.stack([factor.lead for factor in open_ones.values()]).cpu().numpy()
    free = [branch for branch in range(table.shape[1]) if branch not in known.values()]
    rows, places = linear_sum_assignment(table[:, free], maximize=True)
    names = list(open_ones)
    return {names[row]: free[place] for row, place in zip(rows, places, strict=True)} | dict(known)


def _at_one_exposure(one: Tensor, other: Tensor, leader: int) -> tuple[Tensor, Tensor]:
    """The second pictures at the exposure of the first: a photo does not tell how bright the lamp was.

    One factor a subject, the one that makes what does not lie in the leader most alike; it has no slope.
    """
    with torch.no_grad():
        rests = (pictures.sum(1) - pictures[:, leader] for pictures in (one, other))
        first, second = (rest.flatten(1) for rest in rests)
        factor = (first * second).sum(1) / (second.square().sum(1) + _SMALL)
        factor = factor.clamp(1 / _MOST_EXPOSURE, _MOST_EXPOSURE)
    return one, other * factor.view(-1, 1, 1, 1, 1)


def _deviation(pictures: Tensor) -> Tensor:
    """Root mean square, (S, N, 3, h, w) -> (S, N): exactly 0 for nothing, with a finite slope there."""
    return (pictures.square().mean((2, 3, 4)) + _SMALL).sqrt().sub(_SMALL**0.5)


def _mean_where(places: Tensor, values: Tensor, axes: tuple[int, ...] = (1, 2, 3)) -> Tensor:
    """Mean of (S, 3, h, w) over axes at places (S, 1, h, w), 0 or 1; 0 where there are none. The axes stay."""
    held = (places * values).mean(axes, keepdim=True)
    return held / (places.mean(axes, keepdim=True) + _SMALL)


def _changing(one: Tensor, other: Tensor) -> Tensor:
    """Mean square of what changes, half of it being each view's: (S, N, 3, h, w) twice -> (N,)."""
    return (one - other).square().mean((0, 2, 3, 4)) / 2


def _wholes(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    return one.sum(1, keepdim=True), other.sum(1, keepdim=True)
