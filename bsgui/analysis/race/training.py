"""Running a race: gradient descent in torch, with the two interventions of the laboratory, swapping and freezing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.core.errors import UsageError
from bsgui.core.race import RaceConfig, RaceCourse, RaceFrame
from bsgui.core.requests import CancelToken, NeverCancelled

from .initial import initial_weights
from .networks import make_network
from .optimizers import Descent
from .theory import predict_course


class Race:
    """A race under way: a :class:`~bsgui.core.race.RaceSession`.

    All S races of the configuration run in the same tensors; they do not touch one another, because the loss is the
    sum of theirs and the optimizers work weight by weight.

    Thread: one at a time.
    """

    def __init__(self, config: RaceConfig) -> None:
        self._config = config
        self._initial = initial_weights(config)
        self._weights = [torch.from_numpy(x.copy()).requires_grad_() for x in self._initial]
        self._network = make_network(config)
        self._descent = Descent(config, self._weights)
        self._noise = torch.Generator().manual_seed(config.seed)
        self._frozen: list[tuple[Tensor, Tensor] | None] = [None] * len(self._weights)
        self._step = 0
        self._touched = False

    @property
    def config(self) -> RaceConfig:
        """What decided the race."""
        return self._config

    @property
    def weights(self) -> list[NDArray[np.float64]]:
        """Copies of the weights, one array per layer, see :func:`~.initial.initial_weights`."""
        return [x.detach().numpy().copy() for x in self._weights]

    def frame(self) -> RaceFrame:
        """Where the race stands."""
        with torch.no_grad():
            amplitudes = self._network.amplitudes(self._weights).numpy().copy()
        return RaceFrame(self._step, self._step * self._config.time_per_step, amplitudes)

    def advance(self, steps: int) -> RaceFrame:
        """Train ``steps`` steps more.

        Raises:
            UsageError: the weights have left all bounds; the learning rate is too large.
        """
        for _ in range(steps):
            self._descent.forget_gradients()
            self._network.losses(self._weights).sum().backward()  # type: ignore[no-untyped-call]
            self._add_noise()
            self._descent.step()
            self._keep_frozen()
        self._step += steps
        frame = self.frame()
        if not np.isfinite(frame.amplitudes).all():
            rate = self._config.learning_rate
            raise UsageError(f"The race diverged before step {self._step}: the learning rate {rate:g} is too large.")
        return frame

    def predict(self, times: NDArray[np.float64], cancel: CancelToken | None = None) -> RaceCourse | None:
        """What theory says of the race from its initial weights; None where there is no theory, or after a swap.

        Raises:
            Cancelled: the token was cancelled.
        """
        return None if self._touched else predict_course(self._config, self._initial, times, cancel)

    def swap(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> None:
        """Exchange all weights of two branches, and nothing else: the optimizer's memory stays where it is.

        Args:
            first: (S,) a branch of each race.
            second: (S,) the branch it changes places with.
        """
        self._touched = True
        rows = torch.arange(self._config.seeds)
        one, other = torch.from_numpy(first), torch.from_numpy(second)
        with torch.no_grad():
            for layer in self._weights[self._config.shared :]:
                kept = layer[rows, one].clone()
                layer[rows, one] = layer[rows, other]
                layer[rows, other] = kept

    def freeze(self, branch: NDArray[np.int64]) -> None:
        """From now on one branch of each race keeps its weights. ``branch``: (S,)."""
        self._touched = True
        rows, frozen = torch.arange(self._config.seeds), torch.from_numpy(branch)
        for index in range(self._config.shared, len(self._weights)):
            layer = self._weights[index].detach()
            mask = torch.zeros(layer.shape[:2], dtype=torch.bool)
            mask[rows, frozen] = True
            mask = mask.reshape(*mask.shape, *[1] * (layer.ndim - 2))
            self._frozen[index] = (mask, layer.clone())

    def _add_noise(self) -> None:
        if self._config.noise == 0:
            return
        for layer in self._weights:
            assert layer.grad is not None
            layer.grad += self._config.noise * torch.randn(layer.shape, generator=self._noise, dtype=layer.dtype)

    def _keep_frozen(self) -> None:
        # Putting the values back, not clearing gradients: momentum and Adam would go on moving them.
        with torch.no_grad():
            for layer, frozen in zip(self._weights, self._frozen, strict=True):
                if frozen is not None:
                    mask, values = frozen
                    layer.copy_(torch.where(mask, values, layer))


def run_race(
    config: RaceConfig,
    cancel: CancelToken | None = None,
    intervene: Callable[[Race, RaceFrame], None] | None = None,
) -> RaceCourse:
    """Run a race from start to end.

    Args:
        config: what to run.
        cancel: asked at every record.
        intervene: called with every record, to swap or freeze.

    Returns:
        The course, with at most ``config.records`` moments, the first and the last among them.

    Raises:
        UsageError: the race diverged.
        Cancelled: the token was cancelled.
    """
    cancel = cancel or NeverCancelled()
    race = Race(config)
    moments = record_steps(config)
    frames = [race.frame()]
    for before, after in pairwise(moments):
        cancel.raise_if_cancelled()
        if intervene is not None:
            intervene(race, frames[-1])
        frames.append(race.advance(int(after - before)))
    return RaceCourse(np.array([x.time for x in frames]), np.stack([x.amplitudes for x in frames]))


def record_steps(config: RaceConfig) -> NDArray[np.int64]:
    """(T,) the steps that are recorded: evenly spread from 0 to the last."""
    count = min(config.records, config.step_count + 1)
    return np.unique(np.rint(np.linspace(0, config.step_count, count)).astype(np.int64))
