"""What is descended, and how: the loss of S networks at once, and one member's optimizer."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.engine.network import BranchedGenerator

from .config import ControlledConfig
from .team import trained

Rule = Literal["adam", "sgd"]
_SMALL = 1e-6


def losses(pictures: Tensor, photos: Tensor, excess: float) -> Tensor:
    """Every network's loss: mean absolute plus mean square error of the sum, and weighted excess.

    Args:
        pictures: (B, S, N, 3, h, w), units of x.
        photos: (B, 3, h, w) in [-1, 1].
        excess: weight of :func:`cancelled`.

    Returns:
        (S,).
    """
    target = remove_means(photos).unsqueeze(1)
    error = pictures.sum(2) - target
    total = (error.abs() + error.square()).mean((0, 2, 3, 4))
    return total + excess * cancelled(remove_means(pictures)) if excess else total


def cancelled(centred: Tensor) -> Tensor:
    """How much branches take from each other: mean over pixels of ``Σ_b |q_b| − |Σ_b q_b|``, zero if nothing cancels.

    Taken of the values and of both spatial differences, |·| being the length over RGB.

    Args:
        centred: (B, S, N, 3, h, w) pictures without their means.

    Returns:
        (S,).
    """
    views = (centred, centred.diff(dim=-1), centred.diff(dim=-2))
    return torch.stack([(_length(x).sum(2) - _length(x.sum(2))).mean((0, 2, 3)) for x in views]).sum(0)


def _length(vectors: Tensor) -> Tensor:
    return (vectors.square().sum(-3) + _SMALL).sqrt()


class Descent:
    """One member's optimizer; its rate follows the member's own steps, whatever the others do in between."""

    def __init__(
        self, member: BranchedGenerator, config: ControlledConfig, rule: Rule = "adam", noise: int = 0
    ) -> None:
        """With ``noise`` not 0, gradients get noise; the number seeds it."""
        self._weights = trained(member)
        self._rate = config.sgd_rate if rule == "sgd" else config.rate
        self._optimizer: torch.optim.Optimizer
        if rule == "sgd":
            self._optimizer = torch.optim.SGD(self._weights, lr=self._rate)
        else:
            self._optimizer = torch.optim.Adam(self._weights, lr=self._rate)
        self._steps, self._done, self._seeds = config.steps, 0, config.seeds
        self._noise = config.noise if noise else 0.0
        self._chance = torch.Generator().manual_seed(noise)

    def step(self) -> None:
        """Descend by the gradients that are there, and clear them."""
        progress = self._done / self._steps
        fall = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * max(0.0, (progress - 2 / 3) * 3)))
        self._optimizer.param_groups[0]["lr"] = self._rate * fall * min(1.0, (self._done + 1) / (0.1 * self._steps))
        if self._noise:
            self._shake()
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._done += 1

    def _shake(self) -> None:
        for weight in self._weights:
            if weight.grad is not None:
                rows = weight.grad.view(self._seeds, -1)
                size = rows.square().mean(1, keepdim=True).sqrt()
                rows.add_(self._noise * size * torch.randn(rows.shape, generator=self._chance))
