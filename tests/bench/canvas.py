"""How long the canvas takes from an edit to the painted picture: ``python -m tests.bench.canvas``.

Drives the real widget: edits go through the document, movements through the canvas, and a measure ends when Qt has
painted. "shown" is the first picture after the event, "sharp" the one at full resolution (the same, when the
renderer needs no coarse step). "cpu" is the processor time of all threads until it is sharp: on a machine that is
busy with something else it tells more than the wall clock.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

import cv2
import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from bsgui.core.decomposition import Decomposition
from bsgui.core.document import Document
from bsgui.core.frame import Frame
from bsgui.core.layer_filter import LayerFilter
from bsgui.core.mask import Mask
from bsgui.core.painted_mask import PaintedMask, Stroke
from bsgui.core.photo import Photo
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.tint import tint_of
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.framing.overlay import FrameOverlay
from bsgui.ui.framing.state import FrameState
from bsgui.ui.theme import apply_theme
from tests.fixtures import framed as frame_layers
from tests.fixtures import layer_infos, make_layers

BRANCHES, MAPS = 6, 256
PAINTED = 2
WARM_UP, ROUNDS = 10, 150


@dataclass(frozen=True)
class Timing:
    """Milliseconds."""

    what: str
    photo: str
    zoom: float
    shown_median: float
    shown_p99: float
    sharp_median: float
    sharp_p99: float
    cpu_median: float
    shown_max: float


def synthetic_photo(megapixels: float, depth: int = 8) -> Photo:
    """A noisy, colourful photo of 4:3."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (48, 64, 3), np.uint8)
    samples = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.add(samples, cv2.resize(rng.integers(0, 24, (700, 900, 3), np.uint8), (width, height)), samples)
    if depth == 16:
        samples = samples.astype(np.uint16) * 257
    return Photo(samples, f"{megapixels:g} MP, {depth} bits", "0" * 64)


def file_photo(path: Path) -> Photo:
    """A photo from a file, 8 bits."""
    samples = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    return Photo(samples, path.name, "0" * 64)


