"""Every file of a folder through the whole path: decompose, verify, recombine; prints a table of the outcome.

``python -m tests.bench.photos FOLDER [--expected EXPECTED.csv] [--size 64]`` runs the command line in this process.
A photo must come back bit for bit (8 bits) or within 1/65535 (16 bits); else status 3 and one sentence are right.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bsgui.cli import main as bsgui
from bsgui.imageio.read_photo import read_photo


@dataclass(frozen=True)
class Outcome:
    """One row of the table."""

    file: str
    expected: str
    status: int
    message: str
    seconds: float

    @property
    def is_right(self) -> bool:
        """Good files go through exactly; bad ones give status 3 and a single line without a traceback."""
        if self.status == 0:
            return self.message.startswith("exact") and self.expected != "refused"
        one_line = len(self.message.splitlines()) == 1 and "Traceback" not in self.message
        return self.status == 3 and one_line and self.expected != "read"


def run_bsgui(*arguments: str) -> tuple[int, str]:
    """Exit status and what was written to stderr."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        status = bsgui(list(arguments))
    return status, errors.getvalue().strip()


def try_photo(path: Path, name: str, expected: str, size: int) -> Outcome:
    """Take one file the whole way."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        status, message = run_bsgui("decompose", str(path), "--out", folder, "--size", str(size), "--json")
        if status == 0:
            status, message = _back_again(path, next(Path(folder).iterdir()), Path(folder))
    return Outcome(name, expected, status, message, time.perf_counter() - started)


def _back_again(path: Path, stack: Path, folder: Path) -> tuple[int, str]:
    status, message = run_bsgui("verify", str(stack), "--photo", str(path))
    if status != 0:
        return -1, f"verify failed: {message}"
    target = folder / "again.png"
    status, message = run_bsgui("recombine", str(stack), "--out", str(target))
    if status != 0:
        return -1, f"recombine failed: {message}"
    photo, again = read_photo(path), read_photo(target)
    if photo.samples.shape != again.samples.shape or photo.samples.dtype != again.samples.dtype:
        return -1, f"came back as {again.samples.shape} {again.samples.dtype}"
    error = int(np.abs(photo.samples.astype(np.int64) - again.samples.astype(np.int64)).max())
    allowed = 0 if photo.white == 255 else 1
    notes = " ".join(photo.notes)
    return (
        (0, f"exact to {error}/{photo.white}. {notes}") if error <= allowed else (-1, f"off by {error}/{photo.white}")
    )


def read_expected(path: Path | None) -> dict[str, str]:
    """File name -> "read" or "refused", from the ``pillow`` column of an expectation table."""
    if path is None:
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["file"]: "read" if row["pillow"] == "ok" else "refused" for row in csv.DictReader(file)}


def main() -> int:
    """Entry point; 0 when every outcome is right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expected", type=Path)
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    expected = read_expected(options.expected)
    files = [p for p in sorted(options.folder.rglob("*")) if p.is_file() and p.suffix not in (".md", ".csv")]
    wrong = 0
    for path in files:
        name = path.relative_to(options.folder).as_posix()
        outcome = try_photo(path, name, expected.get(name, "?"), options.size)
        wrong += not outcome.is_right
        mark = "ok " if outcome.is_right else "BAD"
        print(f"{mark} {outcome.status:>3} {outcome.seconds:6.2f} s  {name}: {outcome.message}", flush=True)
    print(f"{len(files) - wrong} of {len(files)} as they should be")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
