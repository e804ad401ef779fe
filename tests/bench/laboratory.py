"""Frames a second of the laboratory's window while a race runs: ``python -m tests.bench.laboratory [--json]``.

A race of 16 branches in 64 modes is played in the real window. Counted are the race's redraws, each of which the window
then paints, and the gaps between two of them in ms; "block" and "own" are those of ``tests.bench.heartbeat``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time

import numpy as np

from tests.bench.driver import Driver, leave, use_own_folders
from tests.bench.heartbeat import Probe


def measure(driver: Driver, branches: int, modes: int, seconds: float) -> dict[str, float]:
    """Play a race that lasts longer than ``seconds``; figures of that time."""
    from bsgui.core.race import RaceConfig
    from bsgui.ui.lab.race_window import RaceWindow

    def opened() -> list[RaceWindow]:
        return [x for x in driver.app.topLevelWidgets() if isinstance(x, RaceWindow)]

    driver.window.actions_table["laboratory"].trigger()
    # What it draws with is imported beside the window.
    driver.until(lambda: bool(opened()), "the laboratory")
    window = opened()[0]
    config = dataclasses.replace(RaceConfig(), branches=branches, modes=modes)
    window.controls.show_config(config)
    window.reset()
    window.set_playing(True)
    driver.until(lambda: window.frames_per_second > 0, "the first frame")
    probe, painted, draw = Probe(explains=False), list[float](), window.plots.draw

    def counted(view: object) -> None:
        draw(view)  # type: ignore[arg-type]
        painted.append(time.perf_counter())

    window.plots.draw = counted  # type: ignore[method-assign]
    end = time.perf_counter() + seconds
    driver.until(lambda: time.perf_counter() > end or not window.is_playing, "the race", seconds + 60)
    gaps = 1e3 * np.diff(painted)
    return {
        "branches": branches,
        "modes": modes,
        "frames_per_second": round(1e3 / float(gaps.mean()), 1),
        "gap_median": round(float(np.median(gaps)), 1),
        "gap_p99": round(float(np.percentile(gaps, 99)), 1),
        "gap_max": round(float(gaps.max()), 1),
        "block": round(1e3 * max(probe.blocks), 1),
        "own": round(1e3 * max(probe.own), 1),
    }


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.laboratory", description=__doc__)
    parser.add_argument("--branches", type=int, default=16)
    parser.add_argument("--modes", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=7.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(Driver(use_own_folders()), options.branches, options.modes, options.seconds)
    if options.json:
        print(json.dumps(figures), flush=True)
    else:
        for name, value in figures.items():
            print(f"{name:20}{value:8g}", flush=True)
    leave()


if __name__ == "__main__":
    main()
