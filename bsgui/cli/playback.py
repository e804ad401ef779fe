"""``bsgui lab playback``: what a training run recorded of itself."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bsgui.core.errors import ExportError, UsageError

from .interrupt import cancel_on_interrupt
from .output import print_json, say

if TYPE_CHECKING:
    from bsgui.core.recording import Recording

_BUNDLED = "recordings/general.safetensors"
_MOST_ROWS = 12


def playback(arguments: argparse.Namespace) -> int:
    """Say how a run went, and write what was asked for."""
    from bsgui.core.recording import recording_csv
    from bsgui.imageio.recording import read_recording

    recording = read_recording(arguments.run or _bundled())
    if arguments.csv is not None:
        _write(arguments.csv, recording_csv(recording).encode())
    if arguments.layers is not None:
        _write_layers(recording, arguments)
    if arguments.json:
        print_json(_object(recording))
    else:
        print("\n".join(_rows(recording)), flush=True)
    return 0


def _bundled() -> Path:
    from bsgui.imageio.resource_paths import resource

    try:
        return resource(_BUNDLED)
    except FileNotFoundError as error:
        raise UsageError("No recording came with this installation; name a run.") from error


def _write(path: Path, data: bytes) -> None:
    from bsgui.imageio.atomic import atomic_write, os_reason

    try:
        with atomic_write(path) as file:
            file.write(data)
    except OSError as error:
        raise ExportError(f"{path} could not be written: {os_reason(error)}.", repr(error)) from error


def _write_layers(recording: Recording, arguments: argparse.Namespace) -> None:
    from bsgui.imageio.write_stack import write_stack

    count = len(recording.photos)
    if not 1 <= arguments.photo <= count:
        raise UsageError(f"There is no photo {arguments.photo}: the recording has {count}.")
    moment = len(recording.moments) - 1 if arguments.at is None else recording.nearest(arguments.at)
    decomposition = recording.decomposition(moment, arguments.photo - 1)
    with cancel_on_interrupt() as cancel:
        write_stack(decomposition, decomposition.initial_stack(), arguments.layers, cancel=cancel)
    say(f"The layers of “{decomposition.photo.name}” at step {recording.steps[moment]} are in {arguments.layers}.")


def _object(recording: Recording) -> dict[str, Any]:
    from bsgui.core.recording import FIGURES

    def known(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "title": recording.title,
        "description": recording.description,
        "branches": list(recording.branches),
        "size": recording.size,
        "photos": [{"name": x.photo.name, "credit": x.credit} for x in recording.photos],
        "moments": [
            {"step": x.step, "seconds": x.seconds}
            | {name: known(getattr(x.measures, name)) for name in FIGURES}
            | {"shares": [float(share) for share in x.measures.shares]}
            for x in recording.moments
        ],
    }


def _rows(recording: Recording) -> list[str]:
    photos = ", ".join(x.photo.name for x in recording.photos) or "none"
    rows = [
        f"{recording.title}: {recording.description}",
        f"{len(recording.moments)} moments; photos: {photos}",
        "    step  fidelity  redundancy  cancellation  identity  shares of the branches, per cent",
    ]
    last = len(recording.moments) - 1
    # Evenly chosen, the first and the last among them.
    chosen = sorted({round(last * part / (_MOST_ROWS - 1)) for part in range(_MOST_ROWS)})
    for moment in (recording.moments[index] for index in chosen):
        measures = moment.measures
        identity = f"{measures.identity:.3f}" if math.isfinite(measures.identity) else "–"
        shares = " ".join(f"{100 * share:5.1f}" for share in measures.shares)
        rows.append(
            f"{moment.step:8d}  {measures.fidelity_db:5.1f} dB  {measures.redundancy:10.3f}  "
            f"{measures.cancellation:12.2f}  {identity:>8}  {shares}"
        )
    return rows
