"""The branched generator: N identical networks side by side, whose signed outputs add up to the photo.

Split, generate, aggregate, as in Kadar & Gilboa (arXiv 2401.00320) and Brokman & Gilboa (arXiv 2206.05810), with two
changes of ours. The photo is normalized to its own mean and deviation, so that contrast survives the instance norms.
And a branch ends in an *affine head*: at half the working size it predicts a scale map A and a shift map B, and its
signed picture is ``A * (photo - mean) + B``. The maps are smooth and small, so a layer is as sharp as the photo at any
size (compare Gharbi et al., Deep Bilateral Learning, 2017), and ``sum A = 1`` is all that exact reconstruction needs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import InstanceNorm, ResidualBlock, concatenate_by_branch

STEM_STRIDE = 2
_SMALLEST_DEVIATION = 0.02


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a branched generator.

    Attributes:
        branches: number of branches.
        widths: channels per branch, from the finest level (half the working size) to the coarsest.
        latent: length of the random vector behind a seed.
        mapping: width of the mapping network.
        style: length of a style vector.
        domains: names of the style domains; the first stands for "any photo".
    """

    branches: int = 8
    widths: tuple[int, ...] = (16, 32, 64, 64)
    latent: int = 16
    mapping: int = 128
    style: int = 32
    domains: tuple[str, ...] = ("any",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        object.__setattr__(self, "domains", tuple(self.domains))
        positive = (self.branches, self.latent, self.mapping, self.style, *self.widths)
        if min(positive) < 1 or max(positive) > 1024 or not self.widths or not self.domains or self.branches > 64:
            raise ValueError(f"not a network: {self}")

    @property
    def multiple(self) -> int:
        """Working width and height must be multiples of this."""
        return int(STEM_STRIDE * 2 ** (len(self.widths) - 1))

    def to_json(self) -> dict[str, Any]:
        """Plain values for cards and safetensors metadata."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> NetworkConfig:
        """The inverse of :meth:`to_json`. Raises TypeError or ValueError for anything else."""
        return NetworkConfig(**data)


class BranchMaps(NamedTuple):
    """What the branches predict for a batch of photos x in [-1, 1].

    Branch b's signed picture is ``scale[:, b] * (x - mean) + shift[:, b]``, the maps enlarged bilinearly.

    Attributes:
        scale: (B, N, 3, h/2, w/2).
        shift: (B, N, 3, h/2, w/2), in units of x.
        mean: (B, 3, 1, 1), the photos' mean colours.
    """

    scale: Tensor
    shift: Tensor
    mean: Tensor

    def pictures(self, photos: Tensor) -> Tensor:
        """The branches' signed pictures: (B, N, 3, h, w), in units of x; they add up to ``x - mean``."""
        size = photos.shape[-2:]
        shape = (len(photos), -1, 3, *size)
        scale, shift = (
            F.interpolate(maps.flatten(1, 2).float(), size, mode="bilinear", align_corners=False).reshape(shape)
            for maps in (self.scale, self.shift)
        )
        return torch.addcmul(shift, scale, (photos - self.mean).unsqueeze(1))


class Encoded(NamedTuple):
    """What the branches see in a batch of photos, before any style.

    Attributes:
        features: of the coarsest level.
        skips: of the finer levels, finest first.
        mean: (B, 3, 1, 1), the photos' mean colours.
        deviation: (B, 1, 1, 1), the photos' deviations from them.
    """

    features: Tensor
    skips: tuple[Tensor, ...]
    mean: Tensor
    deviation: Tensor


class MappingNetwork(nn.Module):
    """Random vector and domain -> style vector, as in StarGAN v2 (arXiv 1912.01865)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.domains = nn.Embedding(len(config.domains), config.latent)
        self.layers = nn.Sequential(
            nn.Linear(2 * config.latent, config.mapping),
            nn.ReLU(),
            nn.Linear(config.mapping, config.mapping),
            nn.ReLU(),
            nn.Linear(config.mapping, config.style),
        )

    def forward(self, latent: Tensor, domain: Tensor) -> Tensor:
        """(..., latent) float and (...) long -> (..., style)."""
        return self.layers(torch.cat([latent, self.domains(domain)], dim=-1))  # type: ignore[no-any-return]


class BranchedGenerator(nn.Module):
    """The network; see the module's docstring."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        count, widths = config.branches, config.widths
        self.mapping = MappingNetwork(config)
        self.stem = nn.Conv2d(
            3 * STEM_STRIDE**2 * count, widths[0] * count, 3, padding=1, padding_mode="replicate", groups=count
        )
        self.encoder = nn.ModuleList(
            ResidualBlock(widths[max(i - 1, 0)], width, count) for i, width in enumerate(widths)
        )
        self.bottom = ResidualBlock(widths[-1], widths[-1], count, config.style)
        self.decoder = nn.ModuleList(
            ResidualBlock(widths[i + 1] + widths[i], widths[i], count, config.style)
            for i in reversed(range(len(widths) - 1))
        )
        self.head_norm = InstanceNorm(widths[0] * count)
        self.head = nn.Conv2d(widths[0] * count, 6 * count, 3, padding=1, padding_mode="replicate", groups=count)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    @property
    def last_block(self) -> ResidualBlock:
        """The block before the head, at half the working size."""
        last = self.decoder[-1] if len(self.decoder) else self.bottom
        assert isinstance(last, ResidualBlock)
        return last

    def styles(self, latent: Tensor, domain: Tensor) -> Tensor:
        """One style for all branches of a photo.

        Args:
            latent: (B, latent) float, standard normal.
            domain: (B,) long, index into ``config.domains``.

        Returns:
            (B, N, style).
        """
        return self.mapping(latent, domain).unsqueeze(1).expand(-1, self.config.branches, -1)  # type: ignore[no-any-return]

    def forward(self, photos: Tensor, styles: Tensor) -> BranchMaps:
        """Take photos apart.

        Args:
            photos: (B, 3, h, w) float in [-1, 1], sRGB-encoded; h and w multiples of ``config.multiple``.
            styles: (B, N, style); branches may have different ones.
        """
        return self.decode(self.encode(photos), styles)

    def encode(self, photos: Tensor) -> Encoded:
        """The half of the way that no style has a say in; see :meth:`forward`."""
        mean, deviation = self.normalization(photos)
        features = F.pixel_unshuffle((photos - mean) / deviation, STEM_STRIDE)
        features = self.stem(features.repeat(1, self.config.branches, 1, 1))
        skips: list[Tensor] = []
        for level, block in enumerate(self.encoder):
            if level:
                skips.append(features)
                features = F.avg_pool2d(features, 2)
            features = block(features)
        return Encoded(features, tuple(skips), mean, deviation)

    def decode(self, encoded: Encoded, styles: Tensor) -> BranchMaps:
        """The other half; another style of the same photos needs no more than this. Styles as for :meth:`forward`."""
        features = self.bottom(encoded.features, styles)
        for block, skip in zip(self.decoder, reversed(encoded.skips), strict=True):
            features = F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = block(concatenate_by_branch(features, skip, self.config.branches), styles)
        return self.maps(features, encoded.mean, encoded.deviation)

    @staticmethod
    def normalization(photos: Tensor) -> tuple[Tensor, Tensor]:
        """The photos' mean colours (B, 3, 1, 1) and their deviations from them (B, 1, 1, 1), which are never tiny."""
        mean = photos.mean((2, 3), keepdim=True)
        return mean, (photos - mean).pow(2).mean((1, 2, 3), keepdim=True).sqrt().clamp_min(_SMALLEST_DEVIATION)

    def maps(self, features: Tensor, mean: Tensor, deviation: Tensor) -> BranchMaps:
        """What the head makes of the last block's features (B, N * widths[0], h/2, w/2); see :meth:`normalization`."""
        features = self.head_norm(features)
        maps = 0.3 * self.head(F.leaky_relu(features, 0.2)).float()
        maps = maps.reshape(len(maps), self.config.branches, 6, *maps.shape[2:])
        return BranchMaps(maps[:, :, :3], maps[:, :, 3:] * deviation.unsqueeze(1), mean)
