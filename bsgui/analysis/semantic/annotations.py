"""What somebody saw in a photo and drew: whisker strokes, outlines of spots, coat, eyes and nose, as coordinates.

The files hold no pixels; a photo is named by its place in the data packs. See tests/data/annotations/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.errors import BsguiError
from bsgui.core.fields import FieldError, Fields, is_plain_file_name
from bsgui.imageio.atomic import os_reason

Kind = Literal["whiskers", "spots", "fur", "eyes", "nose"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What is drawn; whiskers are strokes, the others regions."""

Points = NDArray[np.float64]
"""(n, 2) x and y in pixels of the photo, x to the right, y down; (0.5, 0.5) is the centre of the first pixel."""

_STROKES, _REGIONS = KINDS[:1], KINDS[1:]
# Parts of the head inside the coat that are no coat.
_NOT_COAT: tuple[Kind, ...] = ("eyes", "nose")
_MOST_BYTES = 1 << 20
_MOST_FILES = 10_000
_MOST_SHAPES = 1_000
_MOST_POINTS = 2_000
_LARGEST_SIDE = 16_384
_WIDTHS = (0.25, 64.0)
# Shapes are drawn so many times larger, with coordinates in 1/16 of that, and a pixel is in when half of it is.
_FINER = 4
_SHIFT = 4


class AnnotationError(BsguiError):
    """An annotation cannot be read, or does not say what an annotation says."""

    exit_status = 3


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line along something thin.

    Attributes:
        points: its course, at least two points.
        width: visible width, pixels of the photo.
    """

    points: Points
    width: float


@dataclass(frozen=True, eq=False)
class Annotation:
    """What was drawn on one photo.

    Attributes:
        photo: the photo's place in the data packs, with forward slashes: "pets256/img/Bengal_3.jpg".
        split: of that pack, "test", "val" or "train".
        width, height: size of the photo that the coordinates are for, pixels.
        annotator: who drew.
        strokes: lines by kind.
        regions: outlines of at least three points by kind, closed by themselves.
        absent: kinds that were looked for and are not there. A kind neither drawn nor absent is unknown.
        note: remarks, may be empty.
    """

    photo: str
    split: str
    width: int
    height: int
    annotator: str
    strokes: Mapping[Kind, tuple[Stroke, ...]]
    regions: Mapping[Kind, tuple[Points, ...]]
    absent: frozenset[Kind]
    note: str = ""

    def has(self, kind: Kind) -> bool:
        """Whether something of this kind was drawn."""
        return bool(self.strokes.get(kind) or self.regions.get(kind))

    def knows(self, kind: Kind) -> bool:
        """Whether it says where the kind is: drawn, or looked for and not there."""
        return kind in self.absent or self.has(kind)

    def mask(self, kind: Kind, height: int, width: int) -> NDArray[np.bool_]:
        """Where the kind is, at any size: the drawing covers the whole photo, whatever its pixels.

        Coat and spots leave out eyes and nose. A pixel is inside when at least half of it is; strokes are at least
        one pixel of the mask wide, so that thin ones do not vanish.

        Args:
            kind: what to show.
            height: of the mask, pixels.
            width: of the mask, pixels.

        Returns:
            New (height, width) bool; empty where nothing of the kind was drawn.
        """
        mask = self._drawn(kind, height, width)
        if kind in ("fur", "spots"):
            for hole in _NOT_COAT:
                mask &= ~self._drawn(hole, height, width)
        return mask

    def _drawn(self, kind: Kind, height: int, width: int) -> NDArray[np.bool_]:
        canvas = np.zeros((height * _FINER, width * _FINER), np.uint8)
        factor = np.array([width / self.width, height / self.height]) * _FINER
        for outline in self.regions.get(kind, ()):
            # One by one: outlines that overlap add up instead of cutting holes into each other.
            cv2.fillPoly(canvas, [_to_fixed(outline, factor)], 1, shift=_SHIFT)
        for stroke in self.strokes.get(kind, ()):
            thickness = max(_FINER, round(stroke.width * float(factor.mean())))
            cv2.polylines(canvas, [_to_fixed(stroke.points, factor)], False, 1, thickness, shift=_SHIFT)
        covered = canvas.reshape(height, _FINER, width, _FINER).sum((1, 3), dtype=np.uint16)
        return np.asarray(2 * covered >= _FINER**2)


def _to_fixed(points: Points, factor: Points) -> NDArray[np.int32]:
    """Fixed-point coordinates as OpenCV counts them: whole numbers are pixel centres."""
    return np.rint((points * factor - 0.5) * (1 << _SHIFT)).astype(np.int32)


def read_annotations(folder: Path) -> list[Annotation]:
    """All annotations of a folder (``*.json``, not of folders inside), sorted by file name.

    Raises:
        AnnotationError: there are none, too many, or one cannot be used; the sentence names it.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise AnnotationError(f"“{folder}” holds no annotations.")
    if len(files) > _MOST_FILES:
        raise AnnotationError(f"“{folder}” holds more than {_MOST_FILES} annotations.")
    return [read_annotation(file) for file in files]


