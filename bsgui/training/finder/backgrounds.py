"""What lies around heads, and what is none: photos without heads, edges of packs' pictures, things, parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.errors import UsageError
from bsgui.training.data import decode

from .distort import relit
from .heads import Heads

Picture = NDArray[np.uint8]

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_LONGEST = 1400
_THINGS_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Backgrounds:
    """What scenes without heads are made of.

    Attributes:
        photos: photos without heads, each with its halvings: (h, w, 3) uint8, RGB.
        heads: whose edges and parts are backgrounds, too.
        things: cut out things that are no heads: (h, w, 4) uint8, RGB and alpha.
    """

    photos: tuple[tuple[Picture, ...], ...]
    heads: Heads
    things: tuple[Picture, ...] = ()

    def draw(self, size: int, rng: np.random.Generator) -> Picture:
        """A random background: (size, size, 3) uint8."""
        if self.things and rng.random() < _THINGS_SHARE:
            return self.scattered(size, rng)
        kind = rng.random()
        if kind < 0.5 and self.photos:
            return self._piece(size, rng)
        if kind < 0.7:
            return self._edge(size, rng)
        if kind < 0.82:
            return self._part(size, rng)
        return drawn(size, rng)

    def scattered(self, size: int, rng: np.random.Generator) -> Picture:
        """A few things on a plain ground, as products are photographed, or on a photo: (size, size, 3) uint8."""
        picture = self._ground(size, rng)
        for _ in range(int(rng.integers(1, 5))):
            self._lay(self.things[rng.integers(len(self.things))], picture, rng)
        return picture

    def _ground(self, size: int, rng: np.random.Generator) -> Picture:
        kind = rng.random()
        if kind < 0.2 and self.photos:
            return self._piece(size, rng)
        if kind < 0.4:
            return drawn(size, rng)
        tone = 255 if kind < 0.75 else int(rng.integers(0, 256))
        colour = np.clip(tone + rng.normal(0, 0 if kind < 0.6 else 25, 3), 0, 255)
        return np.broadcast_to(colour.astype(np.uint8), (size, size, 3)).copy()

    @staticmethod
    def _lay(thing: Picture, picture: Picture, rng: np.random.Generator) -> None:
        size = len(picture)
        scale = size * np.exp(rng.uniform(np.log(0.15), np.log(1.0))) / max(thing.shape[:2])
        angle = rng.normal(0, 0.25)
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        linear[:, 0] *= rng.choice((-1, 1))
        middle = rng.uniform(0.2, 0.8, 2) * size
        matrix = np.column_stack([linear, middle - linear @ (thing.shape[1] / 2, thing.shape[0] / 2)])
        laid = cv2.warpAffine(thing, matrix, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT)
        alpha = laid[..., 3:].astype(np.float32) * np.float32(1 / 255)
        colours = relit(np.asarray(laid[..., :3], np.uint8), rng) if rng.random() < 0.5 else laid[..., :3]
        picture[:] = (picture + alpha * (colours.astype(np.float32) - picture)).astype(np.uint8)

    def _piece(self, size: int, rng: np.random.Generator) -> Picture:
        levels = self.photos[rng.integers(len(self.photos))]
        shortest = min(levels[0].shape[:2])
        side = float(np.exp(rng.uniform(np.log(min(0.6 * size, shortest)), np.log(shortest))))
        level = min(int(max(0.0, np.log2(side / size))), len(levels) - 1)
        photo = levels[level]
        window = max(2, min(int(side / 2**level), *photo.shape[:2]))
        top = rng.integers(photo.shape[0] - window + 1)
        left = rng.integers(photo.shape[1] - window + 1)
        piece = cv2.resize(photo[top : top + window, left : left + window], (size, size))
        return np.asarray(np.rot90(piece, int(rng.integers(4))) if rng.random() < 0.3 else piece, np.uint8)

    def _edge(self, size: int, rng: np.random.Generator) -> Picture:
        """The strip beside a head, mirrored again and again."""
        picture = self.heads.sizes[0][rng.integers(len(self.heads.kinds))]
        width = int(rng.integers(10, 22))
        strip = picture[:, :width] if rng.random() < 0.5 else picture[:, -width:]
        return _mirrored(strip, size, rng.uniform(0.7, 3.0), rng)

    def _part(self, size: int, rng: np.random.Generator) -> Picture:
        """A part of a head, much enlarged: fur, skin, an eye; too near to be a head."""
        picture = self.heads.sizes[0][rng.integers(len(self.heads.kinds))]
        side = int(rng.integers(14, 40))
        top, left = rng.integers(0, len(picture) - side, 2)
        return _mirrored(picture[top : top + side, left : left + side], size, rng.uniform(1.5, 6.0), rng)


def load_backgrounds(folders: Iterable[Path], heads: Heads, things: Iterable[Path] = ()) -> Backgrounds:
    """Decode the photos of some folders, and the cut out things (PNGs with alpha) of others.

    Raises:
        UsageError: there are none.
        PhotoReadError: one cannot be read.
    """
    files = [x for folder in folders for x in sorted(folder.glob("*")) if x.suffix.lower() in _SUFFIXES]
    if not files:
        raise UsageError("There are no photos in the folders of backgrounds.")
    cut_out = tuple(_thing(file) for folder in things for file in sorted(folder.glob("*.png")))
    return Backgrounds(tuple(_halvings(decode(file)) for file in files), heads, cut_out)


def _thing(file: Path) -> Picture:
    thing = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if thing is None or thing.ndim != 3 or thing.shape[2] != 4:
        raise UsageError(f"{file}: this is no picture with an alpha channel.")
    return np.asarray(cv2.cvtColor(thing, cv2.COLOR_BGRA2RGBA), np.uint8)


def drawn(size: int, rng: np.random.Generator) -> Picture:
    """A gradient, often with noise of all scales and a few shapes: (size, size, 3) uint8."""
    corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)
    if rng.random() < 0.5:
        corners = corners.mean((0, 1)) + 0.2 * (corners - 128)
    picture = cv2.resize(corners, (size, size), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.6:
        picture = picture + rng.uniform(5, 60) * clouds(size, rng)[..., None]
    canvas: Picture = np.clip(picture, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 8))):
        _draw_shape(canvas, rng)
    return canvas


def clouds(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise of several scales with deviation about 1: (size, size) float32."""
    total = np.zeros((size, size), np.float32)
    for octave, strength in zip((4, 8, 16, 32), rng.uniform(0.1, 1, 4), strict=True):
        coarse = rng.standard_normal((octave, octave)).astype(np.float32)
        total += strength * cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(total / max(float(total.std()), 1e-3), np.float32)


