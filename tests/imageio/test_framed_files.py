from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import StackReadError
from bsgui.core.frame import Frame
from bsgui.core.requests import DecomposeSettings, NeverCancelled, report_nothing
from bsgui.core.sources import AffineLayers
from bsgui.imageio.open_stack import open_stack
from bsgui.imageio.project_file import Project, ProjectError, load_project, save_project
from bsgui.imageio.read_stack import read_stack
from bsgui.imageio.stored_layers import StoredLayers
from bsgui.imageio.verify_stack import verify
from bsgui.imageio.write_stack import ExportOptions, write_stack
from tests.fixtures import framed, make_decomposition, make_photo

FRAME = Frame(30.5, 20.25, 24, 18, 0.3)


@pytest.fixture
def decomposition() -> Decomposition:
    return framed(make_decomposition(make_photo(60, 40)), FRAME)


def exported(decomposition: Decomposition, folder: Path) -> Path:
    stack = decomposition.initial_stack()
    write_stack(decomposition, stack, folder, ExportOptions(), report_nothing, NeverCancelled())
    return folder


def test_a_framed_stack_adds_up_and_remembers_its_frame(decomposition: Decomposition, tmp_path: Path) -> None:
    folder = exported(decomposition, tmp_path / "cat")
    assert verify(read_stack(folder), decomposition.photo).ok
    opened, _ = open_stack(folder)
    assert np.array_equal(opened.photo.samples, decomposition.photo.samples)
    assert opened.provenance == decomposition.provenance
    assert json.loads((folder / "manifest.json").read_text())["model"]["frame"]["angle"] == 0.3


def test_an_opened_stack_is_measured_where_its_frame_is(decomposition: Decomposition, tmp_path: Path) -> None:
    framed_db = open_stack(exported(decomposition, tmp_path / "framed"))[0].psnr_without_residual_db
    forgotten = replace(decomposition, provenance=replace(decomposition.provenance, frame=None))
    whole_db = open_stack(exported(forgotten, tmp_path / "whole"))[0].psnr_without_residual_db
    assert framed_db > whole_db + 3


def test_a_damaged_frame_is_named(decomposition: Decomposition, tmp_path: Path) -> None:
    file = exported(decomposition, tmp_path / "cat") / "manifest.json"
    data = json.loads(file.read_text())
    data["model"]["frame"]["width"] = -1
    file.write_text(json.dumps(data))
    with pytest.raises(StackReadError, match=r"frame\.width"):
        open_stack(file.parent)


def test_projects_keep_the_frame(tmp_path: Path) -> None:
    path = tmp_path / "work.bsgui"
    project = Project("/photos/cat.jpg", settings=DecomposeSettings("general", frame=FRAME), path=path)
    save_project(path, project)
    assert load_project(path) == project


def test_damaged_frames_in_projects_are_named(tmp_path: Path) -> None:
    path = tmp_path / "work.bsgui"
    save_project(path, Project("/photos/cat.jpg", settings=DecomposeSettings("general", frame=FRAME)))
    data = json.loads(path.read_text())
    data["settings"]["frame"]["x"] = "left"
    path.write_text(json.dumps(data))
    with pytest.raises(ProjectError, match=r"settings\.frame\.x"):
        load_project(path)


def test_adapted_framed_layers_come_back_bit_for_bit(decomposition: Decomposition, tmp_path: Path) -> None:
    source = decomposition.source
    assert isinstance(source, AffineLayers)
    maps = [x[1:-1].astype(np.float16).astype(np.float32) for x in (source.scale_maps, source.shift_maps)]
    rounded = AffineLayers.with_residual(source.photo, source.shift_maps[0, 0, 0], *maps, FRAME)
    provenance = replace(decomposition.provenance, adapted_steps=3)
    before = replace(decomposition, source=rounded, provenance=provenance)
    save_project(tmp_path / "work.bsgui", Project("/photos/cat.jpg", adapted=StoredLayers.of(before)))
    stored = load_project(tmp_path / "work.bsgui").adapted
    assert stored is not None
    after = stored.decomposition(before.photo)
    assert after.provenance == provenance
    assert np.array_equal(after.source.ticks(0, 40), before.source.ticks(0, 40))
