"""How wrong the finder's networks are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bsgui.engine.finder_network import KINDS, LookNetwork, ProposalNetwork

from .lessons import UNKNOWN, LookLesson, SceneLesson

FACE = KINDS.index("face")
_SHAPE_WEIGHTS = (0.5, 0.5, 1.0, 0.5, 0.5)
_LANDMARK_WEIGHT, _BOX_WEIGHT = 40.0, 12.0
_SCALE = 0.02


def proposal_loss(network: ProposalNetwork, lesson: SceneLesson) -> tuple[Tensor, dict[str, float]]:
    """Penalty-reduced focal loss of the heat, and weighted absolute errors of the shapes.

    Source: Zhou et al., Objects as Points, 2019, eq. 1-3.
    """
    heat, shape = network(lesson.pictures.to(memory_format=torch.channels_last))
    focal = _focal(heat.float(), lesson.heat, lesson.heat_weight)
    errors = (shape.float() - lesson.shape).abs() * lesson.shape_weight
    weights = torch.tensor(_SHAPE_WEIGHTS)
    shapes = (errors.sum((0, 2, 3)) / lesson.shape_weight.sum().clamp(min=1) * weights).sum()
    return focal + shapes, {"focal": focal.item(), "shape": shapes.item()}


def _focal(logits: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    share = logits.sigmoid()
    is_centre = heat == 1
    hit = (1 - share) ** 2 * F.logsigmoid(logits)
    false_alarm = (1 - heat) ** 4 * share**2 * F.logsigmoid(-logits)
    terms = torch.where(is_centre, hit, false_alarm) * weight
    return -terms.sum() / is_centre.sum().clamp(min=1)


def look_loss(network: LookNetwork, lesson: LookLesson) -> tuple[Tensor, dict[str, float]]:
    """Cross entropy of the kinds, and errors of landmarks (faces) and boxes (all heads)."""
    kinds, landmarks, boxes = network(lesson.pictures.to(memory_format=torch.channels_last))
    naming = F.cross_entropy(kinds, lesson.kinds, ignore_index=UNKNOWN, label_smoothing=0.02)
    is_face = lesson.kinds == FACE
    is_head = (lesson.kinds >= 0) & (lesson.kinds < len(KINDS))
    points = _smooth(landmarks - lesson.landmarks)[is_face].sum() / (is_face.sum().clamp(min=1) * 10)
    box = _smooth(boxes - lesson.boxes)[is_head].sum() / (is_head.sum().clamp(min=1) * 3)
    total = naming + _LANDMARK_WEIGHT * points + _BOX_WEIGHT * box
    return total, {"naming": naming.item(), "points": points.item(), "box": box.item()}


def _smooth(error: Tensor) -> Tensor:
    """Absolute error, rounded at 0, in units of the picture's side."""
    return F.smooth_l1_loss(error, torch.zeros_like(error), beta=_SCALE, reduction="none")