class Bench:
    """One canvas with one photo."""

    def __init__(
        self, app: QApplication, photo: Photo, framed: bool = False, masks: str = "", filter_radius: float = 0.0
    ) -> None:
        self.app, self.photo = app, photo
        self.document = Document()
        self.canvas = CanvasView(self.document)
        self.canvas.resize(1440, 900)
        self.canvas.show()
        layers = make_layers(photo, BRANCHES, maps=MAPS)
        decomposition = Decomposition(photo, layer_infos(BRANCHES), layers)
        if framed:
            # A turned square of three quarters of the photo's height, with its outline over the canvas.
            side = 0.75 * photo.height
            frame = Frame.square(photo.width / 2, photo.height / 2, side, 0.2)
            decomposition = frame_layers(decomposition, frame, repeats=1)
            self.overlay = FrameOverlay(self.canvas, FrameState())
        self.document.open_decomposition(decomposition)
        for number in range(1, BRANCHES + 1 if masks == "shapes" else PAINTED + 1 if masks == "brush" else 1):
            mask = self._ellipse() if masks == "shapes" else PaintedMask(self._strokes(number))
            self.document.edit_layer(f"branch-{number}", "Mask", mask=mask, tint=tint_of(60.0 * number, 0.3))
        if filter_radius:
            self.document.edit_layer("branch-2", "Filter", filter=LayerFilter(filter_radius, -1.0))
        self._settle()
        while not all(pyramid.is_complete for pyramid in layers.pyramids):
            app.processEvents()
        self._settle()

    def _ellipse(self) -> ShapedMask:
        half = (side / 2 for side in (self.photo.width, self.photo.height))
        return ShapedMask("ellipse", Frame(self.photo.width / 2, self.photo.height / 2, *half))

    def _strokes(self, seed: int) -> tuple[Stroke, ...]:
        """A dozen strokes of the usual brush, all over the photo."""
        rng, radius = np.random.default_rng(seed), 0.03 * self.photo.height
        starts = rng.uniform(0.1, 0.9, (12, 1, 2)) * (self.photo.width, self.photo.height)
        paths = starts + rng.normal(0, radius, (12, 60, 2)).cumsum(1)
        return tuple(Stroke(tuple((float(x), float(y)) for x, y in path), radius, 0.5) for path in paths)

    def _settle(self) -> None:
        for _ in range(20):
            self.app.processEvents()
        while not self.canvas.is_sharp:
            self.app.processEvents()

    def measure(self, what: str, events: Iterator[Callable[[], None]]) -> Timing:
        """Time each event until the picture is shown, and until it is sharp."""
        shown, sharp, cpu = [], [], []
        zoom = self.canvas.state.zoom
        for _, event in zip(range(WARM_UP + ROUNDS), events, strict=False):
            start, cpu_start = perf_counter(), process_time()
            event()
            self.app.processEvents()
            shown.append(perf_counter() - start)
            while not self.canvas.is_sharp:
                self.app.processEvents()
            self.app.processEvents()
            sharp.append(perf_counter() - start)
            cpu.append(process_time() - cpu_start)
        figures = [f(np.array(x[WARM_UP:]) * 1e3) for x in (shown, sharp) for f in (np.median, _p99)]
        figures += [np.median(cpu[WARM_UP:]) * 1e3, max(shown[WARM_UP:]) * 1e3]
        return Timing(what, self.photo.name, zoom, *(round(float(x), 2) for x in figures))

    def gain_drag(self) -> Iterator[Callable[[], None]]:
        """A slider dragged back and forth, one step per event."""
        for step in range(10_000):
            gain = 3 * abs((step % 60) / 30 - 1) - 0.5
            yield lambda gain=gain: self.document.edit_layer("branch-2", "Gain", merge_key="drag", gain=gain)

    def mask_drag(self) -> Iterator[Callable[[], None]]:
        """A mask dragged around, or painted on."""
        for step in range(10_000):
            mask = self.document.layer("branch-2").mask
            dx, dy = ((70, 30), (-50, 60), (-70, -30), (50, -60))[step // 8 % 4]
            if isinstance(mask, ShapedMask):
                frame = replace(mask.frame, x=mask.frame.x + dx, y=mask.frame.y + dy)
                moved: Mask = replace(mask, frame=frame)
            else:
                assert mask is not None
                *others, last = mask.strokes
                x, y = last.points[-1]
                moved = PaintedMask((*others, replace(last, points=(*last.points, (x + dx, y + dy)))))
            yield lambda moved=moved: self.document.edit_layer("branch-2", "Mask", merge_key="drag", mask=moved)

    def pan(self) -> Iterator[Callable[[], None]]:
        """A hand going around."""
        for step in range(10_000):
            dx, dy = ((7, 3), (-5, 6), (-7, -3), (5, -6))[step // 8 % 4]
            yield lambda dx=dx, dy=dy: self.canvas.pan_by(dx, dy)

    def wheel(self) -> Iterator[Callable[[], None]]:
        """The wheel, in and out."""
        for step in range(10_000):
            angle = 40 if step // 12 % 2 else -40
            yield lambda angle=angle: self._turn(angle)

    def _turn(self, angle: int) -> None:
        at = QPointF(500, 400)
        none = Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            at, at, QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False
        )
        self.app.sendEvent(self.canvas, event)

    def run(self) -> list[Timing]:
        """Gain drags at fit, 100 % and 400 %, then pan and zoom."""
        timings = [self.measure("gain drag", self.gain_drag())]
        if self.document.layer("branch-2").mask is not None:
            timings.append(self.measure("mask drag", self.mask_drag()))
        for zoom in (1.0, 4.0):
            self.canvas.zoom_to(zoom)
            self._settle()
            timings.append(self.measure("gain drag", self.gain_drag()))
        self.canvas.zoom_to(0.7)
        self._settle()
        timings += [self.measure("pan", self.pan()), self.measure("wheel zoom", self.wheel())]
        self.canvas.close()
        return timings


def _p99(values: np.ndarray) -> float:
    return float(np.quantile(values, 0.99))


def main(argv: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.canvas", description=__doc__)
    parser.add_argument("--photo", type=Path, help="a photo instead of the synthetic one")
    parser.add_argument("--megapixels", type=float, nargs="*", default=[12.0], help="sizes of synthetic photos")
    parser.add_argument("--depth", type=int, choices=(8, 16), default=8)
    parser.add_argument("--framed", action="store_true", help="layers of a framed part, which is turned")
    parser.add_argument(
        "--masks", choices=("shapes", "brush"), default="", help="ellipses for all branches, or two that are painted"
    )
    parser.add_argument("--filter", type=float, default=0.0, metavar="RADIUS", help="soften branch 2, which is dragged")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(["bench"])
    apply_theme(app, "dark")
    photos = [file_photo(options.photo)] if options.photo else []
    photos = photos or [synthetic_photo(size, options.depth) for size in options.megapixels]
    benches = (Bench(app, photo, options.framed, options.masks, options.filter) for photo in photos)
    timings = [timing for bench in benches for timing in bench.run()]
    if options.json:
        sys.stdout.write(json.dumps([vars(timing) for timing in timings], indent=1) + "\n")
        return 0
    sys.stdout.write(
        f"{'':12}{'photo':24}{'zoom':>8}{'shown':>9}{'p99':>8}{'sharp':>9}{'p99':>8}{'cpu':>8}{'longest':>8}   (ms)\n"
    )
    for x in timings:
        figures = f"{x.shown_median:9.1f}{x.shown_p99:8.1f}{x.sharp_median:9.1f}{x.sharp_p99:8.1f}"
        figures += f"{x.cpu_median:8.1f}{x.shown_max:8.1f}"
        sys.stdout.write(f"{x.what:12}{x.photo[:23]:24}{x.zoom:8.0%}{figures}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
