"""Masks of the parts of a studio face from its 189 landmarks; hair, which they only hint at, by GrabCut."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from . import landmarks as lm
from .landmarks import Mask, Points, filled, outlined

PARTS = ("eyes+brows", "nose", "mouth", "skin", "hair")

# Hair no farther from the cheeks' colour than this (CIELAB) cannot be told from skin: shaved heads.
_LEAST_DIFFERENCE = 15.0
_ROUNDS = 5
_REFERENCE_SIZE = 256
_REACH = 30


@dataclass(frozen=True, eq=False)
class FaceParts:
    """Masks of :data:`PARTS`.

    Attributes:
        masks: (5, s, s) bool; hair is empty where it cannot be told from skin.
        counted: (5, s, s) bool; where the mask can be trusted. Below the tops of the ears the landmarks do not say
            whether something is hair, ear, neck or clothes: there, outside the face, hair is not counted.
    """

    masks: NDArray[np.bool_]
    counted: NDArray[np.bool_]


def face_parts(photo: NDArray[np.uint8], points: Points) -> FaceParts:
    """The parts of one face.

    Args:
        photo: (s, s, 3) uint8 RGB, before a plain backdrop.
        points: (189, 2) in pixels of the photo.
    """
    size = len(photo)
    face = outlined(points, lm.FACE, size)
    features = outlined(points, (*lm.EYES, *lm.BROWS), size)
    mouth = outlined(points, lm.MOUTH, size)
    nose = outlined(points, lm.NOSE, size)
    hair = _hair(photo, points)
    skin = face & ~features & ~mouth & ~hair
    counted = np.ones((len(PARTS), size, size), bool)
    counted[-1] = face | (_rows(size) < points[lm.EAR_TOPS, 1].min())
    return FaceParts(np.stack([features, nose, mouth, skin, hair & counted[-1]]), counted)


def _hair(photo: NDArray[np.uint8], points: Points) -> Mask:
    """GrabCut from a band between hairline and crown, which is hair unless it has the colour of the cheeks.

    Source: Rother, Kolmogorov & Blake, GrabCut, 2004 (OpenCV).
    """
    size = len(photo)
    core = _hair_core(points, size) & ~outlined(points, lm.FACE, size)
    if not core.any() or _colour_difference(photo, core, _cheeks(points, size)) < _LEAST_DIFFERENCE:
        return np.zeros((size, size), bool)
    labels = _first_guess(points, core, size)
    # GrabCut clusters colours from random starts; the seed makes the same masks every time.
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(photo), labels, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    return _connected(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)), core)


def _hair_core(points: Points, size: int) -> Mask:
    hairline, crown = points[lm.HAIRLINE], points[lm.CROWN]
    near, far = (hairline + share * (crown - hairline) for share in (0.25, 0.6))
    return filled([np.concatenate([near, far[::-1]])], size)


def _cheeks(points: Points, size: int) -> Mask:
    """Skin for certain: the face between eyes and mouth."""
    top, bottom = points[lm.LOWER_LIDS, 1].max(), points[lm.MOUTH_CORNERS, 1].min()
    rows = _rows(size)
    face = outlined(points, lm.FACE, size) & ~outlined(points, lm.NOSE, size)
    return np.asarray(face & (rows > top) & (rows < bottom))


def _colour_difference(photo: NDArray[np.uint8], first: Mask, second: Mask) -> float:
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.linalg.norm(np.median(lab[first], 0) - np.median(lab[second], 0)))


def _first_guess(points: Points, core: Mask, size: int) -> NDArray[np.uint8]:
    """GrabCut's labels: hair for certain, perhaps, hardly, and not."""
    rows = _rows(size)
    face, head, ears = (outlined(points, outlines, size) for outlines in (lm.FACE, lm.HEAD, lm.EARS))
    brows = points[lm.BROW_TOPS, 1].min()
    reach = 2 * round(_REACH * size / _REFERENCE_SIZE) + 1
    near = cv2.dilate(head.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    labels = np.full((size, size), cv2.GC_PR_BGD, np.uint8)
    labels[head & ~face & ~ears & (rows < points[lm.EAR_LOBES, 1].mean())] = cv2.GC_PR_FGD
    labels[~near | ears | (face & (rows > brows)) | (rows >= points[lm.CHIN, 1])] = cv2.GC_BGD
    labels[core] = cv2.GC_FGD
    return labels


def _connected(hair: Mask, core: Mask) -> Mask:
    """What hangs together with the core."""
    _, parts = cv2.connectedComponents(hair.astype(np.uint8))
    return np.asarray(hair & np.isin(parts, np.unique(parts[core & hair])))


def _rows(size: int) -> NDArray[np.float64]:
    return np.broadcast_to(np.arange(size)[:, None] + 0.5, (size, size))
