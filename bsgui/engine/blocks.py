"""Building blocks of the branched generator: every convolution is grouped, so branches never talk to each other.

Feature maps are (batch, branches * channels, h, w), branch by branch.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def concatenate_by_branch(first: Tensor, second: Tensor, branches: int) -> Tensor:
    """Concatenate two feature maps so that each branch's channels stay together.

    Args:
        first: (B, branches * c1, h, w).
        second: (B, branches * c2, h, w).
        branches: number of branches.

    Returns:
        (B, branches * (c1 + c2), h, w).
    """
    batch, _, height, width = first.shape
    split = [features.reshape(batch, branches, -1, height, width) for features in (first, second)]
    return torch.cat(split, dim=2).flatten(1, 2)


class InstanceNorm(nn.Module):
    """Normalizes every channel over the whole picture, with a learned scale and shift."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor, style: Tensor | None = None) -> Tensor:
        """(B, C, h, w) -> the same shape; ``style`` is ignored."""
        # group_norm with one channel a group is instance norm, and has a bfloat16 kernel on the CPU.
        return F.group_norm(features, features.shape[1], self.scale.to(features), self.shift.to(features))


class AdaptiveInstanceNorm(nn.Module):
    """Instance norm whose scale and shift come from each branch's own style vector (AdaIN).

    Source: Huang & Belongie, Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization, 2017, eq. 8.
    """

    def __init__(self, channels: int, branches: int, style: int) -> None:
        super().__init__()
        self.branches = branches
        self.affine = nn.Conv1d(branches * style, 2 * channels, 1, groups=branches)
        nn.init.normal_(self.affine.weight, std=0.02)
        nn.init.zeros_(self.affine.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, style: Tensor | None = None) -> Tensor:
        """Normalize and restyle.

        Args:
            features: (B, branches * c, h, w).
            style: (B, branches, S), one style vector a branch.
        """
        assert style is not None
        normalized = F.group_norm(features, features.shape[1])
        scale, shift = self.affine(style.flatten(1).unsqueeze(-1)).reshape(len(style), self.branches, 2, -1).unbind(2)
        scale = scale.flatten(1)[..., None, None].to(features)
        shift = shift.flatten(1)[..., None, None].to(features)
        return torch.addcmul(shift, normalized, 1 + scale)


class ResidualBlock(nn.Module):
    """Pre-activation residual block with grouped convolutions: norm, leaky ReLU, 3x3, twice; sum over sqrt 2."""

    def __init__(self, inputs: int, outputs: int, branches: int, style: int | None = None) -> None:
        """Channels are per branch; with ``style`` the norms are adaptive."""
        super().__init__()

        def norm(channels: int) -> nn.Module:
            if style is None:
                return InstanceNorm(branches * channels)
            return AdaptiveInstanceNorm(branches * channels, branches, style)

        self.norm1, self.norm2 = norm(inputs), norm(outputs)
        self.conv1 = nn.Conv2d(
            branches * inputs, branches * outputs, 3, padding=1, padding_mode="replicate", groups=branches
        )
        self.conv2 = nn.Conv2d(
            branches * outputs, branches * outputs, 3, padding=1, padding_mode="replicate", groups=branches
        )
        self.shortcut = (
            nn.Identity()
            if inputs == outputs
            else nn.Conv2d(branches * inputs, branches * outputs, 1, groups=branches, bias=False)
        )

    def forward(self, features: Tensor, style: Tensor | None = None) -> Tensor:
        """(B, branches * inputs, h, w) -> (B, branches * outputs, h, w)."""
        out = self.conv1(F.leaky_relu(self.norm1(features, style), 0.2))
        out = self.conv2(F.leaky_relu(self.norm2(out, style), 0.2))
        return (out + self.shortcut(features)) * 2**-0.5  # type: ignore[no-any-return]
