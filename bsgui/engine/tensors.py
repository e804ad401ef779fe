"""The only door between numpy pictures and torch tensors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.core.photo import FloatImage


def to_tensor(picture: FloatImage) -> Tensor:
    """(h, w, 3) float32 full scale, 0..1 -> new (1, 3, h, w) float32 in [-1, 1], on the CPU."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).mul(2).sub(1).unsqueeze(0)


def to_maps(tensor: Tensor) -> NDArray[np.float32]:
    """(1, N, 3, h, w) on any device -> new C-contiguous (N, h, w, 3) float32."""
    return np.ascontiguousarray(tensor[0].permute(0, 2, 3, 1).float().cpu().numpy())
