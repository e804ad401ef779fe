"""The test that matters: turn each layer down, off and up on real photos, and look.

``python -m bsgui.training.gallery PHOTO... --out FOLDER [--model ID] [--side PX]`` writes a sheet a photo: the layers
over mid-grey, then the photo with each layer removed, halved and doubled. Everything is computed as the app does it, at
full size, and shrunk to the sheet afterwards. With ``--frame auto`` the head that is found is taken apart.

``… --index INDEX.csv --count 24 --out FOLDER`` writes one picture, ``gallery.png``: photos of a test split,
evenly spaced, a row each, with all their layers. With ``--relight`` the rows are relightings instead: the photo, then
it without each layer that the model's card calls a light, with that light at 1.8, and with all lights at a half; of a
framed face (``--frame auto``) also without the light from the side, with the lamp on the other side, and with a warm
one; of photos that are named, a picture each. ``--side 0`` leaves them at full size.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.photos import evenly, read_rows
from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import BsguiError, UsageError
from bsgui.core.layer_view import LayerView, show_layer
from bsgui.core.requests import DecomposeRequest, DecomposeSettings, NeverCancelled, report_nothing
from bsgui.core.tint import Tint, tint_of
from bsgui.core.viewport import Viewport
from bsgui.engine.decomposer import SIDE_LIGHT, TorchDecomposer
from bsgui.engine.finder import find_subjects
from bsgui.imageio.model_store import ModelStore, default_model_folders
from bsgui.imageio.read_photo import read_photo

_GAINS = (0.0, 0.5, 2.0)
_LIGHT_GAINS = (0.0, 1.8)
_SIDE_GAINS = (0.0, -1.0)
_WARM: Tint = tuple(1.5 * factor for factor in tint_of(30, 0.5))  # type: ignore[assignment]
_BORDER = 40


def gallery_sheet(decomposition: Decomposition, side: int) -> NDArray[np.uint8]:
    """The sheet of one photo: four rows, one column a branch, and the photo in the first column.

    Args:
        decomposition: of the photo.
        side: long side of a tile, pixels; 0 for full size.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    photo, source = decomposition.photo, decomposition.source
    view = Viewport.strip(photo.width, 0, photo.height)
    branches = range(1, source.count - 1)
    rows = [[show_layer(source, index, 1.0, LayerView.GREY, view) for index in branches]]
    for gain in _GAINS:
        weights = np.ones((source.count, source.count), np.float32) + (gain - 1) * np.eye(
            source.count, dtype=np.float32
        )
        rows.append([source.show(weights[index], view) for index in branches])
    whole = source.show(np.ones(source.count, np.float32), view)
    return np.concatenate([np.concatenate([_tile(image, side) for image in (whole, *row)], axis=1) for row in rows])


def layers_row(decomposition: Decomposition, side: int) -> NDArray[np.uint8]:
    """The photo, what its branches add up to, and the branches over mid-grey: (H, W, 3) uint8 RGB, one row of tiles."""
    photo, source = decomposition.photo, decomposition.source
    view = Viewport.strip(photo.width, 0, photo.height)
    without_residual = np.ones(source.count, np.float32)
    pictures = [source.show(without_residual, view)]
    without_residual[-1] = 0
    pictures.append(source.show(without_residual, view))
    pictures += [show_layer(source, index, 1.0, LayerView.GREY, view) for index in range(1, source.count - 1)]
    return np.concatenate([_tile(picture, side) for picture in pictures], axis=1)


def relighting_row(decomposition: Decomposition, lights: Sequence[int], side: int) -> NDArray[np.uint8]:
    """The photo under other lights: (H, W, 3) uint8 RGB, one row of tiles.

    First as it is, then every light at 0 and at 1.8, then all lights at 0.5, then what a side light does.

    Args:
        decomposition: of the photo.
        lights: the light layers' indices.
        side: long side of a tile, pixels; 0 for full size.
    """
    photo, source = decomposition.photo, decomposition.source
    changes: list[dict[int, float | Tint]] = [{}]
    changes += [{light: gain} for light in lights for gain in _LIGHT_GAINS]
    sides = [number for number, layer in enumerate(decomposition.layers) if layer.id == SIDE_LIGHT]
    changes.append(dict.fromkeys([*lights, *sides], 0.5))
    changes += [{number: gain} for number in sides for gain in (*_SIDE_GAINS, _WARM)]
    view = Viewport.strip(photo.width, 0, photo.height)
    return np.concatenate([_tile(source.show(_weights(source.count, x), view), side) for x in changes], axis=1)


def _weights(count: int, changes: Mapping[int, float | Tint]) -> NDArray[np.float32]:
    """(count, 3): 1, but for some layers."""
    weights = np.ones((count, 3), np.float32)
    for layer, weight in changes.items():
        weights[layer] = weight
    return weights


def _tile(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    scale = min(1.0, side / max(image.shape[:2])) if side else 1.0
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.pad(small, ((2, 2), (2, 2), (0, 0)), constant_values=_BORDER)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.gallery", description=__doc__)
    parser.add_argument("photos", type=Path, nargs="*")
    parser.add_argument("--index", type=Path, help="index.csv of a pack, in place of photos")
    parser.add_argument("--split", default="test", help="of the index (%(default)s)")
    parser.add_argument("--count", type=int, default=24, help="photos of the index (%(default)s)")
    parser.add_argument("--relight", action="store_true", help="relightings in place of layers")
    parser.add_argument("--frame", choices=["auto"], help="take apart the head that is found")
    parser.add_argument("--out", type=Path, required=True, help="folder for the sheets")
    parser.add_argument("--model", default="general")
    parser.add_argument("--size", type=int, help="working size; the model's own by default")
    parser.add_argument("--side", type=int, default=220, help="long side of a tile, pixels; 0 for full size")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        _write_sheets(options)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


def _write_sheets(options: argparse.Namespace) -> None:
    if options.index:
        files = [Path(row["file"]) for row in evenly(read_rows(options.index, options.split), options.count)]
        rows = [_row(layers, options) for layers in _decomposed(files, options)]
        cv2.imwrite(str(options.out / "gallery.png"), np.concatenate(rows)[..., ::-1])
    for path, layers in zip(options.photos, _decomposed(options.photos, options), strict=True):
        sheet = _row(layers, options) if options.relight else gallery_sheet(layers, options.side)
        cv2.imwrite(str(options.out / f"{path.stem}.png"), sheet[..., ::-1])


def _row(layers: Decomposition, options: argparse.Namespace) -> NDArray[np.uint8]:
    if not options.relight:
        return layers_row(layers, options.side)
    branches = ModelStore(default_model_folders()).card(options.model).branches
    lights = [number for number, branch in enumerate(branches, 1) if branch.role == "light"]
    if not lights:
        raise UsageError(f"The model “{options.model}” has no layer that its card calls a light.")
    return relighting_row(layers, lights, options.side)


def _decomposed(paths: Sequence[Path], options: argparse.Namespace) -> Iterator[Decomposition]:
    store = ModelStore(default_model_folders())
    size = options.size or store.card(options.model).size
    settings = DecomposeSettings(options.model, size=size, splits_light=options.relight)
    decomposer = TorchDecomposer(store)
    for path in paths:
        photo = read_photo(path)
        found = find_subjects(photo) if options.frame else ()
        framed = replace(settings, frame=found[0].frame if found else None)
        yield decomposer.decompose(DecomposeRequest(photo, framed), report_nothing, NeverCancelled())


if __name__ == "__main__":
    sys.exit(main())
