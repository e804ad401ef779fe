"""Checking a stack: whether the files are the exported ones, and whether they add up."""

from __future__ import annotations

import hashlib
import math
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bsgui.core.errors import UsageError
from bsgui.core.photo import Photo, TickImage
from bsgui.core.requests import CancelToken, ProgressCallback, report_nothing
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights

from .filtered_layers import FilteredLayers
from .read_stack import StackOnDisk, composite_strips, picture_errors
from .recombine import NEVER, filtered_layers, layer_weights, watched_strips
from .tick_pixels import TICKS_PER_LSB, add_up, blend, photo_samples

_PIECE = 1 << 20


@dataclass(frozen=True)
class VerifyReport:
    """The outcome of :func:`verify`.

    Attributes:
        ok: the files are the ones that were exported, and add up to what they should.
        exact: the layers are meant to add up to the photo itself; not so for 8-bit previews, edited layers, and
            stacks without all layers.
        max_error_lsb: the largest difference of the recombined picture from the photo (if one was given and
            ``exact``), else from the composite, in 1/255 of white; 0.0 if there is neither but the sum's digest is
            right; NaN where nothing can be compared.
        problems: what is wrong, a sentence each; empty if ok.
        notes: what should be known all the same.
        files: how many files were checked.
    """

    ok: bool
    exact: bool
    max_error_lsb: float
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    files: int


def verify(
    stack: StackOnDisk,
    photo: Photo | None = None,
    report: ProgressCallback = report_nothing,
    cancel: CancelToken = NEVER,
) -> VerifyReport:
    """Check that the files are the exported ones and add up to the photo, the composite, and the digest of the sum.

    Args:
        stack: the stack.
        photo: the photo it was made from, if it is at hand.
        report: told the rows done.
        cancel: asked before every strip.

    Raises:
        StackReadError: a picture cannot be decoded at all.
        UsageError: the photo has another size than the stack.
    """
    expected = stack.manifest.photo
    if photo is not None and (photo.width, photo.height) != (expected.width, expected.height):
        raise UsageError(
            f"“{photo.name}” is {photo.width} × {photo.height} pixels, but the stack is "
            f"{expected.width} × {expected.height}."
        )
    problems = _changed_files(stack, cancel)
    weights = layer_weights(stack.manifest)
    sums = _Sums(stack, photo, weights, filtered_layers(stack, weights, report, cancel))
    with closing(watched_strips(stack, "Checking layers", report, cancel)) as pieces:
        for start, stop, ticks in pieces:
            sums.add(start, stop, ticks)
    problems += sums.problems()
    files = len(stack.manifest.layers) + (stack.composite_file is not None)
    exact = stack.manifest.is_exact
    return VerifyReport(not problems, exact, sums.max_error_lsb(), tuple(problems), tuple(sums.notes()), files)


def _changed_files(stack: StackOnDisk, cancel: CancelToken) -> list[str]:
    files = {stack.file(layer): layer.sha256 for layer in stack.manifest.layers}
    if stack.composite_file and stack.manifest.composite:
        files[stack.composite_file] = stack.manifest.composite.sha256
    return [
        f"“{path.name}” is not the file that was exported." for path in files if _sha256(path, cancel) != files[path]
    ]


def _sha256(path: Path, cancel: CancelToken) -> str:
    digest = hashlib.sha256()
    with picture_errors(path), path.open("rb") as file:
        while piece := file.read(_PIECE):
            cancel.raise_if_cancelled()
            digest.update(piece)
    return digest.hexdigest()


class _Sums:
    """Adds up the layers of a stack and compares, strip by strip."""

    def __init__(self, stack: StackOnDisk, photo: Photo | None, weights: Weights, filtered: FilteredLayers) -> None:
        self._manifest = stack.manifest
        self._photo = photo if stack.manifest.is_exact else None
        self._other_file = photo is not None and photo.sha256 != stack.manifest.photo.sha256
        self._weights, self._filtered = weights, filtered
        self._composite = composite_strips(stack) if stack.composite_file else None
        self._digest = hashlib.sha256()
        self._photo_error = 0
        self._composite_error = 0.0

    def add(self, start: int, stop: int, ticks: TickImage) -> None:
        total = add_up(ticks)
        self._digest.update(np.clip(total, 0, 65535).astype("<u2").data)
        if self._photo is not None:
            off = np.abs(total - self._photo.rows_ticks(start, stop))
            self._photo_error = max(self._photo_error, int(off.max()))
        if self._composite is not None:
            depth = self._manifest.photo.bit_depth
            factors = self._weights.seen_in(Viewport.strip(self._manifest.photo.width, start, stop))
            blended = photo_samples(blend(ticks, factors, self._filtered.rows(start, stop)), depth).astype(np.int32)
            off = np.abs(blended - next(self._composite)[..., :3])
            self._composite_error = max(self._composite_error, float(off.max()) * 255 / ((1 << depth) - 1))

    def problems(self) -> list[str]:
        found = []
        if self._manifest.is_exact and self._digest.hexdigest() != self._manifest.photo.ticks_sha256:
            found.append("The layers do not add up to the photo they were made from.")
        if self._photo_error:
            found.append(f"The layers differ from the photo by up to {self._photo_error / TICKS_PER_LSB:.4g}/255.")
        # A 16-bit photo has finer steps than the layers; its composite is the photo itself.
        allowed = 0.0 if self._manifest.photo.bit_depth == 8 else 255 / 65535
        if self._filtered:
            # A blur is a sum of many products: another processor, or strips of another height, may round it elsewhere.
            allowed += 1.0 if self._manifest.photo.bit_depth == 8 else 1 / TICKS_PER_LSB
        if self._manifest.encoding.depth == 16 and self._composite_error > allowed:
            found.append(f"The layers differ from the composite by up to {self._composite_error:.4g}/255.")
        return found

    def notes(self) -> list[str]:
        found = []
        if self._manifest.encoding.depth == 8:
            found.append("The layers are 8-bit previews, which cannot recombine exactly.")
        if self._manifest.edited:
            found.append("The layers are as edited: they add up to the edited picture, not to the photo.")
        if not self._manifest.complete:
            found.append("Not all layers were exported: these do not add up to the photo.")
        if self._other_file:
            found.append("The photo is another file than the one the stack was made from.")
        return found

    def max_error_lsb(self) -> float:
        if self._photo is not None:
            return self._photo_error / TICKS_PER_LSB
        if self._composite is not None and not (self._manifest.is_exact and self._is_the_photo()):
            return self._composite_error
        return 0.0 if self._manifest.is_exact and self._is_the_photo() else math.nan

    def _is_the_photo(self) -> bool:
        return self._digest.hexdigest() == self._manifest.photo.ticks_sha256
