"""Which layers are light, how much of the light they hold, and how well they follow the true shading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from bsgui.analysis.report.bootstrap import Estimate, Photos
from bsgui.analysis.report.subjects import Subject
from bsgui.engine.light_direction import SIDES, light_direction
from bsgui.engine.side_light import side_light

from .contrast import contrast_within, luma
from .detection import layers_of
from .lit_faces import LitFaces
from .precision import Maps, smooth
from .relighting import to_linear

LIGHT_TARGET, PERSON_TARGET = 0.8, 0.6
"""Between-light variance inside the illumination layers; between-person variance outside them."""

_DARKEST = 1 / 255
_EYE_REACH = 0.03

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Variances:
    """Of every layer on every face.

    Attributes:
        picture: (I, N) mean over the whole picture.
        face: (I, N) mean over the face alone.
    """

    picture: Array
    face: Array


@dataclass(frozen=True, eq=False)
class LitLayers:
    """What a subject made of faces under lights.

    Attributes:
        faces: the faces.
        pictures: (I, L, N, 3, s, s) float16, signed layers without their spatial means, full scale; half precision
            keeps them in memory and is finer than 1/2000 of what it holds.
    """

    faces: LitFaces
    pictures: NDArray[np.float16]

    @staticmethod
    def of(subject: Subject, faces: LitFaces, advance: Callable[[int], None] = lambda n: None) -> LitLayers:
        """Run a subject over all faces and lights; ``advance`` is told how many faces are done."""
        pictures = []
        with torch.inference_mode():
            for done, own in enumerate(faces.samples, 1):
                pictures.append(layers_of(subject, own).astype(np.float16))
                advance(done)
        return LitLayers(faces, np.stack(pictures))

    @cached_property
    def between_lights(self) -> Variances:
        """Variance over the lights of one face, mean over channels and pixels."""
        maps = (own.astype(np.float32).var(0).mean(1) for own in self.pictures)
        return self._gathered(maps)

    @cached_property
    def between_people(self) -> Variances:
        """Squared distance from the mean face under the same light, mean over lights, channels and pixels."""
        count = len(self.pictures)
        mean = sum(own.astype(np.float32) for own in self.pictures) / count
        unbiased = np.float32(count / max(count - 1, 1))
        return self._gathered(unbiased * np.square(own - mean).mean((0, 2)) for own in self.pictures)

    def _gathered(self, maps: Iterable[Maps]) -> Variances:
        whole, face = [], []
        for one, landmarks in zip(maps, self.faces.landmarks, strict=True):
            whole.append(one.mean((1, 2), dtype=np.float64))
            face.append(one[:, landmarks.face(self.faces.size)].mean(1, dtype=np.float64))
        return Variances(np.stack(whole), np.stack(face))


@dataclass(frozen=True, eq=False)
class LightShare:
    """Shares of variance, with what resampling the faces makes of them.

    Attributes:
        light: of the variance between lights, the illumination layers' part.
        person: of the variance between people, the other layers' part.
    """

    light: Estimate
    person: Estimate


def light_share(between_lights: Array, between_people: Array, illumination: Sequence[int], seed: int) -> LightShare:
    """``Σ_{b light} V_b / Σ_b V_b`` between lights, and ``1 −`` the same between people.

    Args:
        between_lights: (I, N), see :attr:`LitLayers.between_lights`.
        between_people: (I, N), see :attr:`LitLayers.between_people`.
        illumination: indices of the illumination layers.
        seed: of the bootstrap.
    """
    chosen = list(illumination)

    def inside(variances: Array) -> Array:
        return np.asarray(variances[:, chosen].sum(1) / variances.sum(1))

    draws = Photos(len(between_lights), seed)
    people = draws.mean(between_people).map(inside)
    return LightShare(draws.mean(between_lights).map(inside), people.map(lambda share: 1 - share))


def illumination_layers(between_lights: Array, between_people: Array) -> tuple[int, ...]:
    """The layers that are best called light, from what varies on validation faces.

    Layers are put in order of how much more they vary between lights than between people; of all cuts of that order,
    the one is taken for which the smaller of (light share / 0.8) and (person share outside / 0.6) is largest.

    Args:
        between_lights: (I, N), N at least 2.
        between_people: (I, N).

    Returns:
        Indices, ascending; at least one layer and not all.
    """
    light = between_lights.mean(0) / between_lights.mean(0).sum()
    person = between_people.mean(0) / between_people.mean(0).sum()
    order = np.argsort(-light / np.maximum(person, 1e-12), kind="stable")
    score = np.minimum(light[order].cumsum() / LIGHT_TARGET, (1 - person[order].cumsum()) / PERSON_TARGET)
    return tuple(sorted(int(x) for x in order[: score[:-1].argmax() + 1]))


def log_luma(picture: Maps) -> Maps:
    """Logarithm of linear luma: (..., 3, h, w) sRGB-encoded full scale -> (..., h, w); black is 1/255."""
    return np.asarray(np.log(to_linear(np.clip(luma(picture), _DARKEST, 1))), np.float32)


def correlation(first: Maps, second: Maps, where: NDArray[np.bool_]) -> float:
    """Pearson correlation of two (h, w) maps inside a mask; 0 for a map without variation."""
    a, b = (x[where].astype(np.float64) - x[where].mean(dtype=np.float64) for x in (first, second))
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0


def illumination_correlations(layers: LitLayers, illumination: Sequence[int]) -> Array:
    """Correlation of the illumination with the true log shading inside each face: (I, L).

    The illumination is the photo's mean colour plus the illumination layers, its log luma taken.
    """
    faces = layers.faces
    result = np.empty(faces.shape)
    for i, j in np.ndindex(faces.shape):
        mean = photo(faces, i, j).mean((1, 2), keepdims=True)
        light = mean + layers.pictures[i, j, list(illumination)].astype(np.float32).sum(0)
        result[i, j] = _shading_correlation(faces, i, j, log_luma(light))
    return result


def retinex_correlations(faces: LitFaces, sigma: float) -> Array:
    """The same for a Gaussian blur of the photo's log luma: (I, L).

    Source: Jobson, Rahman & Woodell, Properties and Performance of a Center/Surround Retinex, 1997.
    """
    result = np.empty(faces.shape)
    for i, j in np.ndindex(faces.shape):
        result[i, j] = _shading_correlation(faces, i, j, smooth(log_luma(photo(faces, i, j)), sigma))
    return result


def _shading_correlation(faces: LitFaces, i: int, j: int, light: Maps) -> float:
    return correlation(light, np.log(faces.shadings[i, j]), faces.landmarks[i].face(faces.size))


def photo(faces: LitFaces, i: int, j: int) -> Maps:
    """One photo as (3, s, s) float32, full scale."""
    return np.asarray(faces.samples[i, j].transpose(2, 0, 1).astype(np.float32) / 255)


@dataclass(frozen=True, eq=False)
class Halving:
    """What turning lights to gain 0.5 leaves on side-lit faces; one row a picture.

    Attributes:
        strongest: (n,) left-right difference over the former one, the strongest light halved.
        all_lights: (n,) the same, all illumination layers halved.
        eyes: (n,) local contrast of the eyes over the former one, the strongest light halved.
    """

    strongest: Array
    all_lights: Array
    eyes: Array


def halve_lights(layers: LitLayers, illumination: Sequence[int]) -> Halving:
    """Turn down the light of every side-lit face.

    The left-right difference is that of the mean luma of the two halves of the face; the strongest light is the
    illumination layer that holds most of it, whichever that is in the picture at hand.
    """
    faces, rows = layers.faces, []
    for i, landmarks in enumerate(faces.landmarks):
        face, eyes = landmarks.face(faces.size), landmarks.eyes(faces.size)
        for j in faces.side_lights:
            before = luma(photo(faces, i, j))
            lights = luma(layers.pictures[i, j, list(illumination)].astype(np.float32))
            difference = left_right_difference(before, face, landmarks.middle[0])
            own = [left_right_difference(x, face, landmarks.middle[0]) * np.sign(difference) for x in lights]
            after = np.clip(before - 0.5 * lights[int(np.argmax(own))], 0, 1)
            darker = np.clip(before - 0.5 * lights.sum(0), 0, 1)
            left = [left_right_difference(x, face, landmarks.middle[0]) / difference for x in (after, darker)]
            reach = _EYE_REACH * faces.size
            rows.append([*left, contrast_within(after, eyes, reach) / contrast_within(before, eyes, reach)])
    strongest, everything, contrast = np.array(rows).T
    return Halving(strongest, everything, contrast)


@dataclass(frozen=True, eq=False)
class SideLights:
    """What a side light that is split off does on side-lit faces; one row a picture.

    Attributes:
        off: (n,) left-right difference over the former one, the side light at gain 0.
        turned: (n,) the same at gain -1: negative where the other side is the brighter one.
        correlation: (n,) of the side light with the odd part of the log of the true shading, inside the face.
    """

    off: Array
    turned: Array
    correlation: Array


def split_side_lights(layers: LitLayers, illumination: Sequence[int]) -> SideLights:
    """Split the light of every side-lit face by side, as the app does it (:mod:`bsgui.engine.side_light`)."""
    faces, rows = layers.faces, []
    for i, landmarks in enumerate(faces.landmarks):
        face = landmarks.face(faces.size)
        for j in faces.side_lights:
            before = luma(photo(faces, i, j))
            light = layers.pictures[i, j, list(illumination)].astype(np.float32).sum(0)
            side = luma(side_light(np.ascontiguousarray(light.transpose(1, 2, 0))).transpose(2, 0, 1))
            shading = np.log(np.maximum(faces.shadings[i, j], _DARKEST))
            difference = left_right_difference(before, face, landmarks.middle[0])
            after = (np.clip(before - part * side, 0, 1) for part in (1, 2))
            left = [left_right_difference(x, face, landmarks.middle[0]) / difference for x in after]
            rows.append([*left, correlation(side, (shading - shading[:, ::-1]) / 2, face)])
    off, turned, correlations = np.array(rows).T
    return SideLights(off, turned, correlations)


def left_right_difference(picture: Maps, face: NDArray[np.bool_], middle: float) -> float:
    """Mean of an (h, w) map over the left half of a face minus that over the right half."""
    left = np.arange(picture.shape[1])[None] + 0.5 < middle
    return float(picture[face & left].mean(dtype=np.float64) - picture[face & ~left].mean(dtype=np.float64))


def side_errors(layers: LitLayers, illumination: Sequence[int]) -> Array:
    """How far the side that the app names is from the side that is lit, degrees: (I, L), NaN where none is named.

    Named is the side of the illumination layers' sum; lit is that of the log of the true shading. Both are multiples of
    45 degrees.
    """
    errors = np.full(layers.faces.shape, np.nan)
    for place in np.ndindex(layers.faces.shape):
        light = layers.pictures[place][list(illumination)].astype(np.float32).sum(0)
        shading = np.log(np.maximum(layers.faces.shadings[place], _DARKEST))
        named, lit = light_direction(light.transpose(1, 2, 0)), light_direction(np.stack([shading] * 3, -1))
        if named is not None and lit is not None:
            turn = (SIDES.index(named) - SIDES.index(lit)) % len(SIDES)
            errors[place] = min(turn, len(SIDES) - turn) * 360 / len(SIDES)
    return errors
