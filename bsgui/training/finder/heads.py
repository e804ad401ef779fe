"""The heads that scenes are made of: aligned faces with five points, and heads of cats and dogs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.photos import Row, read_rows
from bsgui.core.alignment import MEAN_LANDMARKS
from bsgui.core.errors import UsageError
from bsgui.engine.finder_network import KINDS
from bsgui.training.data import decode

from .config import HeadPack

SIDE = 128
"""Heads are kept at this size, and at half and quarter of it, pixels."""

_KIND_SHARES = {"face": 0.4, "cat": 0.3, "dog": 0.3}


@dataclass(frozen=True, eq=False)
class Heads:
    """Decoded heads; the whole picture is the frame.

    Attributes:
        sizes: the pictures at 128, 64 and 32 pixels: each (n, side, side, 3) uint8, RGB.
        kinds: (n,) int, indices into ``KINDS``.
        landmarks: (n, 5, 2) float64 in frame coordinates, 0..1; those of an average face where a head has none.
    """

    sizes: tuple[NDArray[np.uint8], ...]
    kinds: NDArray[np.int64]
    landmarks: NDArray[np.float64]

    def draw(self, rng: np.random.Generator) -> int:
        """The index of a random head: kinds by fixed shares, then any of the kind."""
        present = [k for k in range(len(KINDS)) if (self.kinds == k).any()]
        shares = np.array([_KIND_SHARES[KINDS[k]] for k in present])
        kind = rng.choice(present, p=shares / shares.sum())
        return int(rng.choice(np.flatnonzero(self.kinds == kind)))

    def picture(self, index: int, side: float) -> NDArray[np.uint8]:
        """The smallest copy of a head with at least ``side`` pixels, or the largest."""
        fit = [x for x in self.sizes if x.shape[1] >= side]
        return np.asarray(fit[-1][index] if fit else self.sizes[0][index], np.uint8)


def load_heads(packs: Sequence[HeadPack], split: str) -> Heads:
    """Decode one split of some packs.

    Raises:
        PhotoReadError: an index or a picture cannot be read.
        UsageError: an index lacks a column, or has no such split.
    """
    rows = [row for pack in packs for row in read_rows(pack.index, split)]
    pictures = [decode(Path(row["file"])) for row in rows]
    sizes = [np.stack([_resized(x, side) for x in pictures]) for side in (SIDE, SIDE // 2, SIDE // 4)]
    kinds = np.array([_kind(row) for row in rows])
    points = [_landmarks(row, len(picture)) for row, picture in zip(rows, pictures, strict=True)]
    return Heads(tuple(sizes), kinds, np.stack(points))


def _resized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _kind(row: Row) -> int:
    kind = "face" if row.get("landmarks5") else row.get("species", "")
    if kind not in KINDS:
        raise UsageError(f"{row['file']}: the index says neither landmarks5 nor a species that is known.")
    return KINDS.index(kind)


def _landmarks(row: Row, side: int) -> NDArray[np.float64]:
    text = row.get("landmarks5")
    if not text:
        return MEAN_LANDMARKS
    try:
        return np.array([float(x) for x in text.split()]).reshape(5, 2) / side
    except ValueError as error:
        raise UsageError(f"{row['file']}: landmarks5 is not ten numbers.") from error
