from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest

from bsgui.core.fields import FieldError, Fields
from bsgui.core.frame import FEATHER, Frame, edge_window, read_frame
from bsgui.core.viewport import Viewport


def test_an_upright_frame_maps_its_sides_to_the_photo() -> None:
    frame = Frame(100, 50, 40, 20)
    assert frame.corners.tolist() == [[80, 40], [120, 40], [120, 60], [80, 60]]
    assert frame.bounds == (80, 40, 120, 60)
    assert frame.from_photo @ (100, 50, 1) == pytest.approx([0.5, 0.5])


def test_a_quarter_turn_is_clockwise_as_seen() -> None:
    frame = Frame(100, 50, 40, 20, math.pi / 2)
    # The upright picture's top left corner lies at the top right of the photo.
    assert frame.corners[0] == pytest.approx([110, 30])
    assert frame.corners[1] == pytest.approx([110, 70])


@pytest.mark.parametrize("angle", [0.0, 0.3, -2.0, math.pi])
def test_to_the_photo_and_back(angle: float) -> None:
    frame = Frame(31, 17, 12, 30, angle)
    point = frame.to_photo @ (0.2, 0.9, 1.0)
    assert frame.from_photo @ (*point, 1.0) == pytest.approx([0.2, 0.9])
    assert frame.contains(*point)
    assert not frame.contains(*(frame.to_photo @ (0.2, 1.1, 1.0)))


def test_angles_are_kept_within_half_a_turn() -> None:
    assert Frame(0, 0, 10, 10, 3 * math.pi / 2).angle == pytest.approx(-math.pi / 2)
    assert Frame(0, 0, 10, 10, math.pi).angle == math.pi


@pytest.mark.parametrize("values", [(0, 0, 7, 10), (0, 0, 10, 0), (math.nan, 0, 10, 10), (0, 0, 10, math.inf)])
def test_what_is_no_frame(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="not a frame"):
        Frame(*values)


def test_the_mask_has_the_frames_area() -> None:
    frame = Frame(50, 40, 30, 20, 0.7)
    assert frame.mask(Viewport(0, 0, 4.0, 400, 320)).sum() / 16 == pytest.approx(600, rel=0.01)
    assert frame.mask(Viewport(49.5, 39.5, 1.0, 1, 1)).all()
    assert not frame.mask(Viewport(0, 0, 1.0, 20, 20)).any()


def test_what_covers_a_frame_stays_in_the_photo() -> None:
    assert Frame(50, 40, 31, 20).cover((100, 80)) == (34, 30, 32, 20)
    assert Frame(0, 80, 40, 40).cover((100, 80)) == (0, 60, 20, 20)
    left, top, width, height = Frame(-500, 900, 40, 40).cover((100, 80))
    assert (width, height) == (1, 1)
    assert 0 <= left < 100
    assert 0 <= top < 80


def test_the_core_is_the_frame_without_the_margin() -> None:
    core = Frame(50, 40, 100, 200, 0.5).core
    assert (core.x, core.y, core.angle) == (50, 40, 0.5)
    assert core.width == pytest.approx(100 - 2 * 100 * FEATHER)
    assert core.height == pytest.approx(200 - 2 * 100 * FEATHER)


def test_the_window_rises_from_exactly_0_to_exactly_1() -> None:
    window = edge_window(128, 96)
    assert window.shape == (128, 96)
    assert window.dtype == np.float32
    for edge in (window[:2], window[-2:], window[:, :2], window[:, -2:]):
        assert not edge.any()
    inner = math.ceil(96 * FEATHER)
    assert (window[inner:-inner, inner:-inner] == 1).all()
    assert (np.diff(window[64, :48]) >= 0).all()
    assert np.diff(window[64]).max() < 0.25  # No step.
    assert np.array_equal(window, window[::-1, ::-1])


def test_a_frame_survives_json() -> None:
    frame = Frame(10.5, 20.25, 30, 40, -0.1)
    assert read_frame(Fields(json.loads(json.dumps({"frame": asdict(frame)})))) == frame
    assert read_frame(Fields({})) is None
    assert read_frame(Fields({"frame": None})) is None


@pytest.mark.parametrize(
    "damage", [{"width": 1}, {"height": "10"}, {"x": 1e9}, {"angle": 7}, {"y": None}, {"width": math.nan}]
)
def test_damaged_frames_are_refused(damage: dict[str, object]) -> None:
    with pytest.raises(FieldError, match=f"frame.{next(iter(damage))}"):
        read_frame(Fields({"frame": asdict(Frame(10, 20, 30, 40)) | damage}))
