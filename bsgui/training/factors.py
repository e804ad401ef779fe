"""What varies with the light, and what with the subject, is to lie in different branches.

The same subjects are seen under two lights each. What a branch changes by between the lights of a subject, and between
subjects, are two shares of two variances; their overlap is what :meth:`Factors.overlap` penalizes. No branch is told
which side it is on: it is held to the one where it leads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bsgui.analysis.bands import remove_means

_MEMORY = 0.95


class Factors(nn.Module):
    """Remembers on which side the branches are.

    Args:
        branches: number of branches N.

    Attributes:
        lead: (N,), running mean of a branch's share of the variance between lights minus that between subjects.
    """

    def __init__(self, branches: int) -> None:
        super().__init__()
        self.register_buffer("lead", torch.zeros(branches))

    lead: Tensor

    def overlap(self, pictures: Tensor) -> Tensor:
        """The share of either variance that lies in branches of the other side; 0 is best, about 1 is no separation.

        Args:
            pictures: (2 S, N, 3, h, w): the branches' pictures of S >= 2 subjects under one light each, then of the
                same subjects under other lights.
        """
        between_lights, between_subjects = factor_shares(pictures)
        self.lead.lerp_((between_lights - between_subjects).detach(), 1 - _MEMORY)
        return torch.where(self.lead > 0, between_subjects, between_lights).sum()


def factor_shares(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Each branch's share of the variance between lights, and between subjects: two (N,), each adding up to 1.

    Args:
        pictures: as for :meth:`Factors.overlap`.
    """
    one, other = remove_means(pictures).chunk(2)
    lights = (one - other).square().mean((0, 2, 3, 4))
    subjects = ((one + other) / 2).var(0).mean((1, 2, 3))
    return lights / (lights.sum() + 1e-8), subjects / (subjects.sum() + 1e-8)
