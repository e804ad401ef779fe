from __future__ import annotations

import math

import numpy as np
import pytest

from bsgui.core.alignment import MEAN_LANDMARKS, face_frame, mean_landmarks
from bsgui.core.frame import Frame


def test_the_frame_is_ffhqs_square_narrowed() -> None:
    # Eyes 100 apart at height 0, mouth 120 below: twice the eyes' distance is less than 1.8 times the face's height.
    points = [(-50, 0), (50, 0), (0, 60), (-30, 120), (30, 120)]
    frame = face_frame(points)
    assert (frame.x, frame.y, frame.angle) == pytest.approx((0, 12, 0))
    assert frame.width == frame.height == pytest.approx(2 * 0.92 * 1.8 * 120)


def test_a_wide_face_is_framed_by_its_eyes() -> None:
    frame = face_frame([(-50, 0), (50, 0), (0, 40), (-30, 80), (30, 80)])
    assert frame.width == pytest.approx(2 * 0.92 * 2 * 100)


def test_the_frame_turns_moves_and_grows_with_the_face() -> None:
    before = face_frame(MEAN_LANDMARKS * 100)
    turn = np.array([[math.cos(0.4), -math.sin(0.4)], [math.sin(0.4), math.cos(0.4)]])
    after = face_frame(MEAN_LANDMARKS * 100 @ turn.T * 3 + (500, 200))
    assert after.angle == pytest.approx(0.4 + before.angle)
    assert after.width == pytest.approx(3 * before.width)
    assert (after.x, after.y) == pytest.approx(turn @ (before.x, before.y) * 3 + (500, 200))


def test_an_average_face_lies_as_the_packs_faces_do() -> None:
    frame = Frame.square(300, 200, 150, 0.3)
    again = face_frame(mean_landmarks(frame))
    assert (again.x, again.y) == pytest.approx((frame.x, frame.y), abs=0.3)
    assert again.width == pytest.approx(frame.width, rel=0.02)
    assert again.angle == pytest.approx(frame.angle, abs=1e-6)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), np.nan), np.ones((5, 2)) * 1e300])
def test_points_that_are_no_face_are_refused(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"face|frame"):
        face_frame(points)
