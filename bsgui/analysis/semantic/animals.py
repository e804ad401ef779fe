"""The animal model against hand-drawn masks: whiskers, spots, fur, eyes, nose; and what removing a layer removes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.photos import check_size, load_squares
from bsgui.analysis.report.subjects import Subject
from bsgui.core.errors import UsageError

from .annotations import KINDS, Annotation, read_annotations
from .comparison import compare
from .contrast import contrast_removed, luma, patches, surround_contrast_removed, well_outside
from .detection import Contender, Detection, MaskedPhotos, contend, detect
from .medians import median

_REFERENCE_SIZE = 256
_REACH = {"whiskers": 3.0, "spots": 12.0, "fur": 4.0, "eyes": 8.0, "nose": 8.0}
_MARGIN = 3
_RING = 6

Advance = Callable[[str, int, int], None]


def evaluate_animals(
    subjects: Sequence[Subject], photos: Path, annotations: Path, advance: Advance, *, size: int = 256, seed: int = 0
) -> dict[str, Any]:
    """Average precision of every layer and contrast removed by the chosen one, for each kind of thing.

    Args:
        subjects: the contenders, the wavelet split among them.
        photos: folder of the data packs, to which the annotations' paths are relative.
        annotations: folder of annotations.
        advance: called with (what is under way, photos done, photos in all).
        size: side of the photos as the contenders see them, pixels.
        seed: of the bootstrap.

    Returns:
        A JSON-ready object.

    Raises:
        AnnotationError, PhotoReadError, UsageError.
    """
    for subject in subjects:
        if subject.network is not None:
            check_size(subject.network, size)
    material = load_masked_photos(photos, read_annotations(annotations), size)
    found, removed = {}, {}
    for subject in subjects:

        def step(done: int, name: str = subject.name) -> None:
            advance(name, done, len(material.samples))

        contender = contend(subject, material.samples, step)
        found[subject.name] = detect(contender, material)
        removed[subject.name] = {
            kind: removal(contender, detection, material, kind, seed) for kind, detection in found[subject.name].items()
        }
    figures = compare(material, found, seed)
    for kind, figure in figures.items():
        for name, contender_figures in figure["contenders"].items():
            contender_figures["removal"] = removed[name][kind]
    count = int(material.validation.sum())
    return {
        "size": size,
        "seed": seed,
        "photos": {"validation": count, "test": len(material.samples) - count},
        "contrast_sigma_px": {kind: _REACH[kind] * size / _REFERENCE_SIZE for kind in figures},
        "kinds": figures,
    }


def load_masked_photos(packs: Path, annotations: Sequence[Annotation], size: int) -> MaskedPhotos:
    """The central squares of annotated photos and of their masks.

    Raises:
        PhotoReadError: a photo is missing or cannot be read.
        UsageError: nothing is annotated, or photos that models are trained on.
    """
    if not annotations:
        raise UsageError("There are no annotations to measure against.")
    if any(annotation.split == "train" for annotation in annotations):
        raise UsageError("Photos that models are trained on are no measure.")
    samples = load_squares([packs / annotation.photo for annotation in annotations], size)
    masks = [[_square_mask(annotation, kind, size) for kind in KINDS] for annotation in annotations]
    validation = [annotation.split == "val" for annotation in annotations]
    inside = np.array(masks)
    return MaskedPhotos(samples, tuple(KINDS), inside, np.array(validation), np.ones_like(inside))


def _square_mask(annotation: Annotation, kind: Any, size: int) -> NDArray[np.bool_]:
    """The mask of the central square, as :func:`load_squares` crops photos."""
    if annotation.width == annotation.height:
        return annotation.mask(kind, size, size)
    mask = annotation.mask(kind, annotation.height, annotation.width)
    side = min(mask.shape)
    top, left = (mask.shape[0] - side) // 2, (mask.shape[1] - side) // 2
    square = mask[top : top + side, left : left + side].astype(np.float32)
    return np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA) >= 0.5)


def removal(contender: Contender, detection: Detection, photos: MaskedPhotos, kind: str, seed: int) -> dict[str, Any]:
    """What the chosen layer at gain 0 takes of the contrast inside the mask, to its surround, and outside: medians.

    The picture without the layer is clipped to 0..1, as a screen does.
    """
    index = photos.kinds.index(kind)
    tested = photos.chosen(index, validation=False)
    scale = photos.size / _REFERENCE_SIZE
    rows = []
    for i in tested:
        before = luma(photos.samples[i].transpose(2, 0, 1).astype(np.float32) / 255)
        after = np.clip(before - contender.lumas[i, detection.chosen], 0, 1)
        mask = photos.masks[i, index]
        outside = well_outside(mask, max(1, round(_MARGIN * scale)))
        removed = [contrast_removed(before, after, where, _REACH[kind] * scale) for where in (mask, outside)]
        pieces = patches(mask, max(2, round(_RING * scale)))
        rows.append([*removed, surround_contrast_removed(before, after, pieces)])
    inside, beyond, surround = np.array(rows).T
    return {
        "inside": median(inside, seed),
        "against_surround": median(surround, seed),
        "outside": median(beyond, seed),
    }
