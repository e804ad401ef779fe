"""How much of a tile's margin frozen statistics need, and what tiles with statistics of their own do."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.engine.network import BranchedGenerator

from .experiment import timed
from .frozen import FrozenGenerator
from .scene import Scene
from .tiles import run_tiled

MARGINS = (0, 32, 64, 128)
_FACTOR = 2
_CORE_SHARE = 2


@dataclass(frozen=True)
class TileError:
    """Tiles against the whole.

    Attributes:
        statistics: "frozen" or "own", of each tile.
        margin: pixels.
        relative: root mean square difference over the layers' deviation, mean over the layers.
        largest: greatest absolute difference, full scale.
        time_ratio: CPU time over that of the whole.
    """

    statistics: str
    margin: int
    relative: float
    largest: float
    time_ratio: float


@torch.inference_mode()
def check_tiles(network: BranchedGenerator, styles: Tensor, scene: Scene) -> list[TileError]:
    """A photo at twice the working size in tiles of half the working size, against the same run in one piece."""
    photo = scene.at(_FACTOR)
    multiple = network.config.multiple
    core = max(max(photo.shape[-2:]) // (_FACTOR * _CORE_SHARE) // multiple, 1) * multiple
    frozen = FrozenGenerator(network, scene.at(1), styles)
    errors = []
    for statistics, runner, margins in (("frozen", frozen, MARGINS), ("own", network, (0,))):
        maps, whole_seconds = timed(runner, photo, styles)
        whole = maps.pictures(photo)
        for margin in margins:
            maps, seconds = timed(run_tiled, runner, photo, styles, core, margin // multiple * multiple)
            difference = maps.pictures(photo) - whole
            deviation = remove_means(whole).square().mean((0, 2, 3, 4)).sqrt().clamp_min(1e-6)
            relative = difference.square().mean((0, 2, 3, 4)).sqrt() / deviation
            errors.append(
                TileError(
                    statistics,
                    margin,
                    float(relative.mean()),
                    float(difference.abs().max() / 2),
                    seconds / max(whole_seconds, 1e-9),
                )
            )
    return errors
