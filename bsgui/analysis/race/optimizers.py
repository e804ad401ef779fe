"""The steps of gradient descent, without torch's optimizer classes; see :mod:`bsgui.engine.adam` for why."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.sgd import sgd

from bsgui.core.race import MOMENTUM, RaceConfig
from bsgui.engine.adam import PlainAdam


class Descent:
    """SGD, SGD with momentum or Adam, as a race's configuration says.

    Args:
        config: optimizer and learning rate.
        weights: leaves, all of which get gradients; changed in place.

    Source: momentum as in Sutskever et al., On the Importance of Initialization and Momentum in Deep Learning, 2013.
    """

    def __init__(self, config: RaceConfig, weights: Sequence[Tensor]) -> None:
        self._weights = list(weights)
        self._rate = config.learning_rate
        self._momentum = MOMENTUM if config.optimizer == "momentum" else 0.0
        self._velocities: list[Tensor | None] = [None] * len(self._weights)
        groups = [{"params": self._weights, "lr": self._rate}]
        self._adam = PlainAdam(groups) if config.optimizer == "adam" else None

    def forget_gradients(self) -> None:
        """Before the next gradients are computed."""
        for weight in self._weights:
            weight.grad = None

    def step(self) -> None:
        """Move the weights by their gradients."""
        if self._adam is not None:
            self._adam.step()
        else:
            self._sgd_step()

    @torch.no_grad()
    def _sgd_step(self) -> None:
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        assert len(gradients) == len(self._weights)
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
