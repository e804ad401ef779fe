"""One race in a few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from bsgui.core.race import RaceConfig, RaceCourse, shares, specialization_index

from .measures import course_errors, decision_times, division_of_labour
from .theory import winner


def race_summary(config: RaceConfig, course: RaceCourse, predicted: RaceCourse | None) -> dict[str, Any]:
    """What a race came to, as a JSON object.

    Returns:
        ``steps``; ``index_start``, ``index``, ``division`` and ``learned`` (share of the strengths), means over races;
        ``decided`` (times, per race and mode; null: never); ``winners`` (branches from 1, per race and mode);
        ``shares`` of the first race (branches × modes); ``prediction_error`` (relative L2, worst branch of all races)
        and ``winners_predicted`` (share), null without a prediction.
    """
    strengths = config.mode_strengths
    decided = decision_times(course, strengths)
    return {
        "steps": config.step_count,
        "index_start": float(specialization_index(course.amplitudes[0]).mean()),
        "index": float(specialization_index(course.final).mean()),
        "division": float(division_of_labour(course.final).mean()),
        "learned": float((course.final.sum(1) / strengths).mean()),
        "decided": [[float(x) if np.isfinite(x) else None for x in row] for row in decided],
        "winners": (winner(course.final) + 1).tolist(),
        "shares": shares(course.final)[0].tolist(),
        "prediction_error": None if predicted is None else float(course_errors(course, predicted).max()),
        "winners_predicted": (
            None if predicted is None else float((winner(course.final) == winner(predicted.final)).mean())
        ),
    }
