"""``python -m bsgui.analysis.upsampling``: how layers should get to full size, by experiment.

Prints medians over the photos; writes them with every photo's figures, and sheets to look at, to ``--out``. What was
found is in this room’s README.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bsgui.core.errors import BsguiError, ExportError, UsageError

if TYPE_CHECKING:
    from bsgui.imageio.model_store import ModelStore

    from .photos import Outcome, Task

_FEWEST = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        figures = _evaluate(options)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    from .summary import table

    sys.stdout.write(table(figures) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bsgui.analysis.upsampling", description=__doc__)
    parser.add_argument("--model", required=True, help="a model's id")
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="files, or folders of them")
    parser.add_argument("--out", type=Path, required=True, help="folder for upsampling.json and the sheets")
    parser.add_argument("--size", type=int, default=256, help="long side of the working size, pixels")
    parser.add_argument("--most", type=int, help="take the first so many files")
    parser.add_argument("--tiled", type=int, default=2, help="check tiles on the first so many files")
    parser.add_argument("--jobs", type=int, choices=range(1, 65), default=1, metavar="N", help="photos at a time")
    parser.add_argument("--memory", action="store_true", help="measure the memory of the runs, too")
    return parser


def _evaluate(options: argparse.Namespace) -> dict[str, Any]:
    from bsgui.imageio.model_store import ModelStore, default_model_folders

    from .photos import measure_photos
    from .summary import add_identity, tile_medians, to_json

    store = ModelStore(default_model_folders())
    tasks = _tasks(options, store)
    outcomes: list[Outcome] = []
    for outcome in measure_photos(tasks, options.jobs):
        outcomes.append(outcome)
        _advance("photos", len(outcomes), len(tasks))
    measured = [outcome for outcome in outcomes if outcome.figures is not None]
    reasons = [outcome.reason for outcome in outcomes if outcome.reason]
    if len(measured) < _FEWEST:
        raise UsageError(" ".join([*reasons, f"At least {_FEWEST} photos are needed; there are {len(measured)}."]))
    photos = [outcome.figures for outcome in measured if outcome.figures is not None]
    add_identity(photos)
    facts = {
        "model": options.model,
        "sha256": store.card(options.model).sha256,
        "size": options.size,
        "photos": [photo.name for photo in photos],
        "left_out": reasons,
        "run_mebibytes": _memory(tasks[0].weights, measured[0].sides) if options.memory else {},
    }
    figures = to_json(facts, photos, tile_medians([outcome.tiles for outcome in measured if outcome.tiles]))
    _write(options.out / "upsampling.json", figures)
    return figures


def _tasks(options: argparse.Namespace, store: ModelStore) -> list[Task]:
    from .photos import Task

    weights, card = store.weights_path(options.model), store.card(options.model)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{options.out} could not be made.", repr(error)) from error
    files = _files(options.photos)[: options.most]
    return [
        Task(file, weights, card.sha256, options.size, options.out, number < options.tiled)
        for number, file in enumerate(files)
    ]


def _files(places: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for place in places:
        files += sorted(x for x in place.rglob("*") if x.is_file()) if place.is_dir() else [place]
    return files


def _memory(weights: Path, sides: tuple[int, int]) -> dict[str, float]:
    from .contenders import RUNS
    from .memory import run_mebibytes

    return {run.name: round(run_mebibytes(weights, run, *sides), 1) for run in RUNS}


def _write(path: Path, figures: dict[str, Any]) -> None:
    from bsgui.imageio.atomic import atomic_write, os_reason

    try:
        with atomic_write(path) as file:
            file.write((json.dumps(figures, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise ExportError(f"{path} could not be written: {os_reason(error)}.", repr(error)) from error


def _advance(stage: str, done: int, total: int) -> None:
    """One line that is written over again, for a person at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{stage}: {done}/{total}\033[K" + ("\r\033[K" if done == total else ""))
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
