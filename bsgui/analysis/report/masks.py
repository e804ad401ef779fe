"""Semantic share: how well the strength of a branch finds what somebody has outlined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.core.errors import PhotoReadError

_SIDE = 64
_BLUR = 5
_INSIDE = 192


def load_masks(files: Sequence[Path | None]) -> NDArray[np.bool_]:
    """The central squares of masks, white inside: (n, 64, 64) bool; empty for a photo without a file.

    Raises:
        PhotoReadError: one cannot be read.
    """
    nothing = np.zeros((_SIDE, _SIDE), np.bool_)
    return np.stack([nothing if file is None else _load(file) for file in files])


def _load(file: Path) -> NDArray[np.bool_]:
    try:
        data = np.fromfile(file, np.uint8)
    except OSError as error:
        raise PhotoReadError(f"{file}: the mask cannot be read.", repr(error)) from error
    mask = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if len(data) else None
    if mask is None:
        raise PhotoReadError(f"{file}: the mask cannot be read.")
    side = min(mask.shape)
    top, left = (mask.shape[0] - side) // 2, (mask.shape[1] - side) // 2
    square = mask[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) >= _INSIDE)


def mask_precision(pictures: Tensor, masks: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Average precision of the smoothed absolute value of every branch as a detector of a mask.

    Args:
        pictures: (B, N, 3, h, w).
        masks: (B, 64, 64), see :func:`load_masks`.

    Returns:
        (B, N), 0..1; NaN where a mask is empty or full.
    """
    strength = F.adaptive_avg_pool2d(remove_means(pictures).abs().mean(2), _SIDE)
    smooth = F.avg_pool2d(strength, _BLUR, stride=1, padding=_BLUR // 2, count_include_pad=False)
    inside = torch.from_numpy(masks).flatten(1)
    return np.stack([_precisions(a, b) for a, b in zip(smooth.flatten(2), inside, strict=True)])


def _precisions(scores: Tensor, inside: Tensor) -> NDArray[np.float32]:
    """(N, P) scores and (P,) truth -> (N,) average precisions."""
    positives = int(inside.sum())
    if positives in (0, len(inside)):
        return np.full(len(scores), np.nan, np.float32)
    hits = inside[scores.argsort(dim=1, descending=True)].float()
    precision = hits.cumsum(1) / torch.arange(1, len(inside) + 1)
    return np.asarray(((precision * hits).sum(1) / positives).numpy(), np.float32)


def chosen_elsewhere(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each photo's score for the branch that is best on the other half of the photos: (n, N) -> (n,)."""
    half = np.arange(len(scores)) % 2 == 0
    result = np.empty(len(scores), np.float32)
    for own, other in ((half, ~half), (~half, half)):
        best = np.nan_to_num(scores[other]).sum(0).argmax()
        result[own] = scores[own, best]
    return result
