"""Scenes whose true layers are known: how well groups of a contender's layers match them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.photos import load_squares
from bsgui.core.errors import PhotoReadError, UsageError

from .contrast import luma
from .precision import Maps

SYNTH = ("cartoon", "texture", "spots", "shading")
CARTOON_TEXTURE = ("cartoon", "texture")

_MOST_LAYERS = 12
_FLAT = 1e-6

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scenes:
    """Pictures and the layers they are made of.

    Attributes:
        samples: (n, s, s, 3) uint8.
        names: of the T true layers.
        truth: (n, T, s, s) float32; only differences within a layer matter, not its unit.
    """

    samples: NDArray[np.uint8]
    names: tuple[str, ...]
    truth: Maps


def synth_scenes(folder: Path, size: int) -> Scenes:
    """``synth/NN``: log-additive cartoon, texture, spots and shading. Raises PhotoReadError."""
    return _scenes(folder, size, "input_srgb8.png", SYNTH, "log_{}.png")


def cartoon_texture_scenes(folder: Path, size: int) -> Scenes:
    """``cartoon_texture/N``: grey cartoon plus texture. Raises PhotoReadError."""
    return _scenes(folder, size, "input.png", CARTOON_TEXTURE, "{}.png")


def _scenes(folder: Path, size: int, photo: str, names: tuple[str, ...], pattern: str) -> Scenes:
    places = sorted(x for x in folder.glob("*") if (x / photo).is_file())
    if not places:
        raise PhotoReadError(f"{folder}: there are no scenes.")
    truth = [[_layer(place, pattern.format(name), size) for name in names] for place in places]
    return Scenes(load_squares([place / photo for place in places], size), names, np.array(truth, np.float32))


def _layer(place: Path, name: str, size: int) -> Maps:
    file = place / name
    if not file.is_file():
        file = place / f"{Path(name).stem}_plus_half.png"
    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint16:
        raise PhotoReadError(f"{file}: this is not a 16-bit layer.")
    rgb = picture[..., ::-1] if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
    grey = luma(np.asarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(65535))
    return np.asarray(cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def group_correlations(lumas: Maps, truth: Maps) -> Array:
    """Correlation of the sum of every group of layers with every true layer of one scene.

    Args:
        lumas: (N, h, w), signed layers.
        truth: (T, h, w).

    Returns:
        (2^N, T), row g for the layers whose bits are set in g; 0 for a group that does not vary, as the empty one, NaN
        for a true layer that does not.

    Raises:
        UsageError: there are more than 12 layers, too many groups to try.
    """
    if len(lumas) > _MOST_LAYERS:
        raise UsageError(f"Layers can be matched with known ones for at most {_MOST_LAYERS} branches.")
    layers, true = (_centred(x) for x in (lumas, truth))
    members = (np.arange(2 ** len(layers))[:, None] >> np.arange(len(layers))) & 1
    norm = np.sqrt(np.einsum("gi,ij,gj->g", members, layers @ layers.T, members, optimize=True).clip(min=0))
    lengths = np.linalg.norm(true, axis=1)
    lengths[lengths < _FLAT] = np.nan
    return np.asarray((members @ layers @ true.T) / np.maximum(norm, _FLAT)[:, None] / lengths)


def _centred(maps: Maps) -> Array:
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    return np.asarray(flat - flat.mean(1, keepdims=True))


def best_assignment(scores: Array, layers: int) -> tuple[int, ...]:
    """Give every layer to one true layer so that the scores of the groups add up to the most; exact.

    Args:
        scores: (2^N, T), such as the mean of :func:`group_correlations` over scenes.
        layers: N.

    Returns:
        T groups as bit sets, disjoint, together all layers; a group may be empty.
    """
    everything = 2**layers - 1
    best = scores[:, 0].copy()
    picks: list[NDArray[np.int64]] = []
    for column in range(1, scores.shape[1]):
        best, pick = _extend(best, scores[:, column])
        picks.append(pick)
    groups, rest = [], everything
    for pick in reversed(picks):
        groups.append(int(pick[rest]))
        rest &= ~int(pick[rest])
    return (rest, *reversed(groups))


def _extend(best: Array, own: Array) -> tuple[Array, NDArray[np.int64]]:
    """For each set of layers: the best way to give a subset to one more true layer, and that subset."""
    total, pick = np.empty_like(best), np.empty(len(best), np.int64)
    for whole in range(len(best)):
        subsets = _subsets(whole)
        values = best[whole ^ subsets] + own[subsets]
        pick[whole] = subsets[values.argmax()]
        total[whole] = values.max()
    return total, pick


@cache
def _subsets(whole: int) -> NDArray[np.int64]:
    bits = [1 << i for i in range(_MOST_LAYERS) if whole >> i & 1]
    return np.array([sum(chosen) for r in range(len(bits) + 1) for chosen in combinations(bits, r)], np.int64)


def matched_correlations(correlations: Sequence[Array], layers: int) -> Array:
    """Correlation of each true layer with the group that was given to it on the other half of the scenes: (n, T).

    NaN where a scene has no such layer.
    """
    table = np.stack(correlations)
    half = np.arange(len(table)) % 2 == 0
    result = np.empty((len(table), table.shape[2]))
    for own, other in ((half, ~half), (~half, half)):
        groups = best_assignment(np.nanmean(table[other], axis=0), layers)
        result[own] = table[own][:, groups, np.arange(len(groups))]
    return result
