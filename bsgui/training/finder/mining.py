"""Mistakes the finder makes by itself, to be learned from: what it takes for a head in pictures where none is.

Source: Felzenszwalb et al., Object Detection with Discriminatively Trained Part-Based Models, 2010, section 4.4
(mining hard negative examples).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from bsgui.core.errors import ModelError
from bsgui.core.requests import NeverCancelled
from bsgui.engine.finder import Mips, look, propose
from bsgui.engine.finder_decoding import Candidate, overlap
from bsgui.engine.finder_network import LOOK_MARGIN, FinderNetworks

from .distort import degraded, relit
from .scenes import Picture, Scene, SceneMaker, scatter

CROP_SIDE = 80
"""Side of a kept picture, pixels: as much around it as it takes to frame it a little differently."""

_MARGIN = LOOK_MARGIN * CROP_SIDE / 64
_SCENE = 448
_BESIDE = 0.15
_LEAST_SCORE = 0.25
_PIECES = 5


@dataclass(frozen=True, eq=False)
class Mistakes:
    """Pictures of what was taken for a head: (n, 80, 80, 3) uint8, RGB."""

    pictures: NDArray[np.uint8]

    def save(self, path: Path) -> None:
        """Write them beside the run's checkpoint."""
        save_file({"pictures": np.ascontiguousarray(self.pictures)}, path)

    @staticmethod
    def load(path: Path) -> Mistakes:
        """Read what :meth:`save` wrote. Raises ModelError."""
        try:
            with safe_open(path, "np") as file:
                return Mistakes(np.asarray(file.get_tensor("pictures"), np.uint8))
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path}: the mined mistakes cannot be read.", repr(error)) from error


@torch.inference_mode()
def mine(networks: FinderNetworks, maker: SceneMaker, scenes: int, seed: int) -> Mistakes:
    """Look for heads where none are: in pieces of the backgrounds, and beside the heads of made scenes.

    Args:
        networks: in evaluation mode.
        maker: of the train split.
        scenes: how many scenes to make.
        seed: of scenes and pieces.
    """
    rng = np.random.default_rng([seed, 5])
    found: list[Picture] = []
    for scene in _places(maker, scenes, rng):
        mips = Mips(scene.picture)
        for candidate, subject in look(networks, mips, propose(networks, mips, NeverCancelled())):
            if subject.score > _LEAST_SCORE and all(overlap(candidate, x.square) < _BESIDE for x in scene.heads):
                found.append(mips.crop(candidate, CROP_SIDE, _MARGIN))
    empty = np.zeros((0, CROP_SIDE, CROP_SIDE, 3), np.uint8)
    return Mistakes(np.stack(found) if found else empty)


def _places(maker: SceneMaker, scenes: int, rng: np.random.Generator) -> Iterable[Scene]:
    for levels in maker.backgrounds.photos:
        for _ in range(_PIECES):
            photo = levels[min(1, len(levels) - 1)]
            side = int(min(photo.shape[:2]) * rng.uniform(0.3, 1.0))
            top, left = (int(rng.integers(0, x - side + 1)) for x in photo.shape[:2])
            yield Scene(photo[top : top + side, left : left + side], (), (0, 0, side, side))
    for _ in range(scenes):
        sides = _SCENE * np.exp(rng.uniform(math.log(0.12), math.log(1.2), rng.integers(0, 4)))
        yield maker.scene(_SCENE, scatter(_SCENE, list(sides), rng), rng)


def framed_again(picture: Picture, size: int, rng: np.random.Generator) -> Picture:
    """A mistake as another proposal might frame it, in another light: (size, size, 3) uint8."""
    side = CROP_SIDE / _MARGIN * math.exp(rng.normal(0, 0.1))
    x, y = CROP_SIDE / 2 + rng.normal(0, 2.0, 2)
    square = Candidate(float(x), float(y), side, float(rng.normal(0, 0.15)), 0, 1.0)
    crop = Mips(picture).crop(square, size, LOOK_MARGIN)
    return degraded(relit(crop[:, ::-1] if rng.random() < 0.5 else crop, rng), rng)
