"""``bsgui find``: the faces, cats and dogs of photos, with the frames that ``decompose --frame`` takes."""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bsgui.core.errors import PhotoReadError
from bsgui.core.frame import Frame, Subject
from bsgui.core.requests import SubjectFinder
from bsgui.imageio.read_photo import read_photo

from .interrupt import cancel_on_interrupt
from .output import print_json, quiet_libraries, say


def find(arguments: argparse.Namespace) -> int:
    """List what is found in each photo; photos that cannot be read are named, and the others listed.

    Raises:
        ModelError: the finder's weights are missing or damaged.
    """
    finder, status = _make_finder(), 0
    with cancel_on_interrupt() as cancel:
        for path in arguments.photos:
            try:
                with quiet_libraries():
                    photo = read_photo(path)
            except PhotoReadError as error:
                say(error.user_message)
                status = error.exit_status
                continue
            _show(path, finder.find(photo, cancel), arguments.json)
    return status


def frame_text(frame: Frame) -> str:
    """A frame as ``--frame`` takes it: X,Y,SIZE,ANGLE in photo pixels and degrees."""
    size = f"{frame.width:.1f}" if frame.width == frame.height else f"{frame.width:.1f}x{frame.height:.1f}"
    return f"{frame.x:.1f},{frame.y:.1f},{size},{math.degrees(frame.angle):.1f}"


def _make_finder() -> SubjectFinder:
    from bsgui.engine.finder import HeadFinder

    return HeadFinder()


def _show(path: Path, subjects: tuple[Subject, ...], as_json: bool) -> None:
    if as_json:
        print_json({"photo": str(path), "subjects": [_fields(x) for x in subjects]})
    elif not subjects:
        print(f"{path}: nothing found", flush=True)
    else:
        rows = [f"{path}: {x.kind} ({100 * x.score:.0f} % sure) --frame {frame_text(x.frame)}" for x in subjects]
        print("\n".join(rows), flush=True)


def _fields(subject: Subject) -> dict[str, Any]:
    return {
        "kind": subject.kind,
        "score": round(subject.score, 4),
        "frame": asdict(subject.frame),
        "landmarks": [list(point) for point in subject.landmarks],
    }