def _draw_shape(picture: Picture, rng: np.random.Generator) -> None:
    size = len(picture)
    colour = tuple(int(x) for x in rng.integers(0, 256, 3))
    x, y = (int(v) for v in rng.integers(0, size, 2))
    width, height = (int(v) for v in rng.integers(2, max(3, size // 3), 2))
    kind = rng.integers(4)
    if kind == 0:
        cv2.rectangle(picture, (x, y), (x + width, y + height), colour, -1)
    elif kind == 1:
        cv2.ellipse(picture, (x, y), (width, height), float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    elif kind == 2:
        end = (int(rng.integers(0, size)), int(rng.integers(0, size)))
        cv2.line(picture, (x, y), end, colour, int(rng.integers(1, 5)), cv2.LINE_AA)
    else:
        # Two dark spots above a stroke: what a face is to whom sees only that.
        gap, spot = max(2, width // 2), max(1, width // 8)
        cv2.circle(picture, (x - gap, y), spot, colour, -1, cv2.LINE_AA)
        cv2.circle(picture, (x + gap, y), spot, colour, -1, cv2.LINE_AA)


def _mirrored(tile: Picture, size: int, scale: float, rng: np.random.Generator) -> Picture:
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.3 else 0.0
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    matrix = np.column_stack([linear, rng.uniform(0, 2 * len(tile), 2)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(tile, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(warped, np.uint8)


def _halvings(photo: Picture) -> tuple[Picture, ...]:
    shrink = min(1.0, _LONGEST / max(photo.shape[:2]))
    levels = [np.asarray(cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)]
    for _ in itertools.repeat(None, 4):
        half = cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        if min(half.shape[:2]) < 32:
            break
        levels.append(np.asarray(half, np.uint8))
    return tuple(levels)
