"""One step of a recorded run as pictures: the photo, what its branches add up to, each branch, and the residual."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from bsgui.core.fidelity import energy_shares, psnr_without_residual_db
from bsgui.core.layer_view import LayerView, show_layer
from bsgui.core.recording import QuantizedMaps, Recording
from bsgui.core.requests import CancelToken, NeverCancelled
from bsgui.core.sources import AffineLayers
from bsgui.core.viewport import Viewport
from bsgui.ui.canvas.qimage import to_qimage
from bsgui.ui.theme import Theme

from .race_plots import branch_color
from .tile_grid import Caption

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
    """The answer.

    Attributes:
        request: what was asked for.
        pictures: one a tile, None for those that were not wanted.
        fidelity_db: of the branches' sum, for this photo.
        shares: (N,) of this photo's branches in their summed variance.
    """

    request: FrameRequest
    pictures: tuple[QImage | None, ...]
    fidelity_db: float
    shares: NDArray[np.float64]


def tile_names(recording: Recording) -> tuple[str, ...]:
    """What the tiles show, in their order."""
    return ("Photo", "Sum", *recording.branches, "Residual")


def frame_captions(frame: PlaybackFrame, theme: Theme) -> list[Caption]:
    """What stands over the tiles: names, this photo's figures, and the colours that the curves have."""
    recording = frame.request.recording
    captions = [Caption(name) for name in tile_names(recording)]
    captions[SUM] = Caption(captions[SUM].name, f"{frame.fidelity_db:.1f} dB")
    for branch, share in enumerate(frame.shares):
        color = branch_color(branch, theme.name == "dark")
        captions[FIRST_BRANCH + branch] = Caption(recording.branches[branch], f"{share:.0%}", color)
    return captions


def render_frame(request: FrameRequest, cancel: CancelToken) -> PlaybackFrame:
    """Make the pictures, 1 to 3 ms each at usual sizes, and measure them. Thread: any. Raises Cancelled."""
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
    cancel.raise_if_cancelled()
    return PlaybackFrame(request, tuple(pictures), *_figures(recording, request, layers))


_KNOWN: WeakKeyDictionary[QuantizedMaps, tuple[float, NDArray[np.float64]]] = WeakKeyDictionary()


def _figures(recording: Recording, request: FrameRequest, layers: AffineLayers) -> tuple[float, NDArray[np.float64]]:
    """Fidelity and shares; kept, as a slider comes by often and they cost as much as the pictures."""
    maps = recording.moments[request.moment].maps[request.photo]
    if maps not in _KNOWN:
        fidelity = psnr_without_residual_db(layers, layers.photo, NeverCancelled())
        _KNOWN[maps] = fidelity, energy_shares(layers, layers.photo)[1:-1]
    return _KNOWN[maps]


def _picture(layers: AffineLayers, tile: int, look: LayerView, view: Viewport) -> NDArray[np.uint8]:
    if tile == PHOTO:
        size = (view.width, view.height)
        interpolation = cv2.INTER_AREA if view.scale < 1 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(layers.photo.samples, size, interpolation=interpolation), np.uint8)
    if tile == SUM:
        weights = np.ones(layers.count, np.float32)
        weights[-1] = 0
        return layers.show(weights, view)
    # The base is part of the sum alone: the layers' tiles begin with the first branch.
    return show_layer(layers, tile - FIRST_BRANCH + 1, 1.0, look, view)
