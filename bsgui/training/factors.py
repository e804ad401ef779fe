"""What varies with the light is to lie in one branch, and nothing of the subject with it.

The same subjects are seen under two lights each. What a branch changes by between the lights of a subject, and what it
differs by between subjects, say how much of the light and of the subject it holds. The light goes to the branch that
leads, as a kind of place does (:mod:`bsgui.training.textons`): no branch is told that it is the one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bsgui.analysis.bands import remove_means

_MEMORY = 0.95
_SMALL = 1e-8


class Factors(nn.Module):
    """Remembers which branch leads.

    Args:
        branches: number of branches N.

    Attributes:
        lead: (N,), running mean of a branch's share of the variance between lights minus that between subjects.
    """

    def __init__(self, branches: int) -> None:
        super().__init__()
        self.register_buffer("lead", torch.zeros(branches))
        self._before: dict[torch.Size, Tensor] = {}

    lead: Tensor

    @property
    def leader(self) -> int:
        """The branch that leads."""
        return int(self.lead.argmax())

    def overlap(self, pictures: Tensor) -> Tensor:
        """How much of the light lies outside the leading branch, and of the subjects inside: 0 is best.

        The light counts by its deviation, in units of the whole picture's, and not by its variance: branches with a
        tenth of the variance still hold a third of every difference of brightness, and a light at half should take
        half. The subjects count by their variance: it is large shares of them that are to be avoided.

        Args:
            pictures: (2 S, N, 3, h, w): the branches' pictures of S subjects under one light each, then of the same
                subjects under other lights. One subject alone is held against the one before it of the same size.
        """
        one, other = remove_means(pictures).chunk(2)
        between_lights, between_subjects = factor_shares(pictures, self._before.get(pictures.shape[-2:]))
        self._before[pictures.shape[-2:]] = (one[-1:] + other[-1:]).detach() / 2
        self.lead.lerp_((between_lights - between_subjects).detach(), 1 - _MEMORY)
        lights = (_deviation(one - other) / (_deviation((one - other).sum(1, keepdim=True)) + _SMALL)).mean(0)
        return lights.sum() - lights[self.leader] + between_subjects[self.leader]


def _deviation(pictures: Tensor) -> Tensor:
    """Root mean square, (S, N, 3, h, w) -> (S, N): exactly 0 for nothing, with a finite slope there."""
    return (pictures.square().mean((2, 3, 4)) + _SMALL).sqrt().sub(_SMALL**0.5)


def factor_shares(pictures: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Each branch's share of the variance between lights, and between subjects: two (N,), each adding up to 1.

    Args:
        pictures: as for :meth:`Factors.overlap`.
        before: (1, N, 3, h, w), a subject that a lone one is held against; without it the second result is zeros.
    """
    one, other = remove_means(pictures).chunk(2)
    subjects = (one + other) / 2
    if len(subjects) == 1:
        subjects = torch.cat([subjects if before is None else before, subjects])
    between_lights = (one - other).square().mean((0, 2, 3, 4))
    between_subjects = subjects.var(0).mean((1, 2, 3))
    return between_lights / (between_lights.sum() + _SMALL), between_subjects / (between_subjects.sum() + _SMALL)
