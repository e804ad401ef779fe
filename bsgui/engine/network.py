"""The branched generator: N identical networks side by side, whose signed outputs add up to the photo.

Split, generate, aggregate, as in Kadar & Gilboa (arXiv 2401.00320) and Brokman & Gilboa (arXiv 2206.05810), with two
changes of ours. The photo is normalized to its own mean and deviation, so that contrast survives the instance norms.
And a branch ends in *octave gates*: at half the working size it predicts one gate G_k for each octave of the photo,
from fine to coarse, and a shift B; its signed picture is ``sum_k G_k * octave_k + B``. All octaves but the finest are
smooth, so this is ``A * (photo - mean) + B'`` with small maps A and B': a layer is as sharp as the photo at any size
(compare Gharbi et al., Deep Bilateral Learning, 2017), and gates that add up to 1 are all that exact reconstruction
needs. With several octaves a branch can take a thin line without the tone of the place that the line runs through.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import InstanceNorm, ResidualBlock, concatenate_by_branch
from .filters import ThinLines, gaussian_blur

STEM_STRIDE = 2
HEAD_SCALE = 0.3
_SMALLEST_DEVIATION = 0.02
_LUMA = (0.299, 0.587, 0.114)


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
        octaves: how many octaves of the photo have gates of their own; the last one holds all that is coarser.
        lines: whether branches see, beside the photo, how much each place lies on a thin line: long filters that small
            convolutions take long to learn.
    """

    branches: int = 8
    widths: tuple[int, ...] = (16, 32, 64, 64)
    latent: int = 16
    mapping: int = 128
    style: int = 32
    domains: tuple[str, ...] = ("any",)
    octaves: int = 1
    lines: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        object.__setattr__(self, "domains", tuple(self.domains))
        positive = (self.branches, self.latent, self.mapping, self.style, *self.widths)
        too_many = self.branches > 64 or self.octaves > 8 or max(positive) > 1024
        if min(*positive, self.octaves) < 1 or too_many or not self.widths or not self.domains:
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
        gated: what the gates will be laid on.
    """

    features: Tensor
    skips: tuple[Tensor, ...]
    gated: GatedPhotos


class GatedPhotos(NamedTuple):
    """What of a batch of photos the branches' gates are laid on.

    Attributes:
        mean: (B, 3, 1, 1), the photos' mean colours.
        deviation: (B, 1, 1, 1), the photos' deviations from them.
        octaves: (B, K, 3, h/2, w/2), the photos less their means, blurred more and more, each less the next; the
            finest is without the photo itself, which its gate scales at full size.
    """

    mean: Tensor
    deviation: Tensor
    octaves: Tensor

    def maps(self, answers: Tensor) -> BranchMaps:
        """The branches' maps, from what their heads answer: (B, N, 3 K + 3, h/2, w/2), gates then shift."""
        answers = answers.float()
        gates = answers[:, :, :-3].reshape(*answers.shape[:2], -1, 3, *answers.shape[3:])
        shift = answers[:, :, -3:] * self.deviation.unsqueeze(1)
        for gate, octave in zip(gates.unbind(2), self.octaves.unbind(1), strict=True):
            shift.addcmul_(gate, octave.unsqueeze(1))
        return BranchMaps(gates[:, :, 0], shift, self.mean)


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
        self.lines = ThinLines() if config.lines else None
        seen = (5 if config.lines else 3) * STEM_STRIDE**2
        self.stem = nn.Conv2d(seen * count, widths[0] * count, 3, padding=1, padding_mode="replicate", groups=count)
        self.encoder = nn.ModuleList(
            ResidualBlock(widths[max(i - 1, 0)], width, count) for i, width in enumerate(widths)
        )
        self.bottom = ResidualBlock(widths[-1], widths[-1], count, config.style)
        self.decoder = nn.ModuleList(
            ResidualBlock(widths[i + 1] + widths[i], widths[i], count, config.style)
            for i in reversed(range(len(widths) - 1))
        )
        self.head_norm = InstanceNorm(widths[0] * count)
        answers = 3 * config.octaves + 3
        self.head = nn.Conv2d(widths[0] * count, answers * count, 3, padding=1, padding_mode="replicate", groups=count)
        with torch.no_grad():
            self.head.bias.copy_(self._first_answers().flatten())  # type: ignore[union-attr]

    def _first_answers(self) -> Tensor:
        """What the heads say before they have learned anything, the same for all branches: (N, 3 K + 3).

        With one gate nothing, as in the published networks: that is what the laboratory watches. With several an equal
        part of every octave and no shift: the sum is the photo from the start, and what is left to learn is who owns
        what.
        """
        answers = torch.zeros(self.config.branches, 3 * self.config.octaves + 3)
        if self.config.octaves > 1:
            answers[:, :-3] = 1 / (HEAD_SCALE * self.config.branches)
        return answers

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
        gated = self.gated(photos)
        features = self.seen(photos, gated)
        features = self.stem(features.repeat(1, self.config.branches, 1, 1))
        skips: list[Tensor] = []
        for level, block in enumerate(self.encoder):
            if level:
                skips.append(features)
                features = F.avg_pool2d(features, 2)
            features = block(features)
        return Encoded(features, tuple(skips), gated)

    def gated(self, photos: Tensor) -> GatedPhotos:
        """What the gates will be laid on; photos as for :meth:`forward`."""
        mean, deviation = self.normalization(photos)
        return GatedPhotos(mean, deviation, _octaves(photos - mean, self.config.octaves))

    def seen(self, photos: Tensor, gated: GatedPhotos) -> Tensor:
        """What every branch sees of the photos: (B, 12 or 20, h/2, w/2) float32, pixels of a square side by side."""
        normalized = (photos - gated.mean) / gated.deviation
        if self.lines is not None:
            with torch.autocast(photos.device.type, enabled=False):  # Filters this long lose too much in bfloat16.
                luma = (normalized * normalized.new_tensor(_LUMA).view(3, 1, 1)).sum(1, keepdim=True)
                lines = self.lines(luma - gaussian_blur(luma, 2.0))
            normalized = torch.cat([normalized, lines], 1)
        return F.pixel_unshuffle(normalized, STEM_STRIDE)

    def decode(self, encoded: Encoded, styles: Tensor) -> BranchMaps:
        """The other half; another style of the same photos needs no more than this. Styles as for :meth:`forward`."""
        features = self.bottom(encoded.features, styles)
        for block, skip in zip(self.decoder, reversed(encoded.skips), strict=True):
            features = F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = block(concatenate_by_branch(features, skip, self.config.branches), styles)
        return self.maps(features, encoded.gated)

    @staticmethod
    def normalization(photos: Tensor) -> tuple[Tensor, Tensor]:
        """The photos' mean colours (B, 3, 1, 1) and their deviations from them (B, 1, 1, 1), which are never tiny."""
        mean = photos.mean((2, 3), keepdim=True)
        return mean, (photos - mean).pow(2).mean((1, 2, 3), keepdim=True).sqrt().clamp_min(_SMALLEST_DEVIATION)

    def maps(self, features: Tensor, gated: GatedPhotos) -> BranchMaps:
        """What the head makes of the last block's features (B, N * widths[0], h/2, w/2)."""
        answers = HEAD_SCALE * self.head(F.leaky_relu(self.head_norm(features), 0.2))
        return gated.maps(answers.reshape(len(answers), self.config.branches, -1, *answers.shape[2:]))


def _octaves(photos: Tensor, count: int) -> Tensor:
    """See :attr:`GatedPhotos.octaves`."""
    levels = [F.avg_pool2d(photos, STEM_STRIDE)]
    for _ in range(count - 1):
        levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True, count_include_pad=False))
    sizes = [level.shape[-2:] for level in levels]
    tones = []
    for number, tone in enumerate(levels):
        # Level by level, so that no crease of a coarse grid shows through a gate.
        for size in reversed(sizes[:number]):
            tone = F.interpolate(tone, size, mode="bilinear", align_corners=False)
        tones.append(tone)
    tones[0] = torch.zeros_like(tones[0])  # Of the photo itself.
    return -torch.stack([*tones, torch.zeros_like(tones[0])], 1).diff(dim=1)
