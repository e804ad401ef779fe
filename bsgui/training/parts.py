"""The same face with and without a part of it, so that the part can be told from the face that bears it.

The part is taken away as a retoucher would: the skin around it is drawn over it like a membrane. What the two pictures
differ in is the part, whole, with its colour and its lines, and nothing of the skin below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Picture = NDArray[np.float32]

# Noses end above the ellipse about a mouth, and brows lie within those about the eyes.
_MOUTH_ACROSS, _MOUTH_DOWN, _MOUTH_LOWER = 0.71, 0.45, 0.05
_NOSE_ACROSS, _NOSE_DOWN, _NOSE_HIGHER = 0.34, 0.38, 0.15
_EYE_ACROSS, _EYE_DOWN, _EYE_HIGHER = 0.4, 0.31, 0.13
# The membrane has no detail: it is computed on a small grid.
_GRID, _ITERATIONS = 40, 400
_SMALLEST = 8


class _Ellipse(NamedTuple):
    """Middle (x, y), half the axes across and down, how far it is turned, degrees; pixels."""

    middle: Picture
    across: float
    down: float
    angle: float


def without_eyes(photos: Tensor, points: Sequence[Picture]) -> Tensor:
    """Faces without eyes and brows: (B, 3, h, w) in [-1, 1] -> new ones.

    Args:
        photos: faces; what reaches beyond the picture stays, and so do the features of faces without landmarks.
        points: per photo (5, 2): left eye, right eye, nose, corners of the mouth, pixels; or (0, 2).
    """
    return _without(_eyes, photos, points)


def without_nose_and_mouth(photos: Tensor, points: Sequence[Picture]) -> Tensor:
    """Faces without noses and mouths; see :func:`without_eyes`."""
    return _without(_nose_and_mouth, photos, points)


def _without(feature: Callable[[Picture], list[_Ellipse]], photos: Tensor, points: Sequence[Picture]) -> Tensor:
    changed = photos.clone()
    for number, landmarks in enumerate(points):
        if len(landmarks):
            photo = photos[number].permute(1, 2, 0).cpu().numpy()
            for ellipse in feature(landmarks):
                photo = _covered(photo, ellipse)
            changed[number] = torch.from_numpy(photo).permute(2, 0, 1)
    return changed


def _eyes(landmarks: Picture) -> list[_Ellipse]:
    one, other, *_ = landmarks
    apart, tilt = _length(one, other), _angle(one, other)
    up = np.array([0, _EYE_HIGHER * apart], np.float32)
    return [_Ellipse(eye - up, _EYE_ACROSS * apart, _EYE_DOWN * apart, tilt) for eye in (one, other)]


def _nose_and_mouth(landmarks: Picture) -> list[_Ellipse]:
    one, other, nose, left, right = landmarks
    apart, wide = _length(one, other), _length(left, right)
    up = np.array([0, _NOSE_HIGHER * apart], np.float32)
    low = np.array([0, _MOUTH_LOWER * wide], np.float32)
    return [
        _Ellipse(nose - up, _NOSE_ACROSS * apart, _NOSE_DOWN * apart, _angle(one, other)),
        _Ellipse((left + right) / 2 + low, _MOUTH_ACROSS * wide, _MOUTH_DOWN * wide, _angle(left, right)),
    ]


def _length(one: Picture, other: Picture) -> float:
    return float(np.hypot(*(other - one)))


def _angle(one: Picture, other: Picture) -> float:
    """Of a line, whichever of its ends comes first: a mirrored face has its left eye on the right."""
    x, y = other - one
    return float(np.degrees(np.arctan2(y, x))) % 180


def _covered(photo: Picture, ellipse: _Ellipse) -> Picture:
    """A photo (h, w, 3) with an ellipse covered by what surrounds it; as it is if that reaches beyond the picture."""
    reach = 1.2 * ellipse.across
    (x0, y0), (x1, y1) = np.floor(ellipse.middle - reach).astype(int), np.ceil(ellipse.middle + reach).astype(int)
    if min(x0, y0) < 0 or x1 > photo.shape[1] or y1 > photo.shape[0] or x1 - x0 < _SMALLEST:
        return photo
    here = photo[y0:y1, x0:x1]
    mask = np.zeros(here.shape[:2], np.float32)
    x, y = (float(value) for value in ellipse.middle - (x0, y0))
    cv2.ellipse(mask, ((x, y), (2 * ellipse.across, 2 * ellipse.down), ellipse.angle), 1.0, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.06 * ellipse.across)
    covered = photo.copy()
    covered[y0:y1, x0:x1] += soft[..., None] * (_membrane(here, mask) - here)
    return covered


def _membrane(picture: Picture, hole: Picture) -> Picture:
    """What fills a hole smoothly from its rim: the solution of Laplace's equation, on a coarse grid.

    Source: Pérez, Gangnet & Blake, Poisson Image Editing, 2003, equation 4 without guidance.
    """
    size = (_GRID, _GRID)
    coarse = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    inside = (cv2.resize(hole, size, interpolation=cv2.INTER_AREA) > 0.02)[..., None]
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    filled = np.where(inside, coarse[~inside[..., 0]].mean(0), coarse)
    for _ in range(_ITERATIONS):
        filled = np.where(inside, cv2.filter2D(filled, -1, kernel, borderType=cv2.BORDER_REPLICATE), coarse)
    return np.asarray(cv2.resize(filled, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.float32)
