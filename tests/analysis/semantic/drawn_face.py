"""A face drawn from its landmarks: the points of a schematic head, and a picture that has just these parts."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.semantic import landmarks as lm
from bsgui.analysis.semantic.landmarks import Mask, Points, outlined

SIDE = 128
FIVE = "47 60 81 60 64 80 50 98 78 98"

_Colour = tuple[int, int, int]


def drawn_points() -> Points:
    """(189, 2) for a picture of 128 pixels; points that no part needs lie in the middle."""
    points = np.full((lm.POINTS, 2), 64.0)
    for outline, x in zip(lm.EYES, (47, 81), strict=True):
        points[outline] = _ellipse(x, 60, 8, 3, len(outline), start=180)
    for outline, x in zip(lm.BROWS, (47, 81), strict=True):
        points[outline] = _ellipse(x, 50, 10, 2.5, len(outline), start=180)
    points[lm.NOSE[0]] = [[60, 58], [57, 80], [55, 84], [56, 87], [58, 88], [64, 89], [70, 88], [72, 87], [73, 84],
                          [71, 80], [68, 58]]  # fmt: skip
    points[lm.MOUTH[0]] = _ellipse(64, 98, 14, 4, len(lm.MOUTH[0]), start=180)
    points[lm.FACE[0]] = _ellipse(64, 72, 38, 46, len(lm.FACE[0]), start=188)
    points[lm.HEAD[0]] = _ellipse(64, 68, 50, 62, len(lm.HEAD[0]), start=115, turn=310)
    for outline, x in zip(lm.EARS, (23, 105), strict=True):
        points[outline] = _ellipse(x, 70, 4, 10, len(outline), start=-90)
        tops = points[outline][:, 1].argsort()
        points[lm.EAR_TOPS[x > 64]], points[lm.EAR_LOBES[x > 64]] = points[outline][tops[0]], points[outline][tops[-1]]
    points[lm.CHIN] = 64, 118
    return points


def _ellipse(x: float, y: float, width: float, height: float, count: int, start: float, turn: float = 360) -> Points:
    """Points around an ellipse, clockwise as seen, from an angle in degrees (0: to the right, 90: down)."""
    angles = np.radians(start + np.arange(count) * turn / count)
    return np.stack([x + width * np.cos(angles), y + height * np.sin(angles)], 1)


def drawn_face(points: Points, hair: _Colour = (40, 30, 25)) -> tuple[NDArray[np.uint8], Mask]:
    """The picture (128, 128, 3) uint8 and where its hair is; a little noise, as GrabCut needs some."""
    picture = np.full((SIDE, SIDE, 3), (210, 215, 220), np.float64)
    head, face = outlined(points, lm.HEAD, SIDE), outlined(points, lm.FACE, SIDE)
    cap = head & ~face & (np.arange(SIDE)[:, None] < points[lm.EAR_TOPS, 1].min())
    for mask, colour in (
        (cap, hair),
        (face, (200, 155, 135)),
        (outlined(points, lm.EARS, SIDE), (190, 140, 120)),
        (outlined(points, (*lm.EYES, *lm.BROWS), SIDE), (60, 50, 45)),
        (outlined(points, lm.MOUTH, SIDE), (170, 80, 80)),
    ):
        picture[mask] = colour
    picture += np.random.default_rng(0).normal(0, 4, picture.shape)
    smooth = cv2.GaussianBlur(picture.clip(0, 255).astype(np.uint8), (0, 0), 0.7)
    return np.asarray(smooth, np.uint8), cap
