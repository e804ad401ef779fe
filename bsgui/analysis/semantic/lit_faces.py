"""Faces under several lights whose shading is known: the bench's relit studio faces, and relit ones of our own."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.photos import Row, evenly, load_squares, read_rows
from bsgui.core.errors import PhotoReadError, UsageError
from bsgui.imageio.read_photo import read_photo

from .landmarks import FiveLandmarks
from .precision import Maps
from .relighting import SIDE_LIGHTS, random_shadings, relit

_BENCH_SIDE_LIGHTS = (0, 2)


@dataclass(frozen=True, eq=False)
class LitFaces:
    """I faces under the same L kinds of light.

    Attributes:
        samples: (I, L, s, s, 3) uint8.
        shadings: (I, L, s, s) float32, linear light, greatest value 1.
        landmarks: of the faces, in pixels of size s.
        splits: the identities' splits.
        side_lights: indices of the lights from the side.
    """

    samples: NDArray[np.uint8]
    shadings: Maps
    landmarks: tuple[FiveLandmarks, ...]
    splits: tuple[str, ...]
    side_lights: tuple[int, ...]

    @property
    def size(self) -> int:
        """Side of the pictures, pixels."""
        return int(self.samples.shape[2])

    @property
    def shape(self) -> tuple[int, int]:
        """Number of faces and of lights."""
        return int(self.samples.shape[0]), int(self.samples.shape[1])


def synthetic_lights(index: Path, split: str, most: int, size: int, seed: int) -> LitFaces:
    """Aligned faces of a split, one of each identity, under lights drawn at random.

    Args:
        index: a pack's ``index.csv`` with the columns file, group, split, native_side and landmarks5.
        split: of the index.
        most: take at most so many identities, evenly spaced.
        size: side of the pictures.
        seed: of the lights.

    Raises:
        PhotoReadError, UsageError.
    """
    rows = _one_per_identity(read_rows(index, split), most)
    photos = load_squares([Path(row["file"]) for row in rows], size)
    scale = size / native_side(Path(rows[0]["file"]))
    landmarks = tuple(FiveLandmarks.parse(row["landmarks5"], scale) for row in rows)
    rng = np.random.default_rng(seed)
    shadings = np.stack([random_shadings(face, size, rng) for face in landmarks])
    samples = [[relit(photo, shading) for shading in own] for photo, own in zip(photos, shadings, strict=True)]
    return LitFaces(np.array(samples), shadings, landmarks, (split,) * len(rows), SIDE_LIGHTS)


def _one_per_identity(rows: Sequence[Row], most: int) -> list[Row]:
    first: dict[str, Row] = {}
    for row in sorted(rows, key=lambda x: x["file"]):
        if not {"group", "landmarks5"} <= row.keys():
            raise UsageError("The index of faces needs the columns group and landmarks5.")
        first.setdefault(row["group"], row)
    return evenly(list(first.values()), most)


def native_side(file: Path) -> int:
    """Side of a pack's pictures, in whose pixels its landmarks are. Raises PhotoReadError."""
    return int(read_photo(file).samples.shape[0])


def bench_lights(bench: Path, faces: Path, size: int) -> LitFaces:
    """The bench's studio faces under three lights with their exact shading ratios.

    Args:
        bench: the folder that holds ``relit/index.csv``; rows of one reference are its lights, in the same order.
        faces: ``index.csv`` of the pack that the references come from: landmarks and splits by file name.
        size: side of the pictures.

    Raises:
        PhotoReadError, UsageError.
    """
    known = {Path(row["file"]).stem: row for row in read_rows(faces, "")}
    lights = _by_reference(bench / "relit" / "index.csv")
    rows = [_known_row(known, reference) for reference in lights]
    scale = size / native_side(Path(rows[0]["file"]))
    samples = [load_squares([bench / row["relit"] for row in own], size) for own in lights.values()]
    shadings = [[_shading(bench / row["shading"], size) for row in own] for own in lights.values()]
    return LitFaces(
        np.stack(samples),
        np.array(shadings, np.float32),
        tuple(FiveLandmarks.parse(row["landmarks5"], scale) for row in rows),
        tuple(row["split"] for row in rows),
        _BENCH_SIDE_LIGHTS,
    )


def _by_reference(index: Path) -> dict[str, list[Row]]:
    try:
        with index.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, restval=""))
        lights: dict[str, list[Row]] = {}
        for row in sorted(rows, key=lambda x: x["relit"]):
            lights.setdefault(Path(row["reference"]).parent.name, []).append(row)
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise PhotoReadError(f"{index}: the list of relit faces cannot be read.", repr(error)) from error
    if not lights or len({len(own) for own in lights.values()}) != 1:
        raise UsageError(f"{index}: every face needs the same number of lights.")
    return lights


def _known_row(known: dict[str, Row], reference: str) -> Row:
    if reference not in known:
        raise UsageError(f"The pack of faces has no landmarks for “{reference}”.")
    return known[reference]


def _shading(file: Path, size: int) -> Maps:
    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint16 or picture.ndim != 2:
        raise PhotoReadError(f"{file}: this is not a 16-bit grey shading.")
    shading = picture.astype(np.float32) / 65535
    return np.asarray(cv2.resize(shading, (size, size), interpolation=cv2.INTER_AREA), np.float32)
