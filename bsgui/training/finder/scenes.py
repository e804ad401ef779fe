"""Pictures put together: heads, and things that are none, pasted on backgrounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.engine.finder import crop_matrix
from bsgui.engine.finder_decoding import Candidate, overlap

from .backgrounds import Backgrounds, clouds
from .distort import degraded, relit
from .heads import Heads

Picture = NDArray[np.uint8]
Inside = tuple[int, int, int, int]

_MASKS, _MASK_SIDE = 384, 64
_TRIES = 6
_DECOYS = 0.35
_GREY = 128


@dataclass(frozen=True, eq=False)
class PlacedHead:
    """A head in a scene.

    Attributes:
        square: where its frame is, scene pixels; ``kind`` indexes ``KINDS``.
        landmarks: (5, 2) scene pixels; without meaning for pets.
    """

    square: Candidate
    landmarks: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture, (size, size, 3) uint8 RGB, and the heads in it.

    Attributes:
        inside: left, top, right, bottom of what shows something; beyond is grey, as beyond a photo's edge.
    """

    picture: Picture
    heads: tuple[PlacedHead, ...]
    inside: Inside

    def visible(self, square: Candidate) -> float:
        """Which part of a square lies inside."""
        left, top, right, bottom = self.inside
        half = square.side / 2
        across = min(square.x + half, right) - max(square.x - half, left)
        down = min(square.y + half, bottom) - max(square.y - half, top)
        return max(across, 0.0) * max(down, 0.0) / square.side**2


class SceneMaker:
    """Makes scenes from heads and backgrounds; equal generators give equal scenes."""

    def __init__(self, heads: Heads, backgrounds: Backgrounds, seed: int) -> None:
        self.heads = heads
        self.backgrounds = backgrounds
        rng = np.random.default_rng([seed, 77])
        self._masks = [paste_mask(rng) for _ in range(_MASKS)]

    def scene(
        self, size: int, squares: Sequence[Candidate], rng: np.random.Generator, inside: Inside | None = None
    ) -> Scene:
        """A scene with heads on given squares; their ``kind`` is replaced by that of the head that is drawn.

        Args:
            size: side of the picture, pixels.
            squares: where to put heads, later ones over earlier ones.
            rng: decides everything else.
            inside: what shows something; None for all.
        """
        picture = self.backgrounds.draw(size, rng)
        while rng.random() < _DECOYS:
            self._paste_decoy(picture, rng)
        inside = inside or (0, 0, size, size)
        heads = tuple(self._paste_head(picture, square, inside, rng) for square in squares)
        return Scene(_cut(degraded(picture, rng), inside), heads, inside)

    def _paste_head(self, picture: Picture, square: Candidate, inside: Inside, rng: np.random.Generator) -> PlacedHead:
        index = self.heads.draw(rng)
        points = self.heads.landmarks[index]
        source = relit(self.heads.picture(index, square.side * 0.8), rng)
        if rng.random() < 0.5:
            source = source[:, ::-1]
            points = (points * (-1, 1) + (1, 0))[[1, 0, 2, 4, 3]]
        matrix = crop_matrix(square, 1, 1.0)
        # A head as large as the picture brings its own surroundings.
        fills = square.side > 0.8 * min(inside[2] - inside[0], inside[3] - inside[1])
        is_whole = rng.random() < (0.6 if fills else 0.06)
        mask = np.full((2, 2), 255, np.uint8) if is_whole else self._masks[rng.integers(_MASKS)]
        _paste(picture, source, mask, matrix)
        kind = int(self.heads.kinds[index])
        placed = Candidate(square.x, square.y, square.side, square.angle, kind, 1.0)
        return PlacedHead(placed, points @ matrix[:, :2].T + matrix[:, 2])

    def _paste_decoy(self, picture: Picture, rng: np.random.Generator) -> None:
        """Something that is no head, cut out as heads are."""
        size = len(picture)
        side = size * rng.uniform(0.15, 0.9)
        x, y = rng.uniform(0, size, 2)
        square = Candidate(float(x), float(y), side, rng.uniform(-0.5, 0.5), 0, 1.0)
        source = relit(self.backgrounds.draw(64, rng), rng)
        _paste(picture, source, self._masks[rng.integers(_MASKS)], crop_matrix(square, 1, 1.0))


