"""Exported stacks, in: the manifest and its files, checked before anything is decoded; layers strip by strip."""

from __future__ import annotations

import json
import stat
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bsgui.core.decomposition import strips
from bsgui.core.errors import StackReadError, UsageError
from bsgui.core.manifest import Manifest, ManifestLayer
from bsgui.core.photo import Samples, TickImage

from .atomic import os_reason
from .limits import USUAL_LIMITS, ReadLimits, megapixels
from .png_reader import PngError, read_header, read_strips
from .stack_names import MANIFEST_NAME, slug
from .tick_pixels import decode_samples

_MANIFEST_BYTES = 4 << 20
_STRIP_PIXELS = 1 << 18


@dataclass(frozen=True)
class StackOnDisk:
    """An exported stack whose manifest is sound and whose files are there, of the right size and kind.

    Attributes:
        manifest: what it says.
        folder: where the files are.
    """

    manifest: Manifest
    folder: Path

    def file(self, layer: ManifestLayer) -> Path:
        """The layer's file."""
        return self.folder / layer.file

    @property
    def composite_file(self) -> Path | None:
        """The composite's file, if it was exported."""
        return self.folder / self.manifest.composite.file if self.manifest.composite else None


def read_stack(path: Path, limits: ReadLimits = USUAL_LIMITS) -> StackOnDisk:
    """Read and check a manifest, and the sizes and headers of its files; no pixels.

    Args:
        path: the folder, or the manifest in it.
        limits: for each picture.

    Raises:
        StackReadError: no manifest, damaged, files missing, of the wrong size or kind, too large.
    """
    source = path / MANIFEST_NAME if path.is_dir() else path
    manifest = _read_manifest(source)
    photo = manifest.photo
    if photo.width * photo.height > limits.max_pixels:
        raise StackReadError(
            f"“{source}” is too large: {megapixels(photo.width * photo.height)} where the limit is "
            f"{megapixels(limits.max_pixels)}."
        )
    stack = StackOnDisk(manifest, source.parent)
    for layer in manifest.layers:
        _check_picture(stack, stack.file(layer), manifest.encoding.depth, (3,), limits)
    if stack.composite_file:
        _check_picture(stack, stack.composite_file, photo.bit_depth, (3, 4), limits)
    return stack


def is_stack(path: Path) -> bool:
    """Whether a path looks like an exported stack: a folder with a manifest, or a manifest. Cheap; opens nothing."""
    return path.name == MANIFEST_NAME or (path / MANIFEST_NAME).is_file()


