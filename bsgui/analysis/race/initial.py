"""The initial weights of a race, drawn with numpy so that theory and training start from the same numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bsgui.core.race import RaceConfig

from .tasks import make_task

Array = NDArray[np.float64]


def initial_weights(config: RaceConfig) -> list[Array]:
    """One array per layer, the input's first.

    Returns:
        Form "modes": (S, B, M) each; "matrices": (S, B, outputs, inputs). Shared layers have one branch.
    """
    generator = np.random.default_rng([config.seed, 0])
    if config.form == "modes":
        return _of_modes(config, generator)
    return _of_matrices(config, generator)


def _of_modes(config: RaceConfig, generator: np.random.Generator) -> list[Array]:
    shape = (config.seeds, config.branches, config.modes)
    if config.init == "gaussian":
        # The product of L such weights has the scale as its standard deviation.
        size = config.scale ** (1 / config.depth)
        layers = [generator.standard_normal(shape) * size for _ in range(config.depth)]
        return [layer[:, :1].copy() if k < config.shared else layer for k, layer in enumerate(layers)]
    contribution = _contributions(config, generator)
    typical = np.full((config.seeds, 1, config.modes), config.scale ** (1 / config.depth))
    own = config.depth - config.shared
    each = (contribution / config.scale ** (config.shared / config.depth)) ** (1 / own)
    return [typical.copy() if k < config.shared else each.copy() for k in range(config.depth)]


def _contributions(config: RaceConfig, generator: np.random.Generator) -> Array:
    """(S, B, M) positive: scale · exp(spread · normal)."""
    shape = (config.seeds, config.branches, config.modes)
    if config.init == "equal":
        return np.full(shape, config.scale)
    return config.scale * np.exp(config.spread * generator.standard_normal(shape))


def _of_matrices(config: RaceConfig, generator: np.random.Generator) -> list[Array]:
    if config.init == "balanced":
        return _aligned(config, generator)
    width = config.width or config.modes
    sizes = [config.modes] + [width] * (config.depth - 1) + [config.modes]
    # A product of L normal matrices has entries of deviation σ^L · width^((L−1)/2): that is the scale.
    sigma = (config.scale / width ** ((config.depth - 1) / 2)) ** (1 / config.depth)
    weights = []
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        branches = 1 if layer < config.shared else config.branches
        if config.init == "equal":
            one = generator.standard_normal((config.seeds, 1, outputs, inputs)) * sigma
            weights.append(np.repeat(one, branches, axis=1))
        else:
            weights.append(generator.standard_normal((config.seeds, branches, outputs, inputs)) * sigma)
    return weights


def _aligned(config: RaceConfig, generator: np.random.Generator) -> list[Array]:
    """The "modes" network as full matrices ``R_l diag(w_l) R_{l−1}ᵀ``, R random rotations, Q at both ends.

    Gradient flow and gradient descent keep that form, so such a network *is* M separate races.
    """
    diagonals = _of_modes(config, generator)
    ends = np.broadcast_to(make_task(config).basis, (config.seeds, config.branches, config.modes, config.modes))
    before = ends
    weights = []
    for layer, diagonal in enumerate(diagonals):
        shared = layer < config.shared
        after = ends if layer == config.depth - 1 else _rotations(config, generator)
        if shared:
            # What shared layers put out, every branch reads in the same coordinates.
            after = np.broadcast_to(after[:, :1], after.shape)
        matrices = (after * _every_branch(diagonal, config.branches)[:, :, None, :]) @ np.swapaxes(before, -1, -2)
        weights.append(matrices[:, :1].copy() if shared else matrices)
        before = after
    return weights


def _every_branch(diagonal: Array, branches: int) -> Array:
    return np.broadcast_to(diagonal, (diagonal.shape[0], branches, diagonal.shape[2]))


def _rotations(config: RaceConfig, generator: np.random.Generator) -> Array:
    shape = (config.seeds, config.branches, config.modes, config.modes)
    orthogonal: Array = np.linalg.qr(generator.standard_normal(shape))[0]
    return orthogonal
