"""One photo after the other, or several at a time in processes of one thread each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor

from bsgui.core.errors import BsguiError
from bsgui.engine.checkpoint import load_generator
from bsgui.engine.decomposer import chosen_styles

from .contenders import DIRECT, FROZEN, SHIPPED
from .experiment import PhotoFigures, measure_photo
from .scene import read_scene
from .sheet import contact_sheet, write_sheet
from .tile_check import TileError, check_tiles

_SHOWN = (SHIPPED, "maps, joint bilateral", "fit 9 px, ε 0.0001", "pictures, bicubic", "direct 2×", DIRECT, FROZEN)


@dataclass(frozen=True)
class Task:
    """What is to be done with a photo.

    Attributes:
        photo: its file.
        weights: of the network.
        sha256: of the weights.
        size: long side of the working size, pixels.
        out: folder for the sheet.
        checks_tiles: also run it in tiles.
    """

    photo: Path
    weights: Path
    sha256: str
    size: int
    out: Path
    checks_tiles: bool


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of it.

    Attributes:
        figures: None if the photo was left out.
        tiles: empty if they were not asked for.
        sides: width and height of the photo at working size, pixels.
        reason: one sentence if it was left out.
    """

    figures: PhotoFigures | None = None
    tiles: tuple[TileError, ...] = ()
    sides: tuple[int, int] = (0, 0)
    reason: str = ""


def measure_photos(tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    """Outcomes in the order of the tasks.

    Args:
        tasks: the photos.
        jobs: processes; with 1 the work is done here.

    Raises:
        ModelError, ExportError.
    """
    if jobs == 1:
        yield from map(measure_file, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(measure_file, tasks)


def measure_file(task: Task) -> Outcome:
    """Measure one photo; write its sheet."""
    # CPU time is what is measured: on one thread it is what a person would wait on an idle machine.
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    network = load_generator(task.weights, task.sha256)
    try:
        scene = read_scene(task.photo, task.size, network.config.multiple)
    except BsguiError as error:
        return Outcome(reason=error.user_message)
    styles, pictures = chosen_styles(network, "", 0), dict[str, Tensor]()

    def look(name: str, layers: Tensor) -> None:
        if name in _SHOWN:
            pictures[name] = layers

    figures = measure_photo(network, styles, scene, look)
    write_sheet(task.out / f"{task.photo.stem}.png", contact_sheet(scene.full, pictures))
    tiles = check_tiles(network, styles, scene) if task.checks_tiles else []
    height, width = scene.at(1).shape[-2:]
    return Outcome(figures, tuple(tiles), (width, height))
