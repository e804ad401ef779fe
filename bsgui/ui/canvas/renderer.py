"""Renders the visible pixels within a time budget: whole and sharp if that is quick, else coarse first.

A 1440 × 900 view takes 5 to 8 ms. A high-density screen has four times the pixels, and layers read from files
cost by the layer; then the picture is first computed at a half or a third of the resolution, and strip by strip
at the full one as soon as the program is idle.
"""

from __future__ import annotations

import math
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from time import perf_counter, thread_time
from typing import Any

import cv2
import numpy as np
from PySide6.QtGui import QImage

from bsgui.core.viewport import Viewport

from .pictures import Picture, Pixels
from .placement import DeviceRect, Placement
from .qimage import PixelBuffer

# A picture that takes longer than this is drawn coarsely first; then each step takes about the budget.
_SHARP_LIMIT = 0.016
_BUDGET = 0.010
# What was expected to be quick and is not is broken off then.
_LATE = 0.020
# Pixels: in large strips threads wait for each other less, after small ones they look at the time more often.
_LARGE_STRIP, _SMALL_STRIP = 250_000, 64_000
# Pictures that take longer, seconds a pixel, are drawn in small ones. There are but two sizes, since what was found out
# about a strip is remembered for the next picture.
_SLOW = 20e-9
# Beside the GUI thread, which does its share and waits for theirs.
_HELPERS = min(3, (os.cpu_count() or 1) - 1)
_MAX_COARSENESS = 8
# Fewer pixels say little about what a pixel costs.
_MIN_MEASURED_PIXELS = 50_000
# A large window on a usual screen.
_USUAL_BYTES = 16 * 2**20
# Pictures that it is learnt from.
_REMEMBERED = 9


@dataclass(frozen=True)
class Part:
    """A part of the visible photo, and what to show there."""

    rect: DeviceRect
    picture: Picture


