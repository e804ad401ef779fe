"""An exported stack as layers to work with."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bsgui.core.decomposition import Decomposition, LayerInfo, Provenance
from bsgui.core.errors import OutOfMemory
from bsgui.core.frame import Frame
from bsgui.core.layers import LayerKind, LayerStack, LayerState
from bsgui.core.manifest import Manifest, ManifestLayer
from bsgui.core.photo import TICKS_PER_FULL_SCALE, Photo, Samples, TickImage
from bsgui.core.requests import CancelToken, ProgressCallback, report_nothing
from bsgui.core.sources import PixelLayers
from bsgui.core.viewport import Viewport

from .limits import USUAL_LIMITS, ReadLimits
from .read_stack import StackOnDisk, read_alpha, read_stack
from .recombine import NEVER, watched_strips
from .tick_pixels import HIGH, LOW, add_up, empty_samples, photo_samples


def open_stack(
    path: Path,
    limits: ReadLimits = USUAL_LIMITS,
    report: ProgressCallback = report_nothing,
    cancel: CancelToken = NEVER,
) -> tuple[Decomposition, LayerStack]:
    """An exported stack as layers to work with, and the person's settings for them.

    The photo is what the layers add up to. Where that is no photo (8-bit previews, layers left out, values out of
    range), the nearest photo is taken and the difference becomes part of the residual, so that the sum is exact.

    Raises:
        StackReadError: see :func:`~bsgui.imageio.read_stack.read_stack`.
        OutOfMemory: the layers do not fit the memory.
    """
    stack = read_stack(path, limits)
    try:
        return _open(stack, report, cancel)
    except MemoryError as error:
        raise OutOfMemory(f"There is not enough memory for the layers of “{stack.manifest.photo.name}”.") from error


def _open(stack: StackOnDisk, report: ProgressCallback, cancel: CancelToken) -> tuple[Decomposition, LayerStack]:
    manifest = stack.manifest
    size = (manifest.photo.height, manifest.photo.width, 3)
    samples = empty_samples(size[0], size[1], manifest.photo.bit_depth)
    layers = [np.empty(size, np.int16) for _ in manifest.layers]
    rest = _Rest(manifest, size)
    with closing(watched_strips(stack, "Reading layers", report, cancel)) as pieces:
        for start, stop, ticks in pieces:
            total = add_up(ticks)
            samples[start:stop] = photo_samples(total, manifest.photo.bit_depth)
            for layer, content in zip(layers, ticks, strict=True):
                layer[start:stop] = content
            rest.add(start, stop, total, samples[start:stop])
    photo = _photo(stack, samples)
    infos = [LayerInfo(x.id, x.name, x.kind, x.energy_share, x.description) for x in manifest.layers]
    states = sorted(enumerate(manifest.layers), key=lambda x: x[1].position)
    stack_states = [_state(layer, number, manifest.edited) for number, layer in states]
    rest.join(layers, infos, stack_states)
    decomposition = Decomposition(
        photo,
        tuple(infos),
        PixelLayers(photo, tuple(layers)),
        _provenance(manifest),
        psnr_without_residual_db=_psnr(infos, layers, manifest.model.frame),
        notes=tuple(rest.notes),
    )
    return decomposition, LayerStack(tuple(stack_states))


class _Rest:
    """What the layers' sum lacks to be a photo with integer samples."""

    def __init__(self, manifest: Manifest, size: tuple[int, int, int]) -> None:
        self._size = size
        self._pixels: NDArray[np.int16] | None = None
        self.notes: list[str] = []
        if manifest.encoding.depth == 8:
            self.notes.append("The stack holds 8-bit previews, which cannot recombine exactly.")
        if manifest.edited:
            self.notes.append("The stack was exported as edited: the edited picture takes the photo's place.")
        if not manifest.complete:
            self.notes.append("Not all layers were exported: the sum of these takes the photo's place.")

    def add(self, start: int, stop: int, total: TickImage, samples: Samples) -> None:
        rest = Photo(samples, "", "").rows_ticks() - total
        if self._pixels is None and np.any(rest):
            self._pixels = np.zeros(self._size, np.int16)
        if self._pixels is not None:
            self._pixels[start:stop] = np.clip(rest, LOW, HIGH)

    def join(self, layers: list[NDArray[np.int16]], infos: list[LayerInfo], states: list[LayerState]) -> None:
        """Make the rest a layer of its own, on top, if there is any."""
        if self._pixels is None:
            return
        taken = {info.id for info in infos}
        layer_id = next(x for x in ("residual", *(f"rest-{n}" for n in range(len(infos) + 1))) if x not in taken)
        infos.append(LayerInfo(layer_id, "Rest", LayerKind.RESIDUAL))
        states.append(LayerState(layer_id, "Rest", LayerKind.RESIDUAL, len(layers)))
        layers.append(self._pixels)


def _photo(stack: StackOnDisk, samples: Samples) -> Photo:
    photo = stack.manifest.photo
    return Photo(samples, photo.name, photo.sha256, alpha=read_alpha(stack))


def _state(layer: ManifestLayer, number: int, edited: bool) -> LayerState:
    if edited:
        # The settings are in the pixels already.
        return LayerState(layer.id, layer.name, layer.kind, number)
    return LayerState(
        layer.id,
        layer.name,
        layer.kind,
        number,
        visible=layer.visible,
        muted=layer.muted,
        gain=layer.gain,
        opacity=layer.opacity,
        tint=layer.tint,
        mask=layer.mask,
        mode=layer.mode,
        filter=layer.filter,
        locked=layer.locked,
    )


def _provenance(manifest: Manifest) -> Provenance:
    model = manifest.model
    return Provenance(
        model=model.id,
        model_sha256=model.sha256,
        domain=model.domain,
        seed=model.seed,
        size=model.size,
        working_width=model.working_width,
        working_height=model.working_height,
        device=model.device,
        adapted_steps=model.adapted_steps,
        styles=model.styles,
        splits_light=model.splits_light,
        frame=model.frame,
    )


def _psnr(infos: list[LayerInfo], layers: list[NDArray[np.int16]], frame: Frame | None) -> float:
    """Of the picture without its residual against the photo, dB; of framed layers, in the frame's core."""
    squares = [
        _mean_square(layer, frame) for info, layer in zip(infos, layers, strict=True) if info.kind is LayerKind.RESIDUAL
    ]
    if not squares:
        return math.nan
    error = sum(squares) / TICKS_PER_FULL_SCALE**2
    return -10 * math.log10(error) if error > 0 else math.inf


def _mean_square(layer: NDArray[np.int16], frame: Frame | None) -> float:
    if frame is not None:
        left, top, width, height = frame.core.cover((layer.shape[1], layer.shape[0]))
        inside = frame.core.mask(Viewport(float(left), float(top), 1.0, width, height))
        layer = layer[top : top + height, left : left + width][inside]
    return cv2.norm(layer.reshape(len(layer), -1), cv2.NORM_L2SQR) / layer.size if layer.size else 0.0
