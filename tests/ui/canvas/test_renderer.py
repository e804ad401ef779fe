from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bsgui.core.viewport import Viewport
from bsgui.ui.canvas import renderer as renderer_module
from bsgui.ui.canvas.pictures import Pixels
from bsgui.ui.canvas.placement import DeviceRect, Placement
from bsgui.ui.canvas.qimage import to_array
from bsgui.ui.canvas.renderer import Part, Renderer

PLACEMENT = Placement((700, 500), (4000, 3000), 0.5, (1900.0, 1400.0))


class Clock:
    """Stands for the machine: a picture costs so many seconds per pixel."""

    def __init__(self) -> None:
        self.now = 0.0
        self.seconds_per_pixel = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(renderer_module, "perf_counter", clock)
    # With one thread the clock is exact.
    monkeypatch.setattr(renderer_module, "_HELPERS", 0)
    return clock


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    renderer = Renderer()
    yield renderer
    renderer.close()


def gradient(view: Viewport) -> Pixels:
    """A picture of its own coordinates."""
    pixels = np.zeros((view.height, view.width, 3), np.uint8)
    pixels[..., 0] = (view.x + (np.arange(view.width) + 0.5) / view.scale) / 16
    pixels[..., 1] = ((view.y + (np.arange(view.height) + 0.5) / view.scale) / 16)[:, None]
    return pixels


def white(view: Viewport) -> Pixels:
    return np.full((view.height, view.width, 3), 255, np.uint8)


def test_a_quick_picture_is_sharp_at_once(renderer: Renderer) -> None:
    renderer.start(PLACEMENT, [Part(PLACEMENT.visible, gradient)])
    assert renderer.is_sharp
    assert renderer.rect == PLACEMENT.visible
    assert renderer.image is not None
    expected = gradient(PLACEMENT.viewport(PLACEMENT.visible))
    difference = to_array(renderer.image).astype(int) - expected
    assert np.abs(difference).max() <= 1


def test_a_slow_picture_is_coarse_first_and_sharp_in_the_end(renderer: Renderer, clock: Clock) -> None:
    seen: list[int] = []

    def slow(view: Viewport) -> Pixels:
        seen.append(view.width * view.height)
        clock.now += view.width * view.height * 4e-7
        return gradient(view)

    for _ in range(3):  # learns
        renderer.start(PLACEMENT, [Part(PLACEMENT.visible, slow)])
    seen.clear()
    began = clock.now
    renderer.start(PLACEMENT, [Part(PLACEMENT.visible, slow)])
    assert not renderer.is_sharp
    assert clock.now - began <= 0.016
    assert renderer.image is not None
    expected = gradient(PLACEMENT.viewport(PLACEMENT.visible)).astype(int)
    assert np.abs(to_array(renderer.image) - expected).mean() < 2
    steps = 0
    while not renderer.is_sharp:
        changed = renderer.refine()
        assert changed.width == renderer.rect.width
        steps += 1
    assert steps > 1
    assert np.abs(to_array(renderer.image) - expected).max() <= 1


def test_a_coarse_picture_lies_on_the_photos_grid(renderer: Renderer, clock: Clock) -> None:
    seen: list[Viewport] = []

    def slow(view: Viewport) -> Pixels:
        clock.now += view.width * view.height * 4e-7
        seen.append(view)
        return gradient(view)

    for step in range(6):
        moved = Placement(PLACEMENT.canvas, PLACEMENT.photo, PLACEMENT.zoom, (1900.0 + 2 * step, 1400.0 + 6 * step))
        seen.clear()
        renderer.start(moved, [Part(moved.visible, slow)])
    for view in seen:
        assert view.scale < PLACEMENT.zoom
        assert (view.x * view.scale, view.y * view.scale) == pytest.approx(
            (round(view.x * view.scale), round(view.y * view.scale)), abs=1e-6
        )
    assert renderer.image is not None
    expected = gradient(moved.viewport(moved.visible)).astype(int)
    assert np.abs(to_array(renderer.image) - expected).mean() < 2