class Renderer:
    """Holds the rendered picture of the visible part of the photo.

    Thread: GUI. Strips are shared out among a few threads, but every method returns only when they are done.
    """

    def __init__(self) -> None:
        self._buffer: PixelBuffer | None = None
        # The system takes its time to give memory: once for all pictures, whatever their size.
        self._memory = np.empty(_USUAL_BYTES, np.uint8)
        self._placement: Placement | None = None
        self._helpers = ThreadPoolExecutor(max(1, _HELPERS), "bsgui-strips")
        # To start a thread means to wait until it runs: now, and not in the first picture of a busy machine.
        for _ in range(_HELPERS):
            self._helpers.submit(perf_counter)
        self._pending: deque[Part] = deque()
        # The median of the last few: one hiccup of the machine must not make the next picture coarse.
        self._seconds_per_pixel: deque[float] = deque([8e-9] * 3, maxlen=_REMEMBERED)
        self.rect = DeviceRect(0, 0, 0, 0)

    @property
    def image(self) -> QImage | None:
        """What :meth:`start` and :meth:`refine` have drawn so far; covers :attr:`rect`."""
        return self._buffer.image if self._buffer else None

    @property
    def is_sharp(self) -> bool:
        """Whether nothing is left to refine."""
        return not self._pending

    def clear(self) -> None:
        """Forget the picture, as when the photo was closed."""
        self._buffer = None
        self._pending.clear()
        self.rect = DeviceRect(0, 0, 0, 0)

    def close(self) -> None:
        """End the helping threads; nothing can be drawn any more."""
        self._pending.clear()
        self._helpers.shutdown()

    def start(self, placement: Placement, parts: list[Part]) -> None:
        """Draw a new picture, in about 16 ms; what that leaves to do is left to :meth:`refine`.

        On a machine that has just become busy it takes about 30 ms.

        Args:
            placement: where the photo is; its visible part must not be empty.
            parts: tile the visible part of the photo.
        """
        self._placement = placement
        self._resize(placement.visible)
        pixels, pace = self.rect.width * self.rect.height, median(self._seconds_per_pixel)
        seconds = pixels * pace
        most = _SMALL_STRIP if pace > _SLOW else _LARGE_STRIP
        self._pending = deque(strip for part in parts for strip in _strips(part, most))
        if seconds <= _SHARP_LIMIT:
            busy = thread_time()
            self._draw_strips(perf_counter() + _LATE)
            if not self._pending:
                return
            # What is left is drawn coarsely, and sharp when there is time.
            parts, seconds = list(self._pending), _LATE
            if thread_time() - busy > _SHARP_LIMIT / 2:
                # It is the picture that has become slow and not the machine: the next will be as slow.
                self._seconds_per_pixel = deque([self._seconds_per_pixel[-1]], maxlen=_REMEMBERED)
        coarseness = min(math.ceil(math.sqrt(seconds / _BUDGET)), _MAX_COARSENESS)
        for part in parts:
            self._draw_coarse(part, coarseness)

    def refine(self) -> DeviceRect:
        """Draw some more at full resolution, in about 10 ms at most; returns where."""
        drawn = self._draw_strips(perf_counter() + _BUDGET)
        top, bottom = min(rect.top for rect in drawn), max(rect.bottom for rect in drawn)
        return DeviceRect(self.rect.left, top, self.rect.right, bottom)

    def _resize(self, rect: DeviceRect) -> None:
        if self._buffer is None or (rect.width, rect.height) != (self.rect.width, self.rect.height):
            bytes_needed = 4 * rect.width * rect.height
            if self._memory.size < bytes_needed:
                self._memory = np.empty(bytes_needed + bytes_needed // 4, np.uint8)
            self._buffer = PixelBuffer.in_memory(self._memory, rect.width, rect.height)
        self.rect = rect

    def _draw_strips(self, deadline: float) -> list[DeviceRect]:
        """Draw pending strips, at least one, until the deadline; returns where."""
        start = perf_counter()
        drawn: list[DeviceRect] = []
        helps = [self._helpers.submit(self._work, drawn, deadline) for _ in range(_HELPERS)]
        self._draw_next(drawn)
        self._work(drawn, deadline, perf_counter() - start)
        for helper in helps:
            # One that has not begun yet has nothing left to do.
            if not helper.cancel():
                helper.result()
        self._learn(perf_counter() - start, sum(rect.width * rect.height for rect in drawn))
        return drawn

    def _work(self, drawn: list[DeviceRect], deadline: float, last: float = 0.0) -> None:
        """Draw strips as long as there is time for half of one that takes as long as the last, seconds."""
        now = perf_counter()
        while now + last / 2 < deadline and self._draw_next(drawn):
            now, last = perf_counter(), perf_counter() - now

    def _draw_next(self, drawn: list[DeviceRect]) -> bool:
        try:
            strip = self._pending.popleft()
        except IndexError:
            return False
        self._put(strip.picture(self._view(strip.rect)), strip.rect)
        drawn.append(strip.rect)
        return True

    def _draw_coarse(self, part: Part, coarseness: int) -> None:
        start = perf_counter()
        assert self._placement is not None
        # Coarse pixels lie on a grid of the photo: they do not shimmer while it moves, and what is known is used again.
        rect, origin = part.rect, self._placement.origin
        left, top = (rect.left - origin[0]) % coarseness, (rect.top - origin[1]) % coarseness
        wider = DeviceRect(rect.left - left, rect.top - top, rect.right, rect.bottom)
        view = self._placement.viewport(wider, coarseness)
        coarse = self._drawn_together(part.picture, view)
        # The view is rounded up to whole coarse pixels: scale by the factor itself, then cut.
        scaled: Any = cv2.resize(coarse, None, fx=coarseness, fy=coarseness, interpolation=cv2.INTER_LINEAR)
        self._put(scaled[top : top + rect.height, left : left + rect.width], rect)
        self._learn(perf_counter() - start, view.width * view.height)

    def _drawn_together(self, picture: Picture, view: Viewport) -> Pixels:
        """A picture, a part of it on each thread: as quick by the pixel as what strips are learnt from."""
        rows = math.ceil(view.height / (_HELPERS + 1))
        everywhere = slice(0, view.width)
        first, *others = (
            view.part(slice(start, min(start + rows, view.height)), everywhere) for start in range(0, view.height, rows)
        )
        helps = [self._helpers.submit(picture, other) for other in others]
        return np.concatenate([picture(first), *(help.result() for help in helps)]) if helps else picture(first)

    def _view(self, rect: DeviceRect) -> Viewport:
        assert self._placement is not None
        return self._placement.viewport(rect)

    def _put(self, pixels: Pixels, rect: DeviceRect) -> None:
        assert self._buffer is not None
        self._buffer.draw(pixels, rect.top - self.rect.top, rect.left - self.rect.left)

    def _learn(self, seconds: float, pixels: int) -> None:
        if pixels >= _MIN_MEASURED_PIXELS:
            self._seconds_per_pixel.append(seconds / pixels)


def _strips(part: Part, most: int) -> list[Part]:
    """Strips of at most so many pixels, as many for each thread."""
    rect, threads = part.rect, _HELPERS + 1
    count = threads * math.ceil(rect.width * rect.height / most / threads)
    rows = math.ceil(rect.height / count)
    tops = range(rect.top, rect.bottom, rows)
    return [Part(DeviceRect(rect.left, top, rect.right, min(top + rows, rect.bottom)), part.picture) for top in tops]
