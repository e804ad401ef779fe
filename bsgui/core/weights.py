"""What the layers are multiplied by: a factor for each channel, and masks that say where it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mask import Mask
from .painted_mask import PaintedMask
from .viewport import Viewport

Factors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Weights:
    """Factors on K layers.

    Attributes:
        channels: (K, 3) float32, the factors on red, green and blue.
        masks: for each layer where they count, or None for everywhere; empty if there is no mask at all.
        outside: (K,) float32: the factor of a masked layer where its mask is 0.
    """

    channels: Factors
    masks: tuple[Mask | None, ...] = ()
    outside: Factors | None = None

    @staticmethod
    def of(weights: Weights | Factors) -> Weights:
        """Weights from factors alone: (K,) for all channels alike, or (K, 3)."""
        if isinstance(weights, Weights):
            return weights
        grey = weights.ndim == 1
        return Weights(np.repeat(weights[:, None], 3, axis=1) if grey else weights)

    def __len__(self) -> int:
        return len(self.channels)

    @property
    def key(self) -> tuple[bytes, tuple[Mask | None, ...], bytes]:
        """Equal for weights that do the same."""
        return self.channels.tobytes(), self.masks, b"" if self.outside is None else self.outside.tobytes()

    @property
    def is_neutral(self) -> bool:
        """Whether every layer counts as it is."""
        return bool(np.all(self.channels == 1)) and not any(self.masks)

    @property
    def outer(self) -> Factors:
        """(K, 3): the factors where no mask is: those of layers without one, and what masked layers have outside."""
        outer = self.channels.copy()
        for layer, mask in enumerate(self.masks):
            if mask is not None:
                outer[layer] = 1 if self.outside is None else self.outside[layer]
        return outer

    @property
    def unpainted(self) -> Factors:
        """(K, 3): as :attr:`outer`, but where nothing is painted: for an inverted painted mask that is inside."""
        factors = self.outer
        for layer, mask in enumerate(self.masks):
            if isinstance(mask, PaintedMask) and mask.inverted:
                factors[layer] = self.channels[layer]
        return factors

    @property
    def painted(self) -> dict[PaintedMask, list[int]]:
        """The layers under each painted mask."""
        layers: dict[PaintedMask, list[int]] = {}
        for layer, mask in enumerate(self.masks):
            if isinstance(mask, PaintedMask):
                layers.setdefault(mask, []).append(layer)
        return layers

    def mask(self, layer: int) -> Mask | None:
        """Where a layer's factors count; None for everywhere."""
        return self.masks[layer] if self.masks else None

    def seen_in(self, view: Viewport) -> list[Factors]:
        """The factors on every layer in a view: (3,), or (view.height, view.width, 3) for a layer with a mask."""
        factors = []
        for layer, (inner, outer) in enumerate(zip(self.channels, self.outer, strict=True)):
            mask = self.mask(layer)
            factors.append(inner if mask is None else outer + mask.seen_in(view)[..., None] * (inner - outer))
        return factors

    def chosen(self, layers: Sequence[int]) -> Weights:
        """The weights of some layers, in this order."""
        masks = tuple(self.mask(layer) for layer in layers)
        outside = None if self.outside is None else self.outside[list(layers)]
        return Weights(self.channels[list(layers)], masks if any(masks) else (), outside)
