from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bsgui.core.errors import ExportError
from bsgui.core.frame import Frame
from bsgui.core.layer_filter import LayerFilter
from bsgui.core.layers import edit_layer, move_layer
from bsgui.core.painted_mask import PaintedMask, Stroke
from bsgui.core.requests import DecomposeSettings
from bsgui.core.shaped_mask import ShapedMask
from bsgui.core.tint import tint_of
from bsgui.imageio.project_file import (
    Project,
    ProjectError,
    drop_recovery,
    load_project,
    read_recoveries,
    save_project,
    write_recovery,
)  # fmt: skip
from bsgui.imageio.resource_paths import program_folders, resource
from tests.fixtures import make_decomposition

MASK = ShapedMask("gradient", Frame(24, 16, 30, 20, 0.4), inverted=True)
PAINTED = PaintedMask((Stroke(((1.5, 2.0), (9.25, 4.0)), 3.5, 0.2), Stroke(((4.0, 4.0),), 1.0, erases=True)), True)


def make_project(**changes: Any) -> Project:
    stack = make_decomposition().initial_stack()
    stack = move_layer(
        edit_layer(stack, "branch-2", gain=-0.5, muted=True, name="Ears", tint=tint_of(30, 0.4), mask=MASK), "base", 2
    )
    stack = edit_layer(stack, "branch-1", mask=PAINTED, mode="darken", filter=LayerFilter(12.5, -0.5))
    stack = edit_layer(stack, "residual", locked=True, visible=False)
    settings = DecomposeSettings("general", "cat", 7, 256, "cpu", splits_light=True)
    return Project(**{
        "photo_path": "/photos/cat.jpg", "photo_sha256": "ab" * 32, "settings": settings, "model_sha256": "cd" * 32,
        "stack": stack, **changes,
    })  # fmt: skip


@pytest.mark.parametrize(
    "project",
    [make_project(), Project("/photos/cat.jpg"), Project(""), Project("/photos/bad\udcff ü.jpg", "ab" * 32)],
)
def test_projects_read_back(tmp_path: Path, project: Project) -> None:
    path = tmp_path / "work.bsgui"
    save_project(path, project)
    save_project(path, project)
    assert load_project(path) == replace(project, path=path)
    assert [x.name for x in tmp_path.iterdir()] == ["work.bsgui"]


def test_a_project_that_moved_with_its_photo_finds_it(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "photos").mkdir(parents=True)
    photo = before / "photos" / "cat.jpg"
    photo.write_bytes(b"cat")
    save_project(before / "work.bsgui", make_project(photo_path=str(photo)))
    before.rename(after)
    assert load_project(after / "work.bsgui").photo_path == str(after / "photos" / "cat.jpg")


HOSTILE: list[tuple[str, Any]] = [
    ("schema", "bsgui-stack"), ("version", 2), ("version", None), ("photo", None), ("photo.path", 3),
    ("photo.path", "a\0b"), ("photo.sha256", "x"), ("settings", []), ("settings.model", None), ("settings.size", 0),
    ("settings.size", 1e9), ("settings.seed", -1), ("settings.device", "tpu"), ("settings.domain", ["cat"]),
    ("model_sha256", "x"), ("layers", None), ("layers", [[]]), ("layers.0.gain", 9), ("layers.0.gain", None),
    ("layers.0.filter", 3), ("layers.0.filter.radius", 1e9), ("layers.0.filter.amount", "much"),
    ("layers.0.opacity", "1"), ("layers.0.kind", "group"), ("layers.0.source", 2), ("layers.0.source", 63),
    ("layers.0.id", "base"), ("layers.0.visible", "yes"), ("layers.0.name", "x" * 2000), ("layers.0.locked", 0),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), HOSTILE)
def test_hostile_projects_are_refused(tmp_path: Path, place: str, value: Any) -> None:
    path = tmp_path / "work.bsgui"
    save_project(path, make_project())
    data = copy.deepcopy(json.loads(path.read_text()))
    *steps, last = [int(x) if x.isdigit() else x for x in place.split(".")]
    target: Any = data
    for step in steps:
        target = target[step]
    target[last] = value
    path.write_text(json.dumps(data))
    with pytest.raises(ProjectError, match=r"“work\.bsgui”"):
        load_project(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xff", b"[" * 100_000, b" " * (5 << 20)])
def test_what_is_no_project_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "work.bsgui"
    path.write_bytes(content)
    with pytest.raises(ProjectError):
        load_project(path)


def test_places_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no such file"):
        load_project(tmp_path / "gone.bsgui")
    with pytest.raises(ProjectError):
        load_project(tmp_path)
    with pytest.raises(ExportError):
        save_project(tmp_path / "gone" / "work.bsgui", make_project())


def leave_behind(project: Project, key: str = "1") -> Path:
    """Recovery work of a process that is gone: of this one, with an older start."""
    path = write_recovery(project, key)
    data = json.loads(path.read_text())
    data["process"]["started"] -= 1000
    path.write_text(json.dumps(data))
    return path


def test_work_of_a_running_process_is_not_offered() -> None:
    write_recovery(make_project(), "1")
    assert read_recoveries() == []


def test_work_of_a_gone_process_is_offered_until_dropped() -> None:
    assert read_recoveries() == []
    first = leave_behind(make_project(), "1")
    second = leave_behind(make_project(path=Path("/projects/work.bsgui")), "2")
    found = read_recoveries()
    assert [x.file for x in found] == [second, first]
    assert found[0].seconds >= found[1].seconds
    assert found[0].project == make_project(path=Path("/projects/work.bsgui"))
    assert found[1].project == make_project()
    drop_recovery(first)
    drop_recovery(first)
    assert [x.file for x in read_recoveries()] == [second]


def test_each_document_keeps_one_file() -> None:
    assert write_recovery(make_project(), "1") == write_recovery(Project(""), "1")
    assert write_recovery(make_project(), "2").exists()


def test_damaged_recovery_files_are_skipped() -> None:
    good = leave_behind(make_project(), "1")
    (good.parent / "1-1.bsgui").write_bytes(b"{")
    (good.parent / "2-1.bsgui").write_bytes(b"{}")
    (good.parent / "3-1.bsgui").mkdir()
    assert [x.file for x in read_recoveries()] == [good]


def test_edits_survive_a_killed_process() -> None:
    code = (
        "import os, signal\n"
        "from bsgui.imageio.project_file import Project, write_recovery\n"
        "write_recovery(Project('/photos/cat.jpg'), '1')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ.copy(), check=False).returncode == -9
    assert [x.project.photo_path for x in read_recoveries()] == ["/photos/cat.jpg"]


def test_resources_are_found_in_a_checkout_and_a_frozen_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resource("samples").is_dir()
    with pytest.raises(FileNotFoundError):
        resource("no such thing")
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "no such thing").write_bytes(b"")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert program_folders()[0] == tmp_path
    assert resource("no such thing").parent.parent == tmp_path
