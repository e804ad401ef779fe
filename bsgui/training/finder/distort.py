"""What happens to a head on its way into a photo: light, colour, blur, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_RAMP = np.arange(256, dtype=np.float32) / 255


def recolour(picture: Picture, rng: np.random.Generator, strength: float = 1.0) -> Picture:
    """Other exposure, contrast and white balance: a curve for each channel. New (h, w, 3) uint8."""
    gamma = np.exp(rng.normal(0, 0.3 * strength))
    gain = np.exp(rng.normal(0, 0.18 * strength)) * np.exp(rng.normal(0, 0.08 * strength, 3))
    lift = rng.normal(0, 0.05 * strength)
    curves = np.clip((_RAMP[:, None] ** gamma) * gain + lift, 0, 1) * 255
    table = curves.astype(np.uint8).reshape(1, 256, 3)
    return np.asarray(cv2.LUT(np.ascontiguousarray(picture), table), np.uint8)


def side_light(picture: Picture, rng: np.random.Generator) -> Picture:
    """Light from one side: brightness falls off smoothly across the picture. New (h, w, 3) uint8."""
    angle, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.85)
    across = np.linspace(-1, 1, picture.shape[1], dtype=np.float32) * np.float32(np.cos(angle))
    down = np.linspace(-1, 1, picture.shape[0], dtype=np.float32) * np.float32(np.sin(angle))
    ramp = 1 / (1 + np.exp(-np.float32(rng.uniform(1, 4)) * (across[None] + down[:, None])))
    light = (1 - fall + fall * 1.3 * ramp)[..., None]
    return np.clip(picture * light, 0, 255).astype(np.uint8)


def grey(picture: Picture) -> Picture:
    """Without colour. New (h, w, 3) uint8."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def relit(picture: Picture, rng: np.random.Generator) -> Picture:
    """A head in another light."""
    if rng.random() < 0.8:
        picture = recolour(picture, rng)
    if rng.random() < 0.25:
        picture = side_light(picture, rng)
    return picture


def degraded(picture: Picture, rng: np.random.Generator) -> Picture:
    """A whole picture after a camera and a few programs: (h, w, 3) uint8."""
    if rng.random() < 0.5:
        picture = recolour(picture, rng, 0.6)
    if rng.random() < 0.12:
        picture = grey(picture)
    if rng.random() < 0.25:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.4)), np.uint8)
    if rng.random() < 0.15:
        picture = _resampled(picture, rng.uniform(0.4, 0.9))
    if rng.random() < 0.3:
        noise = rng.standard_normal(picture.shape, np.float32) * np.float32(rng.uniform(2, 16))
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        picture = _compressed(picture, int(rng.integers(25, 90)))
    return picture


def _resampled(picture: Picture, factor: float) -> Picture:
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(1, int(width * factor)), max(1, int(height * factor))))
    return np.asarray(cv2.resize(small, (width, height)), np.uint8)


def _compressed(picture: Picture, quality: int) -> Picture:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
