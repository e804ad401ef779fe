"""What the layers are multiplied by: a factor for each channel, masks that say where it counts, and modes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blend_mode import PLAIN, BlendMode
from .blending import in_mode
from .mask import Mask
from .painted_mask import PaintedMask
from .photo import FloatImage
from .viewport import Viewport

Factors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SeenWeight:
    """What one layer is multiplied by in a view.

    Attributes:
        inside: (3,) float32, the factors on its channels.
        outside: (3,) float32, the factors where its mask is 0; there its mode counts no more than they do.
        covered: (h, w) float32, its mask; None for 1 everywhere.
        mode: what of the product counts.
    """

    inside: Factors
    outside: Factors
    covered: NDArray[np.float32] | None = None
    mode: BlendMode = PLAIN

    def of(self, content: NDArray[Any]) -> FloatImage:
        """What a layer's content (h, w, 3) in the view, of any unit, comes to: new float32."""
        inside: FloatImage = in_mode(np.multiply(content, self.inside, dtype=np.float32), self.mode)
        if self.covered is None:
            return inside
        outside: FloatImage = np.multiply(content, self.outside, dtype=np.float32)
        inside = inside - outside
        inside *= self.covered[..., None]
        inside += outside
        return inside

    @property
    def is_neutral(self) -> bool:
        """Whether the content stays what it is."""
        is_plain = bool(np.all(self.inside == 1)) and self.mode == PLAIN
        return is_plain and (self.covered is None or bool(np.all(self.outside == 1)))

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is left of the content."""
        return not self.inside.any() and (self.covered is None or not self.outside.any())


@dataclass(frozen=True, eq=False)
class Weights:
    """Factors on K layers.

    Attributes:
        channels: (K, 3) float32, the factors on red, green and blue.
        masks: for each layer where they count, or None for everywhere; empty if there is no mask at all.
        outside: (K,) float32: the factor of a masked layer where its mask is 0.
        modes: of each layer; empty if all are plain.
    """

    channels: Factors
    masks: tuple[Mask | None, ...] = ()
    outside: Factors | None = None
    modes: tuple[BlendMode, ...] = ()

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
    def key(self) -> Hashable:
        """Equal for weights that do the same."""
        outside = b"" if self.outside is None else self.outside.tobytes()
        return self.channels.tobytes(), self.masks, outside, self.modes

    @property
    def is_neutral(self) -> bool:
        """Whether every layer counts as it is."""
        return bool(np.all(self.channels == 1)) and not any(self.masks) and not self.moded

    @property
    def moded(self) -> list[int]:
        """The layers whose mode is not the plain one."""
        return [layer for layer, mode in enumerate(self.modes) if mode != PLAIN]

    def without(self, layers: Sequence[int]) -> Weights:
        """The same with nothing of some layers."""
        channels = self.channels.copy()
        channels[layers] = 0
        masks = tuple(None if layer in layers else mask for layer, mask in enumerate(self.masks))
        modes = tuple(PLAIN if layer in layers else mode for layer, mode in enumerate(self.modes))
        return Weights(channels, masks if any(masks) else (), self.outside, modes)

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

    def mode(self, layer: int) -> BlendMode:
        """A layer's mode."""
        return self.modes[layer] if self.modes else PLAIN

    def seen_in(self, view: Viewport) -> list[SeenWeight]:
        """What every layer is multiplied by in a view."""
        return [self.of_layer(layer, view) for layer in range(len(self))]

    def of_layer(self, layer: int, view: Viewport) -> SeenWeight:
        """What one layer is multiplied by in a view."""
        mask = self.mask(layer)
        covered = None if mask is None else mask.seen_in(view)
        return SeenWeight(self.channels[layer], self.outer[layer], covered, self.mode(layer))

    def chosen(self, layers: Sequence[int]) -> Weights:
        """The weights of some layers, in this order."""
        masks = tuple(self.mask(layer) for layer in layers)
        outside = None if self.outside is None else self.outside[list(layers)]
        modes = tuple(self.mode(layer) for layer in layers)
        return Weights(self.channels[list(layers)], masks if any(masks) else (), outside, modes)
