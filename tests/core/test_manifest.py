from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from bsgui.core.errors import StackReadError
from bsgui.core.frame import Frame
from bsgui.core.layer_filter import LayerFilter
from bsgui.core.layers import LayerKind
from bsgui.core.manifest import (
    Encoding,
    LayerBlend,
    Manifest,
    ManifestFile,
    ManifestLayer,
    ManifestModel,
    ManifestPhoto,
)  # fmt: skip
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.tint import NO_TINT, tint_of

SHA = "ab" * 32
WARM = tint_of(30, 0.4)
SOFT = LayerFilter(12.5, -0.5)
MASK = ShapedMask("ellipse", Frame(20, 15, 30, 10, 0.5), 0.25, True)


def make_manifest(**changes: Any) -> Manifest:
    layers = (
        ManifestLayer(0, 0, "base", "Base", LayerKind.BASE, "cat_00_base.png", SHA),
        ManifestLayer(
            1,
            2,
            "branch-1",
            "Fur",
            LayerKind.BRANCH,
            "cat_01_fur.png",
            SHA,
            gain=1.5,
            opacity=0.5,
            tint=WARM,
            mask=MASK,
            mode="colour",
            filter=SOFT,
        ),
        ManifestLayer(2, 1, "residual", "Residual", LayerKind.RESIDUAL, "cat_02_residual.png", SHA, muted=True),
    )
    values: dict[str, Any] = {
        "app_version": "0.1.0",
        "created": "2026-01-02T03:04:05+00:00",
        "photo": ManifestPhoto("cat.jpg", 40, 30, 8, SHA, SHA),
        "encoding": Encoding.of_depth(16),
        "model": ManifestModel("general", SHA, "cat", 7, 256, 256, 192, "cpu", splits_light=True),
        "layers": layers,
        "composite": ManifestFile("cat_composite.png", SHA),
        "carried_samples": 3,
        "carried_max_ticks": 17,
    }
    return Manifest(**{**values, **changes})


@pytest.mark.parametrize("changes", [{}, {"composite": None}, {"encoding": Encoding.of_depth(8)}, {"edited": True}])
def test_survives_json(changes: dict[str, Any]) -> None:
    manifest = make_manifest(**changes)
    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest


def test_unknown_keys_are_ignored() -> None:
    data = make_manifest().to_json()
    data["future"] = {"x": 1}
    data["layers"][0]["blur"] = "m.png"
    assert Manifest.from_json(data) == make_manifest()


def test_weights_are_what_the_person_had_set() -> None:
    blends = make_manifest().blends()
    assert blends == {
        "base": LayerBlend(),
        "branch-1": LayerBlend(0.75, WARM, MASK, "colour", SOFT),
        "residual": LayerBlend(0.0),
    }
    assert set(make_manifest(edited=True).blends().values()) == {LayerBlend()}


def test_layers_of_older_versions_have_no_tint_no_mask_no_mode_and_no_filter() -> None:
    data = json.loads(json.dumps(make_manifest().to_json()))
    for layer in data["layers"]:
        del layer["tint"], layer["baked_tint"], layer["mask"], layer["mode"], layer["filter"]
    assert {(x.tint, x.mask, x.mode, x.filter) for x in Manifest.from_json(data).layers} == {
        (NO_TINT, None, "add", None)
    }


def test_only_whole_unedited_16_bit_stacks_are_exact() -> None:
    assert make_manifest().is_exact
    for change in ({"edited": True}, {"complete": False}, {"encoding": Encoding.of_depth(8)}):
        assert not make_manifest(**change).is_exact


