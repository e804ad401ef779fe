"""What was found, drawn into the picture, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.frame import Subject
from bsgui.core.photo import Samples
from bsgui.engine.finder import shrink

_COLOURS = {"face": (60, 220, 60), "cat": (255, 90, 60), "dog": (80, 140, 255)}
_LONGEST = 480


def overlay(samples: Samples, subjects: Sequence[Subject], title: str = "") -> NDArray[np.uint8]:
    """The picture, at most 480 pixels long, with frames, kinds, scores and landmarks.

    Args:
        samples: (H, W, 3) uint8 or uint16, RGB.
        subjects: frames in its pixels.
        title: written at the bottom.

    Returns:
        New (h, w, 3) uint8, RGB.
    """
    height, width = samples.shape[:2]
    scale = min(1.0, _LONGEST / max(height, width))
    small = shrink(samples, max(1, round(width * scale)), max(1, round(height * scale)))
    picture = np.array(small if small.dtype == np.uint8 else small // 257, dtype=np.uint8)
    for subject in subjects:
        colour = _COLOURS[subject.kind]
        corners = (subject.frame.corners * scale).round().astype(np.int32)
        cv2.polylines(picture, [corners], True, colour, 2, cv2.LINE_AA)
        for x, y in subject.landmarks:
            cv2.circle(picture, (round(x * scale), round(y * scale)), 2, colour, -1, cv2.LINE_AA)
        x, y = (int(max(v, 12)) for v in corners[0])
        _write(picture, f"{subject.kind} {subject.score:.2f}", (min(x, picture.shape[1] - 60), y), colour)
    _write(picture, title, (4, picture.shape[0] - 5), (255, 255, 255))
    return picture


def sheet(pictures: Sequence[NDArray[np.uint8]], columns: int = 5) -> NDArray[np.uint8]:
    """Pictures side by side on black, row by row: (h, w, 3) uint8."""
    height, width = (max(x.shape[axis] for x in pictures) for axis in (0, 1))
    rows = -(-len(pictures) // columns)
    page = np.zeros((rows * height, columns * width, 3), np.uint8)
    for index, picture in enumerate(pictures):
        top, left = index // columns * height, index % columns * width
        page[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return page


def _write(picture: NDArray[np.uint8], text: str, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    for shade, thickness in (((0, 0, 0), 3), (colour, 1)):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, shade, thickness, cv2.LINE_AA)
