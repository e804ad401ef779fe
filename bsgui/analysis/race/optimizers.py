"""The steps of gradient descent: torch's own arithmetic without its optimizer classes.

``torch.optim.SGD`` and ``Adam`` import torch's compiler when the first one is made, which takes two seconds and makes
a window stutter meanwhile. The functions behind them do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from bsgui.core.race import MOMENTUM, RaceConfig

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


class Descent:
    """SGD, SGD with momentum or Adam, as a race's configuration says.

    Args:
        config: optimizer and learning rate.
        weights: leaves with gradients; changed in place.

    Source: Kingma & Ba, Adam, 2015, algorithm 1; momentum as in Sutskever et al., 2013.
    """

    def __init__(self, config: RaceConfig, weights: Sequence[Tensor]) -> None:
        self._weights = list(weights)
        self._rate = config.learning_rate
        self._is_adam = config.optimizer == "adam"
        self._momentum = MOMENTUM if config.optimizer == "momentum" else 0.0
        self._velocities: list[Tensor | None] = [None] * len(self._weights)
        self._means = [torch.zeros_like(x) for x in self._weights] if self._is_adam else []
        self._squares = [torch.zeros_like(x) for x in self._weights] if self._is_adam else []
        self._steps = [torch.tensor(0.0) for _ in self._weights]

    def forget_gradients(self) -> None:
        """Before the next gradients are computed."""
        for weight in self._weights:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights by their gradients."""
        # Each weight has one: a network that does not use a weight is no network of a race.
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        assert len(gradients) == len(self._weights)
        if self._is_adam:
            self._adam_step(gradients)
        else:
            sgd(
                self._weights,
                gradients,
                self._velocities,
                foreach=False,
                weight_decay=0.0,
                momentum=self._momentum,
                lr=self._rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )

    def _adam_step(self, gradients: list[Tensor]) -> None:
        adam(
            self._weights,
            gradients,
            self._means,
            self._squares,
            [],
            self._steps,
            foreach=False,
            amsgrad=False,
            beta1=_BETAS[0],
            beta2=_BETAS[1],
            lr=self._rate,
            weight_decay=0.0,
            eps=_EPSILON,
            maximize=False,
        )
