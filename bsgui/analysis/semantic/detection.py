"""Which layer finds a thing: chosen, with its smoothing, on validation photos, and measured on test photos.

Every contender is treated alike, the network as the wavelet scales: for each kind of thing, the smoothing of each layer
is the one of :data:`SIGMAS` with the best mean average precision on the validation photos; so is the layer itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from bsgui.analysis.bands import remove_means
from bsgui.analysis.photos import to_tensor
from bsgui.analysis.report.subjects import Subject
from bsgui.core.errors import UsageError

from .contrast import luma
from .precision import Maps, Masks, average_precisions, smooth, smoothed_precisions, strength

SIGMAS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Smoothings that compete, pixels of a 256 px photo."""

_BATCH = 4
_REFERENCE_SIZE = 256


@dataclass(frozen=True, eq=False)
class MaskedPhotos:
    """Square photos with what is on them.

    Attributes:
        samples: (n, s, s, 3) uint8.
        kinds: names of the M kinds of things.
        masks: (n, M, s, s) bool; empty where a photo has none of the kind.
        validation: (n,) bool; the choices are made on these photos, the others are for measuring.
        counted: (n, M, s, s) bool; pixels where it is not known whether the thing is there are False.
    """

    samples: NDArray[np.uint8]
    kinds: tuple[str, ...]
    masks: Masks
    validation: NDArray[np.bool_]
    counted: Masks

    @property
    def size(self) -> int:
        """Side of the photos, pixels."""
        return int(self.samples.shape[1])

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """(n, M): which photo has which kind."""
        return np.asarray(self.masks.any((2, 3)))

    def chosen(self, kind: int, validation: bool) -> NDArray[np.intp]:
        """Indices of the photos of one side that have a kind."""
        return np.flatnonzero(self.present[:, kind] & (self.validation == validation))

    def kinds_on_both_sides(self) -> list[int]:
        """The kinds that can be measured: on at least one photo to choose by and one to measure on."""
        return [k for k in range(len(self.kinds)) if len(self.chosen(k, True)) and len(self.chosen(k, False))]


@dataclass(frozen=True, eq=False)
class Contender:
    """What a subject made of the photos.

    Attributes:
        subject: a network, or the wavelet split.
        strengths: (n, N, s, s) float32, length of the layers' RGB vectors, full scale.
        lumas: (n, N, s, s) float32, the layers' luma, signed, full scale.
    """

    subject: Subject
    strengths: Maps
    lumas: Maps


def layers_of(subject: Subject, samples: NDArray[np.uint8]) -> Maps:
    """Signed layers with their spatial means removed: (n, s, s, 3) uint8 -> (n, N, 3, s, s) float32, full scale."""
    pictures, _ = subject.split(to_tensor(samples), 0)
    return np.asarray((remove_means(pictures) / 2).numpy(), np.float32)


def contend(subject: Subject, samples: NDArray[np.uint8], advance: Callable[[int], None] = lambda n: None) -> Contender:
    """Run a subject over photos (n, s, s, 3); ``advance`` is told how many are done."""
    strengths, lumas = [], []
    with torch.inference_mode():
        for start in range(0, len(samples), _BATCH):
            layers = layers_of(subject, samples[start : start + _BATCH])
            strengths.append(strength(layers))
            lumas.append(luma(layers))
            advance(min(start + _BATCH, len(samples)))
    return Contender(subject, np.concatenate(strengths), np.concatenate(lumas))


@dataclass(frozen=True, eq=False)
class Detection:
    """How well the N layers of a contender find one kind.

    Attributes:
        layers: their names.
        chosen: the layer that is best on the validation photos.
        sigmas: (N,) the smoothing of each layer, pixels.
        precision: (n, N) average precision on each test photo that has the kind.
        pooled: (N,) average precision over the pixels of all these photos together, one threshold for all.
    """

    layers: tuple[str, ...]
    chosen: int
    sigmas: NDArray[np.float64]
    precision: NDArray[np.float64]
    pooled: NDArray[np.float64]


def detect(contender: Contender, photos: MaskedPhotos, sigmas: Sequence[float] = SIGMAS) -> dict[str, Detection]:
    """Choose on the validation photos and measure on the others; kinds that are not on both sides are left out.

    Raises:
        UsageError: no kind is on both sides.
    """
    kinds = photos.kinds_on_both_sides()
    if not kinds:
        raise UsageError("The annotations need photos of the splits “val” and “test” that show the same kind of thing.")
    scaled = [sigma * photos.size / _REFERENCE_SIZE for sigma in sigmas]
    table = _validation_table(contender, photos, scaled)
    return {photos.kinds[k]: _detect(contender, photos, k, scaled, table[..., k]) for k in kinds}


def _validation_table(contender: Contender, photos: MaskedPhotos, sigmas: Sequence[float]) -> NDArray[np.float64]:
    """(V, N, S, M) on the validation photos, NaN where a kind is not in the photo."""
    chosen = np.flatnonzero(photos.validation)
    return np.stack(
        [smoothed_precisions(contender.strengths[i], sigmas, photos.masks[i], photos.counted[i]) for i in chosen]
    )


def _detect(
    contender: Contender, photos: MaskedPhotos, kind: int, sigmas: Sequence[float], table: NDArray[np.float64]
) -> Detection:
    mean = np.nanmean(table, axis=0)
    best = np.asarray(sigmas)[mean.argmax(1)]
    tested = photos.chosen(kind, validation=False)
    scores = [
        np.stack([smooth(contender.strengths[i, layer], sigma).ravel() for i in tested])
        for layer, sigma in enumerate(best)
    ]
    masks, counted = (what[tested, kind].reshape(len(tested), -1) for what in (photos.masks, photos.counted))
    precision = [[_precision(*one) for one in zip(own, masks, counted, strict=True)] for own in scores]
    pooled = [_precision(own.ravel(), masks.ravel(), counted.ravel()) for own in scores]
    return Detection(
        contender.subject.branches,
        int(mean.max(1).argmax()),
        best,
        np.array(precision).T,
        np.array(pooled),
    )


def _precision(scores: Maps, mask: Masks, counted: Masks) -> float:
    return float(average_precisions(scores, mask[None], counted[None])[0])
