"""A photo without its markings, or without its whiskers, as a retoucher would paint it over a drawing of them.

Drawings are those of :mod:`bsgui.analysis.semantic.annotations`, of photos that are trained on. What a photo and the
retouched one differ in is the marking's tone and colour, not the hair that is dark or light alike; and a whisker whole.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.semantic.annotations import Annotation, Kind

Photo = NDArray[np.uint8]
Mask = NDArray[np.float32]

# Pixels of photos of 256 px.
_REFERENCE = 256
_HAIR = 2.0
_AROUND_FEATURES = 2
_WHISKER_REACH = 1
_INPAINTING = 3
# The coat around is looked for further and further away.
_REACHES = (3.0, 6.0, 12.0, 24.0, 48.0)
_ENOUGH = 0.15
_MOST_GAIN = 1.8
_EMPTY = 1e-4


def without_markings(photo: Photo, drawing: Annotation) -> Photo:
    """A photo (h, w, 3) whose markings have the tone and colour of the coat around them: a new one of the same size.

    Hair stays where it is, as strong as the new tone asks for. Eyes and nose are no coat; nor is what lies outside an
    ellipse in the middle, if there is coat as near inside.
    """
    height, width = photo.shape[:2]
    unit = max(height, width) / _REFERENCE
    picture = photo.astype(np.float32)
    drawn = drawing.mask("spots", height, width).astype(np.float32)
    mask = _soft(drawn, 0.7 * unit)[..., None]
    coat = _middle(height, width) * (1 - _dilated(drawn, unit)) * (1 - _features(drawing, height, width, unit))
    tone = _normalized_blur(picture, drawn, _HAIR * unit)
    around = _filled(picture, coat, unit)
    gain = np.clip(around / np.maximum(tone, 1), 1 / _MOST_GAIN, _MOST_GAIN)
    painted = around + (picture - tone) * gain
    return np.clip(np.rint(picture + mask * (painted - picture)), 0, 255).astype(np.uint8)


def without_whiskers(photo: Photo, drawing: Annotation) -> Photo:
    """A photo (h, w, 3) whose whiskers are painted over from their sides: a new one of the same size.

    Source of the painting: Telea, An Image Inpainting Technique Based on the Fast Marching Method, 2004.
    """
    height, width = photo.shape[:2]
    unit = max(height, width) / _REFERENCE
    drawn = drawing.mask("whiskers", height, width).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(_WHISKER_REACH * unit) + 1,) * 2)
    painted = cv2.inpaint(photo, cv2.dilate(drawn, disc), _INPAINTING * unit, cv2.INPAINT_TELEA)
    return np.asarray(painted, np.uint8)


Retoucher = Callable[[Photo, Annotation], Photo]
RETOUCHERS: dict[str, tuple[Kind, Retoucher]] = {
    "markings": ("spots", without_markings),
    "whiskers": ("whiskers", without_whiskers),
}
"""By view (:mod:`bsgui.training.views`): what has to be drawn for it, and what takes it away."""


def _filled(picture: NDArray[np.float32], known: Mask, unit: float) -> NDArray[np.float32]:
    """The mean of what is known around each place, from as near as there is enough of it."""
    filled = _normalized_blur(picture, known, _REACHES[-1] * unit)
    for reach in reversed(_REACHES[:-1]):
        trust = np.clip(_soft(known, reach * unit) / _ENOUGH, 0, 1)[..., None]
        filled += trust * (_normalized_blur(picture, known, reach * unit) - filled)
    return filled


def _normalized_blur(picture: NDArray[np.float32], weight: Mask, sigma: float) -> NDArray[np.float32]:
    """Mean around each place of what has weight (Knutsson & Westin, Normalized Convolution, 1993)."""
    weight = weight + np.float32(_EMPTY)
    return np.asarray(_soft(picture * weight[..., None], sigma) / _soft(weight, sigma)[..., None], np.float32)


def _features(drawing: Annotation, height: int, width: int, unit: float) -> Mask:
    drawn = drawing.mask("eyes", height, width) | drawing.mask("nose", height, width)
    return _dilated(drawn.astype(np.float32), _AROUND_FEATURES * unit)


def _middle(height: int, width: int) -> Mask:
    """1 in the middle, where heads are, a tenth at the borders."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.asarray(0.1 + 0.9 * np.clip(1.8 - 1.6 * (x**2 + y**2), 0, 1), np.float32)


def _dilated(mask: Mask, reach: float) -> Mask:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(reach) + 1,) * 2)
    return np.asarray(cv2.dilate(mask, disc), np.float32)


def _soft(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
