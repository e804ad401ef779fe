"""The picture that the network sees of a framed part of a photo: upright, at working size, averaged from all pixels."""

from __future__ import annotations

import math

import cv2
import numpy as np

from bsgui.core.frame import Frame, Matrix
from bsgui.core.photo import FloatImage, Photo, Samples, to_full_scale
from bsgui.core.pyramid import WARP_LIMIT

# The area averages of the photo are taken at so many times the working size: what is left to interpolate is small.
_OVERSAMPLING = 2
_MARGIN = 4


def working_sides(width: float, height: float, size: int, multiple: int) -> tuple[int, int]:
    """Width and height at working size: the long side about ``size``, both multiples of ``multiple``."""
    longest = max(width, height)
    sides = (max(multiple, round(side * size / longest / multiple) * multiple) for side in (width, height))
    return next(sides), next(sides)


def framed_picture(photo: Photo, frame: Frame, size: int, multiple: int) -> FloatImage:
    """The framed part as the network sees it.

    A frame's pixels are averaged where it is larger than the picture, and interpolated where it is smaller. What
    sticks out of the photo is filled with its reflection: a model that was never shown streaks is not shown any.

    Returns:
        (h, w, 3) float32, full scale; sides as :func:`working_sides` says.
    """
    width, height = working_sides(frame.width, frame.height, size, multiple)
    shrinks = frame.width > width or frame.height > height
    factor = _OVERSAMPLING if shrinks else 1
    part, to_part = _shrunk_part(photo, frame, (factor * width, factor * height))
    to_frame = np.array([[1 / (factor * width), 0, 0], [0, 1 / (factor * height), 0], [0, 0, 1]])
    matrix = to_part @ np.vstack([frame.to_photo, [0, 0, 1]]) @ to_frame
    picture: Samples = cv2.warpAffine(  # type: ignore[assignment]
        part,
        _between_centres(matrix[:2]),
        (factor * width, factor * height),
        flags=(cv2.INTER_LINEAR if shrinks else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101 if min(part.shape[:2]) > 1 else cv2.BORDER_REPLICATE,
    )
    if factor > 1:
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return to_full_scale(picture)


def _shrunk_part(photo: Photo, frame: Frame, sides: tuple[int, int]) -> tuple[Samples, Matrix]:
    """The photo around a frame, averaged down to about ``sides`` a frame; and (3, 3), from photo to its pixels."""
    left, top, width, height = _with_margin(frame, photo)
    shrink = min(1.0, max(sides[0] / frame.width, sides[1] / frame.height), WARP_LIMIT / max(width, height))
    part = photo.samples[top : top + height, left : left + width]
    if shrink < 1:
        size = (max(1, math.ceil(width * shrink)), max(1, math.ceil(height * shrink)))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    scale_x, scale_y = part.shape[1] / width, part.shape[0] / height
    return part, np.array([[scale_x, 0, -left * scale_x], [0, scale_y, -top * scale_y], [0, 0, 1.0]])


def _with_margin(frame: Frame, photo: Photo) -> tuple[int, int, int, int]:
    """The pixels around a frame, and some more for interpolation, as far as there are any."""
    left, top, width, height = frame.cover((photo.width, photo.height))
    right, bottom = min(photo.width, left + width + _MARGIN), min(photo.height, top + height + _MARGIN)
    left, top = max(0, left - _MARGIN), max(0, top - _MARGIN)
    return left, top, right - left, bottom - top


def _between_centres(matrix: Matrix) -> Matrix:
    """A map between continuous coordinates as OpenCV wants it: between pixels that are counted from their centres."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return shifted
