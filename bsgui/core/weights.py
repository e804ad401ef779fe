"""What the layers are multiplied by: a factor for each channel, masks that say where it counts, modes and filters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blend_mode import PLAIN, BlendMode
from .blending import in_mode
from .layer_filter import LayerFilter
from .mask import Mask
from .painted_mask import PaintedMask
from .photo import FloatImage
from .viewport import Viewport

Factors = NDArray[np.float32]

Content = Callable[[LayerFilter | None], NDArray[Any]]
"""A layer's content in a view, with a filter or as it came: (h, w, 3), any dtype and unit; not to be written to."""


@dataclass(frozen=True, eq=False)
class SeenWeight:
    """What one layer is multiplied by in a view.

    Attributes:
        inside: (3,) float32, the factors on its channels.
        outside: (3,) float32, the factors where its mask is 0; there mode and filter count no more than they do.
        covered: (h, w) float32, its mask; None for 1 everywhere.
        mode: what of the product counts.
        filter: what is done to the content before it is multiplied; None where that would not be seen.
    """

    inside: Factors
    outside: Factors
    covered: NDArray[np.float32] | None = None
    mode: BlendMode = PLAIN
    filter: LayerFilter | None = None

    def of(self, content: NDArray[Any], filtered_content: FloatImage | None = None) -> FloatImage:
        """What a layer's content in the view comes to: new float32.

        Args:
            content: (h, w, 3) as it came, of any unit.
            filtered_content: the same with the filter; None where there is none.
        """
        seen = content if filtered_content is None else filtered_content
        inside: FloatImage = in_mode(np.multiply(seen, self.inside, dtype=np.float32), self.mode)
        if self.covered is None:
            return inside
        outside: FloatImage = np.multiply(content, self.outside, dtype=np.float32)
        inside = inside - outside
        inside *= self.covered[..., None]
        inside += outside
        return inside

    def in_view(self, content: Content) -> FloatImage:
        """What a layer comes to in the view that this weight is for, from its content there: new, in its unit."""
        if self.filter is None:
            return self.of(content(None))
        inside = content(self.filter)
        return self.of(inside if self.covered is None else content(None), inside)

    @property
    def is_neutral(self) -> bool:
        """Whether the content stays what it is."""
        is_plain = bool(np.all(self.inside == 1)) and self.mode == PLAIN and self.filter is None
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
        filters: of each layer; empty if there is none at all.
    """

    channels: Factors
    masks: tuple[Mask | None, ...] = ()
    outside: Factors | None = None
    modes: tuple[BlendMode, ...] = ()
    filters: tuple[LayerFilter | None, ...] = ()

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
        return self.channels.tobytes(), self.masks, outside, self.modes, self.filters

    @property
    def is_neutral(self) -> bool:
        """Whether every layer counts as it is."""
        return bool(np.all(self.channels == 1)) and not any(self.masks) and not self.apart

    @property
    def apart(self) -> list[int]:
        """The layers that need pixels of their own: a mode or a filter makes them no multiples of their content."""
        return [
            layer
            for layer in range(len(self))
            if (self.mode(layer) != PLAIN or self.filter(layer) is not None) and self.channels[layer].any()
        ]

    def without(self, layers: Sequence[int]) -> Weights:
        """The same with nothing of some layers."""
        channels = self.channels.copy()
        channels[layers] = 0
        masks = tuple(None if layer in layers else mask for layer, mask in enumerate(self.masks))
        modes = tuple(PLAIN if layer in layers else mode for layer, mode in enumerate(self.modes))
        filters = tuple(None if layer in layers else own for layer, own in enumerate(self.filters))
        return Weights(channels, masks if any(masks) else (), self.outside, modes, filters)

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

    def filter(self, layer: int) -> LayerFilter | None:
        """A layer's filter."""
        return self.filters[layer] if self.filters else None

    def seen_in(self, view: Viewport) -> list[SeenWeight]:
        """What every layer is multiplied by in a view."""
        return [self.of_layer(layer, view) for layer in range(len(self))]

    def of_layer(self, layer: int, view: Viewport) -> SeenWeight:
        """What one layer is multiplied by in a view."""
        mask = self.mask(layer)
        covered = None if mask is None else mask.seen_in(view)
        is_seen = self.channels[layer].any() and (covered is None or covered.any())
        own = self.filter(layer) if is_seen else None
        return SeenWeight(self.channels[layer], self.outer[layer], covered, self.mode(layer), own)

    def chosen(self, layers: Sequence[int]) -> Weights:
        """The weights of some layers, in this order."""
        masks = tuple(self.mask(layer) for layer in layers)
        outside = None if self.outside is None else self.outside[list(layers)]
        modes = tuple(self.mode(layer) for layer in layers)
        filters = tuple(self.filter(layer) for layer in layers)
        return Weights(self.channels[list(layers)], masks if any(masks) else (), outside, modes, filters)
