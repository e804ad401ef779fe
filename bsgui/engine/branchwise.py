"""The generator over one picture on the processor, branch by branch: several times as fast as all branches at once.

Branches never hear of each other, so the grouped convolutions of :class:`~bsgui.engine.network.BranchedGenerator` are N
small networks. One of them alone keeps its features in the processor's cache, its convolutions are plain ones, whose
kernels are better than grouped ones, and each core takes another branch, so that cores wait for each other once and not
in every operation. Channels are last throughout. What is computed is the same, up to the order of rounding:

- the norms' scales and shifts, adaptive or not, go straight into the normalization;
- activation and replicated edge are written in one pass into the convolution's padded input;
- the factors of residual sums and of the head are in the weights, and a bias that the next norm takes away is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .allocation import keep_freed_memory
from .blocks import AdaptiveInstanceNorm, InstanceNorm, ResidualBlock
from .crew import cores_apart, for_each
from .network import HEAD_SCALE, BranchedGenerator, BranchMaps

_LAST = torch.channels_last
_SLOPE = 0.2
_HALF_POWER = 2**-0.5
_SMALL_PICTURE = 32**2


class BranchwiseGenerator:
    """A generator's weights, sorted by branch. Thread: any; kept weights are never written.

    Args:
        network: on the CPU; later changes of it are not seen.
        dtype: of features and convolutions, bfloat16 or float32. Statistics are float32 in both.
    """

    def __init__(self, network: BranchedGenerator, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._gated, self._seen = network.gated, network.seen
        keep_freed_memory()
        with torch.inference_mode():
            self._branches = [_Branch.of(network, branch, dtype) for branch in range(network.config.branches)]

    @torch.inference_mode()
    def run(self, photo: Tensor, styles: Tensor, ask: Callable[[], None] = lambda: None) -> list[BranchMaps]:
        """One pass over a photo for each of the styles; what no style has a say in is computed once.

        Args:
            photo: (1, 3, h, w) float32 in [-1, 1]; h and w multiples of the network's ``multiple``.
            styles: (R, N, style).
            ask: called before every block, from several threads; may raise to stop.

        Returns:
            R maps, float32, as :meth:`BranchedGenerator.forward` gives them.
        """
        with cores_apart():
            gated = self._gated(photo)
            padded = _padded(self._seen(photo, gated).to(self.dtype, memory_format=_LAST))

            def work(branch: int) -> list[BranchMaps]:
                with torch.inference_mode():  # It holds for a thread.
                    answers = self._branches[branch].answers(padded, styles[:, branch], ask)
                    return [gated.maps(answer.unsqueeze(1)) for answer in answers]

            by_branch = for_each(work, len(self._branches))
            return [_together(maps) for maps in zip(*by_branch, strict=True)]


@dataclass(frozen=True)
class _Convolution:
    """Weights (outputs, inputs, k, k), channels last; no padding."""

    weight: Tensor
    bias: Tensor | None

    @staticmethod
    def of(
        layer: nn.Conv2d, branch: int, dtype: torch.dtype, factor: float = 1.0, has_bias: bool = True
    ) -> _Convolution:
        """One group of a grouped convolution, times a factor."""
        weight = layer.weight.chunk(layer.groups)[branch] * factor
        bias = layer.bias.chunk(layer.groups)[branch] * factor if layer.bias is not None and has_bias else None
        return _Convolution(
            weight.to(dtype).contiguous(memory_format=_LAST), None if bias is None else bias.to(dtype).contiguous()
        )

    def __call__(self, features: Tensor) -> Tensor:
        return F.conv2d(features, self.weight, self.bias)


@dataclass(frozen=True)
class _Norm:
    """Instance norm over a branch's channels; adaptive where it has weights for a style.

    Attributes:
        scale, shift: (C,) float32; of an adaptive norm, those of the style at hand.
        weight, bias: (2 C, style) and (2 C,) float32, or None.
    """

    scale: Tensor
    shift: Tensor
    weight: Tensor | None = None
    bias: Tensor | None = None

    @staticmethod
    def of(norm: nn.Module, branch: int, branches: int) -> _Norm:
        if isinstance(norm, AdaptiveInstanceNorm):
            weight = norm.affine.weight.squeeze(-1).chunk(branches)[branch].clone()
            assert norm.affine.bias is not None
            bias = norm.affine.bias.chunk(branches)[branch].clone()
            return _Norm(bias, bias, weight, bias)
        assert isinstance(norm, InstanceNorm)
        return _Norm(norm.scale.chunk(branches)[branch].clone(), norm.shift.chunk(branches)[branch].clone())

    def styled(self, style: Tensor) -> _Norm:
        """For a style vector (style,)."""
        if self.weight is None or self.bias is None:
            return self
        scale, shift = torch.addmv(self.bias, self.weight, style).chunk(2)
        return replace(self, scale=1 + scale, shift=shift)

    def __call__(self, features: Tensor) -> Tensor:
        # A batch of one and a group of one channel are both instance norm. torch's group norm is the faster one for
        # large pictures, and many times slower for small ones. Scale and shift are float32 for bfloat16 features too.
        if features.shape[2] * features.shape[3] < _SMALL_PICTURE:
            return F.batch_norm(features, None, None, self.scale, self.shift, training=True)
        return F.group_norm(features, features.shape[1], self.scale, self.shift)


@dataclass(frozen=True)
class _Block:
    """A residual block; see :class:`~bsgui.engine.blocks.ResidualBlock`."""

    norm1: _Norm
    conv1: _Convolution
    norm2: _Norm
    conv2: _Convolution
    shortcut: _Convolution | None

    @staticmethod
    def of(block: nn.Module, branch: int, branches: int, dtype: torch.dtype) -> _Block:
        assert isinstance(block, ResidualBlock)
        shortcut = block.shortcut
        return _Block(
            _Norm.of(block.norm1, branch, branches),
            _Convolution.of(block.conv1, branch, dtype, has_bias=False),  # The next norm takes away any mean.
            _Norm.of(block.norm2, branch, branches),
            _Convolution.of(block.conv2, branch, dtype, _HALF_POWER),
            _Convolution.of(shortcut, branch, dtype, _HALF_POWER) if isinstance(shortcut, nn.Conv2d) else None,
        )

    def styled(self, style: Tensor) -> _Block:
        return replace(self, norm1=self.norm1.styled(style), norm2=self.norm2.styled(style))

    def __call__(self, features: Tensor) -> Tensor:
        out = self.conv1(_activated(self.norm1(features)))
        out = self.conv2(_activated(self.norm2(out)))
        if self.shortcut is None:
            return out.add_(features, alpha=_HALF_POWER)
        return out.add_(self.shortcut(features))


@dataclass(frozen=True)
class _Branch:
    """One branch's network."""

    stem: _Convolution
    encoder: tuple[_Block, ...]
    bottom: _Block
    decoder: tuple[_Block, ...]
    head_norm: _Norm
    head: _Convolution

    @staticmethod
    def of(network: BranchedGenerator, branch: int, dtype: torch.dtype) -> _Branch:
        branches = network.config.branches
        return _Branch(
            _Convolution.of(network.stem, branch, dtype),
            tuple(_Block.of(block, branch, branches, dtype) for block in network.encoder),
            _Block.of(network.bottom, branch, branches, dtype),
            tuple(_Block.of(block, branch, branches, dtype) for block in network.decoder),
            _Norm.of(network.head_norm, branch, branches),
            _Convolution.of(network.head, branch, dtype, HEAD_SCALE),
        )

    def answers(self, padded: Tensor, styles: Tensor, ask: Callable[[], None]) -> list[Tensor]:
        """The head's answers (1, 3 K + 3, h/2, w/2) for each style (R, style).

        The picture is what the network has :meth:`~bsgui.engine.network.BranchedGenerator.seen`, with an edge of one.
        """
        features = self.stem(padded)
        skips: list[Tensor] = []
        for level, block in enumerate(self.encoder):
            ask()
            if level:
                skips.append(features)
                features = F.avg_pool2d(features, 2)
            features = block(features)
        answers: list[Tensor] = []
        for run, style in enumerate(styles):
            # Most branches have the same style in all runs.
            is_new = run == 0 or not torch.equal(style, styles[run - 1])
            answers.append(self._decoded(features, skips, style, ask) if is_new else answers[-1])
        return answers

    def _decoded(self, features: Tensor, skips: list[Tensor], style: Tensor, ask: Callable[[], None]) -> Tensor:
        ask()
        features = self.bottom.styled(style)(features)
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            ask()
            features = F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = block.styled(style)(torch.cat([features, skip], dim=1))
        ask()
        answers = self.head(_activated(self.head_norm(features)))
        return answers.to(torch.float32, memory_format=torch.contiguous_format)


