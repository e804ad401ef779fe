from __future__ import annotations

import errno
import hashlib
import json
import math
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bsgui.core.blend_mode import BlendMode
from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import Cancelled, ExportError, StackReadError, UsageError
from bsgui.core.frame import Frame
from bsgui.core.layer_filter import LayerFilter
from bsgui.core.layers import LayerStack, edit_layer, move_layer, show_only
from bsgui.core.manifest import LayerBlend, Manifest
from bsgui.core.mask import Mask
from bsgui.core.painted_mask import PaintedMask, Stroke
from bsgui.core.photo import Photo
from bsgui.core.requests import Progress
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.sources import PixelLayers
from bsgui.core.tint import tint_of
from bsgui.imageio.limits import ReadLimits
from bsgui.imageio.open_stack import open_stack
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.read_stack import find_layer, is_stack, read_stack
from bsgui.imageio.recombine import recombine
from bsgui.imageio.stack_names import layer_file_name, safe_stem, slug
from bsgui.imageio.verify_stack import verify
from bsgui.imageio.write_stack import ExportOptions, write_stack
from tests.fixtures import layer_infos, make_decomposition, make_photo


class CancelAfter:
    """Cancelled from the n-th question on."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def raise_if_cancelled(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def export(
    folder: Path,
    decomposition: Decomposition | None = None,
    change: Callable[[LayerStack], LayerStack] = lambda stack: stack,
    **options: Any,
) -> Manifest:
    decomposition = decomposition or make_decomposition(make_photo(name="cat.png"))
    return write_stack(decomposition, change(decomposition.initial_stack()), folder, ExportOptions(**options))


def random_layers(photo: Photo, seed: int, branches: int = 3, spread: int = 32768) -> Decomposition:
    """Any integers at all as base and branches; whatever is left is the residual, which may not fit 16 bits."""
    rng = np.random.default_rng(seed)
    size = (photo.height, photo.width, 3)
    layers = [rng.integers(-spread, spread, size).astype(np.int32) for _ in range(branches + 1)]
    residual = photo.rows_ticks() - 16320 - sum(layers)
    return Decomposition(photo, layer_infos(branches), WideLayers(photo, (*layers, residual)))  # type: ignore[arg-type]


class WideLayers(PixelLayers):
    """Layers with values beyond 16 bits, as the residual of a source may have."""

    def ticks(self, start: int, stop: int) -> NDArray[np.int32]:
        return np.stack([layer[start:stop] for layer in self.layers]).astype(np.int32)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def edits(stack: LayerStack) -> LayerStack:
    stack = edit_layer(stack, "branch-1", gain=2.5, opacity=0.5, name="Warm Light!")
    stack = edit_layer(stack, "branch-2", gain=-1.0, tint=tint_of(30, 0.4))
    stack = edit_layer(stack, "branch-3", muted=True)
    return move_layer(stack, "base", 3)


def test_names_start_with_the_photo(tmp_path: Path) -> None:
    manifest = export(tmp_path / "out", change=edits)
    expected = {
        "cat_00_base.png", "cat_01_warm-light.png", "cat_02_branch-2.png", "cat_03_branch-3.png",
        "cat_residual.png", "cat_composite.png", "manifest.json",
    }  # fmt: skip
    assert names(tmp_path / "out") == expected
    assert names(tmp_path) == {"out"}
    written = Manifest.from_json(json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")))
    assert written == manifest
    for layer in manifest.layers:
        assert hashlib.sha256((tmp_path / "out" / layer.file).read_bytes()).hexdigest() == layer.sha256
    assert [x.position for x in manifest.layers] == [3, 0, 1, 2, 4]
    assert (manifest.model.id, manifest.photo.sha256) == ("fake", make_photo().sha256)


@pytest.mark.parametrize("depth", [8, 16])
def test_an_untouched_stack_recombines_to_the_photo(tmp_path: Path, depth: int) -> None:
    photo = make_photo(61, 530, depth, name="cat.png")
    manifest = export(tmp_path / "out", make_decomposition(photo))
    assert manifest.max_error_lsb == 0
    again = recombine(read_stack(tmp_path / "out"))
    assert again.dtype == photo.samples.dtype
    assert np.abs(again.astype(int) - photo.samples).max() <= (0 if depth == 8 else 1)
    report = verify(read_stack(tmp_path / "out"), photo)
    assert (report.ok, report.exact, report.max_error_lsb, report.files) == (True, True, 0.0, 6)


def test_large_flat_layers_are_read_to_their_end(tmp_path: Path) -> None:
    """They compress a thousandfold: one piece of the file holds many strips."""
    photo = Photo(np.full((1500, 1000, 3), 77, np.uint8), "flat.png", "")
    export(tmp_path / "out", make_decomposition(photo))
    assert np.array_equal(recombine(read_stack(tmp_path / "out")), photo.samples)


def test_anyone_can_add_the_layers_up(tmp_path: Path) -> None:
    """The formula in the manifest, with nothing but another PNG reader."""
    photo = make_photo(name="cat.png")
    export(tmp_path / "out", make_decomposition(photo))
    total = np.full(photo.samples.shape, 16320)
    for path in [*(tmp_path / "out").glob("cat_0*.png"), tmp_path / "out" / "cat_residual.png"]:
        total += cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1].astype(int) - 32768
    assert np.array_equal(total, photo.samples.astype(int) * 128)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "cat_composite.png")), photo.samples)
    assert read_photo(tmp_path / "out" / "cat_01_branch-1.png").white == 65535


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("depth", [8, 16])
def test_any_layers_recombine_exactly_and_overflow_is_carried(tmp_path: Path, seed: int, depth: int) -> None:
    photo = make_photo(37, 23, depth, seed, "cat.png")
    manifest = export(tmp_path / "out", random_layers(photo, seed))
    assert manifest.max_error_lsb == 0
    assert manifest.carried_samples > 0
    assert manifest.carried_max_ticks > 1000
    report = verify(read_stack(tmp_path / "out"), photo)
    assert (report.ok, report.max_error_lsb) == (True, 0.0)
    small = export(tmp_path / "small", random_layers(photo, seed, spread=4000))
    assert (small.carried_samples, small.carried_max_ticks) == (0, 0)


def test_what_the_source_carried_is_reported(tmp_path: Path) -> None:
    decomposition = make_decomposition(make_photo(name="cat.png"))
    source = decomposition.source
    shift = source.shift_maps.copy()  # type: ignore[attr-defined]
    shift[1] += 1.2
    shift[-1] -= 1.2
    manifest = export(tmp_path / "out", replace(decomposition, source=replace(source, shift_maps=shift)))  # type: ignore[type-var]
    assert manifest.carried_samples > 0
    assert 0.1 * 32640 < manifest.carried_max_ticks < 1.3 * 32640
    assert verify(read_stack(tmp_path / "out")).ok


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("which", ["all", "visible"])
def test_the_composite_is_what_the_layers_give(tmp_path: Path, edited: bool, which: str) -> None:
    decomposition = make_decomposition(make_photo(name="cat.png"))

    def change(stack: LayerStack) -> LayerStack:
        return edit_layer(edits(stack), "residual", visible=False)

    manifest = export(tmp_path / "out", decomposition, change, edited=edited, which=which)
    stack = read_stack(tmp_path / "out")
    assert verify(stack).ok
    assert manifest.max_error_lsb < 0.05
    composite = read_photo(tmp_path / "out" / "cat_composite.png").samples
    assert np.array_equal(recombine(stack), composite)
    weights = change(decomposition.initial_stack()).weights()
    view = decomposition.source.mix(weights, whole(decomposition.photo))
    assert np.abs(np.clip(view, 0, 1) * 255 - composite).max() < 0.6
    assert (len(manifest.layers), manifest.complete) == ((5, True) if which == "all" else (4, False))
    assert manifest.edited is edited
    assert [x.baked_gain for x in manifest.layers][:2] == ([1.0, 1.25] if edited else [1.0, 1.0])


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("is_painted", [False, True])
def test_where_a_mask_is_not_the_layers_are_as_they_came(
    tmp_path: Path, edited: bool, inverted: bool, is_painted: bool
) -> None:
    photo = make_photo(name="cat.png")
    decomposition = make_decomposition(photo)
    mask: Mask = ShapedMask("ellipse", Frame(photo.width / 2, photo.height / 2, 20, 12), 0.5, inverted)
    if is_painted:
        mask = PaintedMask((Stroke(((10.0, 10.0), (30.0, 14.0)), 5.0, 0.6),), inverted)

    def change(stack: LayerStack) -> LayerStack:
        return edit_layer(stack, "branch-1", gain=-1.0, tint=tint_of(30, 0.4), mask=mask)

    export(tmp_path / "out", decomposition, change, edited=edited)
    stack = read_stack(tmp_path / "out")
    assert verify(stack).ok
    composite = read_photo(tmp_path / "out" / "cat_composite.png").samples
    assert np.array_equal(recombine(stack), composite)
    values = mask.seen_in(whole(photo))
    changed = np.abs(composite.astype(int) - photo.samples).max(2)
    assert (changed[values == 0] == 0).all()
    assert changed[values == 1].mean() > 5
    factors = 1 + values[..., None] * (-np.float32(tint_of(30, 0.4)) - 1)
    branch = decomposition.source.ticks(0, photo.height)[1] / 128
    expected = np.clip(photo.samples + (factors - 1) * branch, 0, 255)
    assert np.abs(composite - expected).max() < 0.6
    opened = open_stack(tmp_path / "out")[1]
    assert opened["branch-1"].mask == (None if edited else mask)


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("mode", ["lighten", "darken", "luminosity", "colour"])
def test_modes_are_in_the_composite_and_come_back(tmp_path: Path, edited: bool, mode: BlendMode) -> None:
    photo = make_photo(name="cat.png")
    decomposition = make_decomposition(photo)
    mask = PaintedMask((Stroke(((10.0, 10.0), (30.0, 14.0)), 8.0, 0.6),))

    def change(stack: LayerStack) -> LayerStack:
        return edit_layer(
            edit_layer(stack, "branch-1", gain=2.0, mode=mode), "branch-2", gain=-1.0, mode=mode, mask=mask
        )

    export(tmp_path / "out", decomposition, change, edited=edited)
    stack = read_stack(tmp_path / "out")
    assert verify(stack).ok
    composite = read_photo(tmp_path / "out" / "cat_composite.png").samples
    assert np.array_equal(recombine(stack), composite)
    seen = decomposition.source.show(change(decomposition.initial_stack()).weights(), whole(photo))
    assert np.abs(composite.astype(int) - seen).max() <= 1
    opened = open_stack(tmp_path / "out")[1]
    assert opened["branch-1"].mode == ("add" if edited else mode)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("radius", [1.5, 9.0])
def test_filters_are_in_the_composite_and_come_back(tmp_path: Path, edited: bool, radius: float, depth: int) -> None:
    photo = make_photo(700, 500, depth, name="cat.png")
    decomposition = make_decomposition(photo)
    soft, mask = LayerFilter(radius, -1.0), PaintedMask((Stroke(((10.0, 10.0), (300.0, 140.0)), 80.0, 0.6),))

    def change(stack: LayerStack) -> LayerStack:
        stack = edit_layer(stack, "branch-1", gain=1.5, filter=soft)
        return edit_layer(stack, "branch-2", gain=0.5, mode="darken", mask=mask, filter=LayerFilter(radius, 2.0))

    export(tmp_path / "out", decomposition, change, edited=edited)
    stack = read_stack(tmp_path / "out")
    outcome = verify(stack)
    assert outcome.ok, outcome
    composite = read_photo(tmp_path / "out" / "cat_composite.png").samples
    step = 1 if depth == 8 else 257
    assert np.abs(recombine(stack).astype(int) - composite).max() <= step
    settings = change(decomposition.initial_stack())
    seen = decomposition.source.show(settings.weights(), whole(photo)).astype(int) * step
    assert np.abs(composite.astype(int) - seen).max() <= step
    reopened, opened = open_stack(tmp_path / "out")
    assert opened["branch-1"].filter == (None if edited else soft)
    again = reopened.source.show(opened.weights(), whole(photo)).astype(int) * step
    assert np.abs(composite.astype(int) - again).max() <= step
    plain = decomposition.source.show(change_without_filters(settings).weights(), whole(photo)).astype(int) * step
    assert np.abs(composite.astype(int) - plain).max() > 5 * step


def change_without_filters(stack: LayerStack) -> LayerStack:
    return LayerStack(tuple(replace(layer, filter=None) for layer in stack))


def test_a_composite_that_is_not_filtered_as_the_manifest_says_is_found(tmp_path: Path) -> None:
    decomposition = make_decomposition(make_photo(200, 100, name="cat.png"))
    export(tmp_path / "out", decomposition, lambda x: edit_layer(x, "branch-1", filter=LayerFilter(3.0, -1.0)))
    manifest = tmp_path / "out" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"amount": -1.0', '"amount": 1.0'), "utf-8")
    assert any("composite" in problem for problem in verify(read_stack(tmp_path / "out")).problems)


def test_without_filters_layers_are_read_once_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decomposition = make_decomposition(make_photo(64, 48, name="cat.png"))
    export(tmp_path / "out", decomposition, lambda x: edit_layer(x, "branch-1", filter=LayerFilter(3.0, 1.0), gain=0))
    filled: list[object] = []
    monkeypatch.setattr("bsgui.imageio.filtered_layers.FilteredLayers.fill", lambda *_: filled.append(_))
    recombine(read_stack(tmp_path / "out"))
    export(tmp_path / "plain", decomposition)
    assert not filled


def whole(photo: Photo) -> Any:
    from bsgui.core.viewport import Viewport

    return Viewport.strip(photo.width, 0, photo.height)


def test_gains_beyond_16_bits_still_add_up(tmp_path: Path) -> None:
    decomposition = random_layers(make_photo(name="cat.png"), 1, spread=14000)
    manifest = export(tmp_path / "out", decomposition, lambda s: edit_layer(s, "branch-1", gain=3.0), edited=True)
    assert manifest.carried_samples > 0
    assert manifest.max_error_lsb == 0
    assert verify(read_stack(tmp_path / "out")).ok


def test_previews_say_what_they_are(tmp_path: Path) -> None:
    photo = make_photo(name="cat.png")
    manifest = export(tmp_path / "out", make_decomposition(photo), depth=8)
    assert "do not recombine exactly" in manifest.encoding.formula
    assert 0 < manifest.max_error_lsb < 6
    stack = read_stack(tmp_path / "out")
    report = verify(stack, photo)
    assert report.ok
    assert not report.exact
    assert any("previews" in note for note in report.notes)
    assert 0 < report.max_error_lsb < 6
    assert np.abs(recombine(stack).astype(int) - photo.samples).max() < 6
    base = np.asarray(Image.open(tmp_path / "out" / "cat_00_base.png"))
    assert base[0, 0].tolist() == [133, 128, 123]  # 128 + 255 * (0.02, 0, -0.02)


def test_alpha_is_kept_in_the_composite(tmp_path: Path) -> None:
    for depth in (8, 16):
        photo = make_photo(depth=depth, name="cat.png")
        alpha = np.ascontiguousarray(photo.samples[..., 0])
        decomposition = make_decomposition(replace(photo, alpha=alpha))
        export(tmp_path / str(depth), decomposition)
        composite = read_photo(tmp_path / str(depth) / "cat_composite.png")
        assert composite.alpha is not None
        assert np.array_equal(composite.alpha, alpha)
        assert np.array_equal(composite.samples, photo.samples)
        opened, _ = open_stack(tmp_path / str(depth))
        assert opened.photo.alpha is not None
        assert np.array_equal(opened.photo.alpha, alpha)


@pytest.mark.parametrize("compression", ["fast", "small"])
def test_both_compressions_read_back(tmp_path: Path, compression: Literal["fast", "small"]) -> None:
    manifest = export(tmp_path / "out", compression=compression, composite=False)
    assert manifest.composite is None
    report = verify(read_stack(tmp_path / "out"))
    assert (report.ok, report.max_error_lsb, report.files) == (True, 0.0, 5)


def test_opening_a_stack_gives_the_layers_and_settings_back(tmp_path: Path) -> None:
    decomposition = make_decomposition(make_photo(name="cat.png"))
    export(tmp_path / "out", decomposition, edits)
    opened, stack = open_stack(tmp_path / "out" / "manifest.json")
    changed = edits(decomposition.initial_stack())
    assert np.array_equal(opened.photo.samples, decomposition.photo.samples)
    assert np.array_equal(opened.source.ticks(0, 32), decomposition.source.ticks(0, 32))
    assert stack == changed
    assert opened.provenance == decomposition.provenance
    assert [x.energy_share for x in opened.layers] == [x.energy_share for x in decomposition.layers]
    assert opened.max_error_lsb() < 0.01
    assert math.isfinite(opened.psnr_without_residual_db)


@pytest.mark.parametrize("depth", [8, 16])
def test_an_opened_stack_exports_to_the_same_files(tmp_path: Path, depth: int) -> None:
    first = export(tmp_path / "first", make_decomposition(make_photo(61, 300, depth, name="cat.png")), edits)
    opened, stack = open_stack(tmp_path / "first")
    second = write_stack(opened, stack, tmp_path / "second")
    assert second.layers == first.layers
    assert second.photo == first.photo
    assert second.composite == first.composite


@pytest.mark.parametrize("options", [{"depth": 8}, {"edited": True}, {"which": "visible"}])
def test_opening_a_stack_that_is_no_photo_keeps_the_sum_exact(tmp_path: Path, options: dict[str, Any]) -> None:
    def change(stack: LayerStack) -> LayerStack:
        return edit_layer(edit_layer(stack, "branch-1", gain=3.0), "residual", visible=False)

    export(tmp_path / "out", change=change, **options)
    opened, stack = open_stack(tmp_path / "out")
    photo = opened.photo
    assert np.array_equal(opened.source.ticks(0, photo.height).sum(0) + 16320, photo.rows_ticks())
    assert opened.notes
    assert sorted(x.source for x in stack.layers) == list(range(opened.source.count))
    assert len({x.id for x in stack.layers}) == len(stack) == len(opened.layers)


def test_weights_and_names_of_layers(tmp_path: Path) -> None:
    decomposition = make_decomposition(make_photo(name="cat.png"))
    manifest = export(tmp_path / "out", decomposition, lambda s: edit_layer(s, "branch-1", name="Warm Light"))
    stack = read_stack(tmp_path / "out")
    nothing = {layer.id: LayerBlend(0.0) for layer in manifest.layers}
    assert np.all(recombine(stack, nothing) == 128)
    doubled = recombine(stack, {"branch-1": LayerBlend(2.0)})
    weights = np.array([1, 2, 1, 1, 1], np.float32)
    expected = np.clip(decomposition.source.mix(weights, whole(decomposition.photo)), 0, 1) * 255
    assert np.abs(doubled - expected).max() < 0.6
    for asked in ("branch-1", "1", "warm light", "warm-light"):
        assert find_layer(manifest, asked).id == "branch-1"
    for wrong in ("fur", "", "9"):
        with pytest.raises(UsageError):
            find_layer(manifest, wrong)
    blue = tint_of(240, 0.5)
    tinted = recombine(stack, {"branch-1": LayerBlend(tint=blue)})
    channels = np.ones((5, 3), np.float32)
    channels[1] = blue
    expected = np.clip(decomposition.source.mix(channels, whole(decomposition.photo)), 0, 1) * 255
    assert np.abs(tinted - expected).max() < 0.6
    with pytest.raises(UsageError):
        recombine(stack, {"fur": LayerBlend()})


def test_only_visible_layers(tmp_path: Path) -> None:
    manifest = export(tmp_path / "out", change=lambda s: show_only(s, ["base", "branch-2"]), which="visible")
    assert [x.file for x in manifest.layers] == ["cat_00_base.png", "cat_02_branch-2.png"]
    with pytest.raises(UsageError):
        export(tmp_path / "none", change=lambda s: show_only(s, []), which="visible")
    assert names(tmp_path) == {"out"}


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ExportError, match="not empty"):
        export(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    export(folder, overwrite=True, depth=8)
    assert read_stack(folder).manifest.encoding.depth == 8
    assert names(tmp_path) == {"out"}


def test_a_folder_with_anything_else_in_it_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "Pictures"
    folder.mkdir()
    export(folder)  # An empty folder is free.
    (folder / "holiday.jpg").write_bytes(b"the only one")
    with pytest.raises(ExportError, match=r"holiday\.jpg"):
        export(folder, overwrite=True)
    assert (folder / "holiday.jpg").read_bytes() == b"the only one"
    (folder / "holiday.jpg").unlink()
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(ExportError):
        export(folder, overwrite=True)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="not a folder"):
        export(tmp_path / "file", overwrite=True)


@pytest.mark.parametrize("questions", [0, 1, 3])
@pytest.mark.parametrize("overwrite", [False, True])
def test_cancelling_leaves_nothing(tmp_path: Path, questions: int, overwrite: bool) -> None:
    folder = tmp_path / "out"
    if overwrite:
        export(folder)
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")}
    decomposition = make_decomposition(make_photo(30, 1200))
    told: list[Progress] = []
    with pytest.raises(Cancelled):
        write_stack(
            decomposition,
            decomposition.initial_stack(),
            folder,
            ExportOptions(overwrite=overwrite),
            told.append,
            CancelAfter(questions),
        )
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    assert told[-1].done == questions < told[-1].total


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    decomposition = make_decomposition(make_photo(30, 1200))
    told: list[Progress] = []
    stack = decomposition.initial_stack()
    write_stack(decomposition, stack, tmp_path / "out", ExportOptions(), told.append)
    assert [x.done for x in told] == list(range(told[-1].total + 1))


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool) -> None:
    folder = tmp_path / "out"
    if overwrite:
        export(folder)
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")}
    left = threading.Semaphore(30)

    def write(self: Any, data: bytes) -> None:
        if not left.acquire(blocking=False):
            raise OSError(errno.ENOSPC, "No space left on device")
        self._file.write(data)
        self._digest.update(data)

    monkeypatch.setattr("bsgui.imageio.png_writer.PngWriter._write", write)
    with pytest.raises(ExportError, match="no space left on device"):
        export(folder, overwrite=overwrite)
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_a_failed_swap_puts_the_old_export_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "out"
    export(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rename = __import__("os").rename

    def fail_once(source: Path, target: Path) -> None:
        if target == folder and (source / "manifest.json").read_bytes() != before["manifest.json"]:
            raise PermissionError(errno.EACCES, "Permission denied")
        rename(source, target)

    monkeypatch.setattr("os.rename", fail_once)
    with pytest.raises(ExportError, match="permission denied"):
        export(folder, overwrite=True, depth=8)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert names(tmp_path) == {"out"}


def test_an_impossible_place_is_an_export_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="could not be written"):
        export(tmp_path / "file" / "out")


@pytest.mark.parametrize("name", ["cat_01_branch-1.png", "cat_composite.png"])
def test_verify_finds_one_changed_sample(tmp_path: Path, name: str) -> None:
    photo = make_photo(name="cat.png")
    export(tmp_path / "out", make_decomposition(photo))
    path = tmp_path / "out" / name
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    pixels[7, 9, 1] ^= 1
    cv2.imwrite(str(path), pixels)  # Adaptive filters: read by OpenCV.
    report = verify(read_stack(tmp_path / "out"), photo)
    assert not report.ok
    assert any(name in problem for problem in report.problems)
    assert len(report.problems) == (3 if "branch" in name else 2)
    assert report.max_error_lsb == (1 / 128 if "branch" in name else 0.0)


def test_verify_finds_another_photo(tmp_path: Path) -> None:
    export(tmp_path / "out", make_decomposition(make_photo(name="cat.png")))
    stack = read_stack(tmp_path / "out")
    report = verify(stack, make_photo(seed=5))
    assert not report.ok
    assert report.max_error_lsb > 1
    assert any("another file" in note for note in report.notes)
    with pytest.raises(UsageError, match="48 × 33"):
        verify(stack, make_photo(48, 33))


def test_cancelling_while_reading(tmp_path: Path) -> None:
    export(tmp_path / "out")
    stack = read_stack(tmp_path / "out")
    for job in (recombine, verify):
        with pytest.raises(Cancelled):
            job(stack, None, cancel=CancelAfter(0))  # type: ignore[operator]
    with pytest.raises(Cancelled):
        open_stack(tmp_path / "out", cancel=CancelAfter(0))


def damage(folder: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)


def test_damaged_stacks_are_refused(tmp_path: Path) -> None:
    export(tmp_path / "good")
    layer = (tmp_path / "good" / "cat_01_branch-1.png").read_bytes()
    small = cv2.imencode(".png", np.zeros((3, 3, 3), np.uint16))[1].tobytes()
    shallow = cv2.imencode(".png", np.zeros((32, 48, 3), np.uint8))[1].tobytes()
    huge = layer[:16] + b"\x7f\xff\xff\xff" * 2 + layer[24:]
    cases: list[tuple[str, bytes | None, str]] = [
        ("cat_01_branch-1.png", None, "missing"),
        ("cat_01_branch-1.png", b"", "not a PNG"),
        ("cat_01_branch-1.png", small, "3 × 3"),
        ("cat_01_branch-1.png", shallow, "16 bits"),
        ("cat_01_branch-1.png", huge, "damaged"),
        ("cat_01_branch-1.png", layer[: len(layer) // 2], "truncated"),
        ("cat_01_branch-1.png", layer[:200] + bytes(50) + layer[250:], "damaged"),
        ("cat_composite.png", None, "missing"),
        ("manifest.json", None, "missing"),
        ("manifest.json", b"{", "no JSON"),
        ("manifest.json", b"[" * 100_000, "no JSON"),
        ("manifest.json", b"\xff\xfe\x00", "no JSON"),
        ("manifest.json", b"{}", "does not describe"),
        ("manifest.json", b" " * (5 << 20), "too large"),
    ]
    for number, (name, content, reason) in enumerate(cases):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "good", folder)
        damage(folder, name, content)
        with pytest.raises(StackReadError, match=reason):
            recombine(read_stack(folder))


def test_a_stack_beyond_the_limits_is_refused_before_decoding(tmp_path: Path) -> None:
    export(tmp_path / "out")
    with pytest.raises(StackReadError, match="megapixels"):
        read_stack(tmp_path / "out", ReadLimits(max_pixels=100))
    with pytest.raises(StackReadError, match="larger than"):
        read_stack(tmp_path / "out", ReadLimits(max_bytes=100))


def test_places_without_a_stack(tmp_path: Path) -> None:
    assert not is_stack(tmp_path)
    for path in (tmp_path, tmp_path / "gone", tmp_path / "a\0b"):
        with pytest.raises(StackReadError):
            read_stack(path)
    export(tmp_path / "out")
    assert is_stack(tmp_path / "out")
    assert is_stack(tmp_path / "out" / "manifest.json")


@pytest.mark.parametrize(
    ("stem", "expected"),
    [("cat", "cat"), ("a/b\\c:d", "a_b_c_d"), ("..", "photo"), (" . ", "photo"), ("ü中文 #1", "ü中文 #1"),
     ("x" * 300, "x" * 120), ("bad\udcff", "bad_")],
)  # fmt: skip
def test_stems_are_safe(stem: str, expected: str) -> None:
    assert safe_stem(stem) == expected


def test_layer_names_become_slugs() -> None:
    assert slug("Warm Light!", "x") == "warm-light"
    assert slug("../../etc", "x") == "etc"
    assert slug("***", "branch-1") == "branch-1"
    assert slug("Größe 中文", "x") == "größe-中文"
    assert len(slug("word " * 99, "x")) <= 40
    assert layer_file_name("cat", 3, "Fur", "branch-3") == "cat_03_fur.png"


def test_awkward_photo_names(tmp_path: Path) -> None:
    for number, name in enumerate(["a/b.png", "..png", "x" * 300 + ".jpg", "bad\udcff.jpg", "ü中文 #1.jpg", "con.jpg"]):
        export(tmp_path / str(number), make_decomposition(make_photo(name=name)))
        assert verify(read_stack(tmp_path / str(number))).ok
