"""The two small networks that find heads: one proposes places in a whole picture, one looks at each place again.

Heads are heads of people, cats and dogs. Sizes are sides of frames, see :class:`bsgui.core.frame.Subject`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

KINDS = ("face", "cat", "dog")
"""What is found, in the order of the networks' channels."""

STRIDE = 4
"""Pixels between two neighbouring cells of a proposal map."""

MULTIPLE = 16
"""Height and width that a picture for the proposals must be a multiple of."""

SIZE_UNIT = 32.0
"""Proposed sizes are logarithms of multiples of so many pixels."""

SMALLEST_HEAD, LARGEST_HEAD = 20.0, 56.0
"""Sides, in pixels, of the frames that the proposals are trained to find; a picture pyramid brings others there."""

LOOK_SIZE = 64
"""Side of the pictures that are looked at again, pixels."""

LOOK_MARGIN = 1.15
"""They show so many times the side of a proposed frame."""

_LANDMARKS, _BOX = 10, 3


class ConvolutionBlock(nn.Module):
    """3x3 convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, h / stride, w / stride)."""
        return F.relu(self.norm(self.convolution(features)))


class ResidualBlock(nn.Module):
    """Two convolution blocks around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvolutionBlock(channels, channels)
        self.second = ConvolutionBlock(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> the same shape."""
        return features + self.second(self.first(features))  # type: ignore[no-any-return]


class ProposalNetwork(nn.Module):
    """Marks the centres of heads in a picture; fully convolutional, no anchors.

    Source: Zhou et al., Objects as Points, 2019, section 3: a heat map for each kind, and the object's other
    properties read off at its peaks.
    """

    def __init__(self) -> None:
        super().__init__()
        self.quarter = nn.Sequential(
            ConvolutionBlock(3, 16, 2), ConvolutionBlock(16, 32, 2), ResidualBlock(32), ResidualBlock(32)
        )
        self.eighth = nn.Sequential(ConvolutionBlock(32, 64, 2), ResidualBlock(64), ResidualBlock(64))
        self.sixteenth = nn.Sequential(ConvolutionBlock(64, 80, 2), ResidualBlock(80), ResidualBlock(80))
        self.wide = nn.Conv2d(80, 64, 1)
        self.middle = ConvolutionBlock(64, 64)
        self.fine = nn.Conv2d(64, 32, 1)
        self.join = ConvolutionBlock(32, 48)
        self.heat = nn.Conv2d(48, len(KINDS), 1)
        self.shape = nn.Conv2d(48, 5, 1)
        # At the start one cell in a hundred is thought a head: what focal losses want (Lin et al., 2017, 4.1).
        nn.init.constant_(self.heat.bias, -4.6)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Propose.

        Args:
            pictures: (B, 3, h, w) float32 in [-1, 1], 0 beyond the picture's edge; sides multiples of ``MULTIPLE``.

        Returns:
            heat: (B, 3, h/4, w/4), logits, one map for each of ``KINDS``.
            shape: (B, 5, h/4, w/4): offset of the centre in cells (x, y), logarithm of the side over ``SIZE_UNIT``,
            and a vector (cosine, sine), not normalized, in the direction of the head's own x axis.
        """
        quarter = self.quarter(pictures)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        eighth = self.middle(eighth + F.interpolate(self.wide(sixteenth), scale_factor=2.0, mode="nearest"))
        features = self.join(quarter + F.interpolate(self.fine(eighth), scale_factor=2.0, mode="nearest"))
        return self.heat(features), self.shape(features)


class LookNetwork(nn.Module):
    """Looks at one proposed frame: is it a head, whose, and where exactly."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            ConvolutionBlock(3, 16, 2),
            ConvolutionBlock(16, 32),
            ConvolutionBlock(32, 48, 2),
            ResidualBlock(48),
            ConvolutionBlock(48, 64, 2),
            ResidualBlock(64),
            ConvolutionBlock(64, 96, 2),
        )
        side = LOOK_SIZE // 16
        self.hidden = nn.Linear(96 * side * side, 96)
        self.answer = nn.Linear(96, len(KINDS) + 1 + _LANDMARKS + _BOX)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look.

        Args:
            pictures: (B, 3, 64, 64) float32 in [-1, 1], 0 beyond the photo's edge.

        Returns:
            kinds: (B, 4) logits: ``KINDS``, then "nothing".
            landmarks: (B, 5, 2), x and y of a face's points in picture coordinates, 0..1.
            box: (B, 3): centre x, y in picture coordinates, 0..1, and the logarithm of the side over the picture's.
        """
        features = self.features(pictures).flatten(1)
        answer = self.answer(F.relu(self.hidden(features))).float()
        kinds, landmarks, box = answer.split((len(KINDS) + 1, _LANDMARKS, _BOX), dim=1)
        centre = torch.tensor([0.5, 0.5, 0.0], device=box.device)
        return kinds, 0.5 + 0.5 * landmarks.unflatten(1, (5, 2)), centre + 0.5 * box


class FinderNetworks(nn.Module):
    """Both networks, as one file holds them."""

    def __init__(self) -> None:
        super().__init__()
        self.proposals = ProposalNetwork()
        self.look = LookNetwork()

    def fuse(self) -> FinderNetworks:
        """Fold the batch norms into the convolutions, for inference only; returns itself."""
        self.eval()
        for block in [x for x in self.modules() if isinstance(x, ConvolutionBlock)]:
            assert isinstance(block.norm, nn.BatchNorm2d)
            block.convolution = fuse_conv_bn_eval(block.convolution, block.norm)
            block.norm = nn.Identity()
        return self
