"""Directional light on photos of faces: a smooth shading of an egg-shaped head, exact because it is ours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .landmarks import FiveLandmarks
from .precision import Maps

LIGHTS = ((-55.0, 10.0), (0.0, 45.0), (55.0, 10.0), (25.0, -20.0))
"""Azimuth (negative: from the picture's left) and elevation of the lights, degrees, before they are jittered."""

SIDE_LIGHTS = (0, 2)
"""Indices of the lights that come from the side."""

_JITTER = 12.0
_AMBIENT = (0.15, 0.35)
# How far light wraps around the terminator, as in a room: 0 is a single lamp in the dark.
_WRAP = (0.05, 0.3)
_SOFTENING = 0.03


def random_shadings(landmarks: FiveLandmarks, size: int, rng: np.random.Generator) -> Maps:
    """One shading for each of :data:`LIGHTS`, jittered: (L, s, s) float32, linear light, greatest value 1.

    Lambert shading ``a + (1 − a) max(0, (n·l + w) / (1 + w))`` with ambient light a and wrap w, on the normals n of an
    ellipsoid over the face with a nose, and of a slightly bent backdrop elsewhere; softened.
    """
    normals = _head_normals(landmarks, size)
    return np.stack([_shading(normals, light, size, rng) for light in LIGHTS])


def _shading(normals: Maps, light: tuple[float, float], size: int, rng: np.random.Generator) -> Maps:
    azimuth, elevation = np.radians(np.array(light) + rng.uniform(-_JITTER, _JITTER, 2))
    towards = [np.sin(azimuth) * np.cos(elevation), -np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
    ambient, wrap = rng.uniform(*_AMBIENT), rng.uniform(*_WRAP)
    cosine = normals @ np.array(towards, np.float32)
    lit = ambient + (1 - ambient) * np.maximum(0, (cosine + wrap) / (1 + wrap))
    soft = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), _SOFTENING * size, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(soft / soft.max(), np.float32)


def _head_normals(landmarks: FiveLandmarks, size: int) -> Maps:
    """(s, s, 3) unit vectors: x to the right, y down, z towards the camera."""
    (x, y), (width, height) = landmarks.middle, landmarks.radii
    rows, columns = np.mgrid[0:size, 0:size] + 0.5
    u, v = (columns - x) / (1.35 * width), (rows - y) / (1.5 * height)
    radius = np.sqrt(u**2 + v**2)
    bump_x, bump_y = (columns - landmarks.points[2, 0]) / (0.16 * width), (rows - y) / (0.33 * height)
    nose = 0.9 * np.exp(-(bump_x**2) - bump_y**2)
    # The head's edge is not quite turned away, so that it meets the backdrop without a jump in the softened shading.
    inside = radius < 1
    z = np.where(inside, np.sqrt(np.maximum(1 - radius**2, 0.04)), 1.0)
    slope_x = np.where(inside, u + nose * bump_x, 0.35 * u / np.maximum(radius, 1))
    slope_y = np.where(inside, v, 0.35 * v / np.maximum(radius, 1))
    normals = np.stack([slope_x, slope_y, z], -1)
    return np.asarray(normals / np.linalg.norm(normals, axis=-1, keepdims=True), np.float32)


def relit(photo: NDArray[np.uint8], shading: Maps) -> NDArray[np.uint8]:
    """A photo (s, s, 3) uint8 sRGB under a shading (s, s), multiplied in linear light, rounded to 8 bits."""
    linear = to_linear(np.asarray(photo, np.float32) / np.float32(255)) * shading[..., None]
    return np.asarray(np.rint(to_encoded(linear) * 255), np.uint8)


def to_linear(encoded: Maps) -> Maps:
    """sRGB-encoded values in 0..1 to linear light (IEC 61966-2-1)."""
    return np.asarray(np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4), np.float32)


def to_encoded(linear: Maps) -> Maps:
    """Linear light in 0..1 to sRGB-encoded values (IEC 61966-2-1)."""
    curve = 1.055 * np.maximum(linear, 1e-8) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, curve), np.float32)
