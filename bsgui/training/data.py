"""Training and evaluation photos: packs with an ``index.csv``, decoded once, kept as bytes in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.photos import Row, read_rows, to_tensor
from bsgui.analysis.semantic.annotations import Annotation, read_annotations
from bsgui.core.errors import PhotoReadError, UsageError

from .retouching import RETOUCHERS, Retoucher

_NO_POINTS = np.empty((0, 2), np.float32)


@dataclass(frozen=True)
class Pack:
    """A folder of equally large photos.

    Attributes:
        index: path of its ``index.csv`` with at least the columns ``file`` and ``split``.
        domain: the domain of all its photos, or "" when ``domain_column`` names it per photo.
        domain_column: a column of the index, or "".
        domain_names: what the column's values are called here; others keep their names.
        weight: how often it is drawn from, relative to the other packs.
        only: values of columns of the index, to take only the photos that have one of them.
        views: the views (:mod:`bsgui.training.views`) that its photos are for; they are not drawn for anything else. A
            view that no pack names takes the photos of those that name none.
        points_column: a column with pixels, x and y by turns, that the views may need; or "".
        drawings: a folder of drawings (:mod:`bsgui.analysis.semantic.annotations`) of what the pack's one view is
            about; only photos on which it was drawn are taken, and each with a retouched one that is free of it.
        squares: so many squares of ``side`` pixels are cut from each photo, at places and scales drawn once; 0 takes
            the photos as they are.
        side: of the squares.
    """

    index: Path
    domain: str = ""
    domain_column: str = ""
    domain_names: Mapping[str, str] = field(default_factory=dict, hash=False)
    weight: float = 1.0
    only: Mapping[str, Sequence[str]] = field(default_factory=dict, hash=False)
    views: Sequence[str] = field(default=(), hash=False)
    points_column: str = ""
    drawings: Path | None = None
    squares: int = 0
    side: int = 256


@dataclass(frozen=True, eq=False)
class LoadedPack:
    """Decoded photos.

    Attributes:
        photos: (n, side, side, 3) uint8 RGB.
        domains: their domain names.
        files: the files they came from.
        weight, views: of the pack.
        points: (n, P, 2) float32, x and y in parts of the side; P may be 0.
        retouched: the photos without what was drawn on them, (n, side, side, 3) uint8 RGB; or None.
    """

    photos: NDArray[np.uint8]
    domains: tuple[str, ...]
    files: tuple[Path, ...]
    weight: float = 1.0
    views: Sequence[str] = ()
    points: NDArray[np.float32] | None = None
    retouched: NDArray[np.uint8] | None = None


class Entry(NamedTuple):
    """One row of an index: the photo's file, its domain, its points (P, 2) float32 in pixels."""

    file: Path
    domain: str
    points: NDArray[np.float32]


def read_index(pack: Pack, split: str) -> list[Entry]:
    """What a pack holds in one split; ``split`` "" means all.

    Raises:
        PhotoReadError: the index cannot be read.
        UsageError: it lacks a column, or has no such split.
    """
    try:
        rows = read_rows(pack.index, split)
        chosen = [row for row in rows if all(row[column] in values for column, values in pack.only.items())]
        entries = [_entry(row, pack) for row in chosen]
    except KeyError as error:
        raise UsageError(f"{pack.index}: there is no column {error}.") from error
    except ValueError as error:
        raise UsageError(f"{pack.index}: these are no points: {error}.") from error
    if not entries:
        raise UsageError(f"{pack.index}: no photo in split “{split}” is of that kind.")
    return entries


def _entry(row: Row, pack: Pack) -> Entry:
    name = row[pack.domain_column] if pack.domain_column else pack.domain
    points = np.array(row[pack.points_column].split() if pack.points_column else [], np.float32)
    return Entry(Path(row["file"]), pack.domain_names.get(name, name), points.reshape(-1, 2))


def load_pack(pack: Pack, split: str) -> LoadedPack:
    """Decode one split of a pack. Photos must be of one size, that of the first.

    Raises:
        PhotoReadError: a photo is missing, damaged, or of another size.
        UsageError: see :func:`read_index`.
    """
    entries = read_index(pack, split)
    drawn = _drawings(pack)
    if pack.drawings:
        entries = [entry for entry in entries if entry.file.name in drawn]
    photos = [decode(entry.file) for entry in entries]
    if pack.squares:
        photos = [square for photo in photos for square in _squares(photo, pack.squares, pack.side)]
        entries = [entry for entry in entries for _ in range(pack.squares)]
    for photo, entry in zip(photos, entries, strict=True):
        if photo.shape != photos[0].shape:
            raise PhotoReadError(f"{entry.file}: the photos of a pack must all have the same size.")
    if len({len(entry.points) for entry in entries}) != 1:
        raise UsageError(f"{pack.index}: the photos of a pack must all have the same number of points.")
    return LoadedPack(
        photos=np.stack(photos),
        domains=tuple(entry.domain for entry in entries),
        files=tuple(entry.file for entry in entries),
        weight=pack.weight,
        views=pack.views,
        points=np.stack([entry.points for entry in entries]) / np.float32(len(photos[0])),
        retouched=np.stack([drawn[entry.file.name](photo) for entry, photo in zip(entries, photos, strict=True)])
        if drawn
        else None,
    )