def _together(maps: Sequence[BranchMaps]) -> BranchMaps:
    """The maps of single branches as those of all."""
    return BranchMaps(torch.cat([x.scale for x in maps], 1), torch.cat([x.shift for x in maps], 1), maps[0].mean)


def _activated(features: Tensor) -> Tensor:
    """Leaky ReLU, with the edge repeated all around: (1, C, h, w) -> (1, C, h + 2, w + 2)."""
    padded = _room(features)
    torch.ops.aten.leaky_relu.out(features, _SLOPE, out=padded[..., 1:-1, 1:-1])
    return _with_edges(padded)


def _padded(features: Tensor) -> Tensor:
    padded = _room(features)
    padded[..., 1:-1, 1:-1] = features
    return _with_edges(padded)


def _room(features: Tensor) -> Tensor:
    height, width = features.shape[2:]
    return torch.empty(
        (1, features.shape[1], height + 2, width + 2), dtype=features.dtype, device=features.device, memory_format=_LAST
    )


def _with_edges(padded: Tensor) -> Tensor:
    # Both rows at once, then both columns: for so little the calls cost more than the copies.
    rows, columns = padded.shape[2:]
    padded[:, :, :: rows - 1] = padded[:, :, 1 : rows - 1 : max(rows - 3, 1)]
    padded[..., :: columns - 1] = padded[..., 1 : columns - 1 : max(columns - 3, 1)]
    return padded
