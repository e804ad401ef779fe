"""Runs everything over the photos once, batch by batch, and keeps what the measures need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.analysis.photos import to_tensor

from .domains import DomainClassifier
from .masks import mask_precision
from .matching import likeness, relative_change
from .subjects import Subject
from .traits import Traits, traits

_BATCH = 8


@dataclass(eq=False)
class Examination:
    """What was seen of one subject on n photos.

    Attributes:
        subject: who.
        parts: traits, one entry a batch.
        like_first: (b, N₁, N) correlations of the first subject's branches with this one's, one entry a batch.
        styles: per further seed, the (b, N, N) correlations of the branches in the first style with those in the
            other, one entry a batch.
        changes: per further seed, (b, N) relative change of each branch.
        effects: (b, N) change of the domain classifier's decision.
        precisions: (b, N) average precision of each branch as a detector of the photos' masks.
        examples: photos as (photo, layers, sum) in uint8.
        pictures: (b, N, 3, h, w) float16, kept only for the realism of re-blends.
    """

    subject: Subject
    parts: list[Traits] = field(default_factory=list)
    like_first: list[NDArray[np.float32]] = field(default_factory=list)
    styles: dict[int, list[NDArray[np.float32]]] = field(default_factory=dict)
    changes: dict[int, list[NDArray[np.float32]]] = field(default_factory=dict)
    effects: list[NDArray[np.float32]] = field(default_factory=list)
    precisions: list[NDArray[np.float32]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    pictures: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Example:
    """A photo and its layers, (h, w, 3) uint8 each; layers over mid-grey, their means removed."""

    photo: NDArray[np.uint8]
    layers: tuple[NDArray[np.uint8], ...]
    total: NDArray[np.uint8]


@torch.inference_mode()
def examine(
    subjects: Sequence[Subject],
    squares: NDArray[np.uint8],
    *,
    seed: int = 0,
    styles: Sequence[int] = (),
    classifier: DomainClassifier | None = None,
    masks: NDArray[np.bool_] | None = None,
    examples: Sequence[int] = (),
    keep_pictures: bool = False,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> list[Examination]:
    """Take all photos apart with every subject.

    Args:
        subjects: who; the others are matched with the first.
        squares: (n, s, s, 3) uint8.
        seed: of the style.
        styles: further seeds, for the stability over styles.
        classifier: asked about the photos without each branch.
        masks: (n, 64, 64) what is outlined in the photos, for the semantic share.
        examples: indices of photos whose layers are kept as pictures.
        keep_pictures: see :attr:`Examination.pictures`.
        advance: called with (photos done, photos in all).
    """
    examinations = [Examination(subject) for subject in subjects]
    for start in range(0, len(squares), _BATCH):
        photos = to_tensor(squares[start : start + _BATCH])
        first: Tensor | None = None
        for seen in examinations:
            pictures, mean = seen.subject.split(photos, seed)
            first = pictures if first is None else first
            seen.parts.append(traits(pictures, photos, mean))
            seen.like_first.append(likeness(first, pictures))
            _look_at_styles(seen, photos, pictures, styles)
            if classifier is not None:
                seen.effects.append(classifier.effects(photos, remove_means(pictures)).numpy())
            if masks is not None:
                seen.precisions.append(mask_precision(pictures, masks[start : start + len(photos)]))
            chosen = [i - start for i in examples if start <= i < start + len(photos)]
            seen.examples += [_example(photos[i], pictures[i], mean[i]) for i in chosen]
            if keep_pictures:
                seen.pictures.append(pictures.half())
        advance(min(start + _BATCH, len(squares)), len(squares))
    return examinations


def _look_at_styles(seen: Examination, photos: Tensor, pictures: Tensor, styles: Sequence[int]) -> None:
    if seen.subject.network is None:
        return
    for style in styles:
        others, _ = seen.subject.split(photos, style)
        seen.styles.setdefault(style, []).append(likeness(pictures, others))
        seen.changes.setdefault(style, []).append(relative_change(pictures, others).numpy())


def _example(photo: Tensor, pictures: Tensor, mean: Tensor) -> Example:
    layers = tuple(_to_uint8(layer) for layer in remove_means(pictures))
    return Example(_to_uint8(photo), layers, _to_uint8(pictures.sum(0) + mean))


def _to_uint8(picture: Tensor) -> NDArray[np.uint8]:
    """(3, h, w) in [-1, 1] -> (h, w, 3)."""
    pixels = picture.add(1).mul(127.5).round().clamp(0, 255).permute(1, 2, 0).contiguous().numpy()
    return np.asarray(pixels, np.uint8)
