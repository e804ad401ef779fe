"""``bsgui recombine`` and ``verify``: exported stacks, without any network."""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, replace

from bsgui.core.errors import ExportError, StackReadError, UsageError
from bsgui.core.layers import LayerKind
from bsgui.core.manifest import LayerBlend, Manifest
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.read_stack import find_layer, read_alpha, read_stack
from bsgui.imageio.recombine import recombine as add_up
from bsgui.imageio.verify_stack import VerifyReport
from bsgui.imageio.verify_stack import verify as check
from bsgui.imageio.write_image import WRITABLE_SUFFIXES, write_image

from .interrupt import cancel_on_interrupt
from .output import ProgressBar, print_json, quiet_libraries, say

_GONE = LayerBlend(0.0)


def recombine(arguments: argparse.Namespace) -> int:
    """Add the layers up and write the picture.

    Raises:
        StackReadError: the stack is damaged.
        UsageError: a layer that is not there.
        ExportError: the picture cannot be written, or is there already.
    """
    out = arguments.out
    if out.suffix.lower() not in WRITABLE_SUFFIXES:
        raise UsageError(f"{out} cannot be written: its suffix must be one of {', '.join(WRITABLE_SUFFIXES)}.")
    if out.exists() and not arguments.overwrite:
        raise ExportError(f"{out} is already there (--overwrite replaces it).")
    with cancel_on_interrupt() as cancel:
        stack = read_stack(arguments.stack)
        blends = asked_blends(stack.manifest, arguments)
        with ProgressBar(out.name) as report:
            picture = add_up(stack, blends, report, cancel)
        alpha = read_alpha(stack)
        cancel.raise_if_cancelled()
        write_image(out, picture, alpha, overwrite=arguments.overwrite)
    if not stack.manifest.is_exact:
        say("these layers do not add up to the photo exactly: they are previews, edited, or not all of them.")
    return 0


def asked_blends(manifest: Manifest, asked: argparse.Namespace) -> dict[str, LayerBlend]:
    """How every layer goes into the sum: as the manifest says, changed by the options.

    Args:
        manifest: of the stack.
        asked: ``gain``: layers and gains; shows a layer that the manifest hides, and keeps its opacity. ``tint``,
            ``mode``, ``filter``: layers and tints, blend modes or filters.
            ``hide``: layers to leave out, whatever else is said about them.
            ``only``: if there are any, all others are left out.

    Raises:
        UsageError: a layer that is not there, or a filter for one that is no branch.
    """
    only = [find_layer(manifest, name).id for name in asked.only]
    shown = {x.id: replace(x, visible=True, muted=False).blend for x in manifest.layers}
    blends = manifest.blends()
    if only:
        blends = {key: (LayerBlend() if manifest.edited else shown[key]) if key in only else _GONE for key in blends}
    for name, gain in asked.gain:
        layer = find_layer(manifest, name)
        if not only or layer.id in only:
            own = LayerBlend() if manifest.edited else shown[layer.id]
            blends[layer.id] = own._replace(weight=gain if manifest.edited else gain * layer.opacity)
    for name, tint in asked.tint:
        layer_id = find_layer(manifest, name).id
        blends[layer_id] = blends[layer_id]._replace(tint=tint)
    for name, mode in asked.mode:
        layer_id = find_layer(manifest, name).id
        blends[layer_id] = blends[layer_id]._replace(mode=mode)
    for name, layer_filter in asked.filter:
        layer = find_layer(manifest, name)
        if layer.kind is not LayerKind.BRANCH:
            raise UsageError(f"“{layer.name}” cannot be filtered: only branches can.")
        blends[layer.id] = blends[layer.id]._replace(filter=layer_filter)
    return blends | {find_layer(manifest, name).id: _GONE for name in asked.hide}


def verify(arguments: argparse.Namespace) -> int:
    """Check a stack and say what is wrong; 0 if nothing is, else 3.

    Raises:
        StackReadError: the stack cannot be read, or the photo has another size.
        PhotoReadError: the photo cannot be read.
    """
    with cancel_on_interrupt() as cancel:
        stack = read_stack(arguments.stack)
        with quiet_libraries():
            photo = None if arguments.photo is None else read_photo(arguments.photo)
        try:
            with ProgressBar(arguments.stack.name) as report:
                outcome = check(stack, photo, report, cancel)
        except UsageError as error:
            raise StackReadError(error.user_message) from error
    for sentence in (*outcome.problems, *outcome.notes):
        say(f"{arguments.stack}: {sentence}")
    if arguments.json:
        print_json({"stack": str(arguments.stack), **asdict(outcome)})
    elif outcome.ok:
        print(f"{arguments.stack}: {_praise(outcome)}", flush=True)
    return 0 if outcome.ok else StackReadError.exit_status


def _praise(outcome: VerifyReport) -> str:
    files = f"{outcome.files} files are as exported"
    if math.isnan(outcome.max_error_lsb):
        return f"{files}; there is nothing to compare their sum with"
    what = "Σ = photo" if outcome.exact else "Σ = composite"
    return f"{files}; {what}, max error {outcome.max_error_lsb:.3g}/255"
