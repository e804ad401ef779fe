"""Layers kept in a project: small maps as text, for layers that photo, model and settings alone do not give again."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsgui.core.decomposition import Decomposition, LayerInfo, Provenance
from bsgui.core.fields import FieldError, Fields
from bsgui.core.frame import read_frame
from bsgui.core.layers import LayerKind
from bsgui.core.manifest import MAX_LAYERS
from bsgui.core.photo import FloatImage, Photo
from bsgui.core.sources import AffineLayers
from bsgui.core.styled_layers import affine_layers
from bsgui.core.styles import read_styles

MAX_TEXT = 64 << 20
"""Characters of one set of maps: twice those of 16 branches at a working size of 1024 pixels."""

_MAX_SIDE = 2048
_MAX_PHOTO_SIDE = 1 << 20


@dataclass(frozen=True, eq=False)
class StoredLayers:
    """A decomposition without its photo.

    Attributes:
        base: (3,) float32, the base layer's colour, signed around mid-grey.
        scale_maps, shift_maps: (N, h, w, 3) float32, the branches'; kept as float16.
        layers: base, branches, residual.
        provenance: where the layers come from.
        psnr_db: without the residual; infinite when it is empty.
    """

    base: FloatImage
    scale_maps: NDArray[np.float32]
    shift_maps: NDArray[np.float32]
    layers: tuple[LayerInfo, ...]
    provenance: Provenance
    psnr_db: float

    @staticmethod
    def of(decomposition: Decomposition) -> StoredLayers | None:
        """What is to be kept of a decomposition; None for one that its settings give again, or read from pixels."""
        # The maps of layers that only have styles are not asked for: settings give them again.
        adapted = decomposition.provenance.adapted_steps > 0
        source = affine_layers(decomposition.source) if adapted else None
        if source is None:
            return None
        return StoredLayers(
            source.shift_maps[0, 0, 0],
            source.scale_maps[1:-1],
            source.shift_maps[1:-1],
            decomposition.layers,
            decomposition.provenance,
            decomposition.psnr_without_residual_db,
        )

    def decomposition(self, photo: Photo) -> Decomposition:
        """The layers over their photo again."""
        source = AffineLayers.with_residual(photo, self.base, self.scale_maps, self.shift_maps, self.provenance.frame)
        return Decomposition(photo, self.layers, source, self.provenance, self.psnr_db)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The object that :func:`stored_layers` reads. Made once: recovery writes the same layers after each edit."""
        data = {
            "height": self.scale_maps.shape[1],
            "width": self.scale_maps.shape[2],
            "layers": [{**asdict(layer), "kind": layer.kind.value} for layer in self.layers],
            "provenance": asdict(self.provenance),
            "base": _packed(self.base.astype("<f4")),
            "scale_maps": _packed(self.scale_maps.astype("<f2")),
            "shift_maps": _packed(self.shift_maps.astype("<f2")),
        }
        # JSON has no infinity: no figure stands for it.
        return data | ({"psnr_db": self.psnr_db} if math.isfinite(self.psnr_db) else {})


def stored_layers(fields: Fields) -> StoredLayers:
    """Read layers from a project; every size and value is checked.

    Raises:
        FieldError: damaged.
    """
    height, width = fields.whole("height", 1, _MAX_SIDE), fields.whole("width", 1, _MAX_SIDE)
    layers = fields.items("layers", 3, MAX_LAYERS, _layer)
    kinds = [layer.kind for layer in layers]
    if kinds != [LayerKind.BASE, *[LayerKind.BRANCH] * (len(layers) - 2), LayerKind.RESIDUAL]:
        raise FieldError("the stored layers must be the base, branches and the residual")
    if len({layer.id for layer in layers}) < len(layers):
        raise FieldError("two stored layers have the same id")
    shape = (len(layers) - 2, height, width, 3)
    return StoredLayers(
        _numbers(fields, "base", "<f4", (3,)),
        _numbers(fields, "scale_maps", "<f2", shape),
        _numbers(fields, "shift_maps", "<f2", shape),
        layers,
        _provenance(fields.object("provenance")),
        fields.number("psnr_db", -1000, math.inf, math.inf),
    )


def _packed(values: NDArray[Any]) -> str:
    # The lowest level: the maps' last bits are noise, and more effort saves only a few per cent.
    return base64.b64encode(zlib.compress(values.tobytes(), 1)).decode("ascii")


def _numbers(fields: Fields, name: str, kind: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    wanted = math.prod(shape) * np.dtype(kind).itemsize
    text = fields.text(name, limit=MAX_TEXT)
    try:
        # Never more than is wanted and one byte: a few kilobytes could become gigabytes otherwise.
        data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), wanted + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise FieldError(f"{name} cannot be unpacked") from error
    if len(data) != wanted:
        raise FieldError(f"{name} does not have the size that is said")
    values = np.frombuffer(data, kind).astype(np.float32).reshape(shape)
    if not np.isfinite(values).all():
        raise FieldError(f"{name} holds values that are not finite numbers")
    return values


def _layer(fields: Fields) -> LayerInfo:
    return LayerInfo(
        id=fields.text("id", limit=255),
        name=fields.text("name", limit=1024),
        kind=LayerKind(fields.choice("kind", tuple(kind.value for kind in LayerKind))),
        energy_share=fields.number("energy_share", 0, 1e9, 0.0),
        description=fields.text("description", ""),
    )


def _provenance(fields: Fields) -> Provenance:
    return Provenance(
        model=fields.text("model", "", limit=255),
        model_sha256=fields.sha256("model_sha256", ""),
        domain=fields.text("domain", "", limit=255),
        seed=fields.whole("seed", 0, 1 << 63, 0),
        size=fields.whole("size", 0, _MAX_PHOTO_SIDE, 0),
        working_width=fields.whole("working_width", 0, _MAX_PHOTO_SIDE, 0),
        working_height=fields.whole("working_height", 0, _MAX_PHOTO_SIDE, 0),
        device=fields.text("device", "", limit=255),
        adapted_steps=fields.whole("adapted_steps", 1, 1 << 31),
        styles=read_styles(fields, MAX_LAYERS),
        splits_light=fields.flag("splits_light", False),
        frame=read_frame(fields),
    )
