"""Layers as rules against layers as pictures: ``python -m tests.bench.plain_sum [--megapixels 24] [--json]``.

The same weighted sum of eight layers twice: by :meth:`AffineLayers.mix`, with new weights each time, and as the plain
sum of full-size float32 layers, whose memory is told too. Over the whole photo (strip by strip, both) and over a view
of 1440 × 900 at 100 %. The two run in turn; medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from time import perf_counter

import cv2
import numpy as np

from bsgui.core.decomposition import strips
from bsgui.core.photo import OFFSET
from bsgui.core.viewport import Viewport
from tests.bench.canvas import BRANCHES, MAPS, synthetic_photo
from tests.fixtures import make_layers

Rows = Callable[[np.ndarray, Viewport], np.ndarray]


def measure(megapixels: float, rounds: int) -> dict[str, float]:
    """Seconds, ratios, and the memory of the plain layers in MiB."""
    photo = synthetic_photo(megapixels)
    layers = make_layers(photo, BRANCHES, maps=MAPS)
    whole = [Viewport.strip(photo.width, *rows) for rows in strips(photo.height)]
    pictures = [np.empty((photo.height, photo.width, 3), np.float32) for _ in range(layers.count)]
    for picture, weights in zip(pictures, np.eye(layers.count, dtype=np.float32), strict=True):
        for view in whole:
            picture[int(view.y) : int(view.y) + view.height] = layers.mix(weights, view) - np.float32(OFFSET)

    def plain(weights: np.ndarray, view: Viewport) -> np.ndarray:
        rows, columns = slice(int(view.y), int(view.y) + view.height), slice(int(view.x), int(view.x) + view.width)
        total = np.full((view.height, view.width, 3), OFFSET, np.float32)
        for weight, picture in zip(weights, pictures, strict=True):
            cv2.scaleAdd(picture[rows, columns], float(weight), total, dst=total)
        return total

    middle = [Viewport(float(photo.width // 2 - 720), float(photo.height // 2 - 450), 1.0, 1440, 900)]
    figures: dict[str, float] = {"megapixels": megapixels, "layers": layers.count}
    for name, views in (("whole", whole), ("view", middle)):
        ours, theirs = _in_turn(layers.mix, plain, views, layers.count, rounds)
        figures |= {f"{name}_ours_s": ours, f"{name}_plain_s": theirs, f"{name}_ratio": ours / theirs}
    figures["plain_mib"] = sum(picture.nbytes for picture in pictures) / 2**20
    figures["ours_mib"] = (layers.scale_maps.nbytes + layers.shift_maps.nbytes) / 2**20
    return {name: round(figure, 4) for name, figure in figures.items()}


def _in_turn(ours: Rows, plain: Rows, views: list[Viewport], count: int, rounds: int) -> tuple[float, float]:
    rng, times = np.random.default_rng(0), ([], [])
    for number in range(rounds + 1):
        weights = rng.uniform(0.5, 1.5, count).astype(np.float32)
        for mix, seconds in zip((ours, plain), times, strict=True):
            began = perf_counter()
            last = [mix(weights, view) for view in views][-1]
            if number:
                seconds.append(perf_counter() - began)
        np.testing.assert_allclose(ours(weights, views[-1]), last, atol=1e-3)
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plain_sum", description=__doc__)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.megapixels, options.rounds)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:16}{figure:12.4g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
