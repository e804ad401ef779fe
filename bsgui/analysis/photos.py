"""The photos that measures are taken on: from a folder or an index, as equal squares; and networks run over them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.core.errors import PhotoReadError, UsageError
from bsgui.engine.decomposer import style_latent
from bsgui.engine.network import BranchedGenerator
from bsgui.imageio.read_photo import read_photo

FEWEST = 8
"""Photos that an interval needs at least."""

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif"}

Row = Mapping[str, str]


def read_rows(index: Path, split: str) -> list[Row]:
    """The rows of an ``index.csv``, with ``file`` made a full path.

    Args:
        index: a table with at least the columns ``file`` and ``split``; files are relative to its folder.
        split: value of that column, or "" for all rows.

    Raises:
        PhotoReadError: the index cannot be read.
        UsageError: it lacks a column, or has no such split.
    """
    try:
        with index.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PhotoReadError(f"{index}: the index cannot be read.", repr(error)) from error
    try:
        rows = [row for row in rows if not split or row["split"] == split]
        chosen: list[Row] = [{**row, "file": str(index.parent / row["file"])} for row in rows]
    except KeyError as error:
        raise UsageError(f"{index}: there is no column {error}.") from error
    if not chosen:
        raise UsageError(f"{index}: there are no photos in split “{split}”.")
    return chosen


def photo_rows(photos: Path, split: str, most: int | None = None) -> list[Row]:
    """The photos of a folder (only ``file`` is known of them) or of a split of an index, in a fixed order.

    Args:
        photos: folder or ``index.csv``.
        split: of the index; "" for all.
        most: take at most so many, evenly spaced.

    Raises:
        PhotoReadError, UsageError: there is nothing there, or fewer than :data:`FEWEST` photos.
    """
    rows: Sequence[Row]
    if photos.suffix == ".csv":
        rows = read_rows(photos, split)
    elif photos.is_dir():
        rows = [{"file": str(x)} for x in sorted(photos.rglob("*")) if x.suffix.lower() in _SUFFIXES]
    else:
        raise PhotoReadError(f"{photos}: there is no such folder or index.")
    if len(rows) < FEWEST:
        raise UsageError(f"{photos}: an evaluation needs at least {FEWEST} photos; there are {len(rows)}.")
    if most is not None and most < FEWEST:
        raise UsageError(f"An evaluation needs at least {FEWEST} photos, not {most}.")
    return evenly(rows, most)


def evenly(rows: Sequence[Row], most: int | None) -> list[Row]:
    """At most so many rows, evenly spaced."""
    if most is None or len(rows) <= most:
        return list(rows)
    return [rows[i] for i in np.linspace(0, len(rows) - 1, most).round().astype(int)]


def load_squares(
    files: Sequence[Path], size: int, advance: Callable[[int, int], None] = lambda done, total: None
) -> NDArray[np.uint8]:
    """The central squares of photos, (n, size, size, 3) uint8.

    Raises:
        PhotoReadError: one cannot be read.
    """
    squares = []
    for square in _squares(files, size):
        squares.append(square)
        advance(len(squares), len(files))
    return np.stack(squares)


def _squares(files: Sequence[Path], size: int) -> Iterator[NDArray[np.uint8]]:
    for file in files:
        samples = read_photo(file).samples
        if samples.dtype != np.uint8:
            samples = np.asarray(samples // 257, np.uint8)
        side = min(samples.shape[:2])
        top, left = (samples.shape[0] - side) // 2, (samples.shape[1] - side) // 2
        square = np.ascontiguousarray(samples[top : top + side, left : left + side], np.uint8)
        interpolation = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        yield np.asarray(cv2.resize(square, (size, size), interpolation=interpolation), np.uint8)


def to_tensor(photos: NDArray[np.uint8]) -> Tensor:
    """(B, h, w, 3) uint8 -> (B, 3, h, w) float32 in [-1, 1], contiguous."""
    return torch.from_numpy(np.ascontiguousarray(photos.transpose(0, 3, 1, 2))).float().div_(127.5).sub_(1)


def check_size(network: BranchedGenerator, size: int) -> None:
    """Raise UsageError if the network cannot take squares of this side."""
    multiple = network.config.multiple
    if size % multiple or size < multiple:
        raise UsageError(f"The size must be a multiple of {multiple}.")


@torch.inference_mode()
def take_apart(network: BranchedGenerator, photos: Tensor, domain: str, seed: int) -> tuple[Tensor, Tensor]:
    """The branches' pictures (B, N, 3, h, w) and the mean colours (B, 3, 1, 1), in float32.

    Raises:
        UsageError: the network has no such domain ("" is its first).
    """
    config = network.config
    if domain and domain not in config.domains:
        raise UsageError(f"The model has no domain “{domain}”.")
    index = config.domains.index(domain) if domain else 0
    latent = style_latent(seed, config.latent).expand(len(photos), -1)
    maps = network(photos, network.styles(latent, torch.full((len(photos),), index)))
    return maps.pictures(photos).clone(), maps.mean.clone()
