"""Layers of several contenders side by side, for the eye: the busiest part of a photo, pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bsgui.core.errors import ExportError
from bsgui.core.photo import FloatImage
from bsgui.imageio.atomic import atomic_write, os_reason

from .edges import Edges

_SIDE = 192
_GAP = 4
_LABEL = 18


def contact_sheet(photo: Tensor, pictures: Mapping[str, Tensor]) -> NDArray[np.uint8]:
    """One row a contender: the sum of its layers without a residual, then each layer on mid-grey.

    Args:
        photo: (1, 3, H, W) in [-1, 1].
        pictures: (1, N, 3, H, W) by contender.

    Returns:
        (rows, columns, 3) uint8, RGB.
    """
    rows, columns = busiest_part(photo)
    colour = photo.mean((2, 3), keepdim=True)
    strips = []
    for name, layers in pictures.items():
        total = _displayed(layers.sum(1) + colour)[rows, columns]
        cells = [total, *(_displayed(layer[None])[rows, columns] for layer in layers[0])]
        strips.append(_labelled(name, np.concatenate([_framed(cell) for cell in cells], 1)))
    return np.concatenate(strips, 0)


def busiest_part(photo: Tensor) -> tuple[slice, slice]:
    """The square with the most pixels near strong edges."""
    near = Edges.of(photo).near.astype(np.float32)
    height, width = (min(_SIDE, side) for side in near.shape)
    density = cv2.boxFilter(near, -1, (width, height), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    inside = density[: near.shape[0] - height + 1, : near.shape[1] - width + 1]
    top, left = divmod(int(inside.argmax()), inside.shape[1])
    return slice(top, top + height), slice(left, left + width)


def write_sheet(path: Path, sheet: NDArray[np.uint8]) -> None:
    """Write a PNG. Raises ExportError."""
    done, data = cv2.imencode(".png", sheet[..., ::-1])
    if not done:
        raise ExportError(f"{path} could not be encoded.")
    try:
        with atomic_write(path) as file:
            file.write(data.tobytes())
    except OSError as error:
        raise ExportError(f"{path} could not be written: {os_reason(error)}.", repr(error)) from error


def _displayed(picture: Tensor) -> FloatImage:
    return np.asarray((picture[0].permute(1, 2, 0).numpy() / 2 + 0.5).clip(0, 1), np.float32)


def _framed(cell: FloatImage) -> NDArray[np.uint8]:
    return np.pad(np.asarray(np.rint(cell * 255), np.uint8), ((0, _GAP), (0, _GAP), (0, 0)))


def _labelled(name: str, strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    label = np.zeros((_LABEL, strip.shape[1], 3), np.uint8)
    # OpenCV's letters are ASCII.
    text = name.replace("×", "x").replace("ε", "eps")
    cv2.putText(label, text, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([label, strip], 0)
