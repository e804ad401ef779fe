"""The critic: tells photos from re-blends, and so teaches the branches to stay photographs when a layer is turned."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _CriticBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, inputs, 3, padding=1)
        self.conv2 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        out = F.avg_pool2d(self.conv1(F.leaky_relu(features, 0.2)), 2, ceil_mode=True)
        out = self.conv2(F.leaky_relu(out, 0.2))
        out = out + self.shortcut(F.avg_pool2d(features, 2, ceil_mode=True))
        return out * 2**-0.5  # type: ignore[no-any-return]


class Critic(nn.Module):
    """Residual discriminator without norms, as in StarGAN v2 (arXiv 1912.01865), small; one logit per photo."""

    def __init__(self, width: int = 24, widest: int = 128, levels: int = 5) -> None:
        super().__init__()
        widths = [min(width * 2**i, widest) for i in range(levels)]
        # Strided from the start: what a layer looks like is decided above the scale of single pixels.
        self.stem = nn.Conv2d(3, widths[0], 4, stride=2, padding=1)
        self.blocks = nn.Sequential(*(_CriticBlock(a, b) for a, b in pairwise(widths)))
        self.out = nn.Linear(widths[-1], 1)

    def forward(self, photos: Tensor) -> Tensor:
        """(B, 3, h, w) in [-1, 1] -> (B,) logits, positive for photos."""
        features = F.leaky_relu(self.blocks(self.stem(photos)), 0.2)
        return self.out(features.mean((2, 3))).squeeze(1)  # type: ignore[no-any-return]


def critic_loss(critic: Critic, photos: Tensor, reblends: Tensor) -> Tensor:
    """Non-saturating logistic loss of the critic (Goodfellow et al., 2014)."""
    return F.softplus(-critic(photos)).mean() + F.softplus(critic(reblends)).mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], photos: Tensor) -> Tensor:
    """R1: mean squared gradient of the logit at real photos (Mescheder et al., 2018, eq. 9)."""
    photos = photos.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(photos).sum(), photos, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()
