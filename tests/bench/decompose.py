"""The command line as a whole process on a large photo: wall time and peak memory of decompose, verify and recombine.

``python -m tests.bench.decompose [--photo FILE] [--megapixels 12] [--runs 3] [--no-gmic] [--json]``. With
G'MIC installed, its ``split_details 6`` of the same file, written as 8-bit PNGs, runs in turn with ours, and the ratios
are printed too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from bsgui.imageio.resource_paths import resource

_BSGUI = [sys.executable, "-m", "bsgui"]


@dataclass(frozen=True)
class Run:
    """One finished process."""

    seconds: float
    peak_mib: float


def measure(command: list[str], folder: Path) -> Run:
    """Run a command to its end; the kernel's own account of its peak memory (Unix)."""
    started = time.perf_counter()
    with open(os.devnull, "wb") as nothing:
        files = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), stream) for stream in (1, 2)]
        os.chdir(folder)
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
        _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit(f"{command} ended with status {os.waitstatus_to_exitcode(status)}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Run(time.perf_counter() - started, usage.ru_maxrss / unit)


def make_photo(path: Path, megapixels: float) -> None:
    """A JPEG of so many megapixels, 4:3: a sample photo enlarged, with grain as a sensor would add."""
    sample = cv2.imread(str(sorted(resource("samples").glob("*.[jp][pn]g"))[0]))
    height = round((megapixels * 1e6 / (4 / 3)) ** 0.5)
    large = cv2.resize(sample, (round(height * 4 / 3), height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    large += np.random.default_rng(0).normal(0, 3, large.shape).astype(np.float32)
    cv2.imwrite(str(path), large.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])


def commands(photo: Path, with_gmic: bool) -> dict[str, list[str]]:
    """What is measured, by name, in the order it must run."""
    stack = f"out/{photo.stem}"
    ours = {
        "decompose": [*_BSGUI, "decompose", str(photo), "--out", "out", "--overwrite"],
        "verify": [*_BSGUI, "verify", stack, "--photo", str(photo)],
        "recombine": [*_BSGUI, "recombine", stack, "--out", "again.png", "--overwrite"],
    }
    gmic = shutil.which("gmic")
    if gmic and with_gmic:
        ours["gmic"] = [gmic, str(photo), "split_details", "6", "add", "128", "cut", "0,255", "output", "gmic.png"]
    return ours


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-gmic", action="store_true", help="ours alone, even where G'MIC is installed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = options.photo.resolve() if options.photo else folder / "large.jpg"
        if not options.photo:
            # In a process of its own: a child's peak memory starts from that of the process that started it.
            maker = multiprocessing.get_context("spawn").Process(target=make_photo, args=(photo, options.megapixels))
            maker.start()
            maker.join()
        runs: dict[str, list[Run]] = {}
        for _ in range(options.runs):
            for key, command in commands(photo, not options.no_gmic).items():
                runs.setdefault(key, []).append(measure(command, folder))
        os.chdir("/")
    report({key: _median(values) for key, values in runs.items()}, options.json)
    return 0


def _median(runs: list[Run]) -> Run:
    return Run(statistics.median(run.seconds for run in runs), statistics.median(run.peak_mib for run in runs))


def report(medians: dict[str, Run], as_json: bool) -> None:
    """Print the medians, and ours over G'MIC's where both ran."""
    if as_json:
        print(json.dumps({key: asdict(run) for key, run in medians.items()}))
        return
    for key, run in medians.items():
        print(f"{key:10} {run.seconds:7.2f} s  {run.peak_mib:7.0f} MiB")
    if "gmic" in medians:
        ours, theirs = medians["decompose"], medians["gmic"]
        print(f"ours / gmic: time {ours.seconds / theirs.seconds:.3f}, memory {ours.peak_mib / theirs.peak_mib:.3f}")


if __name__ == "__main__":
    sys.exit(main())
