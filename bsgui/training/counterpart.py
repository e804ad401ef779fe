"""A branch made the counterpart of another: ``python -m bsgui.training.counterpart WEIGHTS --branch B --of C …``.

What a branch learned to take alone, the others still hold when it is put back, and they know nothing of where it
is: they would have to learn all over again what it has learned. So the branch that held most of it gets the other's
features and answers the opposite, on top of the gates that it had in the mean. What it has lost of its own, it learns
again alone (``frozen``) within some hundred steps.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bsgui.analysis.photos import to_tensor
from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import HEAD_SCALE, BranchedGenerator

from .commands import exit_status
from .data import Pack, decode, read_index

_PHOTOS = 8


def with_counterpart(
    network: BranchedGenerator, branch: int, of: int, photos: Tensor, left_out: int = 2
) -> BranchedGenerator:
    """A network whose ``branch`` holds the opposite of what branch ``of`` does, and its own mean gates.

    Args:
        network: with several octaves; stays as it is.
        branch: that is to hold the opposite, counted from 0.
        of: the other one.
        photos: (B, 3, h, w) in [-1, 1], to take the means of.
        left_out: so many of the finest octaves get no opposite: outlines and hair, which other branches may hold.

    Raises:
        UsageError: there are no such two branches, or the network has a single octave.
    """
    config = network.config
    if branch == of or not {branch, of} <= set(range(config.branches)):
        raise UsageError(f"Two different branches from 0 to {config.branches - 1} are needed.")
    if config.octaves == 1:
        raise UsageError("A network with a single octave has no gates of its own for what is coarse.")
    gates = _mean_gates(network, photos)[branch]
    state = {name: value.clone() for name, value in network.state_dict().items()}
    for name, value in state.items():
        # All but the style's mapping and fixed filters is stacked branch by branch.
        if not name.startswith(("mapping.", "lines.")):
            pieces = value.chunk(config.branches)
            pieces[branch].copy_(pieces[of])
    for name in ("head.weight", "head.bias"):
        answer = state[name].chunk(config.branches)[branch]
        answer.neg_()
        answer[: 3 * left_out] = 0
    bias = state["head.bias"].chunk(config.branches)[branch]
    bias[: len(gates)] += gates / HEAD_SCALE
    result = BranchedGenerator(config)
    result.load_state_dict(state)
    return result.eval().requires_grad_(False)


def _mean_gates(network: BranchedGenerator, photos: Tensor) -> Tensor:
    """The mean of every branch's gates over places and photos, and over the channels of an octave: (N, 3 K)."""
    found: list[Tensor] = []
    hook = network.head.register_forward_hook(lambda _module, _inputs, answers: found.append(answers))
    try:
        latent = torch.zeros(len(photos), network.config.latent)
        with torch.inference_mode():
            network(photos, network.styles(latent, torch.zeros(len(photos), dtype=torch.long)))
    finally:
        hook.remove()
    answers = HEAD_SCALE * found[0].mean((0, 2, 3)).reshape(network.config.branches, -1, 3)
    return answers[:, :-1].mean(2, keepdim=True).expand(-1, -1, 3).flatten(1)


def _photos(index: Path) -> Tensor:
    """Some photos of a pack's validation split, spread over it."""
    entries = read_index(Pack(index), "val")
    chosen = [entries[number * len(entries) // _PHOTOS] for number in range(_PHOTOS)]
    return to_tensor(np.stack([decode(entry[0]) for entry in chosen]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.counterpart", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--branch", type=int, required=True, help="that is to hold the opposite, from 0")
    parser.add_argument("--of", type=int, required=True, metavar="BRANCH")
    parser.add_argument("--left-out", type=int, default=2, metavar="OCTAVES", help="finest ones, without an opposite")
    parser.add_argument("--photos", type=Path, required=True, metavar="INDEX.csv", help="pack of photos of one size")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)

    def make() -> None:
        network = load_generator(options.weights)
        photos = _photos(options.photos)
        save_weights(with_counterpart(network, options.branch, options.of, photos, options.left_out), options.to)

    return exit_status(make)


if __name__ == "__main__":
    sys.exit(main())
