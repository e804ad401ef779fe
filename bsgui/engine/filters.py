"""Fixed filters: Gaussian blur, and how much a place lies on a thin line."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .crew import for_each

_ORIENTATIONS = 20
_RADIUS = 22
_WIDTH, _LENGTH = 0.8, 10.0


class ThinLines(nn.Module):
    """How much a place lies on a long thin line, bright or dark, that is neither an edge nor one hair of many.

    Oriented second derivatives, 10 pixels long, of which only the best direction counts; compare Freeman & Adelson,
    The Design and Use of Steerable Filters, 1991. There is nothing to train.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filters", _line_filters(), persistent=False)
        self._spectra: dict[tuple[int, ...], Tensor] = {}

    filters: Tensor

    @torch.no_grad()
    def forward(self, fine: Tensor) -> Tensor:
        """Bright and dark lines: (B, 1, h, w) float32, luma without what is coarser than 2 pixels -> (B, 2, h, w)."""
        padded = F.pad(fine, (_RADIUS,) * 4, mode="replicate")
        size = padded.shape[-2:]
        if size not in self._spectra:
            even, odd = self.filters.chunk(2)
            self._spectra = {size: torch.fft.fft2(torch.complex(even, -odd), s=size).conj().resolve_conj()}
        filters = self._spectra[size].to(fine.device)
        spectrum, half = torch.fft.fft2(padded), len(filters) // 2

        def strongest(part: int) -> tuple[Tensor, Tensor]:
            with torch.no_grad():  # It holds for a thread.
                return _strongest(spectrum, filters[half * part : half * (part + 1)], fine.shape[-2:])

        # Always two halves, so that what is rounded how does not depend on the machine.
        parts = for_each(strongest, 2) if fine.device.type == "cpu" else [strongest(part) for part in range(2)]
        (answer, total), (other_answer, other_total) = parts
        answer = torch.where(answer.real.abs() >= other_answer.real.abs(), answer, other_answer)
        line, edge, total = answer.real, answer.imag.abs(), total + other_total
        # An edge answers out of phase; among many hairs all directions answer, all around.
        hairs = gaussian_blur(total / _ORIENTATIONS, 5.0) + 0.01
        lines = [(sign * line - edge).clamp_min(0) / hairs for sign in (1, -1)]
        return gaussian_blur(torch.cat(lines, 1), 1.0)


def _strongest(spectrum: Tensor, filters: Tensor, kept: torch.Size) -> tuple[Tensor, Tensor]:
    """The answer of the direction that answers most, and the sum of all answers' even parts without sign.

    Args:
        spectrum: of pictures with an edge around, (B, 1, H, W) complex.
        filters: spectra of filters with an even real and an odd imaginary part, (n, H, W): pictures are real, so one
            transform answers for both.
        kept: size of the pictures without the edge.

    Returns:
        (B, 1, h, w) complex and float.
    """
    best = spectrum.new_zeros(len(spectrum), 1, *kept)
    most, total = torch.zeros_like(best.real), torch.zeros_like(best.real)
    # One direction after the other: all at once would take twenty pictures' memory.
    for one in filters:
        answer = torch.fft.ifft2(spectrum * one)[..., : kept[0], : kept[1]]
        strength = answer.real.abs()
        best = torch.where(strength > most, answer, best)
        most = torch.maximum(most, strength)
        total = total + strength
    return best, total


def _line_filters() -> Tensor:
    """Long thin second derivatives (even), then first derivatives (odd), in all orientations: (40, 45, 45)."""
    steps = torch.arange(-_RADIUS, _RADIUS + 1.0)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    even, odd = [], []
    for index in range(_ORIENTATIONS):
        angle = math.pi * index / _ORIENTATIONS
        along = x * math.cos(angle) + y * math.sin(angle)
        across = (y * math.cos(angle) - x * math.sin(angle)) / _WIDTH
        window = torch.exp(-(along.square() / _LENGTH**2 + across.square()) / 2)
        ridge = window * (1 - across.square())
        even.append(ridge - ridge.mean())
        odd.append(window * across)
    filters = torch.stack(even + odd)
    return filters / filters.abs().sum((1, 2), keepdim=True)


def gaussian_blur(images: Tensor, sigma: float) -> Tensor:
    """Blur (B, C, h, w) pictures by a Gaussian, edges repeated; sigma in pixels, above 6 on a smaller copy."""
    if sigma > 6 and min(images.shape[-2:]) >= 16:
        small = gaussian_blur(F.avg_pool2d(images, 4, ceil_mode=True, count_include_pad=False), sigma / 4)
        return F.interpolate(small, images.shape[-2:], mode="bilinear", align_corners=False)
    radius = max(1, round(3 * sigma))
    steps = torch.arange(-radius, radius + 1.0)
    kernel = torch.exp(-steps.square() / (2 * sigma**2))
    kernel /= kernel.sum()
    if images.device.type == "cpu" and not images.requires_grad:
        return _summed(_summed(images, kernel.tolist(), -1), kernel.tolist(), -2)
    kernel = kernel.to(images.device).expand(images.shape[1], 1, -1)
    wide = F.conv2d(F.pad(images, (radius, radius, 0, 0), "replicate"), kernel.unsqueeze(2), groups=images.shape[1])
    return F.conv2d(F.pad(wide, (0, 0, radius, radius), "replicate"), kernel.unsqueeze(3), groups=images.shape[1])


def _summed(images: Tensor, kernel: list[float], axis: int) -> Tensor:
    """A kernel along the rows' axis (-1) or the columns' (-2), term by term.

    On the processor that takes a quarter of the time of torch's convolutions, which are made for many channels.
    """
    radius, length = len(kernel) // 2, images.shape[axis]
    edges = (radius, radius, 0, 0) if axis == -1 else (0, 0, radius, radius)
    padded = F.pad(images, edges, "replicate")
    total = kernel[0] * padded.narrow(axis, 0, length)
    for start, weight in enumerate(kernel[1:], 1):
        total.add_(padded.narrow(axis, start, length), alpha=weight)
    return total
