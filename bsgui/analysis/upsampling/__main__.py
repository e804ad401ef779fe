"""``python -m bsgui.analysis.upsampling``: how layers should get to full size, by experiment.

Prints medians over the photos; writes them with every photo's figures, and sheets to look at, to ``--out``. What was
found is in bsgui/analysis/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bsgui.core.errors import BsguiError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from bsgui.engine.network import BranchedGenerator

    from .experiment import PhotoFigures
    from .scene import Scene

_FEWEST = 2
_SHOWN = ("maps, bilinear", "maps, joint bilateral", "fit 9 px, ε 0.0001", "pictures, bicubic", "direct 2×")


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
    parser.add_argument("--most", type=int, help="take at most so many photos")
    parser.add_argument("--tiled", type=int, default=2, help="check tiles on so many of them")
    parser.add_argument("--no-memory", action="store_true", help="do not measure the memory of the runs")
    return parser


def _evaluate(options: argparse.Namespace) -> dict[str, Any]:
    import cv2
    import torch

    from bsgui.imageio.model_store import ModelStore, default_model_folders

    from .experiment import add_identity
    from .summary import tile_medians, to_json
    from .tile_check import check_tiles

    # CPU time is what is measured: on one thread it is also the time of day.
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    store = ModelStore(default_model_folders())
    network, styles = _load(options.model, store)
    scenes, left_out = _scenes(options, network.config.multiple)
    options.out.mkdir(parents=True, exist_ok=True)
    photos: list[PhotoFigures] = []
    for number, scene in enumerate(scenes, 1):
        photos.append(_one_photo(network, styles, scene, options.out))
        _advance("photos", number, len(scenes))
    add_identity(photos)
    checks = [check_tiles(network, styles, scene) for scene in scenes[: options.tiled]]
    facts = {
        "model": options.model,
        "sha256": store.card(options.model).sha256,
        "size": options.size,
        "photos": [scene.name for scene in scenes],
        "left_out": left_out,
        "run_mebibytes": {} if options.no_memory else _memory(store.weights_path(options.model), scenes[0]),
    }
    figures = to_json(facts, photos, tile_medians(checks))
    _write(options.out / "upsampling.json", figures)
    return figures


def _load(model_id: str, store: Any) -> tuple[BranchedGenerator, Tensor]:
    from bsgui.engine.checkpoint import load_generator
    from bsgui.engine.decomposer import chosen_styles

    network = load_generator(store.weights_path(model_id), store.card(model_id).sha256)
    return network, chosen_styles(network, "", 0)


def _scenes(options: argparse.Namespace, multiple: int) -> tuple[list[Scene], list[str]]:
    """The photos that are large enough, and a sentence for each of the others."""
    from .scene import read_scene

    scenes: list[Scene] = []
    left_out: list[str] = []
    for path in _files(options.photos):
        if options.most is not None and len(scenes) >= options.most:
            break
        try:
            scenes.append(read_scene(path, options.size, multiple))
        except BsguiError as error:
            left_out.append(error.user_message)
    if len(scenes) < _FEWEST:
        raise UsageError(" ".join([*left_out, f"At least {_FEWEST} photos are needed; there are {len(scenes)}."]))
    return scenes, left_out


def _files(places: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for place in places:
        files += sorted(x for x in place.rglob("*") if x.is_file()) if place.is_dir() else [place]
    return files


def _one_photo(network: BranchedGenerator, styles: Tensor, scene: Scene, folder: Path) -> PhotoFigures:
    from .experiment import measure_photo
    from .sheet import contact_sheet, write_sheet

    pictures: dict[str, Tensor] = {}
    figures = measure_photo(
        network, styles, scene, lambda name, layers: pictures.update({name: layers} if name in _shown() else {})
    )
    write_sheet(folder / f"{Path(scene.name).stem}.png", contact_sheet(scene.full, pictures))
    return figures


def _shown() -> tuple[str, ...]:
    from .contenders import DIRECT, FROZEN

    return (*_SHOWN, DIRECT, "frozen 2×", FROZEN)


def _memory(weights: Path, scene: Scene) -> dict[str, float]:
    from .contenders import RUNS
    from .memory import run_mebibytes

    height, width = scene.at(1).shape[-2:]
    return {run.name: round(run_mebibytes(weights, run, width, height), 1) for run in RUNS}


def _write(path: Path, figures: dict[str, Any]) -> None:
    from bsgui.core.errors import ExportError
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
