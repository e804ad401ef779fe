"""A photo without its markings, whiskers, hair or features, as a retoucher would paint it over a drawing of them.

Drawings are those of :mod:`bsgui.analysis.semantic.annotations`, of photos that are trained on. What a photo and the
retouched one differ in is the marking's tone and colour, not the hair that is dark or light alike; a whisker whole; and
the hair of the coat, not the edges of markings, eyes and head, nor whiskers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from bsgui.analysis.semantic.annotations import Annotation, Kind
from bsgui.engine.filters import ThinLines, gaussian_blur

Photo = NDArray[np.uint8]
Mask = NDArray[np.float32]

# Pixels of photos of 256 px.
_REFERENCE = 256
_HAIR = 2.0
_COAT_HAIR = 4.0
# How much a whisker is more of a thin line than hair is, see :class:`~bsgui.engine.filters.ThinLines`.
_MOST_HAIRS, _MOST_WHISKERS = 0.8, 1.3
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


def without_hair(photo: Photo, drawing: Annotation) -> Photo:
    """A photo (h, w, 3) whose coat is smooth, as if painted in tones alone: a new one of the same size.

    Tones are means over the coat alone, on either side of a marking's border, so that no outline and no border counts
    as hair. Whiskers stay: those that were drawn, and whatever is as thin, long and bright as they are.
    """
    height, width = photo.shape[:2]
    unit = max(height, width) / _REFERENCE
    picture = photo.astype(np.float32)
    drawn = drawing.mask("fur", height, width) * (1 - _features(drawing, height, width, unit))
    marked = drawing.mask("spots", height, width).astype(np.float32)
    hair = np.zeros_like(picture)
    for part in (drawn * (1 - marked), drawn * marked):
        tone = _normalized_blur(picture, part, _COAT_HAIR * unit)
        hair += _soft(part, 0.7 * unit)[..., None] * (picture - tone)
    whiskers = _dilated(drawing.mask("whiskers", height, width).astype(np.float32), _WHISKER_REACH * unit)
    hair *= (1 - np.maximum(_soft(whiskers, 0.7 * unit), _whisker_likeness(picture)))[..., None]
    return np.asarray(np.clip(np.rint(picture - hair), 0, 255), np.uint8)


def without_features(photo: Photo, drawing: Annotation) -> Photo:
    """A photo (h, w, 3) whose eyes and nose are painted over from their sides: a new one of the same size.

    Source of the painting: as for :func:`without_whiskers`.
    """
    height, width = photo.shape[:2]
    unit = max(height, width) / _REFERENCE
    drawn = _features(drawing, height, width, unit).astype(np.uint8)
    return np.asarray(cv2.inpaint(photo, drawn, _INPAINTING * unit, cv2.INPAINT_TELEA), np.uint8)


class Retoucher(NamedTuple):
    """What takes a drawn thing from a photo.

    Attributes:
        drawn: what has to be drawn for it.
        known: kinds of which the drawing has to say where they are: what is not drawn would count as something else.
        without: the photo and its drawing -> the photo without it.
    """

    drawn: Kind
    known: tuple[Kind, ...]
    without: Callable[[Photo, Annotation], Photo]

    def can_use(self, drawing: Annotation) -> bool:
        """Whether all that it needs was drawn."""
        return drawing.has(self.drawn) and all(drawing.knows(kind) for kind in self.known)


RETOUCHERS = {
    "markings": Retoucher("spots", (), without_markings),
    "whiskers": Retoucher("whiskers", (), without_whiskers),
    "fur": Retoucher("fur", ("spots",), without_hair),
    "features": Retoucher("eyes", (), without_features),
}
"""By view (:mod:`bsgui.training.views`), and what styles are to leave alone (:mod:`bsgui.training.restyle`)."""


def _whisker_likeness(picture: NDArray[np.float32]) -> Mask:
    """0 for hair to 1 for what is as thin, long and bright as a whisker: (h, w, 3) -> (h, w)."""
    luma = torch.from_numpy(picture.mean(2))[None, None] / 127.5 - 1
    lines = ThinLines()(luma - gaussian_blur(luma, 2.0))[0, 0].numpy()
    return np.asarray(np.clip((lines - _MOST_HAIRS) / (_MOST_WHISKERS - _MOST_HAIRS), 0, 1), np.float32)


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
