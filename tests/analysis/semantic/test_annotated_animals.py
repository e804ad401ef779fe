"""The hand-drawn annotations themselves: the right photos, and nothing that no person would draw."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bsgui.analysis.semantic.annotations import KINDS, Annotation, Points, read_annotations

ANIMALS = Path(__file__).resolve().parents[2] / "data" / "annotations" / "animals"
ANNOTATIONS = read_annotations(ANIMALS)
TEST = [x for x in ANNOTATIONS if x.split == "test"]
EACH = pytest.mark.parametrize("annotation", ANNOTATIONS, ids=lambda x: Path(x.photo).stem)

SIDE = 256
LONGEST_STEP = 60
EYE_AREA = (40, 3000)


def split_of(photo: str) -> str:
    """The pack's rule: a photo's split follows from its name, so that it is the same at every size."""
    part = int(hashlib.md5(Path(photo).stem.encode(), usedforsecurity=False).hexdigest(), 16) % 20
    return "test" if part < 2 else "val" if part < 4 else "train"


def crossings(starts: Points, ends: Points) -> int:
    """How many pairs of segments cross each other; touching ends do not count."""

    def side(origin: Points, towards: Points, point: Points) -> NDArray[np.float64]:
        (ax, ay), (bx, by) = np.moveaxis(towards - origin, -1, 0), np.moveaxis(point - origin, -1, 0)
        return np.asarray(ax * by - ay * bx)

    a, b, c, d = starts[:, None], ends[:, None], starts[None], ends[None]
    apart = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    return int(apart.sum()) // 2


def area(outline: Points) -> float:
    x, y = outline.T
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2


def test_there_are_enough_photos_and_each_once() -> None:
    assert len({x.photo for x in ANNOTATIONS}) == len(ANNOTATIONS)
    assert len(TEST) >= 35
    assert len(ANNOTATIONS) - len(TEST) >= 12


def test_whiskers_and_spots_are_seen_often_enough() -> None:
    assert sum(x.has("whiskers") for x in TEST) >= len(TEST) * 2 / 3
    assert sum(x.has("spots") for x in TEST) >= len(TEST) / 2
    assert all(x.has("fur") for x in ANNOTATIONS)


@EACH
def test_the_photo_is_of_its_split_and_never_trained_on(annotation: Annotation) -> None:
    assert annotation.photo.startswith("pets256/img/")
    assert (ANIMALS / f"{Path(annotation.photo).stem}.json").is_file()
    assert (annotation.width, annotation.height) == (SIDE, SIDE)
    assert annotation.split == split_of(annotation.photo)


@EACH
def test_outlines_do_not_cross_themselves(annotation: Annotation) -> None:
    for outlines in annotation.regions.values():
        for outline in outlines:
            assert crossings(outline, np.roll(outline, -1, axis=0)) == 0


@EACH
def test_whiskers_are_thin_lines_without_knots_and_jumps(annotation: Annotation) -> None:
    for stroke in annotation.strokes.get("whiskers", ()):
        assert 0.5 <= stroke.width <= 4
        assert crossings(stroke.points[:-1], stroke.points[1:]) == 0
        assert np.hypot(*np.diff(stroke.points, axis=0).T).max() <= LONGEST_STEP


@EACH
def test_eyes_and_nose_are_few_and_of_a_likely_size(annotation: Annotation) -> None:
    eyes, nose = annotation.regions.get("eyes", ()), annotation.regions.get("nose", ())
    assert len(eyes) <= 2
    assert len(nose) <= 1
    assert all(EYE_AREA[0] <= area(x) <= EYE_AREA[1] for x in eyes)


@EACH
def test_kinds_lie_where_they_can(annotation: Annotation) -> None:
    masks = {kind: annotation.mask(kind, SIDE, SIDE) for kind in KINDS}
    assert not (masks["eyes"] & masks["nose"]).any()
    assert masks["fur"].mean() < 0.95
    # Spots of a body that is out of focus are drawn, its coat is not.
    if masks["spots"].any():
        assert masks["fur"][masks["spots"]].mean() > 0.5
    assert masks["whiskers"].mean() < 0.1
