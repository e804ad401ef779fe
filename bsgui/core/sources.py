"""Where the pixels of layers come from.

A branch layer at full size is the photo times a smooth small map plus another (``AffineLayers``), so
re-blending mixes small maps and touches each pixel in view once, whatever the number of layers and megapixels.
Layers read back from files are plain pixels (``PixelLayers``). Both answer the same questions.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .filtering import ContentIn, filtered
from .frame import Frame
from .last_seen import LastSeen
from .layer_filter import LayerFilter
from .map_sums import MapSums, weighed
from .mixed_maps import Change, MixedMaps
from .painted_mask import PaintedMask
from .photo import OFFSET, OFFSET_TICKS, TICKS_PER_FULL_SCALE, FloatImage, Photo, Samples, TickImage, to_uint8
from .pyramid import Pyramid
from .shaped_mask import ShapedMask
from .viewport import Viewport
from .weights import Content, Weights

# Contents of layers that are not mixed as maps: a window has a million or two pixels, twelve bytes each.
_REMEMBERED_BYTES = 64 * 2**20


class LayerSource(Protocol):
    """The content of K layers over one photo. All answers are for full-size photo coordinates.

    Thread: safe to call from several threads.
    """

    @property
    def count(self) -> int:
        """Number of layers K, base and residual included."""
        ...

    def mix(self, weights: Weights | NDArray[np.float32], view: Viewport) -> FloatImage:
        """``OFFSET + sum_k weights[k] * layer_k`` in the view.

        Args:
            weights: factors and masks; or (K,) or (K, 3) float32; (K, 3) weighs the colour channels apart.
            view: what to compute.

        Returns:
            New (view.height, view.width, 3) float32, full scale, signed parts included, not clipped.
        """
        ...

    def show(self, weights: Weights | NDArray[np.float32], view: Viewport) -> NDArray[np.uint8]:
        """What :meth:`mix` gives, clipped to black..white: new (view.height, view.width, 3) uint8."""
        ...

    def get_ready(self, weights: Weights) -> None:
        """Compute what :meth:`show` needs in all views alike.

        Threads that show parts of a picture at the same time would all compute it, and be in each other's way.
        """
        ...

    @property
    def pyramids(self) -> tuple[Pyramid, ...]:
        """What must be built before views below 100 % are both quick and smooth."""
        ...

    def ticks(self, start: int, stop: int) -> TickImage:
        """Rows ``start:stop`` of every layer in ticks: new (K, stop - start, W, 3) int32, signed.

        The sum over the layers plus ``OFFSET_TICKS`` is exactly ``Photo.rows_ticks``. All layers but the residual
        fit 16 bits (-32768..32767); what does not fit has been carried into the residual.
        """
        ...


class _Contents:
    """The content of layers in the last views, as it came and filtered: what it is multiplied by may change.

    Args:
        size: (width, height) of the photo, photo pixels.
        is_at_hand: whether the content as it came costs nothing, and need not be remembered.
    """

    def __init__(self, size: tuple[int, int], is_at_hand: bool) -> None:
        self._size, self._is_at_hand = size, is_at_hand
        self._seen: LastSeen[NDArray[Any]] = LastSeen(_REMEMBERED_BYTES)

    def of(self, layer: int, content_in: ContentIn, view: Viewport, is_complete: bool) -> Content:
        """A layer's content in a view.

        Args:
            layer: its number.
            content_in: how to get it.
            view: where.
            is_complete: whether the pyramid is that it is drawn from.
        """

        def content(own: LayerFilter | None) -> NDArray[Any]:
            if own is None and self._is_at_hand:
                return content_in(view)
            key = layer, own, view, is_complete
            seen = self._seen.get(key)
            if seen is not None:
                return seen
            made = content_in(view) if own is None else filtered(content_in, view, own, self._size)
            return self._seen.keep(key, made)

        return content


class _Mix(NamedTuple):
    """A sum of layers.

    Attributes:
        outside: the sum where nothing is painted, of the layers that have neither a mode nor a filter.
        painted: what is added to it, by the mask that says where.
        apart: the other layers as they came, by number.
    """

    outside: MixedMaps
    painted: Mapping[PaintedMask, MixedMaps]
    apart: Mapping[int, MixedMaps]

    def changes_in(self, view: Viewport) -> list[Change]:
        """What is painted in a view, and adds to the picture there."""
        seen = ((mask, maps) for mask, maps in self.painted.items() if mask.may_be_in(view))
        return [Change(maps, mask.painted_in(view)) for mask, maps in seen]


@dataclass(frozen=True, eq=False)
class AffineLayers:
    """Layers of the form ``scale_map * photo + shift_map``, the maps at working size.

    The residual is the last layer: what the others leave of the photo, itself affine, so that the sum is exact.

    Attributes:
        photo: the photo.
        scale_maps: (K, h, w, 3) float32; what the photo is multiplied by, per layer.
        shift_maps: (K, h, w, 3) float32, full scale; what is added.
        frame: the part of the photo that the maps lie over; what they hold in their outermost pixels goes on outside,
            see :func:`~bsgui.core.frame.edge_window`. None: the whole photo.

    Source: the maps are what the network's affine heads predict; compare the local affine models of He et al., Guided
    Image Filtering, 2013, eq. 5-8, and Gharbi et al., Deep Bilateral Learning, 2017.
    """

    photo: Photo
    scale_maps: NDArray[np.float32]
    shift_maps: NDArray[np.float32]
    frame: Frame | None = None

    @staticmethod
    def with_residual(
        photo: Photo,
        base: FloatImage,
        scale_maps: NDArray[np.float32],
        shift_maps: NDArray[np.float32],
        frame: Frame | None = None,
    ) -> AffineLayers:
        """Layers base, branches, residual.

        Args:
            photo: the photo.
            base: (3,) float32, the constant base layer, signed around mid-grey.
            scale_maps: (N, h, w, 3) float32, the branches' scale maps.
            shift_maps: (N, h, w, 3) float32, the branches' shift maps.
            frame: what they lie over; None for the whole photo.
        """
        zero = np.zeros_like(scale_maps[:1])
        flat = np.broadcast_to(base.astype(np.float32), zero.shape)
        residual_scale = 1 - scale_maps.sum(0, keepdims=True)
        residual_shift = -OFFSET - base - shift_maps.sum(0, keepdims=True)
        return AffineLayers(
            photo,
            np.ascontiguousarray(np.concatenate([zero, scale_maps, residual_scale]), dtype=np.float32),
            np.ascontiguousarray(np.concatenate([flat, shift_maps, residual_shift]), dtype=np.float32),
            frame,
        )

    @property
    def count(self) -> int:
        """Number of layers, base and residual included."""
        return len(self.scale_maps)

    @cached_property
    def _pyramid(self) -> Pyramid:
        return Pyramid.of(self.photo.samples)

    @property
    def pyramids(self) -> tuple[Pyramid, ...]:
        """See :attr:`LayerSource.pyramids`: the photo's, shared with whoever else shows it."""
        return (self._pyramid,)

    def mix(self, weights: Weights | NDArray[np.float32], view: Viewport) -> FloatImage:
        """See :meth:`LayerSource.mix`; costs two small mixes and one pass over the view.

        Painted masks are as sharp as the view, and no map could hold them: each costs a pass over what is painted.
        A layer with a mode or a filter costs a pass over the view.
        """
        weights = Weights.of(weights)
        mixed = self._mixed_maps(weights)
        samples = self._pyramid.sample(view)
        picture = mixed.outside.apply(samples, view, mixed.changes_in(view))
        for layer, alone in mixed.apart.items():
            content_in = self._content(alone, view, samples)
            content = self._contents.of(layer, content_in, view, self._pyramid.is_complete)
            picture += weights.of_layer(layer, view).in_view(content)
        return picture

    @cached_property
    def _contents(self) -> _Contents:
        return _Contents(self._size, is_at_hand=False)

    def show(self, weights: Weights | NDArray[np.float32], view: Viewport) -> NDArray[np.uint8]:
        """See :meth:`LayerSource.show`; where no layer comes apart, one pass does it all."""
        weights = Weights.of(weights)
        if weights.apart:
            return to_uint8(self.mix(weights, view))
        mixed = self._mixed_maps(weights, for_looking=True)
        return mixed.outside.show(self._pyramid.sample(view), view, mixed.changes_in(view))

    def get_ready(self, weights: Weights) -> None:
        """See :meth:`LayerSource.get_ready`: the maps are mixed."""
        self._mixed_maps(weights, for_looking=not weights.apart)

    def _content(self, maps: MixedMaps, view: Viewport, samples: Samples) -> ContentIn:
        """What maps make of the photo, where the samples in one view are at hand already."""
        return lambda seen: maps.apply(samples if seen == view else self._pyramid.sample(seen), seen)

    @property
    def _size(self) -> tuple[int, int]:
        return self.photo.width, self.photo.height

    @cached_property
    def _last_mix(self) -> dict[bool, tuple[Hashable, _Mix]]:
        return {}

    @cached_property
    def _sums(self) -> MapSums:
        return MapSums(self.scale_maps, self.shift_maps)

    def _mixed_maps(self, weights: Weights, for_looking: bool = False) -> _Mix:
        """The maps for these weights; the last are kept, as pictures are drawn in strips."""
        # Both kinds: while a picture is looked at, its pixels are also read.
        last, key = self._last_mix.get(for_looking), weights.key
        if last is not None and last[0] == key:
            return last[1]
        plain = weights.without(weights.apart)
        masks = self._masks_on_maps(plain)
        scale, shift = (self._sums.dragged if for_looking else self._sums.of)(plain, masks)
        shift += np.float32(OFFSET)
        mixed = _Mix(
            self._over_photo(scale, shift),
            {mask: self._change(plain, layers) for mask, layers in plain.painted.items()},
            {x: self._over_photo(self.scale_maps[x].copy(), self.shift_maps[x]) for x in weights.apart},
        )
        self._last_mix[for_looking] = key, mixed
        return mixed

    def _change(self, weights: Weights, layers: Sequence[int]) -> MixedMaps:
        """What these layers add to the picture where their mask is painted."""
        change = weights.channels[layers] + weights.outer[layers] - 2 * weights.unpainted[layers]
        scale, shift = (weighed(change, [maps[x] for x in layers]) for maps in (self.scale_maps, self.shift_maps))
        return self._over_photo(scale, shift)

    def _over_photo(self, scale: FloatImage, shift: FloatImage) -> MixedMaps:
        """Maps of our own as they are laid over samples; the scale is changed in place."""
        scale *= np.float32(1 / self.photo.white)
        return MixedMaps.over(scale, shift, self._size, self.frame)

    def _masks_on_maps(self, weights: Weights) -> dict[ShapedMask, NDArray[np.float32]]:
        """The smooth masks at the maps' pixels, (h, w) each; those of the last mix are kept, for drags."""
        shape, size = self.scale_maps.shape[1:3], self._size
        last, now = self._last_masks[0], {}
        for mask in weights.masks:
            if isinstance(mask, ShapedMask) and mask not in now:
                now[mask] = last[mask] if mask in last else mask.on_maps(shape, size, self.frame)
        self._last_masks[0] = now
        return now

    @cached_property
    def _last_masks(self) -> list[dict[ShapedMask, NDArray[np.float32]]]:
        return [{}]

    def ticks(self, start: int, stop: int) -> TickImage:
        """See :meth:`LayerSource.ticks`; the residual takes what rounding the others leaves."""
        strip = Viewport.strip(self.photo.width, start, stop)
        ticks = np.empty((self.count, stop - start, self.photo.width, 3), np.int32)
        ticks[-1] = self.photo.rows_ticks(start, stop) - OFFSET_TICKS
        for index in range(self.count - 1):
            ticks[index] = self._layer_ticks(index, strip)
            ticks[-1] -= ticks[index]
        return ticks

    def _layer_ticks(self, index: int, strip: Viewport) -> FloatImage:
        layer = self.mix(np.eye(self.count, dtype=np.float32)[index], strip)
        layer -= np.float32(OFFSET)
        layer *= np.float32(TICKS_PER_FULL_SCALE)
        return np.clip(np.rint(layer, out=layer), -32768, 32767, out=layer)


