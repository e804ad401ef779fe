"""A network of other branches of one: ``python -m bsgui.training.restack WEIGHTS --branches B … --to FILE``.

Branches never hear of each other, so those that stay are what they were. One that is left out was empty, having lost
every race; one that is named twice is shared out in halves, which sum to what it was, for views of a photo
(:mod:`bsgui.training.views`) to tell apart: a new factor starts from what knows most of it. Branches are counted
from 0, as ``bsgui evaluate`` does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bsgui.core.errors import BsguiError, UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator


def restacked(network: BranchedGenerator, branches: Sequence[int]) -> BranchedGenerator:
    """The network of these of its branches, in this order; one that comes k times is a k-th part each time.

    Raises:
        UsageError: there is no such branch, or none is named.
    """
    count = network.config.branches
    if not branches or not set(branches) <= set(range(count)):
        raise UsageError(f"The network has branches 0 to {count - 1}, and one has to stay.")

    def of_chosen(name: str, value: Tensor) -> Tensor:
        # All but the style's mapping is stacked branch by branch.
        if name.startswith("mapping."):
            return value
        pieces = value.chunk(count)
        is_answer = name.startswith("head.")
        return torch.cat([pieces[b] / branches.count(b) if is_answer else pieces[b] for b in branches])

    other = BranchedGenerator(replace(network.config, branches=len(branches)))
    other.load_state_dict({name: of_chosen(name, value) for name, value in network.state_dict().items()})
    return other.eval().requires_grad_(False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.restack", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--branches", type=int, nargs="+", required=True, metavar="BRANCH")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        save_weights(restacked(load_generator(options.weights), options.branches), options.to)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
