"""Landmarks, face parts and relighting on a face that is drawn from its own landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bsgui.analysis.semantic import landmarks as lm
from bsgui.analysis.semantic.face_parts import PARTS, face_parts
from bsgui.analysis.semantic.landmarks import FiveLandmarks, outlined, read_landmarks
from bsgui.analysis.semantic.relighting import LIGHTS, random_shadings, relit, to_encoded, to_linear
from bsgui.core.errors import PhotoReadError
from tests.analysis.semantic.drawn_face import FIVE, SIDE, drawn_face, drawn_points


def test_a_square_outline_covers_exactly_its_pixels() -> None:
    points = np.array([[2, 2], [6, 2], [6, 5], [2, 5]], np.float64)
    mask = outlined(points, ([0, 1, 2, 3],), 8)
    expected = np.zeros((8, 8), bool)
    expected[2:5, 2:6] = True
    np.testing.assert_array_equal(mask, expected)


def test_every_index_of_an_outline_is_a_landmark() -> None:
    for outlines in (lm.EYES, lm.BROWS, lm.NOSE, lm.MOUTH, lm.FACE, lm.EARS, lm.HEAD):
        for outline in outlines:
            assert len(set(outline)) == len(outline) >= 3
            assert 0 <= min(outline) <= max(outline) < lm.POINTS


def test_parts_lie_where_they_were_drawn_and_do_not_overlap() -> None:
    points = drawn_points()
    photo, hair = drawn_face(points)
    parts = face_parts(photo, points)
    masks = dict(zip(PARTS, parts.masks, strict=True))
    eyes = outlined(points, (*lm.EYES, *lm.BROWS), SIDE)
    np.testing.assert_array_equal(masks["eyes+brows"], eyes)
    for other in ("eyes+brows", "mouth", "hair"):
        assert not (masks["skin"] & masks[other]).any()
    assert (masks["nose"] & masks["skin"]).any()
    assert not (masks["hair"] & outlined(points, lm.MOUTH, SIDE)).any()
    overlap = (masks["hair"] & hair).sum() / (masks["hair"] | (hair & parts.counted[-1])).sum()
    assert overlap > 0.8


def test_a_shaved_head_has_no_hair() -> None:
    points = drawn_points()
    photo, _ = drawn_face(points, hair=(205, 160, 140))
    parts = face_parts(photo, points)
    assert not parts.masks[-1].any()
    assert parts.masks[PARTS.index("skin")].any()


def test_masks_are_the_same_every_time() -> None:
    points = drawn_points()
    photo, _ = drawn_face(points)
    np.testing.assert_array_equal(face_parts(photo, points).masks, face_parts(photo, points).masks)


def test_five_landmarks_say_where_face_and_eyes_are() -> None:
    face = FiveLandmarks.parse(FIVE)
    ellipse, eyes = face.face(SIDE), face.eyes(SIDE)
    assert ellipse[[int(y) for y in face.points[:, 1]], [int(x) for x in face.points[:, 0]]].all()
    assert not ellipse[0].any()
    assert not ellipse[:, 0].any()
    assert eyes[int(face.points[0, 1]), int(face.points[0, 0])]
    assert not eyes[int(face.points[2, 1]), int(face.points[2, 0])]
    assert not (eyes & ~ellipse).any()
    half = FiveLandmarks.parse(FIVE, 0.5)
    assert half.middle == pytest.approx((face.middle[0] / 2, face.middle[1] / 2))


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d e f g h i j", "1 2 3 4 5 6 7 8 9 10 11"])
def test_other_text_is_no_landmarks(text: str) -> None:
    with pytest.raises(PhotoReadError, match="five landmarks"):
        FiveLandmarks.parse(text)


def test_landmark_tables_are_checked(tmp_path: Path) -> None:
    table = tmp_path / "landmarks.csv"
    header = "file," + ",".join(f"x{i},y{i}" for i in range(lm.POINTS))
    table.write_text(header + "\nimg/a.jpg," + ",".join("1.5" for _ in range(2 * lm.POINTS)) + "\n")
    assert read_landmarks(table)["img/a.jpg"].shape == (lm.POINTS, 2)
    for broken in (header + "\nimg/a.jpg,1,2\n", header + "\nimg/a.jpg," + ",".join(["x"] * 2 * lm.POINTS)):
        table.write_text(broken)
        with pytest.raises(PhotoReadError, match=r"landmarks\.csv"):
            read_landmarks(table)
    with pytest.raises(PhotoReadError):
        read_landmarks(tmp_path / "none.csv")


def test_lights_fall_from_where_they_stand() -> None:
    face = FiveLandmarks.parse(FIVE)
    shadings = random_shadings(face, SIDE, np.random.default_rng(0))
    assert shadings.shape == (len(LIGHTS), SIDE, SIDE)
    assert shadings.max(axis=(1, 2)) == pytest.approx(1)
    assert shadings.min() > 0.1
    inside = face.face(SIDE)
    left = inside & (np.arange(SIDE) < face.middle[0])
    top = inside & (np.arange(SIDE)[:, None] < face.middle[1])
    sides = [x[left].mean() - x[inside & ~left].mean() for x in shadings]
    assert sides[0] > 0.15
    assert sides[2] < -0.15
    assert shadings[1][top].mean() - shadings[1][inside & ~top].mean() > 0.1


def test_lights_are_seeded() -> None:
    face = FiveLandmarks.parse(FIVE)
    first, again, other = (random_shadings(face, SIDE, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


def test_relighting_multiplies_linear_light() -> None:
    photo, _ = drawn_face(drawn_points())
    shading = np.full((SIDE, SIDE), 0.5, np.float32)
    before, after = (to_linear(x.astype(np.float32) / 255) for x in (photo, relit(photo, shading)))
    np.testing.assert_allclose(after, before / 2, atol=0.004)
    np.testing.assert_array_equal(relit(photo, np.ones_like(shading)), photo)
    values = np.linspace(0, 1, 101, dtype=np.float32)
    np.testing.assert_allclose(to_encoded(to_linear(values)), values, atol=1e-4)
