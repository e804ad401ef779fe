"""Exporting layers as PNGs that add up to the photo again, with a manifest that says how."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bsgui import __version__
from bsgui.core.decomposition import Decomposition, LayerInfo, Provenance, strips
from bsgui.core.errors import ExportError, OutOfMemory, UsageError
from bsgui.core.layers import LayerStack, LayerState
from bsgui.core.manifest import Encoding, Manifest, ManifestFile, ManifestLayer, ManifestModel, ManifestPhoto
from bsgui.core.photo import OFFSET_TICKS, TICKS_PER_FULL_SCALE, FloatImage, Photo, Samples, TickImage
from bsgui.core.requests import CancelToken, NeverCancelled, Progress, ProgressCallback, report_nothing
from bsgui.core.tint import NO_TINT
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights

from .atomic import atomic_write, os_reason
from .filtered_layers import FilteredLayers
from .folder_swap import replaced_folder
from .png_writer import Compression, PngFile
from .stack_names import MANIFEST_NAME, composite_file_name, layer_file_name
from .tick_pixels import (
    HIGH,
    LOW,
    TICKS_PER_LSB,
    bake,
    blend,
    decode_samples,
    encode,
    fit_16_bits,
    photo_samples,
)  # fmt: skip

_STRIP_PIXELS = 1 << 18
_STRIPS_AHEAD = 2
_THREADS = max(2, min(8, os.cpu_count() or 2))


@dataclass(frozen=True)
class ExportOptions:
    """How to export.

    Attributes:
        depth: 16 recombines exactly; 8 gives previews over mid-grey, which do not.
        which: all layers, or those whose eye is open.
        edited: work gain, opacity, tint, mode, filter and muting into the pixels, where the masks are; otherwise the
            layers are written as they came and the manifest holds the settings.
        composite: also write the picture as it is blended.
        overwrite: replace an export that is in the folder.
        compression: "fast" or "small", see :class:`~bsgui.imageio.png_writer.PngWriter`.
    """

    depth: Literal[8, 16] = 16
    which: Literal["all", "visible"] = "all"
    edited: bool = False
    composite: bool = True
    overwrite: bool = False
    compression: Compression = "fast"


_AS_USUAL = ExportOptions()
_NEVER = NeverCancelled()


def write_stack(
    decomposition: Decomposition,
    stack: LayerStack,
    folder: Path,
    options: ExportOptions = _AS_USUAL,
    report: ProgressCallback = report_nothing,
    cancel: CancelToken = _NEVER,
) -> Manifest:
    """Write the layers, the composite and ``manifest.json`` into ``folder``, all or nothing.

    Works strip by strip: memory does not grow with the photo, but for layers with a filter, see
    :mod:`~bsgui.imageio.filtered_layers`. Thread: any but the GUI's; uses some of its own.

    Args:
        decomposition: the layers.
        stack: the person's settings.
        folder: made, with its parents; if it holds an export, ``options.overwrite`` decides.
        options: see there.
        report: told the strips done.
        cancel: asked before every strip.

    Returns:
        What was written to the manifest.

    Raises:
        ExportError: the folder is taken, or writing failed (no space, no permission); nothing has changed.
        UsageError: no layer is visible and only visible ones were asked for.
        Cancelled: by the token; nothing has changed.
    """
    chosen = [x for x in stack.layers if x.visible or options.which == "all"]
    if not chosen:
        raise UsageError("There is no visible layer to export.")
    try:
        with replaced_folder(folder, options.overwrite) as fresh:
            export = _Export(decomposition, stack, chosen, options, fresh)
            manifest = export.run(report, cancel)
            _write_manifest(fresh / MANIFEST_NAME, manifest)
    except OSError as error:
        raise ExportError(f"“{folder}” could not be written: {os_reason(error)}.", repr(error)) from error
    except MemoryError as error:
        raise OutOfMemory(f"There is not enough memory to export “{decomposition.photo.name}”.") from error
    return manifest


@dataclass
class _Measured:
    """What the strips written so far have shown."""

    max_error_ticks: float = 0.0
    carried_samples: int = 0
    carried_max_ticks: int = 0

    def carried(self, samples: int, largest: int) -> None:
        self.carried_samples += samples
        self.carried_max_ticks = max(self.carried_max_ticks, largest)


class _Export:
    """One run of :func:`write_stack`."""

    def __init__(
        self,
        decomposition: Decomposition,
        stack: LayerStack,
        chosen: list[LayerState],
        options: ExportOptions,
        folder: Path,
    ) -> None:
        self._photo = decomposition.photo
        self._decomposition = decomposition
        self._stack = stack
        self._options = options
        self._folder = folder
        self._states = sorted(chosen, key=lambda x: x.source)
        self._sources = [x.source for x in self._states]
        weights = stack.weights().chosen(self._sources)
        ones = Weights.of(np.ones(len(weights), np.float32))
        self._file_weights = ones if options.edited else weights
        self._baked = weights if options.edited else ones
        to_filter = weights if options.edited or options.composite else ones
        self._filtered = FilteredLayers(to_filter, (self._photo.width, self._photo.height))
        self._names = [layer_file_name(self._photo.stem, x.source, x.name, x.id) for x in self._states]
        self._measured = _Measured()
        self._ticks_digest = hashlib.sha256()

    def run(self, report: ProgressCallback, cancel: CancelToken) -> Manifest:
        """Write all pictures."""
        rows = max(1, min(256, _STRIP_PIXELS // self._photo.width))
        pieces = strips(self._photo.height, rows)
        with ExitStack() as files, ThreadPoolExecutor(_THREADS, "export") as pool:
            if self._filtered:
                self._filtered.fill(self._fitting_strips(pool, pieces, report, cancel))
            report(Progress(0, len(pieces), "Writing layers"))
            pictures = [files.enter_context(self._png(name, self._options.depth, 3)) for name in self._names]
            composite = files.enter_context(self._composite_png()) if self._options.composite else None
            for done, (strip, ticks) in enumerate(self._strips_ahead(pool, pieces), 1):
                cancel.raise_if_cancelled()
                self._write_strip(pool, pictures, composite, strip, ticks)
                report(Progress(done, len(pieces), "Writing layers"))
            cancel.raise_if_cancelled()
            digests = list(pool.map(PngFile.finish, pictures))
            composite_digest = composite.finish() if composite else ""
        return self._manifest(digests, composite_digest)

    def _png(self, name: str, depth: int, channels: int) -> PngFile:
        photo = self._photo
        return PngFile(self._folder / name, photo.width, photo.height, depth, channels, self._options.compression)

    def _composite_png(self) -> PngFile:
        channels = 3 if self._photo.alpha is None else 4
        return self._png(composite_file_name(self._photo.stem), self._bit_depth, channels)

    @property
    def _bit_depth(self) -> int:
        return 8 if self._photo.white == 255 else 16

    def _strips_ahead(
        self, pool: ThreadPoolExecutor, pieces: list[tuple[int, int]]
    ) -> Iterator[tuple[tuple[int, int], TickImage]]:
        """Each strip with the ticks of all layers; the next ones are computed while the caller encodes."""
        waiting: deque[tuple[tuple[int, int], Future[TickImage]]] = deque()
        for piece in pieces:
            waiting.append((piece, pool.submit(self._decomposition.source.ticks, *piece)))
            if len(waiting) > _STRIPS_AHEAD:
                strip, ticks = waiting.popleft()
                yield strip, ticks.result()
        for strip, ticks in waiting:
            yield strip, ticks.result()

    def _fitting_strips(
        self,
        pool: ThreadPoolExecutor,
        pieces: list[tuple[int, int]],
        report: ProgressCallback,
        cancel: CancelToken,
    ) -> Iterator[tuple[int, int, TickImage]]:
        """The chosen layers as files hold them if they are not baked, which is what a reader filters."""
        for done, (strip, ticks) in enumerate(self._strips_ahead(pool, pieces), 1):
            cancel.raise_if_cancelled()
            layers = ticks[self._sources]
            fit_16_bits(layers)
            yield *strip, layers
            report(Progress(done, len(pieces), "Filtering layers"))

    def _write_strip(
        self,
        pool: ThreadPoolExecutor,
        pictures: list[PngFile],
        composite: PngFile | None,
        strip: tuple[int, int],
        ticks: TickImage,
    ) -> None:
        photo_ticks = self._photo.rows_ticks(*strip)
        self._ticks_digest.update(photo_ticks.astype("<u2").data)
        self._count_carried_by_source(ticks, strip)
        everything = len(self._sources) == len(ticks)
        layers = ticks if everything else ticks[self._sources]
        baked = self._baked.seen_in(Viewport.strip(self._photo.width, *strip))
        unedited = self._baked.is_neutral
        filtered = self._filtered.rows(*strip)
        to_bake = filtered if self._options.edited else {}
        expected = photo_ticks if everything and unedited else blend(layers, baked, to_bake)
        bake(layers, baked, to_bake)
        self._measured.carried(*fit_16_bits(layers))
        left = {} if self._options.edited else filtered
        blended = pool.submit(composite.write, self._composite_rows(layers, strip, left)) if composite else None
        total = np.full(expected.shape, OFFSET_TICKS, np.int32)
        for decoded in pool.map(self._write_layer, pictures, layers):
            total += decoded
        total -= expected
        self._measured.max_error_ticks = max(self._measured.max_error_ticks, int(np.abs(total, out=total).max()))
        if blended:
            blended.result()

    def _write_layer(self, picture: PngFile, layer: TickImage) -> NDArray[np.int16]:
        """Write a strip of one layer; what a reader will make of it, in ticks."""
        samples = encode(layer, self._options.depth)
        picture.write(samples)
        return decode_samples(samples)

    def _composite_rows(self, layers: TickImage, strip: tuple[int, int], filtered: Mapping[int, FloatImage]) -> Samples:
        """The picture as it is blended, made of what the files hold, so that they can be checked against it."""
        if self._stack.is_untouched:
            colour = self._photo.samples[slice(*strip)]
        else:
            factors = self._file_weights.seen_in(Viewport.strip(self._photo.width, *strip))
            colour = photo_samples(blend(layers, factors, filtered), self._bit_depth)
        if self._photo.alpha is None:
            return colour
        return np.concatenate([colour, self._photo.alpha[slice(*strip)][..., None]], axis=2)

    def _count_carried_by_source(self, ticks: TickImage, strip: tuple[int, int]) -> None:
        """Count what the source itself has already moved to the residual: only full-scale samples can have lost any."""
        source = self._decomposition.source
        for index in range(len(ticks) - 1):
            if ticks[index].min() > LOW and ticks[index].max() < HIGH:
                continue
            alone = np.eye(source.count, dtype=np.float32)[index]
            layer = source.mix(alone, Viewport.strip(self._photo.width, *strip)) - np.float32(0.5)
            excess = np.rint(layer * np.float32(TICKS_PER_FULL_SCALE)) - ticks[index]
            self._measured.carried(int(np.count_nonzero(excess)), int(np.abs(excess).max()))

    def _manifest(self, digests: list[str], composite_digest: str) -> Manifest:
        composite = ManifestFile(composite_file_name(self._photo.stem), composite_digest)
        measured = self._measured
        return Manifest(
            app_version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            photo=_manifest_photo(self._photo, self._bit_depth, self._ticks_digest.hexdigest()),
            encoding=Encoding.of_depth(self._options.depth),
            model=_manifest_model(self._decomposition.provenance),
            layers=tuple(map(self._manifest_layer, range(len(self._states)), digests)),
            composite=composite if self._options.composite else None,
            edited=self._options.edited,
            complete=len(self._sources) == self._decomposition.source.count,
            max_error_lsb=measured.max_error_ticks / TICKS_PER_LSB,
            carried_samples=measured.carried_samples,
            carried_max_ticks=measured.carried_max_ticks,
        )

    def _manifest_layer(self, number: int, sha256: str) -> ManifestLayer:
        state = self._states[number]
        info: LayerInfo = self._decomposition.layers[state.source]
        return ManifestLayer(
            index=state.source,
            position=self._stack.layers.index(state),
            id=state.id,
            name=state.name,
            kind=state.kind,
            file=self._names[number],
            sha256=sha256,
            visible=state.visible,
            muted=state.muted,
            gain=state.gain,
            opacity=state.opacity,
            locked=state.locked,
            energy_share=info.energy_share if math.isfinite(info.energy_share) else 0.0,
            description=info.description,
            baked_gain=state.weight if self._options.edited else 1.0,
            tint=state.tint,
            mask=state.mask,
            mode=state.mode,
            filter=state.filter,
            baked_tint=state.tint if self._options.edited else NO_TINT,
        )


def _manifest_photo(photo: Photo, bit_depth: int, ticks_sha256: str) -> ManifestPhoto:
    # Names with bytes that are no text cannot be written to JSON.
    name = photo.name.encode("utf-8", "replace").decode()
    return ManifestPhoto(name, photo.width, photo.height, bit_depth, photo.sha256, ticks_sha256)


def _manifest_model(made_by: Provenance) -> ManifestModel:
    return ManifestModel(
        id=made_by.model,
        sha256=made_by.model_sha256,
        domain=made_by.domain,
        seed=made_by.seed,
        size=made_by.size,
        working_width=made_by.working_width,
        working_height=made_by.working_height,
        device=made_by.device,
        adapted_steps=made_by.adapted_steps,
        styles=made_by.styles,
        frame=made_by.frame,
        splits_light=made_by.splits_light,
    )


def _write_manifest(path: Path, manifest: Manifest) -> None:
    text = json.dumps(manifest.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_write(path) as file:
        file.write(text.encode("utf-8"))
