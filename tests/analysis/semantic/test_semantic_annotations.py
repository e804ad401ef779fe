from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bsgui.analysis.semantic.annotations import Annotation, AnnotationError, read_annotation, read_annotations

DRAWN: dict[str, Any] = {
    "photo": "pets256/img/Nobody_1.jpg",
    "split": "val",
    "width": 64,
    "height": 32,
    "annotator": "T",
    "strokes": {"whiskers": [{"points": [[8, 4.5], [56, 4.5]], "width": 1}]},
    "regions": {
        "fur": [[[0, 0], [64, 0], [64, 32], [0, 32]]],
        "eyes": [[[8, 8], [16, 8], [16, 16], [8, 16]]],
        "nose": [[[24, 16], [40, 16], [40, 24], [24, 24]]],
        "spots": [[[4, 12], [20, 12], [20, 20], [4, 20]], [[12, 12], [28, 12], [28, 20], [12, 20]]],
    },
    "absent": [],
}


def write(folder: Path, **changes: Any) -> Path:
    file = folder / "Nobody_1.json"
    file.write_text(json.dumps({**DRAWN, **changes}), encoding="utf-8")
    return file


@pytest.fixture
def annotation(tmp_path: Path) -> Annotation:
    return read_annotation(write(tmp_path))


def test_a_region_covers_exactly_its_pixels(annotation: Annotation) -> None:
    expected = np.zeros((32, 64), bool)
    expected[8:16, 8:16] = True
    assert np.array_equal(annotation.mask("eyes", 32, 64), expected)


def test_a_stroke_on_pixel_centres_covers_its_row(annotation: Annotation) -> None:
    mask = annotation.mask("whiskers", 32, 64)
    assert mask[4, 9:55].all()
    assert not np.delete(mask, 4, axis=0).any()


@pytest.mark.parametrize("scale", [2, 5])
def test_masks_grow_with_their_size(annotation: Annotation, scale: int) -> None:
    small = annotation.mask("nose", 32, 64)
    large = annotation.mask("nose", 32 * scale, 64 * scale)
    assert np.array_equal(large, small.repeat(scale, 0).repeat(scale, 1))


def test_thin_strokes_do_not_vanish_in_small_masks(annotation: Annotation) -> None:
    columns = annotation.mask("whiskers", 8, 16).any(0)
    assert columns[3:13].all()


def test_slanted_strokes_stay_in_one_piece(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    slanted = [{"points": [[3.2, 5.7], [30.1, 21.3], [60.4, 27.9]], "width": 0.5}]
    file = write(tmp_path, strokes={"whiskers": slanted})
    mask = read_annotation(file).mask("whiskers", 32, 64)
    assert cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] == 2


def test_coat_and_spots_leave_out_eyes_and_nose(annotation: Annotation) -> None:
    eyes, nose = annotation.mask("eyes", 32, 64), annotation.mask("nose", 32, 64)
    assert np.array_equal(annotation.mask("fur", 32, 64), ~(eyes | nose))
    assert not (annotation.mask("spots", 32, 64) & (eyes | nose)).any()


def test_overlapping_outlines_add_up(annotation: Annotation) -> None:
    assert annotation.mask("spots", 32, 64)[17:20, 4:24].all()


def test_kinds_not_drawn_have_empty_masks(tmp_path: Path) -> None:
    annotation = read_annotation(write(tmp_path, strokes={}, absent=["whiskers"]))
    assert not annotation.has("whiskers")
    assert not annotation.mask("whiskers", 16, 16).any()


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.json").write_text(json.dumps({**DRAWN, "note": name}), encoding="utf-8")
    assert [x.note for x in read_annotations(tmp_path)] == ["a", "b"]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="no annotations"):
        read_annotations(tmp_path)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"photo": "../secret.jpg"}, "inside the data packs"),
        ({"photo": "/etc/passwd"}, "inside the data packs"),
        ({"photo": "pets256//a.jpg"}, "inside the data packs"),
        ({"split": "holiday"}, "split must be one of"),
        ({"width": 0}, "width must be"),
        ({"width": 10**9}, "width must be"),
        ({"annotator": None}, "annotator is missing"),
        ({"strokes": []}, "strokes must be"),
        ({"strokes": {"eyes": []}}, "strokes must be"),
        ({"strokes": {"whiskers": [{"points": [[1, 1]], "width": 1}]}}, "2 to 2000 points"),
        ({"strokes": {"whiskers": [{"points": [[1, 1], [2, 2]], "width": 0}]}}, "width must be a number"),
        ({"strokes": {"whiskers": [[[1, 1], [2, 2]]]}}, "not an object"),
        ({"regions": {"tail": []}}, "regions must be"),
        ({"regions": {"fur": [[]] * 1001}}, "at most 1000 shapes"),
        ({"regions": {"fur": [[[1, 1], [2, 2]]]}}, "3 to 2000 points"),
        ({"regions": {"fur": [[[1, 1], [2, 2], [65, 3]]]}}, "inside the photo"),
        ({"regions": {"fur": [[[1, 1], [2, 2], [float("nan"), 3]]]}}, "pairs of numbers"),
        ({"regions": {"fur": [[[1, 1], [2, 2], [10**400, 3]]]}}, "pairs of numbers"),
        ({"regions": {"fur": [[[1, 1], [2, 2], [3, True]]]}}, "pairs of numbers"),
        ({"regions": {"fur": [[[1, 1], [2, 2], "ab"]]}}, "pairs of numbers"),
        ({"absent": "whiskers"}, "absent must be"),
        ({"absent": [["whiskers"]]}, "absent must be"),
        ({"absent": ["whiskers"]}, "drawn and called absent"),
    ],
)
def test_what_is_no_annotation_is_refused_in_one_sentence(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(AnnotationError, match=problem) as refused:
        read_annotation(write(tmp_path, **changes))
    assert "Nobody_1.json" in refused.value.user_message


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"width": ' + b"9" * 5000 + b"}"])
def test_files_of_anything_else_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(content)
    with pytest.raises(AnnotationError, match="is no annotation"):
        read_annotation(file)


def test_large_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b" " * (2 << 20))
    with pytest.raises(AnnotationError, match="too large"):
        read_annotation(tmp_path / "a.json")
    with pytest.raises(AnnotationError, match="could not be read"):
        read_annotation(tmp_path / "b.json")
