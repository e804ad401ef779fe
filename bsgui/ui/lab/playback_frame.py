"""One step of a recorded run as pictures: the photo, what its branches add up to, each branch, and the residual."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from bsgui.core.compose import LayerView, compose, show_layer
from bsgui.core.recording import Recording
from bsgui.core.requests import CancelToken
from bsgui.core.sources import AffineLayers
from bsgui.core.viewport import Viewport
from bsgui.ui.canvas.qimage import to_qimage

PHOTO, SUM = 0, 1
FIRST_BRANCH = 2
_LARGEST_SCALE = 8.0


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """What is to be shown.

    Attributes:
        recording: which run.
        moment, photo: indices into it.
        look: how branches and residual are shown.
        width, height: room for each picture, device pixels.
        only: the one tile that is wanted; None for all.
    """

    recording: Recording
    moment: int
    photo: int
    look: LayerView
    width: int
    height: int
    only: int | None = None


@dataclass(frozen=True, eq=False)
class PlaybackFrame:
    """The answer: one picture a tile, None for those that were not wanted."""

    request: FrameRequest
    pictures: tuple[QImage | None, ...]


def tile_names(recording: Recording) -> tuple[str, ...]:
    """What the tiles show, in their order."""
    return ("Photo", "Sum", *recording.branches, "Residual")


def render_frame(request: FrameRequest, cancel: CancelToken) -> PlaybackFrame:
    """Make the pictures: 1 to 3 ms each at usual sizes. Thread: any. Raises Cancelled."""
    recording = request.recording
    photo = recording.photos[request.photo].photo
    scale = min(request.width / photo.width, request.height / photo.height, _LARGEST_SCALE)
    view = Viewport(0.0, 0.0, scale, max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    layers = recording.moments[request.moment].maps[request.photo].layers(photo)
    pictures: list[QImage | None] = []
    for tile in range(layers.count + 1):
        cancel.raise_if_cancelled()
        wanted = request.only is None or request.only == tile
        pictures.append(to_qimage(_picture(layers, tile, request.look, view)) if wanted else None)
    return PlaybackFrame(request, tuple(pictures))


def _picture(layers: AffineLayers, tile: int, look: LayerView, view: Viewport) -> NDArray[np.uint8]:
    if tile == PHOTO:
        size = (view.width, view.height)
        interpolation = cv2.INTER_AREA if view.scale < 1 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(layers.photo.samples, size, interpolation=interpolation), np.uint8)
    if tile == SUM:
        weights = np.ones(layers.count, np.float32)
        weights[-1] = 0
        return compose(layers, weights, view)
    # The base is part of the sum alone: the layers' tiles begin with the first branch.
    return show_layer(layers, tile - FIRST_BRANCH + 1, 1.0, look, view)
