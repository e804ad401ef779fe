"""``--frame X,Y,SIZE[,ANGLE]`` or ``--frame auto``: the part of a photo that is taken apart."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bsgui.core.frame import Frame, Subject

FORM = "X,Y,SIZE[,ANGLE]|auto"
AUTO = "auto"


def typed_frame(text: str) -> Frame | str:
    """Read ``--frame``; for argparse. SIZE may be WIDTHxHEIGHT; ANGLE is in degrees, clockwise.

    Returns:
        The frame, or :data:`AUTO`.

    Raises:
        ArgumentTypeError: it is not of the form.
    """
    if text.strip().lower() == AUTO:
        return AUTO
    # Here, so that asking for help does not wait for numpy.
    from bsgui.core.frame import Frame

    try:
        x, y, size, *angle = text.lower().split(",")
        width, times, height = size.partition("x")
        degrees = float(*angle) if angle else 0.0
        return Frame(float(x), float(y), float(width), float(height if times else width), math.radians(degrees))
    except (TypeError, ValueError):
        form = f"{FORM} in photo pixels, with X and Y in the frame's middle and a SIZE of 8 and up"
        raise argparse.ArgumentTypeError(f"{text!r} is not {form}") from None


def chosen_subject(subjects: Sequence[Subject], domains: Sequence[str]) -> Subject | None:
    """The most certain subject of a kind that the domains name; where there is none, the most certain one.

    Args:
        subjects: the most certain first.
        domains: the model's domains, or the one that was asked for.
    """
    fitting = [subject for subject in subjects if subject.kind in domains]
    return next(iter((*fitting, *subjects)), None)
