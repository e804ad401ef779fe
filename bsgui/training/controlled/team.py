"""Branches that can be trained apart: every branch a generator of its own, for all seeds at once.

A :class:`~bsgui.engine.network.BranchedGenerator` of N branches is N generators of one branch, as branches never talk
to each other; and what runs N branches side by side runs S seeds just as well. So member b of a team is the b-th branch
of S unrelated networks, and the networks' losses, which are added up, have no gradient in common.
"""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import Tensor, nn

from bsgui.engine.network import BranchedGenerator

from .config import ControlledConfig

Heads = Literal["affine", "picture"]
"""What a branch ends in: the generator's own ``A · (photo − mean) + B``, or B alone, as in the published networks."""


class Team:
    """S networks of N branches.

    Attributes:
        members: N generators, S branches each.
        heads: what the branches end in.
        gain: what every picture is multiplied by.
    """

    def __init__(self, config: ControlledConfig, heads: Heads = "affine", draw: int = 0) -> None:
        """Random weights: the same for equal ``draw``, seed and shape."""
        self.seeds, self.heads = config.seeds, heads
        self.gain = 1.0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed * 1000 + draw)
            self.members = [BranchedGenerator(config.member) for _ in range(config.branches)]
        for member in self.members:
            # The style is zero, so that branches have no weight in common; what AdaIN adds to it is the branch's own.
            member.mapping.requires_grad_(False)

    def picture(self, branch: int, photos: Tensor) -> Tensor:
        """One branch's signed pictures in every network: photos (B, 3, h, w) in [-1, 1] -> (B, S, 3, h, w)."""
        styles = photos.new_zeros(len(photos), self.seeds, self.members[branch].config.style)
        maps = self.members[branch](photos, styles)
        if self.heads == "picture":
            maps = maps._replace(scale=torch.zeros_like(maps.scale))
        return self.gain * maps.pictures(photos)  # type: ignore[no-any-return]

    def pictures(self, photos: Tensor) -> Tensor:
        """All of them: (B, S, N, 3, h, w); their sum over N is to become the photo less its mean colour."""
        return torch.stack([self.picture(branch, photos) for branch in range(len(self.members))], 2)

    def start_equal(self) -> None:
        """Give all branches of a network the weights of its first."""
        for index in range(1, len(self.members)):
            self.members[index] = copy.deepcopy(self.members[0])

    def shrink_heads(self, factor: float) -> None:
        """Make all pictures smaller by a factor, without a change of what they show."""
        with torch.no_grad():
            for member in self.members:
                member.head.weight.mul_(factor)
                member.head.bias.mul_(factor)  # type: ignore[union-attr]

    def take(self, other: Team, seed: int) -> None:
        """Take over all weights of one of another team's networks."""
        with torch.no_grad():
            for own, theirs in zip(self.members, other.members, strict=True):
                for mine, yours in zip(trained(own), trained(theirs), strict=True):
                    mine.view(self.seeds, -1)[seed] = yours.view(self.seeds, -1)[seed]


def trained(member: BranchedGenerator) -> list[nn.Parameter]:
    """The weights of a member that gradient descent moves; their first axis falls into S equal parts, one a network."""
    return [x for x in member.parameters() if x.requires_grad]
