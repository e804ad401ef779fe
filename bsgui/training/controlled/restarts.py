"""Random networks whose heads alone are fitted, by least squares: what the branches' wiring does without any race."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bsgui.engine.network import STEM_STRIDE, BranchedGenerator

from .bench import Bench
from .descent import losses
from .measures import pictures_of
from .team import Team

_RIDGE = 1e-3
_HEAD_GAIN = 0.3
"""What the generator multiplies its head's output by."""


def best_of_random(bench: Bench, team: Team) -> None:
    """Leave in the team, for each seed, the random network of least loss; the team's own weights are the first draw."""
    photos = bench.extra.flatten(0, 1)
    least = np.full(team.seeds, np.inf)
    for draw in range(bench.config.restarts):
        drawn = Team(bench.config, team.heads, draw)
        fit_heads(drawn, bench.extra)
        found = losses(pictures_of(drawn, photos), photos, 0.0).numpy()
        for seed in np.flatnonzero(found < least):
            team.take(drawn, int(seed))
        least = np.minimum(least, found)


@torch.no_grad()
def fit_heads(team: Team, batches: Tensor) -> None:
    """Fit all heads of each network together, so that the sum of its branches comes closest to the photos.

    A map is linear in its head's weights, so for each colour this is one ridge regression, solved at the size of the
    maps; of all solutions it takes the shortest, which shares the work among branches as evenly as their features do.
    With affine heads the biases alone can do it: a scale of 1/N everywhere.

    Args:
        team: its heads are replaced.
        batches: (F, B, 3, h, w).
    """
    columns = 2 * len(team.members) * (9 * team.members[0].config.widths[0] + 1)
    gram = torch.zeros(team.seeds, 3, columns, columns, dtype=torch.float64)
    right = torch.zeros(team.seeds, 3, columns, dtype=torch.float64)
    for photos in batches:
        mean, deviation = BranchedGenerator.normalization(photos)
        small = F.avg_pool2d(photos - mean, STEM_STRIDE)
        features = torch.stack([_head_columns(member, photos) for member in team.members], 2)
        for seed in range(team.seeds):
            own = features[:, seed].flatten(1, 2)
            for colour in range(3):
                target = small[:, colour].flatten(1)
                scale = own * target.unsqueeze(1) * (team.heads == "affine")
                rows = torch.cat([scale, own * deviation[:, 0]], 1).transpose(1, 2).flatten(0, 1)
                gram[seed, colour] += (rows.T @ rows).double()
                right[seed, colour] += (rows.T @ target.flatten()).double()
    size = gram.diagonal(dim1=2, dim2=3).mean(2)[..., None, None]
    solved = torch.linalg.solve(gram + _RIDGE * size * torch.eye(columns, dtype=torch.float64), right)
    _write_heads(team, solved.float() / _HEAD_GAIN)


def _head_columns(member: BranchedGenerator, photos: Tensor) -> Tensor:
    """What a head's weights are multiplied by, the bias's 1 last: (B, S, 9 * width + 1, places)."""
    seen: list[Tensor] = []
    hook = member.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        member(photos, photos.new_zeros(len(photos), member.config.branches, member.config.style))
    finally:
        hook.remove()
    padded = F.pad(seen[0], (1, 1, 1, 1), "replicate")
    columns = F.unfold(padded, 3).reshape(len(photos), member.config.branches, -1, seen[0][0, 0].numel())
    return torch.cat([columns, torch.ones_like(columns[:, :, :1])], 2)


def _write_heads(team: Team, solved: Tensor) -> None:
    """Write (S, 3, 2 * N * (9 * width + 1)): per colour the scale's weights, branch by branch, then the shift's."""
    count = len(team.members)
    weights = solved.reshape(team.seeds, 3, 2, count, -1).permute(3, 0, 2, 1, 4).flatten(1, 3)
    for member, own in zip(team.members, weights, strict=True):
        assert isinstance(member.head.bias, nn.Parameter)
        member.head.weight.copy_(own[:, :-1].reshape(member.head.weight.shape))
        member.head.bias.copy_(own[:, -1])