HOSTILE: list[tuple[str, Any]] = [
    ("schema", "other"), ("schema", None), ("version", 2), ("version", 0), ("version", "1"), ("version", True),
    ("created", "yesterday"), ("created", "2026-01-02T03:04:05"), ("app_version", "x" * 65), ("app_version", 1),
    ("photo", None), ("photo", []), ("photo.width", 0), ("photo.width", -4), ("photo.width", 1 << 21),
    ("photo.width", 40.0), ("photo.height", True), ("photo.bit_depth", 12), ("photo.sha256", "xyz"),
    ("photo.sha256", SHA.upper()), ("photo.name", None), ("encoding.depth", 32), ("encoding.depth", "16"),
    ("encoding.zero", 0), ("encoding.offset", 0.25), ("encoding.ticks_per_full_scale", 255),
    ("model.seed", -1), ("model.size", "256"), ("model.sha256", "0"), ("layers", []), ("layers", {}), ("layers", None),
    ("layers.0", None), ("layers.0", 3), ("layers.0.index", 64), ("layers.0.index", 1), ("layers.0.position", 2),
    ("layers.0.id", "residual"), ("layers.0.kind", "folder"), ("layers.0.kind", 1), ("layers.0.gain", 3.5),
    ("layers.0.gain", float("nan")), ("layers.0.gain", float("inf")), ("layers.0.gain", "1"), ("layers.0.gain", True),
    ("layers.0.gain", 10**400), ("layers.0.opacity", 1.5), ("layers.0.opacity", -0.1),
    ("layers.0.visible", 1), ("layers.0.tint", [1, 1]), ("layers.0.tint", [1, 1, -0.1]),
    ("layers.0.tint", "#ffffff"), ("layers.0.tint", [1, 1, float("nan")]), ("layers.0.tint", [1, 1, 99]),
    ("layers.0.baked_tint", {"0": 1}), ("layers.1.mode", "glow"), ("layers.1.mode", 1), ("layers.1.mode", ["add"]),
    ("layers.1.filter", "soft"), ("layers.1.filter", {}), ("layers.1.filter.radius", 0),
    ("layers.1.filter.radius", 101),
    ("layers.1.filter.radius", float("nan")), ("layers.1.filter.amount", -1.01), ("layers.1.filter.amount", None),
    ("layers.1.mask", "ellipse"), ("layers.1.mask", {}), ("layers.1.mask.shape", "star"), ("layers.1.mask.feather", 0),
    ("layers.1.mask.feather", float("nan")), ("layers.1.mask.inverted", 1), ("layers.1.mask.frame", None),
    ("layers.1.mask.frame.width", 0), ("layers.1.mask.frame.x", 1e300), ("layers.1.mask.frame.angle", "steep"),
    ("layers.0.sha256", ""), ("layers.0.sha256", SHA + "\n"), ("layers.0.file", "cat_01_fur.png"),
    ("layers.0.file", "CAT_composite.PNG"), ("composite.file", "cat_00_base.png"), ("composite.sha256", "no"),
    ("max_error_lsb", -1), ("max_error_lsb", None), ("edited", "yes"), ("complete", 0), ("colour_space", "Adobe RGB"),
    ("carried_to_residual", 3), ("carried_to_residual.samples", -1),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), HOSTILE)
def test_hostile_values_are_refused(place: str, value: Any) -> None:
    data = copy.deepcopy(make_manifest().to_json())
    *path, last = [int(x) if x.isdigit() else x for x in place.split(".")]
    target: Any = data
    for step in path:
        target = target[step]
    target[last] = value
    with pytest.raises(StackReadError) as caught:
        Manifest.from_json(data)
    assert caught.value.user_message.startswith("The manifest is damaged: ")


@pytest.mark.parametrize(
    "name",
    ["../cat.png", "/etc/passwd", "a/b.png", "a\\b.png", "C:cat.png", "..", ".", "", " cat.png", "a\0.png", "a\n.png",
     "x" * 256, "cat?.png"],
)  # fmt: skip
def test_file_names_cannot_leave_the_folder(name: str) -> None:
    data = make_manifest().to_json()
    data["layers"][0]["file"] = name
    with pytest.raises(StackReadError, match=r"layers\[0\]\.file"):
        Manifest.from_json(data)


@pytest.mark.parametrize("data", [None, [], "text", 3, {}, {"schema": "bsgui-stack"}])
def test_what_is_no_manifest_is_refused(data: Any) -> None:
    with pytest.raises(StackReadError):
        Manifest.from_json(data)


def test_too_many_layers_are_refused() -> None:
    data = make_manifest().to_json()
    data["layers"] = data["layers"] * 30
    with pytest.raises(StackReadError, match="64"):
        Manifest.from_json(data)
