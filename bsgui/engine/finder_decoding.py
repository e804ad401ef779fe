"""From the finder's maps to candidates: peaks, their squares, and one for each head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from .finder_network import LARGEST_HEAD, SIZE_UNIT, SMALLEST_HEAD, STRIDE

# The networks may say a little more than they were trained to.
_SIZE_SLACK = 1.4


@dataclass(frozen=True)
class Candidate:
    """A square that may show a head.

    Attributes:
        x, y: centre, pixels of whatever picture it was found in.
        side: of the square, in the same pixels.
        angle: clockwise, radians.
        kind: index into ``KINDS``.
        score: 0..1.
    """

    x: float
    y: float
    side: float
    angle: float
    kind: int
    score: float

    def moved(self, scale: float, offset: float) -> Candidate:
        """The same square in a picture whose pixels are ``1 / scale`` of these, after ``offset`` is taken off."""
        x, y = (self.x - offset) / scale, (self.y - offset) / scale
        return Candidate(x, y, self.side / scale, self.angle, self.kind, self.score)


def peaks(heat: Tensor, shape: Tensor, least: float, most: int) -> list[Candidate]:
    """The local maxima of one picture's maps, best first.

    Args:
        heat: (3, h, w) logits, see :meth:`ProposalNetwork.forward`.
        shape: (5, h, w).
        least: score that a peak needs.
        most: no more peaks than that.

    Returns:
        Candidates in pixels of the picture that the network saw.

    Source: Zhou et al., Objects as Points, 2019, section 4 (3x3 maximum in place of non-maximum suppression).
    """
    scores = heat.float().sigmoid()
    is_peak = scores == F.max_pool2d(scores, 3, 1, 1)
    found = (is_peak & (scores > least)).nonzero()
    order = scores[tuple(found.T)].argsort(descending=True, stable=True)[:most]
    return [_candidate(scores, shape, *position) for position in found[order].tolist()]


def _candidate(scores: Tensor, shape: Tensor, kind: int, row: int, column: int) -> Candidate:
    right, down, size, cosine, sine = shape[:, row, column].float().tolist()
    side = SIZE_UNIT * math.exp(min(max(size, -3.0), 3.0))
    return Candidate(
        x=(column + 0.5 + right) * STRIDE,
        y=(row + 0.5 + down) * STRIDE,
        side=min(max(side, SMALLEST_HEAD / _SIZE_SLACK), LARGEST_HEAD * _SIZE_SLACK),
        angle=math.atan2(sine, cosine),
        kind=kind,
        score=float(scores[kind, row, column]),
    )


def overlap(first: Candidate, second: Candidate) -> float:
    """Intersection over union of the two squares, taken as upright."""
    shared = _shared([first], second)[0]
    return float(shared / (first.side**2 + second.side**2 - shared))


def suppress(candidates: Sequence[Candidate], most_overlap: float, most_covered: float = 1.0) -> list[Candidate]:
    """The best of each group of squares that overlap too much; best first, whatever their kind.

    Args:
        candidates: in any order.
        most_overlap: intersection over union that two may have.
        most_covered: intersection over the smaller one that two may have.
    """
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda x: -x.score):
        areas = np.array([x.side**2 for x in kept])
        shared = _shared(kept, candidate)
        is_same = shared > most_overlap * (areas + candidate.side**2 - shared)
        is_part = shared > most_covered * np.minimum(areas, candidate.side**2)
        if not (is_same | is_part).any():
            kept.append(candidate)
    return kept


def _shared(squares: Sequence[Candidate], other: Candidate) -> NDArray[np.float64]:
    """The areas that squares share with another."""
    x, y, half = np.array([[s.x, s.y, s.side / 2] for s in squares], np.float64).reshape(-1, 3).T
    reach = other.side / 2
    across = np.minimum(x + half, other.x + reach) - np.maximum(x - half, other.x - reach)
    down = np.minimum(y + half, other.y + reach) - np.maximum(y - half, other.y - reach)
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0), dtype=np.float64)


def numpy_picture_to_tensor(picture: NDArray[np.uint8]) -> Tensor:
    """(h, w, 3) uint8 RGB -> new (1, 3, h, w) float32 in [-1, 1]."""
    planes = np.array(picture.transpose(2, 0, 1), dtype=np.float32, order="C")
    return torch.from_numpy(planes).div_(127.5).sub_(1).unsqueeze(0)
