"""A network of branches of others: ``python -m bsgui.training.restack WEIGHTS … --branches B … --to FILE``.

Branches never hear of each other, so those that stay are what they were. One that is left out was empty, having lost
every race; one that is named twice is shared out in halves, which sum to what it was, for views of a photo
(:mod:`bsgui.training.views`) to tell apart: a new factor starts from what knows most of it. And a branch that is to
learn one factor learns it alone in a seventh of the time, to be put back afterwards. Branches are counted from 0, as
``bsgui evaluate`` does, on through the files in the order in which they are given.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator

from .commands import exit_status


def restacked(networks: Sequence[BranchedGenerator], branches: Sequence[int]) -> BranchedGenerator:
    """The network of these branches of some networks, in this order; one that comes k times is a k-th part each time.

    Args:
        networks: alike but for the number of their branches; what all branches share is the first one's.
        branches: counted on through the networks.

    Raises:
        UsageError: there is no such branch, none is named, or the networks are not alike.
    """
    config = networks[0].config
    if any(replace(network.config, branches=config.branches) != config for network in networks):
        raise UsageError("The networks differ in more than the number of their branches.")
    counts = [network.config.branches for network in networks]
    if not branches or not set(branches) <= set(range(sum(counts))):
        raise UsageError(f"The networks have branches 0 to {sum(counts) - 1}, and one has to stay.")
    states = [network.state_dict() for network in networks]

    def of_chosen(name: str) -> Tensor:
        # All but the style's mapping is stacked branch by branch.
        if name.startswith("mapping."):
            shared: Tensor = states[0][name]
            return shared
        pieces = [piece for state, count in zip(states, counts, strict=True) for piece in state[name].chunk(count)]
        is_answer = name.startswith("head.")
        return torch.cat([pieces[b] / branches.count(b) if is_answer else pieces[b] for b in branches])

    other = BranchedGenerator(replace(config, branches=len(branches)))
    other.load_state_dict({name: of_chosen(name) for name in states[0]})
    return other.eval().requires_grad_(False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.restack", description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--branches", type=int, nargs="+", required=True, metavar="BRANCH")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)

    def make() -> None:
        save_weights(restacked([load_generator(file) for file in options.weights], options.branches), options.to)

    return exit_status(make)


if __name__ == "__main__":
    sys.exit(main())
