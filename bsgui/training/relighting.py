"""The same photo under another light, so that light and what is lit can be told apart without labels.

Shading is smooth and multiplies in linear light: a lamp somewhere in front of an egg-shaped head in the middle of the
picture, or, for a third of the photos, a plain gradient across it; both with ambient light.
Lamps are white: colour is a factor of its own.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from bsgui.engine.filters import gaussian_blur

_GRADIENTS = 1 / 3
_BACKDROP_SLOPE = 0.35
# Of the shadow itself: its sizes and how far its edge reaches, in parts of the picture; and what light it leaves.
_SHADOW_SIZES = (0.03, 0.2)
_EDGES = (0.03, 0.5)
_LEFT_OVER = (0.25, 0.8)


def relight(photos: Tensor, chance: torch.Generator, alike: bool = False) -> Tensor:
    """Each photo under a random light of its own, or all under one.

    Args:
        photos: (B, 3, h, w) in [-1, 1], sRGB-encoded.
        chance: source of the lights, on the CPU.
        alike: whether there is one light for all.

    Returns:
        New (B, 3, h, w) in [-1, 1].
    """
    height, width = photos.shape[2:]
    shadings = torch.stack([_shading(height, width, chance) for _ in (photos[:1] if alike else photos)]).to(photos)
    linear = to_linear((photos + 1) / 2) * shadings
    return to_encoded(linear.clamp(0, 1)) * 2 - 1


def cast_shadow(photos: Tensor, chance: torch.Generator) -> Tensor:
    """All photos under one and the same shadow, as of leaves, a fence or a hand: soft or sharp, a little blue.

    Args:
        photos: (B, 3, h, w) in [-1, 1], sRGB-encoded.
        chance: source of the shadow, on the CPU.

    Returns:
        New (B, 3, h, w) in [-1, 1].
    """
    height, width = photos.shape[2:]
    size = max(height, width) * _between(*_SHADOW_SIZES, chance)
    noise = gaussian_blur(torch.randn(1, 1, height, width, generator=chance), size)[0, 0]
    level = 2 * random_number(chance) - 1
    shadow = torch.sigmoid((noise / noise.std().clamp_min(1e-9) - level) / _between(*_EDGES, chance))
    # What is left of the light of a shadow is the sky's.
    tint = torch.tensor([1.0, 1 - 0.05 * random_number(chance), 1 - 0.2 * random_number(chance)]).view(3, 1, 1)
    light = (math.log(_between(*_LEFT_OVER, chance)) * tint * shadow).exp().to(photos)
    return to_encoded((to_linear((photos + 1) / 2) * light).clamp(0, 1)) * 2 - 1


def _between(low: float, high: float, chance: torch.Generator) -> float:
    """As likely near the lower as near the higher end, in octaves."""
    return low * math.exp(math.log(high / low) * random_number(chance))


def _shading(height: int, width: int, chance: torch.Generator) -> Tensor:
    """(1, h, w), about 1 where it is brightest."""
    azimuth = math.radians(160 * random_number(chance) - 80)
    elevation = math.radians(100 * random_number(chance) - 35)
    light = torch.tensor(
        [math.sin(azimuth) * math.cos(elevation), -math.sin(elevation), math.cos(azimuth) * math.cos(elevation)]
    )
    ambient, wrap = 0.05 + 0.4 * random_number(chance), 0.4 * random_number(chance)
    normals = _flat(height, width) if random_number(chance) < _GRADIENTS else _head(height, width, chance)
    cosine = torch.einsum("dhw,d->hw", normals, light)
    lit = ambient + (1 - ambient) * ((cosine + wrap) / (1 + wrap)).clamp_min(0)
    # Rooms have no sharp shadows, and the egg is only about where the head is.
    soft = gaussian_blur(lit[None, None], (0.025 + 0.05 * random_number(chance)) * max(height, width))[0].clamp_min(
        0.02
    )
    return soft / soft.max() * (0.8 + 0.3 * random_number(chance))


def _head(height: int, width: int, chance: torch.Generator) -> Tensor:
    """Unit normals of an ellipsoid with a nose before a bent backdrop: (3, h, w); x right, y down, z to the camera."""
    y, x = _grid(height, width)
    middle_x, middle_y = 0.1 * (random_number(chance) - 0.5), 0.15 + 0.1 * (random_number(chance) - 0.5)
    radius_x, radius_y = 0.5 + 0.2 * random_number(chance), 0.68 + 0.25 * random_number(chance)
    u, v = (x - middle_x) / radius_x, (y - middle_y) / radius_y
    radius = (u.square() + v.square()).sqrt()
    across, down = (x - middle_x) / 0.09, (y - middle_y - 0.05) / 0.22
    nose = (0.4 + 0.8 * random_number(chance)) * torch.exp(-across.square() - down.square())
    inside = radius < 1
    outwards = _BACKDROP_SLOPE / radius.clamp_min(1)
    slopes = [torch.where(inside, u + nose * across, outwards * u), torch.where(inside, v, outwards * v)]
    depth = torch.where(inside, (1 - radius.square()).clamp_min(0.04).sqrt(), torch.ones(()))
    return F.normalize(torch.stack([*slopes, depth]), dim=0)


def _flat(height: int, width: int) -> Tensor:
    """Unit normals of a slightly bent wall: (3, h, w)."""
    y, x = _grid(height, width)
    return F.normalize(torch.stack([x, y, torch.ones_like(x)]), dim=0)


def _grid(height: int, width: int) -> tuple[Tensor, Tensor]:
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    return y, x


def random_number(chance: torch.Generator) -> float:
    """Between 0 and 1."""
    return torch.rand((), generator=chance).item()


def to_linear(encoded: Tensor) -> Tensor:
    """IEC 61966-2-1, 0..1."""
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055).clamp_min(0) ** 2.4)


def to_encoded(linear: Tensor) -> Tensor:
    """The inverse of :func:`to_linear`."""
    curve = 1.055 * linear.clamp_min(1e-8) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, curve)
