"""Annotations drawn over their photos, to be looked at.

``python -m bsgui.analysis.semantic.overlay --photos PACKS --out FOLDER [FILE_OR_FOLDER...]`` writes a PNG for each
annotation: the photo four times enlarged beside the same with its masks in colours, and what each colour means.
PACKS is the folder that holds the data packs ("pets256" and others).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.errors import BsguiError, ExportError
from bsgui.imageio.atomic import atomic_write, os_reason
from bsgui.imageio.read_photo import read_photo

from .annotations import KINDS, Annotation, AnnotationError, Kind, read_annotation, read_annotations

COLOURS: Mapping[Kind, tuple[int, int, int]] = {
    "fur": (90, 200, 90),
    "spots": (235, 130, 30),
    "eyes": (70, 150, 255),
    "nose": (235, 70, 190),
    "whiskers": (255, 235, 0),
}
"""Colour of each kind, RGB; later ones are drawn over earlier ones."""

_ANNOTATIONS = Path("tests/data/annotations/animals")
_ENLARGEMENT = 4
_TINT = 0.28
_BACKGROUND = 28
_TEXT = (235, 235, 235)
_LEGEND_HEIGHT = 44


def overlay_sheet(annotation: Annotation, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The photo, the photo with its masks, and the legend.

    Args:
        annotation: what was drawn.
        photo: (h, w, 3) uint8 RGB; of any size, as the drawing covers all of it.

    Returns:
        New (H, W, 3) uint8 RGB.
    """
    size = (photo.shape[1] * _ENLARGEMENT, photo.shape[0] * _ENLARGEMENT)
    large = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
    pictures = np.concatenate([large, tinted(annotation, large)], axis=1)
    return np.concatenate([pictures, _legend(annotation, pictures.shape[1])])


def tinted(annotation: Annotation, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The photo with each mask faintly in its colour and its border in full: new, as large as the photo."""
    image = photo.astype(np.float32)
    borders = []
    for kind, colour in COLOURS.items():
        mask = annotation.mask(kind, *photo.shape[:2])
        image[mask] += _TINT * (np.array(colour, np.float32) - image[mask])
        borders.append((_border(mask), colour))
    result = np.rint(image).astype(np.uint8)
    for border, colour in borders:
        result[border] = colour
    return result


def _border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(mask & (inner == 0))


def _legend(annotation: Annotation, width: int) -> NDArray[np.uint8]:
    legend = np.full((_LEGEND_HEIGHT, width, 3), _BACKGROUND, np.uint8)
    left = _write(legend, 12, f"{Path(annotation.photo).stem} ({annotation.split}, {annotation.annotator})", _TEXT)
    for kind in KINDS:
        cv2.rectangle(legend, (left + 24, 14), (left + 40, 30), COLOURS[kind], cv2.FILLED)
        left = _write(legend, left + 48, _description(annotation, kind), _TEXT)
    return legend


def _description(annotation: Annotation, kind: Kind) -> str:
    if annotation.has(kind):
        return f"{kind} {len(annotation.strokes.get(kind, ())) + len(annotation.regions.get(kind, ()))}"
    return f"{kind}: absent" if kind in annotation.absent else f"{kind}: not drawn"


def _write(image: NDArray[np.uint8], left: int, text: str, colour: tuple[int, int, int]) -> int:
    """Write a text on the legend; returns where it ends."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.55
    cv2.putText(image, text, (left, 28), font, scale, colour, 1, cv2.LINE_AA)
    return left + int(cv2.getTextSize(text, font, scale, 1)[0][0])


def write_overlay(annotation: Annotation, packs: Path, folder: Path) -> Path:
    """Write the sheet of one annotation as a PNG named after its photo.

    Args:
        annotation: what was drawn.
        packs: folder of the data packs.
        folder: where to write; it exists.

    Returns:
        The file.

    Raises:
        PhotoReadError: the photo is not there or cannot be read.
        AnnotationError: the photo has other proportions than the annotation says.
        ExportError: the file cannot be written.
    """
    photo = read_photo(packs / annotation.photo)
    if photo.width * annotation.height != photo.height * annotation.width:
        raise AnnotationError(f"“{annotation.photo}” is not the photo that was annotated: its proportions differ.")
    samples = photo.samples if photo.samples.dtype == np.uint8 else photo.samples // 257
    sheet = overlay_sheet(annotation, np.asarray(samples, np.uint8))
    path = folder / f"{Path(annotation.photo).stem}.png"
    try:
        with atomic_write(path) as file:
            file.write(cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())
    except OSError as error:
        raise ExportError(f"“{path}” could not be written: {os_reason(error)}.", repr(error)) from error
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.analysis.semantic.overlay", description=__doc__)
    parser.add_argument("annotations", type=Path, nargs="*", default=[_ANNOTATIONS], help="files or folders of them")
    parser.add_argument("--photos", type=Path, required=True, help="folder of the data packs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    options = parser.parse_args(arguments)
    try:
        _make_folder(options.out)
        for source in options.annotations:
            for annotation in read_annotations(source) if source.is_dir() else [read_annotation(source)]:
                sys.stdout.write(f"{write_overlay(annotation, options.photos, options.out)}\n")
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"“{folder}” could not be made: {os_reason(error)}.", repr(error)) from error


if __name__ == "__main__":
    sys.exit(main())
