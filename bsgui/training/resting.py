"""Frozen branches of a network in training: they are run, and cost nothing but that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.func import functional_call

from bsgui.engine.network import BranchedGenerator, BranchMaps, NetworkConfig


class PartlyResting:
    """Runs a generator; its frozen branches without a slope, which is two thirds of the work of training them.

    Branches never hear of each other, so the network is run as two: of those that learn, and of the others.

    Args:
        config: of the generator.
        frozen: numbers of branches.
    """

    def __init__(self, config: NetworkConfig, frozen: Collection[int]) -> None:
        numbers = range(config.branches)
        self._resting = [branch for branch in numbers if branch in frozen]
        self._learning = [branch for branch in numbers if branch not in frozen]
        self._order = torch.tensor(self._learning + self._resting).argsort()
        with torch.device("meta"):
            self._part = {
                len(branches): BranchedGenerator(replace(config, branches=len(branches)))
                for branches in (self._resting, self._learning)
                if branches
            }

    def __call__(self, generator: BranchedGenerator, photos: Tensor, styles: Tensor) -> BranchMaps:
        """The maps of all branches, in their order; see :meth:`bsgui.engine.network.BranchedGenerator.forward`."""
        if not self._resting:
            maps: BranchMaps = generator(photos, styles)
            return maps
        with torch.no_grad():
            resting = self._run(generator, self._resting, photos, styles)
        if not self._learning:
            return resting
        learning = self._run(generator, self._learning, photos, styles)
        order = self._order.to(photos.device)
        scale, shift = (torch.cat(pair, 1)[:, order] for pair in zip(learning[:2], resting[:2], strict=True))
        return BranchMaps(scale, shift, learning.mean)

    def _run(self, generator: BranchedGenerator, branches: Sequence[int], photos: Tensor, styles: Tensor) -> BranchMaps:
        count = generator.config.branches
        tensors = {
            name: value if name.startswith(("mapping.", "lines.")) else _of_branches(value, branches, count)
            for name, value in (*generator.named_parameters(), *generator.named_buffers())
        }
        maps: BranchMaps = functional_call(self._part[len(branches)], tensors, (photos, styles[:, branches]))
        return maps


def _of_branches(value: Tensor, branches: Sequence[int], count: int) -> Tensor:
    """What is stacked by branch, of some: (N k, …) -> (n k, …)."""
    return value.reshape(count, -1, *value.shape[1:])[list(branches)].flatten(0, 1)
