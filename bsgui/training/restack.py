"""Leave out branches that have died: ``python -m bsgui.training.prune WEIGHTS --leave-out B … --to FILE``.

A branch that lost every race holds next to nothing, and is a layer that nobody can use. Branches never hear of each
other, so the others stay what they are without it. Branches are counted from 0, as ``bsgui evaluate`` does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bsgui.core.errors import BsguiError, UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator


def pruned(network: BranchedGenerator, left_out: Collection[int]) -> BranchedGenerator:
    """The network without some of its branches.

    Raises:
        UsageError: there is no such branch, or none would be left.
    """
    count = network.config.branches
    kept = [branch for branch in range(count) if branch not in left_out]
    if not kept or not set(left_out) <= set(range(count)):
        raise UsageError(f"The network has branches 0 to {count - 1}, and one has to stay.")

    def of_kept(name: str, value: Tensor) -> Tensor:
        # All but the style's mapping is stacked branch by branch.
        return value if name.startswith("mapping.") else torch.cat([value.chunk(count)[branch] for branch in kept])

    smaller = BranchedGenerator(replace(network.config, branches=len(kept)))
    smaller.load_state_dict({name: of_kept(name, value) for name, value in network.state_dict().items()})
    return smaller.eval().requires_grad_(False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.prune", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--leave-out", type=int, nargs="+", required=True, metavar="BRANCH")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        save_weights(pruned(load_generator(options.weights), options.leave_out), options.to)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
