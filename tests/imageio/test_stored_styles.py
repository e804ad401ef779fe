from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.fields import Fields
from bsgui.core.layers import LayerStack
from bsgui.core.manifest import Manifest
from bsgui.core.photo import Photo
from bsgui.core.requests import DecomposeSettings
from bsgui.core.styled_layers import affine_layers
from bsgui.core.styles import BranchStyle
from bsgui.imageio.open_stack import open_stack
from bsgui.imageio.project_file import Project, ProjectError, load_project, save_project
from bsgui.imageio.stored_layers import StoredLayers, stored_layers
from bsgui.imageio.write_stack import ExportOptions, write_stack
from tests.fixtures import make_styled

STYLES = (BranchStyle(1, "any", 2**32 - 1, 0.0), BranchStyle(2, "cat", 7, 0.25))
SETTINGS = DecomposeSettings("fake", "any", 1, 64, styles=STYLES)


@pytest.fixture
def styled(tiny_photo: Photo) -> Decomposition:
    return make_styled(tiny_photo, STYLES)


def test_manifests_name_the_styles(tmp_path: Path, styled: Decomposition) -> None:
    manifest = write_stack(styled, styled.initial_stack(), tmp_path / "stack", ExportOptions())
    assert manifest.model.styles == STYLES
    data = json.loads((tmp_path / "stack" / "manifest.json").read_text())
    assert data["model"]["styles"][1:] == [{"branch": 2, "domain": "cat", "seed": 7, "alpha": 0.25}]
    del data["model"]["styles"]
    assert Manifest.from_json(data).model.styles == ()
    assert manifest.max_error_lsb == 0
    opened, _ = open_stack(tmp_path / "stack")
    assert opened.provenance.styles == STYLES


def test_projects_keep_the_styles_and_older_ones_open(tmp_path: Path) -> None:
    path = tmp_path / "work.bsgui"
    save_project(path, Project("/photos/cat.png", settings=SETTINGS, stack=LayerStack(())))
    assert load_project(path).settings == SETTINGS
    data = json.loads(path.read_text())
    del data["settings"]["styles"]
    path.write_text(json.dumps(data))
    assert load_project(path).settings == replace(SETTINGS, styles=())


@pytest.mark.parametrize("styles", [{}, [1], [{"branch": 0}], [{"branch": 1, "alpha": 2}], [{"branch": 1}] * 65])
def test_projects_with_impossible_styles_are_damaged(tmp_path: Path, styles: object) -> None:
    path = tmp_path / "work.bsgui"
    save_project(path, Project("/photos/cat.png", settings=SETTINGS, stack=LayerStack(())))
    data = json.loads(path.read_text())
    data["settings"]["styles"] = styles
    path.write_text(json.dumps(data))
    with pytest.raises(ProjectError, match="styles"):
        load_project(path)


def test_layers_are_stored_only_when_they_were_adapted(styled: Decomposition) -> None:
    assert StoredLayers.of(styled) is None
    adapted = replace(styled, provenance=replace(styled.provenance, adapted_steps=9))
    stored = StoredLayers.of(adapted)
    assert stored is not None
    again = stored_layers(Fields(json.loads(json.dumps(stored.json))))
    assert again.provenance == adapted.provenance
    maps = affine_layers(styled.source)
    assert maps is not None
    np.testing.assert_allclose(again.scale_maps, maps.scale_maps[1:-1], atol=1e-3)
