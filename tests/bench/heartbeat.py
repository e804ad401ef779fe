"""How long the GUI thread is held up while the window works: ``python -m tests.bench.heartbeat [--json] [--explain]``.

A timer of the real window beats every 5 ms while a 24-megapixel photo is opened and taken apart, taken apart again,
adapted, searched for subjects, edited (brush, filter, style) and exported. "block" is the longest time between two
beats less the 5 ms, "own" the longest processor time that the GUI thread itself spent then: on a busy machine a block
may be other programs' doing, or that of a thread that holds Python's lock. --explain says on stderr what the thread
was doing in long blocks.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.bench.decompose import make_photo
from tests.bench.driver import Driver, leave, use_own_folders

_BEAT = 0.005
_LONG = 0.050


@dataclass(frozen=True)
class Figure:
    """Milliseconds, seconds, and counts of one piece of work."""

    work: str
    seconds: float
    block: float
    own: float
    over_50_ms: int
    own_over_50_ms: int


class Probe:
    """The beats of the GUI thread, and what it did in long pauses between them."""

    def __init__(self, explains: bool) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(round(_BEAT * 1e3))
        self.clear()
        if explains:
            threading.Thread(target=self._watch, daemon=True).start()

    def clear(self) -> None:
        """Forget what was."""
        self.blocks: list[float] = []
        self.own: list[float] = []
        self._last, self._last_own = time.perf_counter(), time.thread_time()

    def _beat(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self.blocks.append(now - self._last - _BEAT)
        self.own.append(own - self._last_own)
        self._last, self._last_own = now, own

    def _watch(self) -> None:
        told, tick = 0.0, threading.Event()
        while not tick.wait(0.01):
            beat = self._last
            if time.perf_counter() - beat > _LONG and beat != told:
                told = beat
                sys.stderr.write(f"---- late by {1e3 * (time.perf_counter() - beat):.0f} ms\n")
                # Who holds Python's lock is one of the others; it cannot be told which. Frames are only printed, never
                # held: who keeps a paint event's alive keeps its painter alive beyond the event.
                faulthandler.dump_traceback(all_threads=True)


def measure(
    driver: Driver, probe: Probe, work: str, start: Callable[[], object], is_done: Callable[[], bool]
) -> Figure:
    """One piece of work from its start to its end."""
    probe.clear()
    began = time.perf_counter()
    start()
    driver.until(is_done, work)
    longest = [1e3 * max(x, default=0.0) for x in (probe.blocks, probe.own)]
    counts = [sum(x > _LONG for x in y) for y in (probe.blocks, probe.own)]
    return Figure(work, round(time.perf_counter() - began, 2), *(round(x, 1) for x in longest), *counts)


class Strokes:
    """Three strokes of the brush over the picture, through the mouse, a hundred points a second."""

    _POINTS, _STROKES, _EVERY_MS = 60, 3, 10

    def __init__(self, window: Any) -> None:
        from PySide6.QtCore import QTimer

        self._window, self._count = window, 0
        self._timer = QTimer(interval=self._EVERY_MS)
        self._timer.timeout.connect(self._go_on)

    def start(self) -> None:
        """Take the brush in hand on a branch that is turned down, and begin."""
        from bsgui.core.painted_mask import PaintedMask

        self._window.layers.select("branch-2")
        self._window.layers.set_gain("branch-2", 0.3)
        self._window.masks.set_mask(PaintedMask(()))
        self._window.masks.is_active = True
        self._timer.start()

    @property
    def is_done(self) -> bool:
        """Whether all is painted."""
        return self._count >= self._POINTS * self._STROKES

    def _go_on(self) -> None:
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest

        overlay = self._window.brush_overlay
        number, step = divmod(self._count, self._POINTS)
        along = 0.1 + 0.8 * step / self._POINTS
        at = QPoint(round(along * overlay.width()), round((0.3 + 0.2 * number) * overlay.height()))
        if step == 0:
            QTest.mousePress(overlay, Qt.MouseButton.LeftButton, pos=at)
        QTest.mouseMove(overlay, at)
        if step == self._POINTS - 1:
            QTest.mouseRelease(overlay, Qt.MouseButton.LeftButton, pos=at)
        self._count += 1
        if self.is_done:
            self._timer.stop()
            self._window.masks.is_active = False


class Drag:
    """A slider dragged to its end, sixty steps a second."""

    _STEPS, _EVERY_MS = 120, 16

    def __init__(self, step: Callable[[float], object]) -> None:
        from PySide6.QtCore import QTimer

        self._step, self._count = step, 0
        self._timer = QTimer(interval=self._EVERY_MS)
        self._timer.timeout.connect(self._go_on)

    def start(self) -> None:
        """Begin."""
        self._timer.start()

    @property
    def is_done(self) -> bool:
        """Whether it has come to its end."""
        return self._count >= self._STEPS

    def _go_on(self) -> None:
        self._count += 1
        self._step(self._count / self._STEPS)
        if self.is_done:
            self._timer.stop()


def edits(driver: Driver, probe: Probe) -> list[Figure]:
    """What a person does to a layer: brush, filter and style."""
    from bsgui.core.layer_filter import LayerFilter

    window, gesture = driver.window, object()
    strokes = Strokes(window)
    softer = Drag(lambda part: window.layers.set_filter("branch-3", LayerFilter(2 + 38 * part, -0.8), gesture))
    weaker = Drag(lambda part: window.layers.set_gain("branch-3", 1 - part, gesture))
    blend = Drag(lambda part: window.styles.blend("branch-4", 1 - 0.8 * part, gesture))
    card = window.styles.card
    assert card is not None
    domain = card.domains[-1]
    works: list[tuple[str, Callable[[], object], Callable[[], bool]]] = [
        ("paint a mask", strokes.start, lambda: strokes.is_done),
        ("drag a filter", softer.start, lambda: softer.is_done),
        ("drag a gain under it", weaker.start, lambda: weaker.is_done),
        ("choose a style", lambda: window.styles.choose("branch-4", domain, 1), lambda: not window.styles.is_waiting),
        ("blend it", blend.start, lambda: blend.is_done),
    ]
    return [
        measure(driver, probe, name, start, lambda is_done=is_done: is_done() and window.canvas.is_sharp)  # type: ignore[misc]
        for name, start, is_done in works
    ]


def all_work(driver: Driver, probe: Probe, photo: Path, adapt_seconds: float) -> list[Figure]:
    """What the window does for long, one after the other."""
    from PySide6.QtCore import QTimer

    from bsgui.imageio.write_stack import ExportOptions
    from bsgui.ui.dialogs.export import ExportPlan
    from bsgui.ui.framing.state import Search

    window = driver.window
    # A person takes a moment to choose a photo.
    figures = [
        measure(
            driver,
            probe,
            "engine gets ready",
            lambda: None,
            lambda: "bsgui.engine.decomposer" in sys.modules and not window.decompose.is_preparing,
        ),
        measure(driver, probe, "open and decompose", lambda: window.opener.open_path(photo), lambda: driver.is_done),
    ]
    searched = (Search.DONE, Search.FAILED)
    figures.append(
        measure(driver, probe, "find subjects", window.framing.search, lambda: window.frames.search in searched)
    )
    settings = window.decompose.last_settings
    assert settings is not None
    figures.append(
        measure(driver, probe, "decompose again", lambda: window.decompose.decompose(settings), lambda: driver.is_done)
    )

    def adapt() -> None:
        window.adapt.adapt()
        QTimer.singleShot(round(adapt_seconds * 1e3), window.adapt.finish)

    figures.append(measure(driver, probe, "adapt", adapt, lambda: not window.adapt.is_busy and driver.is_done))
    figures += edits(driver, probe)
    plan = ExportPlan(driver.folder / "layers", ExportOptions())
    figures.append(
        measure(driver, probe, "export", lambda: window.exporter.start(plan), lambda: not window.exporter.is_busy)
    )
    return figures


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.heartbeat", description=__doc__)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--adapt-seconds", type=float, default=10)
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = use_own_folders()
    photo = folder / "large.jpg"
    make_photo(photo, options.megapixels)
    driver = Driver(folder)
    try:
        figures = all_work(driver, Probe(options.explain), photo, options.adapt_seconds)
    except Exception:  # noqa: BLE001 whatever it was
        # The window's workers are alive; leaving the ordinary way would wait for them.
        traceback.print_exc()
        os._exit(1)
    report(figures, options.json)
    leave()


def report(figures: list[Figure], as_json: bool) -> None:
    """Print them."""
    if as_json:
        result: dict[str, Any] = {"load": psutil.getloadavg()[0], "figures": [asdict(x) for x in figures]}
        print(json.dumps(result, indent=1))
        return
    print(f"{'':20}{'s':>8}{'block ms':>10}{'own ms':>9}{'> 50 ms':>9}{'own':>5}")
    for x in figures:
        print(f"{x.work:20}{x.seconds:8.2f}{x.block:10.1f}{x.own:9.1f}{x.over_50_ms:9}{x.own_over_50_ms:5}")


if __name__ == "__main__":
    sys.exit(main())
