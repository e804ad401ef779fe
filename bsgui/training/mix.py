"""Mix the weights of a run with those it started from: ``python -m bsgui.training.mix ONE OTHER --share S --to FILE``.

Networks that one run leads from and to lie in one valley: a mean of their weights is a network between them, in what it
was measured to do as well (Wortsman et al., Model Soups, arXiv 2203.05482; Izmailov et al., Averaging Weights Leads to
Wider Optima and Better Generalization, arXiv 1803.05407). Networks of different starts do not mix.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator

from .commands import exit_status


def mixed(one: BranchedGenerator, other: BranchedGenerator, share: float) -> BranchedGenerator:
    """A network with ``1 - share`` of one's weights and ``share`` of the other's.

    Raises:
        UsageError: they are of different shapes, or the share is not between 0 and 1.
    """
    if one.config != other.config:
        raise UsageError("Networks of different shapes cannot be mixed.")
    if not 0 <= share <= 1:
        raise UsageError("The share of the other network must be a number from 0 to 1.")
    result, theirs = BranchedGenerator(one.config), other.state_dict()
    result.load_state_dict({name: torch.lerp(value, theirs[name], share) for name, value in one.state_dict().items()})
    return result.eval().requires_grad_(False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.mix", description=__doc__)
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--share", type=float, required=True, help="of the other's weights, 0..1")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)

    def make() -> None:
        save_weights(mixed(load_generator(options.one), load_generator(options.other), options.share), options.to)

    return exit_status(make)


if __name__ == "__main__":
    sys.exit(main())
