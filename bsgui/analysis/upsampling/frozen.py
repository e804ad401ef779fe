"""The network with its normalization statistics frozen: what every norm saw at working size holds at any size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bsgui.engine.blocks import AdaptiveInstanceNorm, InstanceNorm
from bsgui.engine.network import BranchedGenerator

# torch's group_norm adds it to the variance.
_EPSILON = 1e-5


class FrozenNorm(nn.Module):
    """An instance norm, adaptive or not, that keeps the statistics of the first picture it sees.

    The norm's own factor and summand (and so its style) are read off a probe whose statistics are known: two pixels,
    -1 and 1.
    """

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self._statistics: tuple[Tensor, Tensor] | None = None

    def forward(self, features: Tensor, style: Tensor | None = None) -> Tensor:
        """(B, C, h, w) -> the same shape."""
        if self._statistics is None:
            variance, mean = torch.var_mean(features, (2, 3), correction=0, keepdim=True)
            self._statistics = mean, (variance + _EPSILON).sqrt()
        mean, deviation = self._statistics
        probe = features.new_tensor([-1.0, 1.0]).expand(1, features.shape[1], 1, 2)
        low, high = self.norm(probe, style).split(1, dim=3)
        factor = (high - low) / 2 * (1 + _EPSILON) ** 0.5 / deviation
        return torch.addcmul((high + low) / 2 - mean * factor, features, factor)


class FrozenGenerator(BranchedGenerator):
    """A copy of a network that runs with the statistics of one picture; see :class:`FrozenNorm`.

    Without them overlap tiling is wrong, as instance norms look at the whole picture.

    Args:
        network: the network, float32.
        photos: (1, 3, h, w) in [-1, 1], the whole photo at working size.
        styles: (1, N, style) of all runs.
    """

    def __init__(self, network: BranchedGenerator, photos: Tensor, styles: Tensor) -> None:
        super().__init__(network.config)
        self.load_state_dict(network.state_dict())
        self.eval().requires_grad_(False)
        for module in list(self.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, InstanceNorm | AdaptiveInstanceNorm):
                    setattr(module, name, FrozenNorm(child))
        self._photo_statistics = BranchedGenerator.normalization(photos)
        with torch.inference_mode():
            self(photos, styles)

    def normalization(self, photos: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Mean colour and deviation of the whole photo, whatever part of it is run, and at whatever size."""
        return self._photo_statistics
