"""Part a branch in two: ``python -m bsgui.training.grow WEIGHTS --split B --share S --to FILE``.

Both see what it saw, the new one begins as a part S of what it was and the old one as the rest, and the sum stays; what
becomes of them is for the training to say. Halves are a tie that one of them loses; 0 leaves the lead to the old one.
Branches are counted from 0, as ``bsgui evaluate`` does; the new one is the last.
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


def grown(network: BranchedGenerator, split: int, share: float) -> BranchedGenerator:
    """The network with one branch more: the last one is a part ``share`` of what branch ``split`` was, that the rest.

    Raises:
        UsageError: there is no such branch.
    """
    count = network.config.branches
    if not 0 <= split < count:
        raise UsageError(f"The network has branches 0 to {count - 1}.")

    def with_new(name: str, value: Tensor) -> Tensor:
        # All but the style's mapping is stacked branch by branch.
        if name.startswith("mapping."):
            return value
        parts = list(value.chunk(count))
        new = parts[split]
        if name.startswith("head."):
            new, parts[split] = share * new, (1 - share) * new
        return torch.cat([*parts, new])

    larger = BranchedGenerator(replace(network.config, branches=count + 1))
    larger.load_state_dict({name: with_new(name, value) for name, value in network.state_dict().items()})
    return larger.eval().requires_grad_(False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.grow", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--split", type=int, required=True, metavar="BRANCH")
    parser.add_argument("--share", type=float, default=0.0, help="part that the new branch begins as (%(default)s)")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        save_weights(grown(load_generator(options.weights), options.split, options.share), options.to)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
