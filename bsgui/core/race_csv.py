"""A race's course as a table: what the window and the command line export."""

from __future__ import annotations

import csv
import io

import numpy as np

from .race import RaceCourse, shares


def course_csv(course: RaceCourse, predicted: RaceCourse | None = None) -> str:
    """One row per time, race, branch and mode: contribution, share, and what was predicted."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["time", "race", "branch", "mode", "contribution", "share", "predicted"])
    share = shares(course.amplitudes)
    for (t, s, b, m), value in np.ndenumerate(course.amplitudes):
        expected = "" if predicted is None else repr(float(predicted.amplitudes[t, s, b, m]))
        row = [repr(float(course.times[t])), s, b + 1, m + 1, repr(float(value)), repr(float(share[t, s, b, m]))]
        writer.writerow([*row, expected])
    return file.getvalue()
