"""Adam by torch's own arithmetic, without its optimizer classes.

The first ``torch.optim.Optimizer`` that is made imports torch's compiler, which takes two seconds of a minute's
training and makes a window stutter meanwhile. The function behind it does not.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

_EPSILON = 1e-8


class PlainAdam:
    """What of ``torch.optim.Adam`` a short training needs; the same numbers.

    Args:
        groups: ``{"params": [...], "lr": rate}`` each; further keys are the caller's.
        betas: decay of the means of gradients and of their squares.

    Attributes:
        param_groups: the groups; rates may be changed between steps.

    Source: Kingma & Ba, Adam, 2015, algorithm 1.
    """

    def __init__(self, groups: list[dict[str, Any]], betas: tuple[float, float] = (0.9, 0.999)) -> None:
        self.param_groups = groups
        self._betas = betas
        self._memory: dict[Tensor, tuple[Tensor, Tensor, Tensor]] = {
            parameter: (torch.zeros_like(parameter), torch.zeros_like(parameter), torch.tensor(0.0))
            for group in groups
            for parameter in group["params"]
        }

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self._memory:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move what has a gradient."""
        for group in self.param_groups:
            moved = [parameter for parameter in group["params"] if parameter.grad is not None]
            if moved:
                self._move(moved, group["lr"])

    def _move(self, parameters: list[Tensor], rate: float) -> None:
        means, squares, steps = (list(x) for x in zip(*(self._memory[x] for x in parameters), strict=True))
        adam(
            parameters,
            [x.grad for x in parameters if x.grad is not None],
            means,
            squares,
            [],
            steps,
            amsgrad=False,
            beta1=self._betas[0],
            beta2=self._betas[1],
            lr=rate,
            weight_decay=0.0,
            eps=_EPSILON,
            maximize=False,
        )