def scatter(size: int, sides: Sequence[float], rng: np.random.Generator) -> list[Candidate]:
    """Squares of given sides at random places and angles, largest first, hardly overlapping; fewer where none fits."""
    squares: list[Candidate] = []
    for side in sorted(sides, reverse=True):
        for _ in range(_TRIES):
            x, y = rng.uniform(0.05 * size, 0.95 * size, 2)
            square = Candidate(x, y, side, random_angle(rng), 0, 1.0)
            if all(overlap(square, other) < 0.05 for other in squares):
                squares.append(square)
                break
    return squares


def random_angle(rng: np.random.Generator) -> float:
    """How heads are held: mostly upright, up to 30 degrees to a side; radians."""
    return float(np.clip(rng.normal(0, 0.2), -0.55, 0.55))


def random_edges(size: int, rng: np.random.Generator) -> Inside:
    """A picture that ends somewhere: on one side or another, or on all."""
    if rng.random() < 0.5:
        cuts = np.where(rng.random(4) < 0.4, rng.uniform(0, 0.4, 4), 0) * size
    else:
        cuts = np.full(4, 8) + np.where(rng.random(4) < 0.5, rng.uniform(0, 0.35, 4), 0) * size
    left, top, right, bottom = (int(x) for x in cuts)
    return left, top, size - right, size - bottom


def edges_around(square: Candidate, size: int, rng: np.random.Generator) -> Inside:
    """A picture that a head fills, or more than fills."""
    beyond = square.side * (0.5 + rng.uniform(-0.22, 0.4, 4))
    left, top = (int(max(0.0, x)) for x in (square.x - beyond[0], square.y - beyond[1]))
    right, bottom = (int(min(float(size), x)) for x in (square.x + beyond[2], square.y + beyond[3]))
    return left, top, right, bottom


def paste_mask(rng: np.random.Generator) -> NDArray[np.uint8]:
    """How a head is cut out: a soft or ragged ellipse, or nearly the whole square; (64, 64) uint8."""
    axis = np.linspace(-1, 1, _MASK_SIDE, dtype=np.float32)
    x, y = axis[None], axis[:, None] - np.float32(rng.uniform(-0.05, 0.1))
    power = rng.choice([2.0, 2.0, 3.0, 6.0])
    width, height = rng.uniform(0.78, 1.0), rng.uniform(0.9, 1.05)
    radius = (np.abs(x / width) ** power + np.abs(y / height) ** power) ** (1 / power)
    ragged = 0.04 * rng.uniform(0, 1.5) * clouds(_MASK_SIDE, rng)
    softness = rng.uniform(0.02, 0.25)
    mask = np.clip((1 - radius + ragged) / softness, 0, 1)
    if rng.random() < 0.3:
        # The body goes on below.
        mask[_MASK_SIDE // 2 :] = np.maximum(mask[_MASK_SIDE // 2 :], np.clip((1 - np.abs(x)) / softness, 0, 1))
    return np.asarray(mask * 255, np.uint8)


def _paste(picture: Picture, source: Picture, mask: NDArray[np.uint8], matrix: NDArray[np.float64]) -> None:
    size = len(picture)
    head = _warped(source, matrix, size, cv2.BORDER_REPLICATE)
    border = cv2.BORDER_REPLICATE if len(mask) == 2 else cv2.BORDER_CONSTANT
    alpha = _warped(mask, matrix, size, border)[..., None].astype(np.float32) * np.float32(1 / 255)
    picture[:] = (picture + alpha * (head.astype(np.float32) - picture)).astype(np.uint8)


def _warped(source: Picture, matrix: NDArray[np.float64], size: int, border: int) -> Picture:
    """A picture that fills the unit square, seen in the scene that ``matrix`` takes that square to."""
    to_scene = np.column_stack([matrix[:, :2] / len(source), matrix[:, 2]])
    # OpenCV counts from pixel centres.
    to_scene[:, 2] += to_scene[:, :2] @ (0.5, 0.5) - 0.5
    warped = cv2.warpAffine(source, to_scene, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(warped, np.uint8)


def _cut(picture: Picture, inside: Inside) -> Picture:
    left, top, right, bottom = inside
    cut = np.full_like(picture, _GREY)
    cut[top:bottom, left:right] = picture[top:bottom, left:right]
    return cut
