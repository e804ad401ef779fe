"""What the two networks are trained on: pictures with what should be answered, drawn by step and seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.engine.finder import crop_matrix
from bsgui.engine.finder_decoding import Candidate, overlap
from bsgui.engine.finder_network import (
    KINDS,
    LARGEST_HEAD,
    LOOK_MARGIN,
    LOOK_SIZE,
    SIZE_UNIT,
    SMALLEST_HEAD,
    STRIDE,
)

from .mining import Mistakes, framed_again
from .scenes import PlacedHead, Scene, SceneMaker, edges_around, random_angle, random_edges, scatter

SCENE_SIZE = 128
"""Side of the scenes for the proposals, pixels."""

NOTHING = len(KINDS)
"""The answer of a look at no head."""

UNKNOWN = -100
"""The answer that does not count: hardly a head any more."""

_LEAST_SIDE, _MOST_SIDE = 12.0, 300.0
_SIZE_GREY = 1.35
_LEAST_VISIBLE, _CLEARLY_VISIBLE = 0.2, 0.5
_LEAST_CONTRAST = 7.0
_SPREAD = 0.1
_FRAME_SHARE = 0.45
_MISTAKES_SHARE = 0.35
_FILLED, _CUT, _LOOK_CUT = 0.2, 0.35, 0.15


@dataclass(frozen=True, eq=False)
class SceneLesson:
    """Scenes for the proposals.

    Attributes:
        pictures: (B, 3, 128, 128) float32 in [-1, 1].
        heat: (B, 3, 32, 32), 1 at a head's centre, falling off around it.
        heat_weight: (B, 1, 32, 32): 0 where it is hard to say.
        shape: (B, 5, 32, 32), see :meth:`ProposalNetwork.forward`.
        shape_weight: (B, 1, 32, 32), not 0 near centres only.
    """

    pictures: Tensor
    heat: Tensor
    heat_weight: Tensor
    shape: Tensor
    shape_weight: Tensor


@dataclass(frozen=True, eq=False)
class LookLesson:
    """Pictures for the second look.

    Attributes:
        pictures: (B, 3, 64, 64) float32 in [-1, 1].
        kinds: (B,) long: index into ``KINDS``, NOTHING or UNKNOWN.
        landmarks: (B, 5, 2), picture coordinates 0..1.
        boxes: (B, 3), see :meth:`LookNetwork.forward`.
    """

    pictures: Tensor
    kinds: Tensor
    landmarks: Tensor
    boxes: Tensor


def scene_lesson(maker: SceneMaker, count: int, rng: np.random.Generator) -> SceneLesson:
    """Scenes with up to six heads; one in five without."""
    cells = SCENE_SIZE // STRIDE
    heat = np.zeros((count, len(KINDS), cells, cells), np.float32)
    heat_weight = np.ones((count, 1, cells, cells), np.float32)
    shape = np.zeros((count, 5, cells, cells), np.float32)
    shape_weight = np.zeros((count, 1, cells, cells), np.float32)
    scenes = [random_scene(maker, rng) for _ in range(count)]
    for index, scene in enumerate(scenes):
        for head in scene.heads:
            mark(scene, head, heat[index], heat_weight[index, 0], shape[index], shape_weight[index, 0])
    return SceneLesson(_to_tensor(scenes), *(torch.from_numpy(x) for x in (heat, heat_weight, shape, shape_weight)))


def random_scene(maker: SceneMaker, rng: np.random.Generator) -> Scene:
    """A scene as the proposals are trained on: often cut, and sometimes filled by one head."""
    if rng.random() < _FILLED:
        square = _random_square(rng)
        return maker.scene(SCENE_SIZE, [square], rng, edges_around(square, SCENE_SIZE, rng))
    count = 0 if rng.random() < 0.2 else int(rng.integers(1, 6))
    sides = np.exp(rng.uniform(math.log(SMALLEST_HEAD), math.log(LARGEST_HEAD), count))
    if rng.random() < 0.35:
        # Too small or too large for this size of the picture: another one finds them.
        other = np.exp(rng.uniform(math.log(_LEAST_SIDE), math.log(_MOST_SIDE)))
        sides = np.append(sides[: max(0, count - 2)], other)
    inside = random_edges(SCENE_SIZE, rng) if rng.random() < _CUT else None
    return maker.scene(SCENE_SIZE, scatter(SCENE_SIZE, list(sides), rng), rng, inside)


def _random_square(rng: np.random.Generator) -> Candidate:
    side = float(np.exp(rng.uniform(math.log(SMALLEST_HEAD), math.log(LARGEST_HEAD))))
    x, y = rng.uniform(0.3, 0.7, 2) * SCENE_SIZE
    return Candidate(float(x), float(y), side, random_angle(rng), 0, 1.0)


def mark(
    scene: Scene,
    head: PlacedHead,
    heat: NDArray[np.float32],
    heat_weight: NDArray[np.float32],
    shape: NDArray[np.float32],
    shape_weight: NDArray[np.float32],
) -> None:
    """Write one head into the maps of its scene; a head that is hard to see makes its place count for nothing."""
    square = head.square
    cells = np.arange(heat.shape[-1], dtype=np.float32) + 0.5
    right, down = np.meshgrid(square.x / STRIDE - cells, square.y / STRIDE - cells)
    visible = scene.visible(square)
    if visible < _LEAST_VISIBLE or not SMALLEST_HEAD <= square.side <= LARGEST_HEAD:
        is_near_size = SMALLEST_HEAD / _SIZE_GREY < square.side < LARGEST_HEAD * _SIZE_GREY
        if is_near_size or square.side < SMALLEST_HEAD:
            heat_weight[np.hypot(right, down) < 0.3 * square.side / STRIDE] = 0
        return
    if visible < _CLEARLY_VISIBLE or _contrast(scene, square) < _LEAST_CONTRAST:
        heat_weight[np.hypot(right, down) < 0.3 * square.side / STRIDE] = 0
        return
    spread = max(0.7, _SPREAD * square.side / STRIDE)
    bump = np.exp(-(right**2 + down**2) / (2 * spread**2))
    bump[np.unravel_index(bump.argmax(), bump.shape)] = 1
    np.maximum(heat[square.kind], bump, out=heat[square.kind])
    near = (bump > 0.5) & (bump > shape_weight)
    shape[0][near], shape[1][near] = right[near], down[near]
    shape[2][near] = math.log(square.side / SIZE_UNIT)
    shape[3][near], shape[4][near] = math.cos(square.angle), math.sin(square.angle)
    shape_weight[near] = bump[near]


def look_lesson(
    maker: SceneMaker, count: int, rng: np.random.Generator, mistakes: Mistakes | None = None
) -> LookLesson:
    """Heads as the proposals frame them, and what else they may take, or took, for one."""
    scenes, kinds = [], []
    landmarks, boxes = np.zeros((count, 5, 2), np.float32), np.zeros((count, 3), np.float32)
    for index in range(count):
        if mistakes is not None and rng.random() < _MISTAKES_SHARE:
            scene, kind = _mistake(mistakes, rng), NOTHING
        else:
            scene, kind = _random_look(maker, rng)
        scenes.append(scene)
        kinds.append(kind)
        if scene.heads:
            head = scene.heads[-1]
            landmarks[index] = head.landmarks / LOOK_SIZE
            square = head.square
            boxes[index] = square.x / LOOK_SIZE, square.y / LOOK_SIZE, math.log(square.side / LOOK_SIZE)
    return LookLesson(_to_tensor(scenes), torch.tensor(kinds), torch.from_numpy(landmarks), torch.from_numpy(boxes))


def _mistake(mistakes: Mistakes, rng: np.random.Generator) -> Scene:
    picture = mistakes.pictures[rng.integers(len(mistakes.pictures))]
    return Scene(framed_again(picture, LOOK_SIZE, rng), (), (0, 0, LOOK_SIZE, LOOK_SIZE))


def _random_look(maker: SceneMaker, rng: np.random.Generator) -> tuple[Scene, int]:
    inside = random_edges(LOOK_SIZE, rng) if rng.random() < _LOOK_CUT else None
    chance = rng.random()
    if chance < 0.2:
        return maker.scene(LOOK_SIZE, [], rng, inside), NOTHING
    framed = _framed_well(rng) if chance < 0.8 else _framed_badly(rng)
    # A neighbour may look in from the side.
    others = scatter(LOOK_SIZE, [rng.uniform(30, 70)], rng) if rng.random() < 0.15 else []
    others = [x for x in others if overlap(x, framed) < 0.02]
    if rng.random() < _FILLED:
        inside = edges_around(framed, LOOK_SIZE, rng)
    scene = maker.scene(LOOK_SIZE, [*others, framed], rng, inside)
    return scene, _right_answer(scene)


def _right_answer(scene: Scene) -> int:
    square = scene.heads[-1].square
    seen = Candidate(LOOK_SIZE / 2, LOOK_SIZE / 2, LOOK_SIZE / LOOK_MARGIN, 0.0, 0, 1.0)
    shared = overlap(square, seen)
    if shared < 0.25:
        return NOTHING
    unsure = scene.visible(square) < _FRAME_SHARE or _contrast(scene, square) < _LEAST_CONTRAST
    return UNKNOWN if shared < _FRAME_SHARE or unsure else square.kind


def _framed_well(rng: np.random.Generator) -> Candidate:
    """A head as a proposal, or a first look, frames it."""
    looseness = 1.0 if rng.random() < 0.5 else 0.35
    side = LOOK_SIZE / LOOK_MARGIN * math.exp(rng.normal(0, 0.16) * looseness)
    x, y = LOOK_SIZE / 2 + rng.normal(0, 0.09, 2) * side * looseness
    return Candidate(float(x), float(y), side, float(rng.normal(0, 0.15)) * looseness, 0, 1.0)


def _framed_badly(rng: np.random.Generator) -> Candidate:
    """A head too far to the side, or much too large or small."""
    side = LOOK_SIZE / LOOK_MARGIN * math.exp(rng.choice([-1, 1]) * rng.uniform(0, 1.3))
    x, y = LOOK_SIZE / 2 + rng.uniform(-0.9, 0.9, 2) * max(side, LOOK_SIZE * 0.5)
    return Candidate(float(x), float(y), side, random_angle(rng), 0, 1.0)


def _contrast(scene: Scene, square: Candidate) -> float:
    """Deviation of the brightness in the middle of a square, 0..127; too little is not to be seen."""
    corners = crop_matrix(square, 1, 0.7) @ np.array([[0, 1], [0, 1], [1, 1]])
    size = len(scene.picture)
    left, right = sorted(int(min(max(x, 0), size)) for x in corners[0])
    top, bottom = sorted(int(min(max(y, 0), size)) for y in corners[1])
    piece = scene.picture[top:bottom, left:right]
    return float(piece.mean(2).std()) if piece.size else 0.0


def _to_tensor(scenes: list[Scene]) -> Tensor:
    pictures = np.stack([x.picture for x in scenes]).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(pictures)).float().div_(127.5).sub_(1)
