"""Measures the finder: ``python -m bsgui.training.finder CONFIG --evaluate``."""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from bsgui.core.errors import BsguiError
from bsgui.core.frame import Subject
from bsgui.core.requests import NeverCancelled
from bsgui.engine.finder import find_with
from bsgui.engine.finder_network import KINDS, FinderNetworks
from bsgui.imageio.read_photo import read_photo

from .backgrounds import load_backgrounds
from .baseline import CascadeFinder
from .config import FinderConfig
from .heads import load_heads
from .overlays import overlay, sheet
from .scenes import Picture, Scene, SceneMaker, scatter
from .scoring import Examined, Thresholds, choose_thresholds, false_alarms, figures

_SIZE = 512
_SMALLEST, _LARGEST = 0.12, 1.1
_ANY_SCORE = 0.15
_MOST_FALSE = 0.02
_EMPTY_CROPS = 8
_THINGS = 100
_SHEET = 40
_COMPARED = 30


@dataclass(frozen=True, eq=False)
class Exam:
    """Pictures of one split: some with heads, some without."""

    scenes: tuple[Scene, ...]
    empty: tuple[Picture, ...]


def make_exam(config: FinderConfig, split: str, count: int) -> Exam:
    """Composites of a split's heads and backgrounds, and crops of its backgrounds alone; the same at every call.

    Raises:
        PhotoReadError: a picture cannot be read.
        UsageError: a split is missing.
    """
    heads = load_heads(config.heads, split)
    backgrounds = load_backgrounds(config.backgrounds[split], heads, config.things.get(split, ()))
    rng = np.random.default_rng([config.seed, sum(split.encode())])
    maker = SceneMaker(heads, backgrounds, config.seed)
    scenes = []
    for _ in range(count):
        sides = _SIZE * np.exp(rng.uniform(math.log(_SMALLEST), math.log(_LARGEST), rng.integers(1, 4)))
        scenes.append(maker.scene(_SIZE, scatter(_SIZE, list(sides), rng), rng))
    empty = [x for levels in backgrounds.photos for x in _crops(levels[0], rng)]
    empty += [backgrounds.scattered(_SIZE, rng) for _ in range(_THINGS if backgrounds.things else 0)]
    return Exam(tuple(scenes), tuple(empty))


def _crops(photo: Picture, rng: np.random.Generator) -> Iterable[Picture]:
    """The photo, and pieces of it down to a fifth of its size."""
    yield photo
    for _ in range(_EMPTY_CROPS - 1):
        side = int(min(photo.shape[:2]) * rng.uniform(0.2, 1.0))
        top, left = (int(rng.integers(0, x - side + 1)) for x in photo.shape[:2])
        yield photo[top : top + side, left : left + side]


def choose(networks: FinderNetworks, config: FinderConfig, count: int) -> dict[str, float]:
    """The thresholds, from the val split: the best F1 with at most 2 % of empty pictures showing one of a kind.

    They are at least the configuration's floors.
    """
    exam = make_exam(config, "val", count)
    examined = [Examined(x, _find(networks, x.picture)) for x in exam.scenes]
    chosen = choose_thresholds(examined, [_find(networks, x) for x in exam.empty], _MOST_FALSE)
    return {kind: max(threshold, config.floors.get(kind, 0.0)) for kind, threshold in chosen.items()}


def examine(networks: FinderNetworks, config: FinderConfig, thresholds: Thresholds, count: int) -> dict[str, Any]:
    """Figures on the test split: composites, and photos without heads."""
    exam = make_exam(config, "test", count)
    return {
        "thresholds": thresholds,
        **_examined(lambda picture: _find(networks, picture), exam, thresholds),
        "processor_seconds_a_picture": round(_seconds(networks, exam), 4),
    }


def compare(networks: FinderNetworks, config: FinderConfig, thresholds: Thresholds) -> dict[str, Any]:
    """The LBP cascade and these networks on the same few test pictures; of the cascade, look at the faces only.

    Raises:
        UsageError: scikit-image is not installed.
    """
    cascade = CascadeFinder()
    exam = make_exam(config, "test", _COMPARED)
    exam = replace(exam, empty=exam.empty[::_EMPTY_CROPS])
    return {
        "thresholds": thresholds,
        "lbp": _examined(cascade.find, exam, thresholds),
        "finder": _examined(lambda picture: _find(networks, picture), exam, thresholds),
    }


def _examined(find: Callable[[Picture], tuple[Subject, ...]], exam: Exam, thresholds: Thresholds) -> dict[str, Any]:
    return {
        "composites": figures([Examined(x, find(x.picture)) for x in exam.scenes], thresholds),
        "without_heads": false_alarms([find(x) for x in exam.empty], thresholds),
    }


def look_at_photos(networks: FinderNetworks, folder: Path, thresholds: Thresholds, out: Path) -> list[dict[str, Any]]:
    """Find in every readable photo under a folder; contact sheets, a list and ``found.csv`` go to ``out``."""
    rows, pictures = [], []
    for path in sorted(x for x in folder.rglob("*") if x.is_file()):
        try:
            photo = read_photo(path)
        except BsguiError:
            continue
        subjects = find_with(networks, photo.samples, thresholds, NeverCancelled())
        pictures.append(overlay(photo.samples, subjects, path.name))
        rows.append({"photo": path.name, "found": len(subjects), "kinds": " ".join(x.kind for x in subjects)})
    out.mkdir(parents=True, exist_ok=True)
    _write_sheets(pictures, out, "photos")
    with (out / "found.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ("photo", "found", "kinds"))
        table.writeheader()
        table.writerows(rows)
    return rows


def draw_exam(networks: FinderNetworks, config: FinderConfig, split: str, thresholds: Thresholds, out: Path) -> None:
    """A contact sheet of composites with what was found in them."""
    out.mkdir(parents=True, exist_ok=True)
    scenes = make_exam(config, split, _SHEET).scenes
    drawn = [
        overlay(x.picture, [s for s in _find(networks, x.picture) if s.score >= thresholds[s.kind]]) for x in scenes
    ]
    _write_sheets(drawn, out, split)


def write_json(path: Path, figures_: dict[str, Any]) -> None:
    """Write figures for people and programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures_, indent=1) + "\n", encoding="utf-8")


def _write_sheets(pictures: Sequence[Picture], out: Path, name: str) -> None:
    for start in range(0, len(pictures), _SHEET):
        page = sheet(pictures[start : start + _SHEET])
        cv2.imwrite(str(out / f"{name}_{start // _SHEET}.jpg"), page[..., ::-1])


def _find(networks: FinderNetworks, picture: Picture) -> tuple[Subject, ...]:
    return find_with(networks, picture, dict.fromkeys(KINDS, _ANY_SCORE), NeverCancelled())


def _seconds(networks: FinderNetworks, exam: Exam) -> float:
    """Median processor time for a picture on one thread; unlike wall time it is the same on a busy machine."""
    threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    times = []
    for scene in exam.scenes[:20]:
        started = time.process_time()
        _find(networks, scene.picture)
        times.append(time.process_time() - started)
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])
    return float(np.median(times)) if times else 0.0
