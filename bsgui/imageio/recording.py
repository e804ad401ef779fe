"""Recorded training runs in files: one safetensors file a run, maps and photos in it as PNG pictures.

Version 1. The metadata has ``format`` and ``recording``, a JSON object: title, description, branches, size, photos
(name, credit, digest, width and height of photo and maps), and moments (step, seconds and the single figures). The
arrays are, for each figure of the branches, one over all moments; for each photo its picture, the base colours, low
and step of its maps; and for each photo and moment a picture (N·h rows, 2·w columns) of the maps' 8-bit values.
"""

from __future__ import annotations

import io
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bsgui.core.errors import BsguiError, ExportError
from bsgui.core.fields import FieldError, Fields
from bsgui.core.photo import Photo
from bsgui.core.recording import (
    BRANCH_FIGURES,
    FIGURES,
    Moment,
    MomentMeasures,
    QuantizedMaps,
    RecordedPhoto,
    Recording,
)

from .atomic import os_reason
from .tensor_file import TensorFile, read_tensors, write_tensors

SUFFIX = ".safetensors"
FILE_NAME = "recording.safetensors"
"""What a run's recording is called in the run's folder."""
FORMAT = "bsgui-recording-1"

_MAX_FILE = 128 << 20
_MAX_UNPACKED = 512 << 20
_MAX_BRANCHES, _MAX_MOMENTS, _MAX_PHOTOS, _MAX_BANDS = 64, 1000, 16, 16
_MAX_SIDE, _MAX_MAP_SIDE = 4096, 512
_FIGURE_RANGES = {
    "fidelity_db": (-200.0, 400.0),
    "redundancy": (0.0, 1.001),
    "cancellation": (0.0, 1e12),
    "identity": (0.0, 1.0),
}
_UNKNOWN = -1.0


class RecordingError(BsguiError):
    """A recording could not be read: not there, none, damaged, too large, of a later version."""

    exit_status = 3


def recording_path(place: Path) -> Path:
    """The file itself: a run's folder stands for the recording in it."""
    return place / FILE_NAME if place.is_dir() else place


def write_recording(path: Path, recording: Recording) -> None:
    """Write a recording with at least one moment, whole or not at all. Thread: any; some milliseconds a picture.

    Raises:
        ExportError: it could not be written.
    """
    tensors = _measures(recording)
    for index, recorded in enumerate(recording.photos):
        maps = [moment.maps[index] for moment in recording.moments]
        tensors[f"photo.{index}.picture"] = _png(recorded.photo.samples)
        for name in ("base", "low", "step"):
            tensors[f"photo.{index}.{name}"] = np.stack([getattr(x, name) for x in maps]).astype(np.float32)
        for number, quantized in enumerate(maps):
            tensors[f"photo.{index}.maps.{number}"] = _png(_sheet(quantized.values))
    metadata = {"format": FORMAT, "recording": json.dumps(_header(recording), ensure_ascii=False)}
    try:
        write_tensors(path, tensors, metadata)
    except OSError as error:
        raise ExportError(f"{path.name} could not be written: {os_reason(error)}.", repr(error)) from error


def read_recording(place: Path) -> Recording:
    """Read a recording: a file, or the folder of a run that has one.

    Thread: any; about a second for ten megabytes, as all pictures are unpacked.

    Raises:
        RecordingError: see there.
    """
    path = recording_path(place)
    try:
        file = read_tensors(path, _MAX_FILE)
        if file.metadata.get("format") != FORMAT:
            raise FieldError("it is not a recorded training run that this version knows")
        return _recording(Fields(_parsed(file.metadata.get("recording", ""))), file)
    except OSError as error:
        raise RecordingError(f"{path.name} could not be read: {os_reason(error)}.", repr(error)) from error
    except FieldError as error:
        raise RecordingError(f"{path.name} is not a recording that can be played: {error}.", repr(error)) from error


# ---- writing -------------------------------------------------------------------------------------------------


def _header(recording: Recording) -> dict[str, Any]:
    return {
        "title": recording.title,
        "description": recording.description,
        "branches": [{"name": name} for name in recording.branches],
        "size": recording.size,
        "bands": recording.moments[0].measures.bands.shape[1],
        "photos": [_photo_header(recording, index) for index in range(len(recording.photos))],
        "moments": [_moment_header(moment) for moment in recording.moments],
    }


def _photo_header(recording: Recording, index: int) -> dict[str, Any]:
    recorded = recording.photos[index]
    height, width = recording.moments[0].maps[index].values.shape[2:4]
    photo = recorded.photo
    return {
        "name": photo.name,
        "credit": recorded.credit,
        "sha256": photo.sha256,
        "width": photo.width,
        "height": photo.height,
        "map_width": width,
        "map_height": height,
    }


def _moment_header(moment: Moment) -> dict[str, Any]:
    figures = {name: float(getattr(moment.measures, name)) for name in FIGURES}
    # JSON has no NaN: what could not be measured is left out.
    known = {name: value for name, value in figures.items() if math.isfinite(value)}
    return {"step": moment.step, "seconds": round(moment.seconds, 1), **known}


def _measures(recording: Recording) -> dict[str, NDArray[Any]]:
    names = (*BRANCH_FIGURES, "bands", "correlation")
    return {f"measures.{name}": recording.course(name).astype(np.float32) for name in names}


