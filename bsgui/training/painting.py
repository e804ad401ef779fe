"""The same photo with other markings on the coat, or other whiskers, so that these can be told from what bears them.

As another light does for faces (:mod:`bsgui.training.relighting`): what is painted is all that two views of a photo
differ in. Nobody says which branch is to hold it, and no photo is labelled.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.engine.filters import gaussian_blur

from .relighting import random_number, to_encoded, to_linear

# Sizes are for pictures of 256 px.
_REFERENCE = 256
_LIGHT_MARKINGS = 0.1
_SUBPIXELS = 4
_LEFT_OUT = 0.2

Picture = NDArray[np.float32]


def paint_markings(photos: Tensor, chance: torch.Generator) -> Tensor:
    """Each photo with stripes, spots or patches on what is in its middle: darker fur of the same texture.

    Reflectance is multiplied, in linear light, where smooth noise, stretched in a direction of its own, is high; the
    edges are as ragged as fur.

    Args:
        photos: (B, 3, h, w) in [-1, 1], sRGB-encoded.
        chance: source of the markings, on the CPU.

    Returns:
        New (B, 3, h, w) in [-1, 1].
    """
    height, width = photos.shape[2:]
    marked = torch.stack([_marking(height, width, chance) for _ in photos]).to(photos)
    return to_encoded((to_linear((photos + 1) / 2) * marked.exp()).clamp(0, 1)) * 2 - 1


def _marking(height: int, width: int, chance: torch.Generator) -> Tensor:
    """Logarithm of what the reflectance is multiplied by: (3, h, w), 0 where there is no marking."""
    unit = max(height, width) / _REFERENCE
    across = unit * 3.0 * 8 ** random_number(chance)
    along = across * 5 ** random_number(chance)
    noise = _stretched(height, width, across, along, math.pi * random_number(chance), chance)
    ragged = _unit_noise(height, width, 1.2 * unit, chance)
    # From a few spots to a coat that is half covered.
    level = 1.2 * random_number(chance)
    covered = torch.sigmoid((noise + 0.12 * ragged - level) / (0.04 + 0.2 * random_number(chance)))
    depth = 0.6 + 1.4 * random_number(chance)
    if random_number(chance) < _LIGHT_MARKINGS:
        depth = -0.6 * depth
    # Brown, as melanin is: blue goes first.
    tint = torch.tensor([1 - 0.4 * random_number(chance), 0.95, 1 + 0.3 * random_number(chance)]).view(3, 1, 1)
    return -depth * tint * covered * _middle(height, width, chance)


def _stretched(height: int, width: int, across: float, along: float, angle: float, chance: torch.Generator) -> Tensor:
    """Smooth noise of variance 1 with structures of these sizes, bent a little: (h, w)."""
    y, x = torch.meshgrid(torch.arange(height) - height / 2, torch.arange(width) - width / 2, indexing="ij")
    bend = 0.25 * across * _unit_noise(height, width, max(along, 6.0), chance)
    u = (x * math.cos(angle) + y * math.sin(angle)) / along
    v = (y * math.cos(angle) - x * math.sin(angle) + 4 * bend) / across
    reach = 1.5 * math.hypot(height, width) / 2
    cells = [max(4, math.ceil(2 * reach / size)) for size in (across, along)]
    coarse = torch.randn(1, 1, *cells, generator=chance)
    grid = torch.stack([u * along / reach, v * across / reach], -1)[None]
    noise = torch.nn.functional.grid_sample(coarse, grid, "bicubic", "reflection", align_corners=False)[0, 0]
    return noise / noise.std().clamp_min(1e-3)


def _unit_noise(height: int, width: int, sigma: float, chance: torch.Generator) -> Tensor:
    noise = gaussian_blur(torch.randn(1, 1, height, width, generator=chance), sigma)[0, 0]
    return noise / noise.std().clamp_min(1e-6)


def _middle(height: int, width: int, chance: torch.Generator) -> Tensor:
    """1 inside a soft ellipse about the middle, where heads are, 0 outside: (h, w)."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    x, y = x - 0.4 * (random_number(chance) - 0.5), y - 0.4 * (random_number(chance) - 0.5)
    radius = (x / (0.4 + 0.4 * random_number(chance))).square() + (y / (0.4 + 0.4 * random_number(chance))).square()
    return torch.sigmoid((1 - radius) / 0.08)


def paint_whiskers(photos: Tensor, chance: torch.Generator) -> Tensor:
    """Each photo with a few dozen whiskers: long thin bent hairs, most of them bright, out of one or two places.

    Args, Returns: as for :func:`paint_markings`.
    """
    height, width = photos.shape[2:]
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=chance)))
    bright, dark = (
        torch.from_numpy(np.stack([_whiskers(height, width, most, rng) for _ in photos])).to(photos).unsqueeze(1)
        for most in (36, 8)
    )
    strength = torch.rand(len(photos), 1, 1, 1, generator=chance).to(photos)
    tone = (0.6 + 0.4 * torch.rand(len(photos), 1, 1, 1, generator=chance)).to(photos) * 2 - 1
    lit = photos + (tone - photos).clamp_min(0) * bright * (0.4 + 0.6 * strength)
    return (lit - (lit + 0.9).clamp_min(0) * dark * 0.6 * strength).clamp(-1, 1)


def _whiskers(height: int, width: int, most: int, rng: np.random.Generator) -> Picture:
    """How much of each pixel hairs cover: (h, w), 0..1; each hair gets thinner towards its tip."""
    unit = max(height, width) / _REFERENCE
    picture: Picture = np.zeros((height, width), np.float32)
    root = rng.uniform((0.35, 0.45), (0.65, 0.75)) * (width, height)
    for _ in range(int(rng.integers(0, most + 1))):
        if rng.random() < _LEFT_OUT:
            root = rng.uniform(0.1, 0.9, 2) * (width, height)
        side = rng.choice((-1.0, 1.0))
        start = root + rng.normal(0, (14 * unit, 9 * unit)) + (side * 14 * unit, 0)
        angle, bend = rng.normal(0, 0.55), rng.normal(0, 0.5)
        length = unit * rng.uniform(25, 110)
        steps = np.linspace(0, 1, 24)
        turn = angle + bend * steps
        path = start + np.cumsum(np.stack([side * np.cos(turn), np.sin(turn)], 1), 0) * length / 24
        hair = np.zeros_like(picture)
        points = np.rint(path * 2**_SUBPIXELS).astype(np.int32)
        cv2.polylines(hair, [points], False, 1.0, 1, cv2.LINE_AA, _SUBPIXELS)
        sharp = cv2.GaussianBlur(hair, (0, 0), float(rng.uniform(0.35, 0.7)))
        fading = np.clip(1.15 - np.hypot(*(np.indices(picture.shape)[::-1] - start[:, None, None])) / length, 0, 1)
        picture = np.maximum(picture, sharp * fading * rng.uniform(0.5, 1.2))
    return np.clip(picture, 0, 1)
