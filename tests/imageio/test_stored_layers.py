import base64
import copy
import json
import math
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.sources import AffineLayers, PixelLayers
from bsgui.imageio.project_file import Project, ProjectError, load_project, save_project
from bsgui.imageio.stored_layers import StoredLayers
from tests.fixtures import make_decomposition


def adapted(**changes: Any) -> Decomposition:
    """Layers whose maps are float16 numbers already, as adapted ones are."""
    plain = make_decomposition()
    assert isinstance(plain.source, AffineLayers)
    scale, shift = (
        x[1:-1].astype(np.float16).astype(np.float32) for x in (plain.source.scale_maps, plain.source.shift_maps)
    )
    source = AffineLayers.with_residual(plain.photo, plain.source.shift_maps[0, 0, 0], scale, shift)
    return replace(plain, source=source, provenance=replace(plain.provenance, adapted_steps=12), **changes)


def saved(path: Path, decomposition: Decomposition) -> dict[str, Any]:
    """Save a project with these layers; what is in the file."""
    project = Project("/photos/cat.jpg", stack=decomposition.initial_stack(), adapted=StoredLayers.of(decomposition))
    save_project(path, project)
    data: dict[str, Any] = json.loads(path.read_text())
    return data


@pytest.mark.parametrize("psnr_db", [47.5, math.inf])
def test_layers_come_back_bit_for_bit(tmp_path: Path, psnr_db: float) -> None:
    before = adapted(psnr_without_residual_db=psnr_db)
    path = tmp_path / "work.bsgui"
    saved(path, before)
    stored = load_project(path).adapted
    assert stored is not None
    after = stored.decomposition(before.photo)
    assert isinstance(before.source, AffineLayers)
    assert isinstance(after.source, AffineLayers)
    np.testing.assert_array_equal(after.source.scale_maps, before.source.scale_maps)
    np.testing.assert_array_equal(after.source.shift_maps, before.source.shift_maps)
    assert (after.layers, after.provenance) == (before.layers, before.provenance)
    assert after.psnr_without_residual_db == psnr_db
    assert after.max_error_lsb() < 1e-3


def test_only_adapted_maps_are_kept() -> None:
    before = adapted()
    assert StoredLayers.of(make_decomposition()) is None
    pixels = PixelLayers(before.photo, tuple(x.astype(np.int16) for x in before.source.ticks(0, before.photo.height)))
    assert StoredLayers.of(replace(before, source=pixels)) is None


def test_projects_from_before_adapting_are_read(tmp_path: Path) -> None:
    path = tmp_path / "work.bsgui"
    data = saved(path, adapted())
    del data["adapted"]
    path.write_text(json.dumps(data))
    assert load_project(path).adapted is None


def packed(values: bytes) -> str:
    return base64.b64encode(zlib.compress(values)).decode()


COUNT = 3 * 8 * 8 * 3
HOSTILE: list[tuple[str, Any]] = [
    ("width", 0), ("width", 9), ("width", 1 << 20), ("height", "8"), ("height", None), ("base", ""),
    ("base", packed(b"123")),
    ("base", packed(np.full(3, np.nan, "<f4").tobytes())), ("scale_maps", None), ("scale_maps", "no base64!"),
    ("scale_maps", "AAAA"), ("scale_maps", packed(bytes(2 * COUNT - 2))), ("scale_maps", packed(bytes(2 * COUNT + 2))),
    ("scale_maps", packed(bytes(1 << 26))), ("shift_maps", packed(np.full(COUNT, np.inf, "<f2").tobytes())),
    ("shift_maps", packed(np.full(COUNT, np.nan, "<f2").tobytes())), ("shift_maps", []), ("layers", []),
    ("layers.0.kind", "branch"), ("layers.4.kind", "branch"), ("layers.1.kind", "residual"), ("layers.1.id", "base"),
    ("layers.1.energy_share", -1), ("layers.1.name", 3), ("psnr_db", "good"), ("psnr_db", -1e9), ("provenance", None),
    ("provenance.adapted_steps", 0), ("provenance.model_sha256", "x"), ("provenance.size", -1),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), HOSTILE)
def test_hostile_layers_are_refused(tmp_path: Path, place: str, value: Any) -> None:
    path = tmp_path / "work.bsgui"
    data = copy.deepcopy(saved(path, adapted()))
    *steps, last = [int(x) if x.isdigit() else x for x in place.split(".")]
    target: Any = data["adapted"]
    for step in steps:
        target = target[step]
    target[last] = value
    path.write_text(json.dumps(data))
    with pytest.raises(ProjectError, match=r"“work\.bsgui” is damaged"):
        load_project(path)
