"""Where things are in aligned faces: five landmarks for every face, 189 hand-placed ones for studio faces.

The 189 points follow the template of the Face Research Lab's webmorph. Which index is which part was worked out by
drawing the numbers on enlarged faces.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.errors import PhotoReadError

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

POINTS = 189


def _run(first: int, last: int) -> list[int]:
    step = 1 if last >= first else -1
    return list(range(first, last + step, step))


# Closed outlines, "left" and "right" as in the picture.
EYES = ([18, 19, 20, 21, 22, 30, 29, 28], [23, 24, 25, 26, 27, 33, 32, 31])
BROWS = ([*_run(71, 76), 84, 83], [*_run(77, 82), 86, 85])
NOSE = ([50, 61, 62, 63, 64, 55, 69, 68, 67, 66, 56],)
MOUTH = ([*_run(87, 93), *_run(108, 104)],)
FACE = ([*_run(134, 144), 112, 113, 114, *_run(133, 125), 111, 110, 109],)
EARS = ([109, *_run(115, 119), 111, 110], [112, *_run(120, 124), 114, 113])
HEAD = (_run(145, 157),)
HAIRLINE = _run(135, 143)
# The points of the head's outline that lie opposite to those of the hairline.
CROWN = [148, *_run(148, 154), 154]
CHIN = 129
EAR_TOPS, EAR_LOBES = [115, 120], [119, 124]
BROW_TOPS = _run(71, 82)
LOWER_LIDS = [*_run(28, 30), *_run(31, 33)]
MOUTH_CORNERS = [87, 93]

_FINER = 4
_SHIFT = 4


def outlined(points: Points, outlines: tuple[list[int], ...], size: int) -> Mask:
    """Where the outlines are filled; a pixel is in when at least half of it is.

    Args:
        points: (189, 2) x and y, pixels of a picture of this size, (0, 0) being the corner.
        outlines: indices of the corners of closed outlines, which add up.
        size: side of the picture.

    Returns:
        New (size, size) bool.
    """
    return filled([points[outline] for outline in outlines], size)


def filled(outlines: list[Points], size: int) -> Mask:
    """Like :func:`outlined`, from the outlines' own points."""
    canvas = np.zeros((size * _FINER, size * _FINER), np.uint8)
    for outline in outlines:
        fixed = np.rint((outline * _FINER - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(canvas, [fixed], 1, shift=_SHIFT)
    covered = canvas.reshape(size, _FINER, size, _FINER).sum((1, 3), dtype=np.uint16)
    return np.asarray(2 * covered >= _FINER**2)


@dataclass(frozen=True, eq=False)
class FiveLandmarks:
    """Eyes, nose and mouth corners, enough to say where an upright face is.

    Attributes:
        points: (5, 2) left eye, right eye, nose, left and right corner of the mouth, as seen; pixels.
    """

    points: Points

    @staticmethod
    def parse(text: str, scale: float = 1.0) -> FiveLandmarks:
        """From ten numbers with spaces between. Raises PhotoReadError."""
        try:
            return FiveLandmarks(np.array([float(x) for x in text.split()]).reshape(5, 2) * scale)
        except ValueError as error:
            raise PhotoReadError(f"“{text[:80]}” are not five landmarks.", repr(error)) from error

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the face: a little below the nose's root."""
        eyes, mouth = self._ends()
        x, y = eyes + 0.45 * (mouth - eyes)
        return float(x), float(y)

    @property
    def radii(self) -> tuple[float, float]:
        """Half width and half height of the face, hairline to chin, pixels."""
        eyes, mouth = self._ends()
        reach = float(np.linalg.norm(mouth - eyes))
        return 0.88 * reach, 1.2 * reach

    def _ends(self) -> tuple[Points, Points]:
        return self.points[:2].mean(0), self.points[3:].mean(0)

    def face(self, size: int) -> Mask:
        """The ellipse of the face: (size, size) bool."""
        return _ellipse(self.middle, self.radii, size)

    def eyes(self, size: int) -> Mask:
        """Both eyes with their lids: two ellipses as wide as half the distance between them."""
        reach = float(np.linalg.norm(self.points[1] - self.points[0]))
        left, right = (_ellipse((x, y), (0.25 * reach, 0.13 * reach), size) for x, y in self.points[:2])
        return left | right


def _ellipse(middle: tuple[float, float], radii: tuple[float, float], size: int) -> Mask:
    rows, columns = np.mgrid[0:size, 0:size] + 0.5
    inside = ((columns - middle[0]) / radii[0]) ** 2 + ((rows - middle[1]) / radii[1]) ** 2 <= 1
    return np.asarray(inside)


def read_landmarks(table: Path) -> Mapping[str, Points]:
    """The 189 points of a pack's studio faces by file name, in pixels of the pack's pictures.

    Raises:
        PhotoReadError: the table cannot be read, or a row does not hold 189 points.
    """
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        return {row[0]: np.array(row[1:], np.float64).reshape(POINTS, 2) for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, IndexError) as error:
        raise PhotoReadError(f"{table}: the landmarks cannot be read.", repr(error)) from error
