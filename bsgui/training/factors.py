"""What varies with the light is to lie in one branch, and nothing of the subject with it.

The same subjects are seen under two lights each. What a branch changes by between the lights of a subject, and what of
it stays, say how much of the light and of the subject it holds. The light goes to the branch that
leads, as a kind of place does (:mod:`bsgui.training.textons`): no branch is told that it is the one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bsgui.analysis.bands import remove_means

_MEMORY = 0.95
_SMALL = 1e-8
_MOST_EXPOSURE = 2.0


class Factors(nn.Module):
    """Remembers which branch leads.

    Args:
        branches: number of branches N.
        price: what the leader's share of what stays counts for, relative to the others' of what changes.

    Attributes:
        lead: (N,), running mean of a branch's share of what changes with the light minus the price of what stays in it.
    """

    def __init__(self, branches: int, price: float = 1.0) -> None:
        super().__init__()
        self._price = price
        self.register_buffer("lead", torch.zeros(branches))

    lead: Tensor

    @property
    def leader(self) -> int:
        """The branch that leads."""
        return int(self.lead.argmax())

    def overlap(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """How much of the light lies outside the leading branch, and of the subjects inside: two scalars, 0 is best.

        The light counts by its deviation, in units of the whole picture's, and not by its variance: branches with a
        tenth of the variance still hold a third of every difference of brightness, and a light at half should take
        half. What the leader keeps of a subject under both lights counts by its part of the variance. As a part p of
        the picture moves into the leader the first falls by p and the second rises by p²: it takes some weight of the
        second to keep p small.

        Args:
            pictures: (2 S, N, 3, h, w): the branches' pictures of S subjects under one light each, then of the same
                subjects under other lights.
        """
        first, second = remove_means(pictures).chunk(2)
        one, other = _at_one_exposure(first, second, self.leader)
        changes, stays = _changing_and_staying(one, other)
        self.lead.lerp_((changes - self._price * stays).detach(), 1 - _MEMORY)
        lights = (_deviation(one - other) / (_deviation((one - other).sum(1, keepdim=True)) + _SMALL)).mean(0)
        return lights.sum() - lights[self.leader], stays[self.leader]


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


def factor_shares(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Each branch's share of what changes with the light, and of what stays: two (N,); they add up to 1.

    What stays is the covariance of a branch with itself under another light. In contrast to the variance of means
    over the lights it has nothing of the lights in it, however few there are (compare the estimators of variance
    components in Searle, Casella & McCulloch, Variance Components, 1992): a branch that is all light stays 0.

    Args:
        pictures: as for :meth:`Factors.overlap`.
    """
    one, other = remove_means(pictures).chunk(2)
    return _changing_and_staying(one, other)


def _changing_and_staying(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    changes = (one - other).square().mean((0, 2, 3, 4))
    stays = (one * other).mean((0, 2, 3, 4))
    return changes / (changes.sum() + _SMALL), stays / (stays.clamp_min(0).sum() + _SMALL)
