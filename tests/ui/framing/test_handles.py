from __future__ import annotations

import math

import pytest

from bsgui.core.frame import SMALLEST_SIDE, Frame
from bsgui.ui.framing.handles import CORNERS, SIDES, Handle, dragged, handle_at, place, scaled, spanned, turned

UPRIGHT = Frame(100, 80, 60, 40)
TURNED = Frame(100, 80, 60, 40, 0.6)
REACH, STALK = 5.0, 20.0


@pytest.mark.parametrize("frame", [UPRIGHT, TURNED])
@pytest.mark.parametrize("handle", [*CORNERS, *SIDES, Handle.TURN, Handle.INSIDE])
def test_handles_are_found_where_they_are(frame: Frame, handle: Handle) -> None:
    assert handle_at(frame, place(frame, handle, STALK), REACH, STALK) is handle


def test_places_of_an_upright_frame() -> None:
    assert place(UPRIGHT, Handle.TOP_LEFT, STALK) == pytest.approx((70, 60))
    assert place(UPRIGHT, Handle.RIGHT, STALK) == pytest.approx((130, 80))
    assert place(UPRIGHT, Handle.TURN, STALK) == pytest.approx((100, 40))


def test_nothing_is_held_beside_the_frame() -> None:
    assert handle_at(UPRIGHT, (140, 80), REACH, STALK) is None
    assert handle_at(UPRIGHT, (62, 80), REACH, STALK) is None
    assert handle_at(UPRIGHT, (72, 80), REACH, STALK) is Handle.LEFT
    assert handle_at(UPRIGHT, (68, 80), REACH, STALK) is Handle.LEFT


def test_a_frame_that_is_small_on_the_screen_can_be_moved() -> None:
    assert handle_at(Frame(50, 50, 9, 9), (50, 50), 30, 90) is Handle.INSIDE


@pytest.mark.parametrize("frame", [UPRIGHT, TURNED])
def test_moving_only_moves(frame: Frame) -> None:
    moved = dragged(frame, Handle.INSIDE, (90, 90), (97, 85), False)
    assert (moved.x, moved.y) == (107, 75)
    assert (moved.width, moved.height, moved.angle) == (60, 40, frame.angle)


@pytest.mark.parametrize("frame", [UPRIGHT, TURNED])
@pytest.mark.parametrize("handle", [*CORNERS, *SIDES])
@pytest.mark.parametrize("special", [False, True])
def test_what_is_opposite_a_handle_stays(frame: Frame, handle: Handle, special: bool) -> None:
    opposite = Handle((-handle.value[0], -handle.value[1]))
    start = place(frame, handle, STALK)
    after = dragged(frame, handle, start, (start[0] + 9, start[1] - 7), special)
    assert after != frame
    assert after.angle == frame.angle
    if handle.is_side and special:
        assert (after.x, after.y) == pytest.approx((frame.x, frame.y))
    else:
        assert place(after, opposite, STALK) == pytest.approx(place(frame, opposite, STALK))


@pytest.mark.parametrize("handle", CORNERS)
def test_corners_keep_the_shape_unless_it_is_free(handle: Handle) -> None:
    start = place(TURNED, handle, STALK)
    end = (start[0] + 13, start[1] + 2)
    assert dragged(TURNED, handle, start, end, False).width == pytest.approx(
        1.5 * dragged(TURNED, handle, start, end, False).height
    )
    free = dragged(TURNED, handle, start, end, True)
    # The corner is where the pointer is.
    assert place(free, handle, STALK) == pytest.approx(end)


def test_sides_follow_the_pointer_along_the_frame() -> None:
    start = place(UPRIGHT, Handle.RIGHT, STALK)
    wider = dragged(UPRIGHT, Handle.RIGHT, start, (start[0] + 10, start[1] + 99), False)
    assert (wider.width, wider.height) == pytest.approx((70, 40))
    assert dragged(UPRIGHT, Handle.RIGHT, start, (start[0] + 10, start[1]), True).width == pytest.approx(80)


@pytest.mark.parametrize("handle", [*CORNERS, *SIDES])
def test_no_drag_turns_a_frame_inside_out(handle: Handle) -> None:
    for special in (False, True):
        far = place(UPRIGHT, Handle((-handle.value[0], -handle.value[1])), STALK)
        end = (far[0] - 500 * handle.value[0], far[1] - 500 * handle.value[1])
        after = dragged(UPRIGHT, handle, place(UPRIGHT, handle, STALK), end, special)
        assert min(after.width, after.height) >= SMALLEST_SIDE


def test_turning_follows_the_pointer_and_snaps() -> None:
    start, end = (100, 40), (140, 80)
    assert dragged(UPRIGHT, Handle.TURN, start, end, False).angle == pytest.approx(math.pi / 2)
    almost = (100 + 40 * math.sin(0.27), 80 - 40 * math.cos(0.27))
    assert dragged(UPRIGHT, Handle.TURN, start, almost, False).angle == pytest.approx(0.27)
    assert dragged(UPRIGHT, Handle.TURN, start, almost, True).angle == pytest.approx(math.radians(15))
    assert turned(Frame(0, 0, 9, 9, math.radians(179)), math.radians(2)).angle == pytest.approx(math.radians(-179))


def test_scaling_keeps_middle_and_shape() -> None:
    larger, smallest = scaled(TURNED, 1.5), scaled(TURNED, 0.01)
    assert (larger.x, larger.y, larger.width, larger.height) == (100, 80, 90, 60)
    assert (smallest.width, smallest.height) == pytest.approx((12, SMALLEST_SIDE))


def test_new_frames_are_square_unless_free() -> None:
    square = spanned((50, 50), (20, 60), False)
    assert (square.x, square.y, square.width, square.height) == (35, 65, 30, 30)
    free = spanned((50, 50), (20, 60), True)
    assert (free.x, free.y, free.width, free.height) == (35, 55, 30, 10)
    assert spanned((5, 5), (5, 5), False).width == SMALLEST_SIDE