def test_one_hiccup_does_not_make_pictures_coarse(renderer: Renderer, clock: Clock) -> None:
    def picture(view: Viewport) -> Pixels:
        clock.now += view.width * view.height * clock.seconds_per_pixel
        return gradient(view)

    sharp = []
    for number in range(12):
        clock.seconds_per_pixel = 4e-7 if number in (6, 7) else 1e-9
        renderer.start(PLACEMENT, [Part(PLACEMENT.visible, picture)])
        sharp.append(renderer.is_sharp)
        clock.seconds_per_pixel = 1e-9
        while not renderer.is_sharp:
            renderer.refine()
    # The two in the hiccup are broken off; the next is drawn as if nothing had been.
    assert sharp == [True] * 6 + [False] * 2 + [True] * 4


def test_a_picture_that_has_become_slow_is_late_once(
    renderer: Renderer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer_module, "thread_time", clock)

    def picture(view: Viewport) -> Pixels:
        clock.now += view.width * view.height * clock.seconds_per_pixel
        return gradient(view)

    took = []
    for number in range(12):
        clock.seconds_per_pixel = 1e-9 if number < 6 else 8e-8
        began = clock.now
        renderer.start(PLACEMENT, [Part(PLACEMENT.visible, picture)])
        took.append(clock.now - began)
    assert 0.016 < took[6] < 0.030
    assert max(took[7:]) <= 0.016


def test_a_strip_is_not_begun_where_it_would_be_late(renderer: Renderer, clock: Clock) -> None:
    drawn: list[float] = []

    def picture(view: Viewport) -> Pixels:
        clock.now += 0.017
        drawn.append(view.scale)
        return gradient(view)

    renderer.start(PLACEMENT, [Part(PLACEMENT.visible, picture)])
    # Another would have come at 34 ms; the rest is coarse.
    assert drawn[0] == PLACEMENT.zoom
    assert all(scale < PLACEMENT.zoom for scale in drawn[1:])
    assert len(drawn) > 1


def test_a_picture_in_a_hiccup_is_broken_off_and_whole_all_the_same(renderer: Renderer, clock: Clock) -> None:
    cost = iter([1.5e-7] + [1e-9] * 400)

    def picture(view: Viewport) -> Pixels:
        clock.now += view.width * view.height * next(cost)
        return gradient(view)

    renderer.start(PLACEMENT, [Part(PLACEMENT.visible, picture)])
    assert clock.now < 0.04
    assert not renderer.is_sharp
    assert renderer.image is not None
    expected = gradient(PLACEMENT.viewport(PLACEMENT.visible)).astype(int)
    assert np.abs(to_array(renderer.image) - expected).mean() < 2
    while not renderer.is_sharp:
        renderer.refine()
    assert np.abs(to_array(renderer.image) - expected).max() <= 1


def test_what_is_slow_by_the_pixel_is_drawn_in_small_strips_and_what_is_quick_in_large_ones(
    renderer: Renderer, clock: Clock
) -> None:
    heights: list[int] = []

    def picture(view: Viewport) -> Pixels:
        heights.append(view.height)
        clock.now += view.width * view.height * clock.seconds_per_pixel
        return gradient(view)

    for cost in (1e-9, 3e-8):
        clock.seconds_per_pixel = cost
        for _ in range(9):
            renderer.start(PLACEMENT, [Part(PLACEMENT.visible, picture)])
            heights.clear()
            renderer.start(PLACEMENT, [Part(PLACEMENT.visible, picture)])
        assert sum(heights) == PLACEMENT.visible.height
        assert len(heights) == (2 if cost == 1e-9 else 6)


def test_parts_stay_apart(renderer: Renderer) -> None:
    left, right = DeviceRect(0, 0, 300, 500), DeviceRect(300, 0, 700, 500)
    renderer.start(PLACEMENT, [Part(left, white), Part(right, gradient)])
    assert renderer.image is not None
    pixels = to_array(renderer.image)
    assert (pixels[:, :300] == 255).all()
    assert (pixels[:, 300:, 2] == 0).all()


def test_what_a_picture_raises_is_not_lost(renderer: Renderer) -> None:
    def broken(view: Viewport) -> Pixels:
        raise MemoryError

    with pytest.raises(MemoryError):
        renderer.start(PLACEMENT, [Part(PLACEMENT.visible, broken)])
