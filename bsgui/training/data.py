"""Training and evaluation photos: packs with an ``index.csv``, decoded once, kept as bytes in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.photos import read_rows, to_tensor
from bsgui.core.errors import PhotoReadError, UsageError


@dataclass(frozen=True)
class Pack:
    """A folder of equally large photos.

    Attributes:
        index: path of its ``index.csv`` with at least the columns ``file`` and ``split``.
        domain: the domain of all its photos, or "" when ``domain_column`` names it per photo.
        domain_column: a column of the index, or "".
        domain_names: what the column's values are called here; others keep their names.
        weight: how often it is drawn from, relative to the other packs.
        squares: so many squares of ``side`` pixels are cut from each photo, at places and scales drawn once; 0 takes
            the photos as they are.
        side: of the squares.
    """

    index: Path
    domain: str = ""
    domain_column: str = ""
    domain_names: Mapping[str, str] = field(default_factory=dict, hash=False)
    weight: float = 1.0
    squares: int = 0
    side: int = 256


@dataclass(frozen=True, eq=False)
class LoadedPack:
    """Decoded photos: (n, side, side, 3) uint8 RGB, their domain names, and the files they came from."""

    photos: NDArray[np.uint8]
    domains: tuple[str, ...]
    files: tuple[Path, ...]
    weight: float = 1.0


def read_index(pack: Pack, split: str) -> list[tuple[Path, str]]:
    """The (file, domain) pairs of one split; ``split`` "" means all.

    Raises:
        PhotoReadError: the index cannot be read.
        UsageError: it lacks a column, or has no such split.
    """
    try:
        rows = read_rows(pack.index, split)
        named = [row[pack.domain_column] if pack.domain_column else pack.domain for row in rows]
        return [(Path(row["file"]), pack.domain_names.get(name, name)) for row, name in zip(rows, named, strict=True)]
    except KeyError as error:
        raise UsageError(f"{pack.index}: there is no column {error}.") from error


def load_pack(pack: Pack, split: str) -> LoadedPack:
    """Decode one split of a pack. Photos must be of one size, that of the first.

    Raises:
        PhotoReadError: a photo is missing, damaged, or of another size.
        UsageError: see :func:`read_index`.
    """
    entries = read_index(pack, split)
    photos = [decode(path) for path, _ in entries]
    if pack.squares:
        photos = [square for photo in photos for square in _squares(photo, pack.squares, pack.side)]
        entries = [entry for entry in entries for _ in range(pack.squares)]
    for photo, (path, _) in zip(photos, entries, strict=True):
        if photo.shape != photos[0].shape:
            raise PhotoReadError(f"{path}: the photos of a pack must all have the same size.")
    return LoadedPack(np.stack(photos), tuple(d for _, d in entries), tuple(p for p, _ in entries), pack.weight)


def _squares(photo: NDArray[np.uint8], count: int, side: int) -> list[NDArray[np.uint8]]:
    """Squares of a photo (h, w, 3), from ``side`` pixels of it to all of its shorter side, scales spread evenly."""
    shorter = min(photo.shape[:2])
    rng = np.random.default_rng(shorter)
    squares = []
    for cut in np.geomspace(min(side, shorter), shorter, count).astype(int):
        top, left = (int(rng.integers(0, length - cut + 1)) for length in photo.shape[:2])
        square = photo[top : top + cut, left : left + cut]
        squares.append(np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), np.uint8))
    return squares


def decode(path: Path) -> NDArray[np.uint8]:
    """One photo as (h, w, 3) uint8 RGB. Raises PhotoReadError."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise PhotoReadError(f"{path}: the photo cannot be read.")
    return np.asarray(image[..., ::-1], dtype=np.uint8)


@dataclass(frozen=True)
class Batch:
    """Photos (B, 3, side, side) float32 in [-1, 1] and domain indices (B,) long."""

    photos: Tensor
    domains: Tensor


def batches(
    packs: Sequence[LoadedPack],
    domains: Sequence[str],
    sizes: Sequence[int],
    batch: int,
    seed: int,
    any_share: float = 0.3,
) -> Iterator[Batch]:
    """Endless random batches: flipped, cropped at a random scale, deterministic for a seed.

    Args:
        packs: where photos come from, drawn by weight.
        domains: the network's domains; a photo whose domain is not among them counts as the first.
        sizes: sides of the training squares, pixels, one batch after the other in a cycle; packs of smaller photos
            are left out of a batch.
        batch: photos per batch at the first size; as many as have the same number of pixels at others.
        seed: of the sequence.
        any_share: how often the first domain ("any photo") stands in for a photo's own.
    """
    rng = np.random.default_rng(seed)
    index = {name: i for i, name in enumerate(domains)}
    for size in cycle(sizes):
        large_enough = [pack for pack in packs if pack.photos.shape[1] >= size]
        weights = np.array([pack.weight for pack in large_enough])
        count = max(1, batch * sizes[0] ** 2 // size**2)
        photos = np.empty((count, size, size, 3), np.uint8)
        labels = np.zeros(count, np.int64)
        for slot in range(count):
            pack = large_enough[rng.choice(len(large_enough), p=weights / weights.sum())]
            chosen = rng.integers(len(pack.photos))
            photos[slot] = _augment(pack.photos[chosen], size, rng)
            if rng.random() >= any_share:
                labels[slot] = index.get(pack.domains[chosen], 0)
        yield Batch(to_tensor(photos), torch.from_numpy(labels))


def _augment(photo: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    side = int(rng.integers(min(size, len(photo)), len(photo) + 1))
    top, left = rng.integers(0, len(photo) - side + 1, 2)
    crop = photo[top : top + side, left : left + side]
    if side != size:
        crop = np.asarray(cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
    return crop[:, ::-1] if rng.random() < 0.5 else crop
