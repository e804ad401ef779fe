"""What ``manifest.json`` of an exported stack says: enough to put the photo together again, and to check it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from .blend_mode import MODES, PLAIN, BlendMode
from .errors import StackReadError
from .fields import FieldError, Fields
from .frame import Frame, read_frame
from .layer_filter import LayerFilter, read_filter
from .layers import GAIN_MAX, GAIN_MIN, LayerKind
from .mask import Mask, read_mask
from .photo import OFFSET, TICKS_PER_FULL_SCALE
from .styles import Styles, read_styles
from .tint import NO_TINT, Tint, read_tint

SCHEMA = "bsgui-stack"
VERSION = 1
MAX_LAYERS = 64
ZERO_16 = 32768
"""What a 16-bit sample holds where a layer adds nothing."""
ZERO_8 = 128
"""The same for 8-bit previews."""

FORMULA_16 = (
    "ticks = v - 32768; photo = 0.5 + sum over the layers of ticks / 32640; full scale, 1 is white, sRGB-encoded; exact"
)
FORMULA_8 = (
    "preview: v = 128 + ticks / 128, rounded and clipped to 0..255; photo = 0.5 + sum of (v - 128) / 255, "
    "approximately: previews do not recombine exactly"
)

_MAX_SIDE = 1 << 20
_MAX_TICKS = 1 << 31
_CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)\Z")


@dataclass(frozen=True)
class ManifestPhoto:
    """The photo that was taken apart.

    Attributes:
        name: file name.
        width, height: pixels, upright.
        bit_depth: 8 or 16.
        sha256: of the file's bytes (of the samples for a pasted picture).
        ticks_sha256: of the photo in ticks, rows from the top, RGB, little-endian 16 bit; what complete, unedited
            layers must add up to.
    """

    name: str
    width: int
    height: int
    bit_depth: int
    sha256: str
    ticks_sha256: str


@dataclass(frozen=True)
class Encoding:
    """How samples stand for signed values; ``zero`` is the sample of an empty layer."""

    depth: int
    zero: int
    formula: str
    offset: float = OFFSET
    ticks_per_full_scale: int = TICKS_PER_FULL_SCALE

    @staticmethod
    def of_depth(depth: int) -> Encoding:
        """The encoding of 8-bit previews or of exact 16-bit layers."""
        return Encoding(8, ZERO_8, FORMULA_8) if depth == 8 else Encoding(16, ZERO_16, FORMULA_16)


@dataclass(frozen=True)
class ManifestModel:
    """What took the photo apart; see :class:`~bsgui.core.decomposition.Provenance`."""

    id: str = ""
    sha256: str = ""
    domain: str = ""
    seed: int = 0
    size: int = 0
    working_width: int = 0
    working_height: int = 0
    device: str = ""
    adapted_steps: int = 0
    styles: Styles = ()
    frame: Frame | None = None
    splits_light: bool = False


class LayerBlend(NamedTuple):
    """How a layer's content goes into a sum.

    Attributes:
        weight: the factor on it.
        tint: more factors, on its red, green and blue.
        mask: where these count; elsewhere the factor is 1. None: everywhere.
        mode: what of the product counts.
        filter: what is done to the content first.
    """

    weight: float = 1.0
    tint: Tint = NO_TINT
    mask: Mask | None = None
    mode: BlendMode = PLAIN
    filter: LayerFilter | None = None


@dataclass(frozen=True)
class ManifestLayer:
    """One layer and its file.

    Attributes:
        index: the layer's number in the decomposition, and in its file's name.
        position: its place in the layer stack, 0 at the bottom.
        id, name, kind, energy_share, description: see :class:`~bsgui.core.decomposition.LayerInfo`.
        file: plain name, in the manifest's folder.
        sha256: of the file.
        visible, muted, gain, opacity, locked, tint, mask, mode, filter: the person's settings.
        baked_gain, baked_tint: what the file's content was multiplied by (within the mask); 1 for layers as they came.
    """

    index: int
    position: int
    id: str
    name: str
    kind: LayerKind
    file: str
    sha256: str
    visible: bool = True
    muted: bool = False
    gain: float = 1.0
    opacity: float = 1.0
    locked: bool = False
    energy_share: float = 0.0
    description: str = ""
    baked_gain: float = 1.0
    tint: Tint = NO_TINT
    baked_tint: Tint = NO_TINT
    mask: Mask | None = None
    mode: BlendMode = PLAIN
    filter: LayerFilter | None = None

    @property
    def blend(self) -> LayerBlend:
        """What the settings come to."""
        is_there = self.visible and not self.muted
        own = LayerBlend(self.gain * self.opacity, self.tint, self.mask, self.mode, self.filter)
        return own if is_there else LayerBlend(0.0)


@dataclass(frozen=True)
class ManifestFile:
    """A file in the manifest's folder, and the SHA-256 of its bytes."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Everything about an exported stack but its pixels.

    Attributes:
        app_version: of the program that wrote it.
        created: UTC, ISO 8601.
        photo, encoding, model, layers: see their classes; layers by index.
        composite: the picture as the person had blended it, or None if it was not exported.
        edited: the settings are baked into the layers' pixels; adding them up needs no gains.
        complete: all layers were exported, not just visible ones.
        max_error_lsb: the largest difference, in 1/255 of white, between the sum of the written integers and what it
            should be (the photo, for complete unedited layers); measured at export.
        carried_samples: samples whose value did not fit its layer's range and was moved to another layer.
        carried_max_ticks: the largest such excess.
        colour_space: always "sRGB".
    """

    app_version: str
    created: str
    photo: ManifestPhoto
    encoding: Encoding
    model: ManifestModel
    layers: tuple[ManifestLayer, ...]
    composite: ManifestFile | None = None
    edited: bool = False
    complete: bool = True
    max_error_lsb: float = 0.0
    carried_samples: int = 0
    carried_max_ticks: int = 0
    colour_space: str = "sRGB"

    @property
    def is_exact(self) -> bool:
        """Whether the layers add up to the photo itself, bit for bit if it has 8 bits."""
        return self.encoding.depth == 16 and self.complete and not self.edited

    def blends(self) -> dict[str, LayerBlend]:
        """What gives the picture as the person had blended it, by layer id."""
        return {layer.id: LayerBlend() if self.edited else layer.blend for layer in self.layers}

    def to_json(self) -> dict[str, Any]:
        """The object that :meth:`from_json` reads, ready for ``json.dump``."""
        data = asdict(self)
        carried = {"samples": data.pop("carried_samples"), "max_ticks": data.pop("carried_max_ticks")}
        data["layers"] = [{**asdict(layer), "kind": layer.kind.value} for layer in self.layers]
        return {"schema": SCHEMA, "version": VERSION, **data, "carried_to_residual": carried}

    @staticmethod
    def from_json(data: Any) -> Manifest:
        """Check and convert a parsed JSON value; unknown keys are ignored.

        Raises:
            StackReadError: not a manifest, of a later version, or damaged; the sentence names the field.
        """
        try:
            return _manifest(Fields(data))
        except FieldError as error:
            raise StackReadError(f"The manifest is damaged: {error}.") from error


def _manifest(fields: Fields) -> Manifest:
    if fields.text("schema", "") != SCHEMA:
        raise FieldError("it does not describe a bsgui stack")
    if fields.whole("version", 1, 1 << 30) > VERSION:
        raise FieldError("it was written by a later version of the program")
    composite = fields.optional("composite")
    carried = fields.object("carried_to_residual")
    created = fields.text("created", limit=64)
    if not _CREATED.match(created):
        raise FieldError("created must be a UTC time")
    manifest = Manifest(
        app_version=fields.text("app_version", limit=64),
        created=created,
        photo=_photo(fields.object("photo")),
        encoding=_encoding(fields.object("encoding")),
        model=_model(fields.object("model")),
        layers=fields.items("layers", 1, MAX_LAYERS, _layer),
        composite=None if composite is None else ManifestFile(composite.file_name("file"), composite.sha256("sha256")),
        edited=fields.flag("edited"),
        complete=fields.flag("complete"),
        max_error_lsb=fields.number("max_error_lsb", 0, 1e9),
        carried_samples=carried.whole("samples", 0, 1 << 62),
        carried_max_ticks=carried.whole("max_ticks", 0, _MAX_TICKS),
        colour_space=fields.choice("colour_space", ("sRGB",)),
    )
    _check_unique(manifest)
    return manifest


def _check_unique(manifest: Manifest) -> None:
    files = [layer.file.casefold() for layer in manifest.layers]
    if manifest.composite:
        files.append(manifest.composite.file.casefold())
    layers = manifest.layers
    entries: dict[str, list[str]] = {
        "file names": files,
        "ids": [x.id for x in layers],
        "indices": [str(x.index) for x in layers],
        "positions": [str(x.position) for x in layers],
    }
    for what, values in entries.items():
        if len(set(values)) < len(values):
            raise FieldError(f"two layers have equal {what}")


def _photo(fields: Fields) -> ManifestPhoto:
    return ManifestPhoto(
        name=fields.text("name", limit=1024),
        width=fields.whole("width", 1, _MAX_SIDE),
        height=fields.whole("height", 1, _MAX_SIDE),
        bit_depth=fields.choice("bit_depth", (8, 16)),
        sha256=fields.sha256("sha256", ""),
        ticks_sha256=fields.sha256("ticks_sha256", ""),
    )


def _encoding(fields: Fields) -> Encoding:
    encoding = Encoding.of_depth(fields.choice("depth", (8, 16)))
    fields.choice("zero", (encoding.zero,))
    fields.number("offset", OFFSET, OFFSET)
    fields.whole("ticks_per_full_scale", TICKS_PER_FULL_SCALE, TICKS_PER_FULL_SCALE)
    return encoding


def _model(fields: Fields) -> ManifestModel:
    return ManifestModel(
        id=fields.text("id", "", limit=255),
        sha256=fields.sha256("sha256", ""),
        domain=fields.text("domain", "", limit=255),
        seed=fields.whole("seed", 0, 1 << 63, 0),
        size=fields.whole("size", 0, _MAX_SIDE, 0),
        working_width=fields.whole("working_width", 0, _MAX_SIDE, 0),
        working_height=fields.whole("working_height", 0, _MAX_SIDE, 0),
        device=fields.text("device", "", limit=255),
        adapted_steps=fields.whole("adapted_steps", 0, 1 << 31, 0),
        styles=read_styles(fields, MAX_LAYERS),
        frame=read_frame(fields),
        splits_light=fields.flag("splits_light", False),
    )


def _layer(fields: Fields) -> ManifestLayer:
    return ManifestLayer(
        index=fields.whole("index", 0, MAX_LAYERS - 1),
        position=fields.whole("position", 0, MAX_LAYERS - 1),
        id=fields.text("id", limit=255),
        name=fields.text("name", limit=1024),
        kind=LayerKind(fields.choice("kind", tuple(kind.value for kind in LayerKind))),
        file=fields.file_name("file"),
        sha256=fields.sha256("sha256"),
        visible=fields.flag("visible", True),
        muted=fields.flag("muted", False),
        gain=fields.number("gain", GAIN_MIN, GAIN_MAX, 1.0),
        opacity=fields.number("opacity", 0, 1, 1.0),
        locked=fields.flag("locked", False),
        energy_share=fields.number("energy_share", 0, 1e9, 0.0),
        description=fields.text("description", ""),
        baked_gain=fields.number("baked_gain", GAIN_MIN, GAIN_MAX, 1.0),
        tint=read_tint(fields, "tint"),
        baked_tint=read_tint(fields, "baked_tint"),
        mask=read_mask(fields),
        mode=fields.choice("mode", MODES, PLAIN),
        filter=read_filter(fields),
    )