def read_annotation(file: Path) -> Annotation:
    """One annotation.

    Raises:
        AnnotationError: the file cannot be read, is too large, or a value in it is missing or out of range.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise AnnotationError(f"“{file}” could not be read: {os_reason(error)}.", repr(error)) from error
    if len(text) > _MOST_BYTES:
        raise AnnotationError(f"“{file}” is too large to be an annotation.")
    try:
        return _annotation(json.loads(text))
    except FieldError as error:
        raise AnnotationError(f"“{file}” is no annotation: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"“{file}” is no annotation: it is not JSON.", repr(error)) from error


def _annotation(data: Any) -> Annotation:
    fields = Fields(data)
    width, height = (fields.whole(side, 1, _LARGEST_SIDE) for side in ("width", "height"))
    strokes = _by_kind(data, "strokes", _STROKES)
    regions = _by_kind(data, "regions", _REGIONS)
    annotation = Annotation(
        photo=_photo(fields.text("photo", limit=512)),
        split=fields.choice("split", ("test", "val", "train")),
        width=width,
        height=height,
        annotator=fields.text("annotator", limit=64),
        strokes={kind: tuple(_stroke(x, f"strokes.{kind}", width, height) for x in strokes[kind]) for kind in strokes},
        regions={
            kind: tuple(_points(x, 3, f"regions.{kind}", width, height) for x in regions[kind]) for kind in regions
        },
        absent=_absent(data.get("absent", [])),
        note=fields.text("note", ""),
    )
    for kind in annotation.absent:
        if annotation.has(kind):
            raise FieldError(f"{kind} are drawn and called absent")
    return annotation


def _photo(name: str) -> str:
    """A relative path of plain names: it must not lead out of the packs."""
    if not all(is_plain_file_name(part) for part in name.split("/")) or PurePosixPath(name).is_absolute():
        raise FieldError("photo must be a path inside the data packs")
    return name


def _by_kind(data: Mapping[str, Any], name: str, kinds: tuple[Kind, ...]) -> dict[Kind, list[Any]]:
    value = data.get(name, {})
    if not isinstance(value, dict) or not set(value) <= set(kinds):
        raise FieldError(f"{name} must be lists of {', '.join(kinds)}")
    for kind, shapes in value.items():
        if not isinstance(shapes, list) or len(shapes) > _MOST_SHAPES:
            raise FieldError(f"{name}.{kind} must be a list of at most {_MOST_SHAPES} shapes")
    return {kind: value[kind] for kind in kinds if kind in value}


def _stroke(data: Any, where: str, width: int, height: int) -> Stroke:
    fields = Fields(data, where)
    return Stroke(_points(data.get("points"), 2, f"{where}.points", width, height), fields.number("width", *_WIDTHS))


def _points(value: Any, fewest: int, where: str, width: int, height: int) -> Points:
    if not isinstance(value, list) or not fewest <= len(value) <= _MOST_POINTS:
        raise FieldError(f"{where} must have {fewest} to {_MOST_POINTS} points")
    if not all(isinstance(point, list) and len(point) == 2 and all(map(_is_number, point)) for point in value):
        raise FieldError(f"{where} must be pairs of numbers")
    points = np.array(value, np.float64)
    if not ((points >= 0) & (points <= (width, height))).all():
        raise FieldError(f"{where} must lie inside the photo")
    points.flags.writeable = False
    return points


def _is_number(value: Any) -> bool:
    # The comparison is false for NaN.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST_SIDE


def _absent(value: Any) -> frozenset[Kind]:
    if not isinstance(value, list) or not all(isinstance(x, str) and x in KINDS for x in value):
        raise FieldError(f"absent must be a list of {', '.join(KINDS)}")
    return frozenset(value)
