"""Branched networks in torch: S races side by side, one tensor per layer.

``y = Σ_b f_b(x)``, where f_b is a product of layers, linear or with an activation between them. In the form "modes"
every layer is diagonal in the task's singular modes, and a branch is M products of scalars.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from bsgui.core.race import RaceConfig

from .tasks import Task, make_task

_SAMPLES_PER_MODE = 32
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": torch.relu, "tanh": torch.tanh}


class BranchedNetwork(ABC):
    """The loss of a race's weights, and what each branch contributes.

    Weights are passed in, one float64 tensor per layer (see :func:`~.initial.initial_weights`), so that one object
    serves any number of races.
    """

    @abstractmethod
    def losses(self, weights: Sequence[Tensor]) -> Tensor:
        """Half the expected squared error of each race: (S,)."""

    @abstractmethod
    def amplitudes(self, weights: Sequence[Tensor]) -> Tensor:
        """What each branch contributes to each singular mode: (S, B, M)."""


class ModeNetwork(BranchedNetwork):
    """Diagonal linear layers. Exact for full matrices that start aligned (see :mod:`.initial`)."""

    def __init__(self, task: Task) -> None:
        self._strengths = torch.from_numpy(task.strengths)
        self._variances = torch.from_numpy(task.variances)

    def losses(self, weights: Sequence[Tensor]) -> Tensor:
        """See :class:`BranchedNetwork`."""
        error = self._strengths - self.amplitudes(weights).sum(1)
        return 0.5 * (self._variances * error.square()).sum(-1)

    def amplitudes(self, weights: Sequence[Tensor]) -> Tensor:
        """See :class:`BranchedNetwork`."""
        product = weights[0]
        for layer in weights[1:]:
            product = product * layer
        return product


class MatrixNetwork(BranchedNetwork):
    """Full linear layers; the loss is the expectation over all inputs, not a sample's mean."""

    def __init__(self, task: Task) -> None:
        self._target = torch.from_numpy(task.target)
        self._covariance = torch.from_numpy(task.covariance)
        self._basis = torch.from_numpy(task.basis)

    def losses(self, weights: Sequence[Tensor]) -> Tensor:
        """See :class:`BranchedNetwork`."""
        error = self._target - _product(weights).sum(1)
        return 0.5 * ((error @ self._covariance) * error).sum((-2, -1))

    def amplitudes(self, weights: Sequence[Tensor]) -> Tensor:
        """See :class:`BranchedNetwork`."""
        return torch.einsum("ik,sbij,jk->sbk", self._basis, _product(weights), self._basis)


class ActivatedNetwork(BranchedNetwork):
    """Full layers with an activation between them, on a fixed sample whose covariance is exactly the task's.

    A branch's amplitude is its output's regression on the mode: ``E[(qᵀf_b)(qᵀx)] / c``.
    """

    def __init__(self, task: Task, activation: str, seed: int) -> None:
        self._activate = _ACTIVATIONS[activation]
        self._basis = torch.from_numpy(task.basis)
        self._variances = torch.from_numpy(task.variances)
        self._inputs = torch.from_numpy(_sample(task, seed))
        self._targets = self._inputs @ torch.from_numpy(task.target)

    def losses(self, weights: Sequence[Tensor]) -> Tensor:
        """See :class:`BranchedNetwork`."""
        error = self._targets - self._outputs(weights).sum(1)
        return 0.5 * error.square().sum(-1).mean(-1)

    def amplitudes(self, weights: Sequence[Tensor]) -> Tensor:
        """See :class:`BranchedNetwork`."""
        along = (self._outputs(weights) @ self._basis) * (self._inputs @ self._basis)
        return along.mean(-2) / self._variances

    def _outputs(self, weights: Sequence[Tensor]) -> Tensor:
        """(S, B, samples, M)."""
        signal = self._inputs @ weights[0].transpose(-1, -2)
        for layer in weights[1:]:
            signal = self._activate(signal) @ layer.transpose(-1, -2)
        return signal


def make_network(config: RaceConfig) -> BranchedNetwork:
    """The network of a race."""
    task = make_task(config)
    if config.activation != "linear":
        return ActivatedNetwork(task, config.activation, config.seed)
    return ModeNetwork(task) if config.form == "modes" else MatrixNetwork(task)


def _product(weights: Sequence[Tensor]) -> Tensor:
    product = weights[0]
    for layer in weights[1:]:
        product = layer @ product
    return product


def _sample(task: Task, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(samples, M) normal inputs, whitened and then coloured, so that their covariance is exactly C."""
    modes = len(task.strengths)
    raw = np.random.default_rng([seed, 1]).standard_normal((_SAMPLES_PER_MODE * modes + 32, modes))
    white = np.linalg.qr(raw - raw.mean(0))[0] * np.sqrt(len(raw))
    return np.asarray((white * np.sqrt(task.variances)) @ task.basis.T)
