"""The filtered layers of a stack that is written or read strip by strip.

A filter draws on what is around a strip, so layers with one, and no others, are held whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from bsgui.core.filtering import filtered
from bsgui.core.photo import FloatImage, TickImage
from bsgui.core.pyramid import Pyramid
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights


class FilteredLayers:
    """The layers with a filter that counts, whole, in ticks; 8 bytes a pixel for each.

    Args:
        weights: of all layers.
        size: (width, height), pixels.
    """

    def __init__(self, weights: Weights, size: tuple[int, int]) -> None:
        self._weights, self._size = weights, size
        width, height = size
        filtered_ones = (x for x in weights.apart if weights.filter(x) is not None)
        self._ticks: dict[int, NDArray[np.int16]] = {x: np.empty((height, width, 3), np.int16) for x in filtered_ones}
        self._pyramids = {x: Pyramid(ticks) for x, ticks in self._ticks.items()}  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._ticks)

    def fill(self, strips: Iterable[tuple[int, int, TickImage]]) -> None:
        """Take what is needed from all strips of all layers: first row, last but one, (K, h, W, 3) ticks of 16 bits."""
        for start, stop, ticks in strips:
            for layer, kept in self._ticks.items():
                kept[start:stop] = ticks[layer]

    def rows(self, start: int, stop: int) -> Mapping[int, FloatImage]:
        """Rows ``start:stop`` of each, filtered, by number: (stop - start, W, 3) float32, ticks."""
        view = Viewport.strip(self._size[0], start, stop)
        found = {}
        for layer, pyramid in self._pyramids.items():
            own = self._weights.filter(layer)
            assert own is not None
            found[layer] = filtered(pyramid.sample, view, own, self._size)
        return found