def _sheet(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, 2, h, w, 3) -> (N·h, 2·w, 3): a branch below the other, its shift map beside its scale map."""
    count, _, height, width, _ = values.shape
    return values.transpose(0, 2, 1, 3, 4).reshape(count * height, 2 * width, 3)


def _png(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels, np.uint8)).save(file, "PNG", compress_level=7)
    return np.frombuffer(file.getvalue(), np.uint8)


# ---- reading -------------------------------------------------------------------------------------------------


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FieldError("its description is damaged") from error


def _recording(fields: Fields, file: TensorFile) -> Recording:
    branches = fields.items("branches", 1, _MAX_BRANCHES, lambda x: x.text("name", limit=255))
    heads = fields.items("photos", 0, _MAX_PHOTOS, lambda x: x)
    times = fields.items("moments", 1, _MAX_MOMENTS, lambda x: x)
    measures = _read_measures(times, len(branches), fields.whole("bands", 1, _MAX_BANDS), file)
    _check_size(heads, len(branches), len(times))
    maps = [_read_maps(head, index, len(times), len(branches), file) for index, head in enumerate(heads)]
    steps = [time.whole("step", 0, 1 << 40) for time in times]
    if any(late <= early for early, late in itertools.pairwise(steps)):
        raise FieldError("its steps do not rise")
    seconds = [time.number("seconds", 0, 1e12, 0.0) for time in times]
    moments = tuple(
        Moment(step, passed, figures, tuple(of_photo[number] for of_photo in maps))
        for number, (step, passed, figures) in enumerate(zip(steps, seconds, measures, strict=True))
    )
    return Recording(
        title=fields.text("title", limit=255),
        description=fields.text("description", ""),
        branches=branches,
        size=fields.whole("size", 1, 2 * _MAX_MAP_SIDE),
        photos=tuple(_read_photo(head, index, file) for index, head in enumerate(heads)),
        moments=moments,
    )


def _check_size(heads: tuple[Fields, ...], branches: int, moments: int) -> None:
    """Refuse, before anything is unpacked, what would not fit into memory."""
    total = 0
    for head in heads:
        width, height = _map_size(head)
        total += branches * moments * width * height * 6
        total += head.whole("width", 1, _MAX_SIDE) * head.whole("height", 1, _MAX_SIDE) * 3
    if total > _MAX_UNPACKED:
        raise FieldError(f"unpacked, it would be larger than {_MAX_UNPACKED >> 20} MiB")


def _map_size(head: Fields) -> tuple[int, int]:
    return head.whole("map_width", 1, _MAX_MAP_SIDE), head.whole("map_height", 1, _MAX_MAP_SIDE)


def _read_measures(times: tuple[Fields, ...], branches: int, bands: int, file: TensorFile) -> list[MomentMeasures]:
    count = len(times)
    shares, colours, skewness = (_finite(file, f"measures.{name}", (count, branches)) for name in BRANCH_FIGURES)
    by_band = _finite(file, "measures.bands", (count, branches, bands))
    correlation = _finite(file, "measures.correlation", (count, branches, branches))
    return [
        MomentMeasures(
            fidelity_db=_figure(time, "fidelity_db"),
            redundancy=_figure(time, "redundancy"),
            cancellation=_figure(time, "cancellation"),
            identity=_figure(time, "identity"),
            shares=shares[number],
            colours=colours[number],
            skewness=skewness[number],
            bands=by_band[number],
            correlation=correlation[number],
        )
        for number, time in enumerate(times)
    ]


def _figure(time: Fields, name: str) -> float:
    low, high = _FIGURE_RANGES[name]
    if name != "identity":
        return time.number(name, low, high)
    value = time.number(name, _UNKNOWN, high, _UNKNOWN)
    return value if value >= low else math.nan


def _read_maps(head: Fields, index: int, moments: int, branches: int, file: TensorFile) -> list[QuantizedMaps]:
    width, height = _map_size(head)
    base = _finite(file, f"photo.{index}.base", (moments, 3))
    low, step = (_finite(file, f"photo.{index}.{name}", (moments, branches, 2, 3)) for name in ("low", "step"))
    maps = []
    for number in range(moments):
        sheet = _pixels(file.blob(f"photo.{index}.maps.{number}"), 2 * width, branches * height)
        values = sheet.reshape(branches, height, 2, width, 3).transpose(0, 2, 1, 3, 4)
        maps.append(QuantizedMaps(base[number], low[number], step[number], values))
    return maps


def _read_photo(head: Fields, index: int, file: TensorFile) -> RecordedPhoto:
    width, height = head.whole("width", 1, _MAX_SIDE), head.whole("height", 1, _MAX_SIDE)
    samples = _pixels(file.blob(f"photo.{index}.picture"), width, height)
    photo = Photo(samples, head.text("name", limit=255), head.sha256("sha256"))
    return RecordedPhoto(photo, head.text("credit", "", limit=1024))


def _finite(file: TensorFile, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    values = file.floats(name, shape)
    # Far beyond what any network gives, but sums and squares of it are still numbers.
    if not (np.abs(values) < 1e9).all():
        raise FieldError(f"“{name}” holds values that are no figures")
    return values


def _pixels(data: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """A PNG of exactly this size, 8-bit RGB, read-only."""
    # The size is looked at before Pillow is, which complains of large ones in its own way.
    if data[12:24] != b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big"):
        raise FieldError("a picture in it has another size than is said")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            pixels = np.array(image)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise FieldError("a picture in it is damaged") from error
    if pixels.shape != (height, width, 3) or pixels.dtype != np.uint8:
        raise FieldError("a picture in it is of another kind")
    pixels.flags.writeable = False
    return pixels
