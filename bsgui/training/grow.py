"""Add a branch that begins as another one: ``python -m bsgui.training.grow WEIGHTS --like B --to FILE``.

The new branch sees what that branch sees, and says nothing yet: the layers are what they were, and one more is empty.
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


def grown(network: BranchedGenerator, like: int) -> BranchedGenerator:
    """The network with one branch more, a copy of branch ``like`` with an empty head.

    Raises:
        UsageError: there is no such branch.
    """
    count = network.config.branches
    if not 0 <= like < count:
        raise UsageError(f"The network has branches 0 to {count - 1}.")

    def with_new(name: str, value: Tensor) -> Tensor:
        # All but the style's mapping is stacked branch by branch.
        if name.startswith("mapping."):
            return value
        new = value.chunk(count)[like]
        return torch.cat([value, torch.zeros_like(new) if name.startswith("head.") else new])

    larger = BranchedGenerator(replace(network.config, branches=count + 1))
    larger.load_state_dict({name: with_new(name, value) for name, value in network.state_dict().items()})
    return larger.eval().requires_grad_(False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.grow", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--like", type=int, required=True, metavar="BRANCH")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        save_weights(grown(load_generator(options.weights), options.like), options.to)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