def find_layer(manifest: Manifest, asked: str) -> ManifestLayer:
    """The layer that a person means: by id ("branch-2"), number ("2"), name ("Fur") or name in its file ("fur").

    Raises:
        UsageError: there is none, or several are called so.
    """
    tests = (
        lambda x: x.id == asked,
        lambda x: str(x.index) == asked,
        lambda x: x.name.casefold() == asked.casefold(),
        lambda x: slug(x.name, x.id) == slug(asked, ""),
    )
    for test in tests:
        found = [layer for layer in manifest.layers if test(layer)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{len(found)} layers are called “{asked}”; use {', '.join(x.id for x in found)}.")
    raise UsageError(f"There is no layer called “{asked}”; there is {', '.join(x.id for x in manifest.layers)}.")


def layer_strips(stack: StackOnDisk) -> Generator[tuple[int, int, TickImage], None, None]:
    """The layers from the top row down: (start, stop, (K, stop - start, W, 3) int32 ticks), in manifest order.

    Memory does not grow with the picture. Thread: any; decodes on some threads of its own.

    Raises:
        StackReadError: a file is damaged, truncated or gone.
    """
    photo, layers = stack.manifest.photo, stack.manifest.layers
    rows = strip_rows(photo.width)
    with ExitStack() as files, ThreadPoolExecutor(min(8, len(layers)), "read") as pool:
        readers = [files.enter_context(closing(read_strips(stack.file(layer), rows))) for layer in layers]
        for start, stop in strips(photo.height, rows):
            ticks = np.empty((len(layers), stop - start, photo.width, 3), np.int32)
            waiting = [pool.submit(next, reader, None) for reader in readers]
            for number, (layer, strip) in enumerate(zip(layers, waiting, strict=True)):
                with picture_errors(stack.file(layer)):
                    ticks[number] = decode_samples(_of_shape(strip.result(), ticks.shape[1:]))
            yield start, stop, ticks


def composite_strips(stack: StackOnDisk) -> Generator[Samples, None, None]:
    """The composite in the same strips: (h, W, 3 or 4), at the photo's depth.

    Raises:
        StackReadError: there is none, or it is damaged.
    """
    if stack.composite_file is None:
        raise StackReadError(f"The stack in “{stack.folder}” has no composite.")
    reader = read_strips(stack.composite_file, strip_rows(stack.manifest.photo.width))
    with picture_errors(stack.composite_file), closing(reader):
        yield from reader


def read_alpha(stack: StackOnDisk) -> Samples | None:
    """The photo's transparency, (H, W) at its depth, which the composite keeps; None if there is none.

    Raises:
        StackReadError: the composite is damaged.
    """
    if stack.composite_file is None:
        return None
    with picture_errors(stack.composite_file):
        if read_header(stack.composite_file).channels != 4:
            return None
    rows = [np.ascontiguousarray(strip[..., 3]) for strip in composite_strips(stack)]
    alpha: Samples = np.concatenate(rows)
    return alpha


def strip_rows(width: int) -> int:
    """How many rows are read at a time."""
    return max(1, min(256, _STRIP_PIXELS // width))


@contextmanager
def picture_errors(path: Path) -> Iterator[None]:
    """Say which picture of a stack is at fault, and why: every failure leaves as a StackReadError."""
    try:
        yield
    except PngError as error:
        raise StackReadError(f"“{path}” could not be read: {error}.", repr(error)) from error
    except FileNotFoundError as error:
        raise StackReadError(f"“{path}” is missing.", repr(error)) from error
    except OSError as error:
        raise StackReadError(f"“{path}” could not be read: {os_reason(error)}.", repr(error)) from error


def _of_shape(samples: Samples | None, shape: tuple[int, ...]) -> Samples:
    # The header was checked when the stack was opened; the file may have been replaced since.
    if samples is None or samples.shape != shape:
        raise PngError("it has been changed while it was read")
    return samples


def _read_manifest(path: Path) -> Manifest:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StackReadError(f"“{path}” is not the manifest of a stack.")
        with path.open("rb") as file:
            text = file.read(_MANIFEST_BYTES + 1)
    except FileNotFoundError as error:
        raise StackReadError(f"There is no stack in “{path.parent}”: “{path.name}” is missing.") from error
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "the name is not possible"
        raise StackReadError(f"“{path}” could not be read: {reason}.", repr(error)) from error
    if len(text) > _MANIFEST_BYTES:
        raise StackReadError(f"“{path}” is too large to be the manifest of a stack.")
    try:
        return Manifest.from_json(json.loads(text))
    except StackReadError as error:
        raise StackReadError(f"“{path}”: {error.user_message}", error.detail) from error
    except (ValueError, RecursionError) as error:
        raise StackReadError(f"“{path}” is not the manifest of a stack: it is no JSON.", repr(error)) from error


def _check_picture(stack: StackOnDisk, path: Path, depth: int, channels: tuple[int, ...], limits: ReadLimits) -> None:
    photo = stack.manifest.photo
    with picture_errors(path):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PngError("it is not a regular file")
        if status.st_size > limits.max_bytes:
            raise PngError(f"it is larger than {limits.max_bytes / 1e6:,.0f} MB")
        header = read_header(path)
        if (header.width, header.height) != (photo.width, photo.height):
            raise PngError(f"it is {header.width} × {header.height}, not {photo.width} × {photo.height}")
        if header.depth != depth or header.channels not in channels:
            raise PngError(f"it is not a colour picture of {depth} bits per channel")