@dataclass(frozen=True, eq=False)
class PixelLayers:
    """Layers held as full-size pixels, as read from an exported stack.

    Attributes:
        photo: the photo that the untouched layers add up to.
        layers: K arrays (H, W, 3) int16, ticks.
    """

    photo: Photo
    layers: tuple[NDArray[np.int16], ...]

    @property
    def count(self) -> int:
        """Number of layers."""
        return len(self.layers)

    @cached_property
    def _pyramids(self) -> list[Pyramid]:
        return [Pyramid(layer) for layer in self.layers]  # type: ignore[arg-type]

    @property
    def pyramids(self) -> tuple[Pyramid, ...]:
        """See :attr:`LayerSource.pyramids`: one for each layer."""
        return tuple(self._pyramids)

    def mix(self, weights: Weights | NDArray[np.float32], view: Viewport) -> FloatImage:
        """See :meth:`LayerSource.mix`; costs a pass over the view for each layer that has weight, two with a filter."""
        total = np.full((view.height, view.width, 3), OFFSET, np.float32)
        for layer, (weight, pyramid) in enumerate(zip(Weights.of(weights).seen_in(view), self._pyramids, strict=True)):
            if not weight.is_nothing:
                own = weight.in_view(self._contents.of(layer, pyramid.sample, view, pyramid.is_complete))
                total += own * np.float32(1 / TICKS_PER_FULL_SCALE)
        return total

    @cached_property
    def _contents(self) -> _Contents:
        return _Contents((self.photo.width, self.photo.height), is_at_hand=True)

    def show(self, weights: Weights | NDArray[np.float32], view: Viewport) -> NDArray[np.uint8]:
        """See :meth:`LayerSource.show`."""
        return to_uint8(self.mix(weights, view))

    def get_ready(self, weights: Weights) -> None:
        """See :meth:`LayerSource.get_ready`: nothing."""

    def ticks(self, start: int, stop: int) -> TickImage:
        """See :meth:`LayerSource.ticks`."""
        return np.stack([layer[start:stop].astype(np.int32) for layer in self.layers])
