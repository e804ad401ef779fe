"""How well subjects were found: recall, precision, kinds, landmarks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bsgui.core.alignment import face_frame
from bsgui.core.frame import Frame, Subject
from bsgui.engine.finder_decoding import Candidate, overlap
from bsgui.engine.finder_network import KINDS

from .scenes import PlacedHead, Scene

HIT = 0.5
"""Intersection over union from which a head counts as found."""

_COUNTS_VISIBLE = 0.6

Thresholds = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Examined:
    """A picture whose heads are known, and what was found in it at whatever score."""

    scene: Scene
    found: tuple[Subject, ...]


@dataclass(frozen=True)
class Match:
    """A subject that was found, and the index of the head that it is, or -1; ``excused`` when that is hardly seen."""

    subject: Subject
    head: int
    excused: bool = False


def match(examined: Examined, thresholds: Thresholds) -> list[Match]:
    """Give every subject, the surest first, the free head it covers best."""
    taken: set[int] = set()
    matches = []
    for subject in sorted(examined.found, key=lambda x: -x.score):
        if subject.score < thresholds[subject.kind]:
            continue
        shared = [overlap(square_of(subject.frame), head.square) for head in examined.scene.heads]
        best = int(np.argmax(shared)) if shared else -1
        if best < 0 or shared[best] < HIT or best in taken:
            matches.append(Match(subject, -1, excused=_is_hardly_seen(examined.scene, subject)))
        else:
            taken.add(best)
            matches.append(Match(subject, best, excused=not counts(examined.scene, examined.scene.heads[best])))
    return matches


def counts(scene: Scene, head: PlacedHead) -> bool:
    """Whether a head must be found: enough of it lies in the picture."""
    return scene.visible(head.square) >= _COUNTS_VISIBLE


def square_of(frame: Frame) -> Candidate:
    """A frame as a square candidate."""
    return Candidate(frame.x, frame.y, frame.width, frame.angle, 0, 1.0)


def figures(examined: Sequence[Examined], thresholds: Thresholds) -> dict[str, Any]:
    """Recall and precision at IoU 0.5, both by kind where that makes sense, and how exactly heads were framed."""
    matches = [(x, m) for x in examined for m in match(x, thresholds)]
    hits = [(x, m) for x, m in matches if m.head >= 0 and not m.excused]
    false = sum(m.head < 0 and not m.excused for _, m in matches)
    heads = [(x, head) for x in examined for head in x.scene.heads if counts(x.scene, head)]
    recall = {
        kind: _share(sum(_kind(x, m) == kind for x, m in hits), sum(KINDS[h.square.kind] == kind for _, h in heads))
        for kind in KINDS
    }
    return {
        "pictures": len(examined),
        "heads": len(heads),
        "recall": _share(len(hits), len(heads)),
        "precision": _share(len(hits), len(hits) + false),
        "recall_by_kind": recall,
        "recall_by_size": _recall_by_size(heads, hits),
        "kinds_right": _share(sum(_kind(x, m) == m.subject.kind for x, m in hits), len(hits)),
        "confusion": _confusion(hits),
        **_exactness(hits),
    }


def false_alarms(found: Iterable[Sequence[Subject]], thresholds: Thresholds) -> dict[str, Any]:
    """On pictures without heads: how many subjects there are in a picture, and in how many pictures."""
    counts_ = [sum(x.score >= thresholds[x.kind] for x in subjects) for subjects in found]
    return {
        "pictures": len(counts_),
        "false_per_picture": round(float(np.mean(counts_)), 4) if counts_ else 0.0,
        "pictures_with_false": _share(sum(x > 0 for x in counts_), len(counts_)),
    }


def choose_thresholds(
    examined: Sequence[Examined], empty: Sequence[Sequence[Subject]], most_false: float
) -> dict[str, float]:
    """For each kind the score with the best F1 among those at which few enough empty pictures show one.

    Args:
        examined: pictures with heads.
        empty: what was found in pictures without.
        most_false: share of those that may show something of a kind.
    """
    return {kind: _threshold(kind, examined, empty, most_false) for kind in KINDS}


def _threshold(kind: str, examined: Sequence[Examined], empty: Sequence[Sequence[Subject]], most_false: float) -> float:
    best, chosen = -1.0, 0.95
    for percent in range(20, 96):
        thresholds = dict.fromkeys(KINDS, 2.0) | {kind: percent / 100}
        if false_alarms(empty, thresholds)["pictures_with_false"] > most_false:
            continue
        got = figures(examined, thresholds)
        recall, precision = got["recall_by_kind"][kind], got["precision"]
        f1 = 2 * recall * precision / max(recall + precision, 1e-9)
        if f1 >= best:
            best, chosen = f1, percent / 100
    return chosen


def _kind(examined: Examined, found: Match) -> str:
    return KINDS[examined.scene.heads[found.head].square.kind]


def _recall_by_size(
    heads: Sequence[tuple[Examined, PlacedHead]], hits: Sequence[tuple[Examined, Match]]
) -> dict[str, float]:
    edges = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.8), (0.8, 2.0))

    def is_in(head: PlacedHead, examined: Examined, low: float, high: float) -> bool:
        return low <= head.square.side / len(examined.scene.picture) < high

    return {
        f"{low:.0%}-{high:.0%}": _share(
            sum(is_in(x.scene.heads[m.head], x, low, high) for x, m in hits),
            sum(is_in(head, x, low, high) for x, head in heads),
        )
        for low, high in edges
    }


def _confusion(hits: Sequence[tuple[Examined, Match]]) -> dict[str, dict[str, int]]:
    table = {kind: dict.fromkeys(KINDS, 0) for kind in KINDS}
    for examined, found in hits:
        table[_kind(examined, found)][found.subject.kind] += 1
    return table


def _exactness(hits: Sequence[tuple[Examined, Match]]) -> dict[str, Any]:
    points, sides, centres, angles = [], [], [], []
    for examined, found in hits:
        head = examined.scene.heads[found.head]
        frame = found.subject.frame
        side, x, y = head.square.side, head.square.x, head.square.y
        if found.subject.landmarks and _kind(examined, found) == "face":
            truth = head.landmarks
            gap = math.dist(truth[0], truth[1])
            points.append(np.hypot(*(np.array(found.subject.landmarks) - truth).T).mean() / gap)
            angles.append(abs(math.degrees(frame.angle - face_frame(truth).angle)))
        sides.append(abs(math.log(frame.width / side)))
        centres.append(math.hypot(frame.x - x, frame.y - y) / side)
    return {
        "landmark_error_over_eye_distance": _quantiles(points),
        "face_angle_error_degrees": _quantiles(angles),
        "side_error": _quantiles(sides),
        "centre_error_over_side": _quantiles(centres),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    median, ninety = np.quantile(values, (0.5, 0.9))
    return {"median": round(float(median), 4), "p90": round(float(ninety), 4)}


def _is_hardly_seen(scene: Scene, subject: Subject) -> bool:
    """Whether what was found is a head that need not be found, though framed badly."""
    square = square_of(subject.frame)
    return any(overlap(square, head.square) > 0.2 and not counts(scene, head) for head in scene.heads)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