def _drawings(pack: Pack) -> dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]:
    """By file name of the photo: what takes from it what was drawn on it."""
    if not pack.drawings:
        return {}
    retoucher = RETOUCHERS[pack.views[0]]
    drawings = [drawing for drawing in read_annotations(pack.drawings) if retoucher.can_use(drawing)]
    return {Path(drawing.photo).name: partial(_retouched, retoucher, drawing) for drawing in drawings}


def _retouched(retoucher: Retoucher, drawing: Annotation, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return retoucher.without(photo, drawing)


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
    """Photos to train on.

    Attributes:
        photos: (B, 3, side, side) float32 in [-1, 1].
        domains: (B,) long, indices of the network's domains.
        points: per photo (P, 2) float32, x and y in pixels, as many as the photo's pack has.
        view: what the photos are to be seen twice for, or "".
        retouched: per photo (3, side, side) in [-1, 1], the same without what was drawn on it, or None.
    """

    photos: Tensor
    domains: Tensor
    points: Sequence[NDArray[np.float32]] = ()
    view: str = ""
    retouched: Sequence[Tensor | None] = ()


def batches(
    packs: Sequence[LoadedPack],
    domains: Sequence[str],
    sizes: Sequence[int],
    batch: int,
    seed: int,
    any_share: float = 0.3,
    views: Sequence[str] = ("",),
    first: int = 0,
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
        views: what the batches are for, in a cycle; every size gets its turn with every view.
        first: the number of the first batch in these cycles.

    Raises:
        UsageError: no pack has photos for a view and a size.
    """
    rng = np.random.default_rng(seed)
    index = {name: i for i, name in enumerate(domains)}
    for number in count(first):
        size, view = sizes[number % len(sizes)], views[number // len(sizes) % len(views)]
        chosen_packs = _packs_for(packs, view, size)
        weights = np.array([pack.weight for pack in chosen_packs])
        photos = np.empty((max(1, batch * sizes[0] ** 2 // size**2), size, size, 3), np.uint8)
        labels, points, retouched = np.zeros(len(photos), np.int64), [], []
        for slot in range(len(photos)):
            pack = chosen_packs[rng.choice(len(chosen_packs), p=weights / weights.sum())]
            chosen = rng.integers(len(pack.photos))
            crop = _random_crop(len(pack.photos[chosen]), size, rng)
            photos[slot] = crop.of_photo(pack.photos[chosen])
            points.append(crop.of_points(pack.points[chosen]) if pack.points is not None else _NO_POINTS)
            other = None if pack.retouched is None else crop.of_photo(pack.retouched[chosen])
            retouched.append(None if other is None else to_tensor(other[None])[0])
            if rng.random() >= any_share:
                labels[slot] = index.get(pack.domains[chosen], 0)
        yield Batch(to_tensor(photos), torch.from_numpy(labels), points, view, retouched)


def _packs_for(packs: Sequence[LoadedPack], view: str, size: int) -> list[LoadedPack]:
    named = [pack for pack in packs if view and view in pack.views] or [pack for pack in packs if not pack.views]
    large_enough = [pack for pack in named if pack.photos.shape[1] >= size]
    if not large_enough:
        raise UsageError(f"No pack has photos of {size} pixels{f' for the view “{view}”' if view else ''}.")
    return large_enough


@dataclass(frozen=True)
class _Crop:
    """A square of a square photo, made another size and perhaps turned over; pixels."""

    left: int
    top: int
    side: int
    size: int
    is_mirrored: bool
    photo_side: int

    def of_photo(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        crop = photo[self.top : self.top + self.side, self.left : self.left + self.side]
        if self.side != self.size:
            crop = np.asarray(cv2.resize(crop, (self.size, self.size), interpolation=cv2.INTER_AREA), np.uint8)
        return crop[:, ::-1] if self.is_mirrored else crop

    def of_points(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """From parts of the photo's side to pixels of the crop."""
        moved = (points * self.photo_side - (self.left, self.top)) * (self.size / self.side)
        if self.is_mirrored:
            moved = (self.size, 0) + moved * (-1, 1)
        return np.asarray(moved, np.float32)


def _random_crop(photo_side: int, size: int, rng: np.random.Generator) -> _Crop:
    side = int(rng.integers(min(size, photo_side), photo_side + 1))
    top, left = (int(value) for value in rng.integers(0, photo_side - side + 1, 2))
    return _Crop(left, top, side, size, bool(rng.random() < 0.5), photo_side)
