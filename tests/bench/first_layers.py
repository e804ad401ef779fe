"""From opening a 24-megapixel photo to its first layers on screen: ``python -m tests.bench.first_layers [--json]``.

"cold" is a whole process, from before its start to the painted layers; "warm" another photo in
the same window, from the open command. "first" is the first picture of the layers, "final" the full run, painted sharp.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.driver import Driver, leave, use_own_folders


def open_and_wait(driver: Driver, photo: Path) -> tuple[float, float]:
    """Open a photo; seconds to the first picture of its layers, and to the final one."""
    began = time.perf_counter()
    before = driver.window.document.photo
    driver.window.opener.open_path(photo)
    driver.until(lambda: driver.window.document.photo is not before and driver.has_layers, "first layers")
    first = time.perf_counter() - began
    driver.until(lambda: driver.is_done, "final layers")
    return first, time.perf_counter() - began


def one_process(photo: Path, started: float) -> dict[str, float]:
    """In this process, which was started at that time: cold, then warm."""
    folder = use_own_folders()
    driver = Driver(folder)
    shown = time.time() - started
    first, final = open_and_wait(driver, photo)
    warm_first, warm_final = open_and_wait(driver, photo)
    return {
        "window": shown,
        "cold_first": shown + first,
        "cold_final": shown + final,
        "warm_first": warm_first,
        "warm_final": warm_final,
    }


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.first_layers", description=__doc__)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one-process", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_process is not None:
        print(json.dumps(one_process(options.one_process, options.started)), flush=True)
        leave()
    medians = all_runs(options.megapixels, options.runs)
    if options.json:
        print(json.dumps(medians))
    else:
        for name, seconds in medians.items():
            print(f"{name:12}{seconds:7.2f} s")
    return 0


def all_runs(megapixels: float, runs: int) -> dict[str, float]:
    """Medians over whole processes, seconds."""
    from tests.bench.decompose import make_photo

    command = [sys.executable, "-m", "tests.bench.first_layers", "--one-process"]
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "large.jpg"
        make_photo(photo, megapixels)
        results = [_measured([*command, str(photo), "--started", str(time.time())]) for _ in range(runs)]
    return {name: round(statistics.median(result[name] for result in results), 3) for name in results[0]}


def _measured(command: list[str]) -> dict[str, float]:
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
