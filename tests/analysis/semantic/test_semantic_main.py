"""The commands from end to end, on packs of a few drawn pictures and a tiny untrained model."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bsgui.analysis.semantic import landmarks as lm
from bsgui.analysis.semantic.__main__ import main
from bsgui.analysis.semantic.relighting import relit
from bsgui.core.model_card import BranchCard
from bsgui.imageio.model_store import ModelStore
from tests.analysis.semantic.drawn_face import FIVE, SIDE, drawn_face, drawn_points
from tests.tiny_model import write_card, write_tiny_model

SIZE = "32"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModelStore:
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr("bsgui.imageio.model_store.default_model_folders", lambda: (folder,))
    return write_tiny_model(folder)


def write_png(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


# ---- animals ---------------------------------------------------------------------------------------------------


@pytest.fixture
def animals(tmp_path: Path) -> list[str]:
    """Two photos to choose by and two to measure on: a dark spot and a bright whisker before noise."""
    rng = np.random.default_rng(0)
    for number in range(4):
        picture = rng.integers(120, 140, (64, 64, 3), np.uint8)
        x, y = 12 + 6 * number, 20
        picture[y : y + 8, x : x + 8] = 20
        picture[48, 8:56] = 230
        write_png(tmp_path / "packs" / "pets" / f"{number}.png", picture)
        drawing = {
            "photo": f"pets/{number}.png",
            "split": "val" if number < 2 else "test",
            "width": 64,
            "height": 64,
            "annotator": "T",
            "strokes": {"whiskers": [{"points": [[8, 48.5], [56, 48.5]], "width": 1}]},
            "regions": {"spots": [[[x, y], [x + 8, y], [x + 8, y + 8], [x, y + 8]]]},
            "absent": ["nose"],
        }
        (tmp_path / "drawn").mkdir(exist_ok=True)
        (tmp_path / "drawn" / f"{number}.json").write_text(json.dumps(drawing))
    folders = ["--photos", str(tmp_path / "packs"), "--annotations", str(tmp_path / "drawn")]
    return ["animals", *folders, "--size", SIZE, "--json"]


def test_animals_are_measured_for_every_contender(
    store: ModelStore, animals: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, card = tmp_path / "figures.json", tmp_path / "card.json"
    files = ["--out", str(out), "--card", str(card)]
    assert main([*animals, "--model", "tiny", "--against", "untrained", *files]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert json.loads(out.read_text()) == figures
    assert set(figures["kinds"]) == {"whiskers", "spots"}
    assert figures["photos"] == {"validation": 2, "test": 2}
    for kind in figures["kinds"].values():
        assert set(kind["contenders"]) == {"tiny", "Untrained", "Wavelet"}
        for found in kind["contenders"].values():
            assert 0 < found["average_precision"]["value"] <= 1
            assert found["layer"] in found["by_layer"]
    # A dark square on noise is what a wavelet scale finds.
    assert figures["kinds"]["spots"]["contenders"]["Wavelet"]["average_precision"]["value"] > 0.5
    assert json.loads(card.read_text())["spots_precision_over_wavelet"].keys() == {"median", "low", "high"}


def test_photos_that_models_are_trained_on_are_no_measure(
    store: ModelStore, animals: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawing = tmp_path / "drawn/2.json"
    drawing.write_text(drawing.read_text().replace('"test"', '"train"'))
    assert main([*animals, "--model", "tiny"]) == 2
    assert "trained on" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_figures_and_weights_need_no_card(
    store: ModelStore, animals: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    weights = str(store.weights_path("tiny"))
    printed = []
    for _ in range(2):
        assert main([*animals, "--weights", weights]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert json.loads(printed[0])["kinds"]["spots"]["contenders"].keys() == {"models/tiny", "Wavelet"}


def test_the_table_says_what_was_wanted_and_met(
    store: ModelStore, animals: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*(x for x in animals if x != "--json"), "--model", "tiny"]) == 0
    printed = capsys.readouterr().out
    assert "spots · 2 photos" in printed
    assert "Contrast removed at gain 0" in printed
    assert "whiskers_contrast_removed_outside" in printed
    assert "not met" in printed


def test_what_is_missing_is_said_in_one_sentence(
    store: ModelStore, animals: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*animals, "--model", "nobody"]) == 4
    assert main([*animals, "--model", "tiny", "--size", "33"]) == 2
    (tmp_path / "packs" / "pets" / "0.png").unlink()
    assert main([*animals, "--model", "tiny"]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 3


# ---- faces -----------------------------------------------------------------------------------------------------


@pytest.fixture
def faces(tmp_path: Path) -> list[str]:
    """A pack of drawn faces with landmarks, relit ones, and scenes with known layers."""
    points, packs = drawn_points(), tmp_path / "packs"
    photo, _ = drawn_face(points)
    rows, landmarks = [], []
    for number in range(6):
        name = f"img/face_{number}.png"
        write_png(packs / "faces256" / name, np.roll(photo, number, 1))
        split = ("train", "val", "test")[number % 3]
        rows.append({"file": name, "group": f"p{number}", "split": split, "landmarks5": FIVE})
        landmarks.append({"file": name, **{f"p{i}": value for i, value in enumerate(points.ravel())}})
    assert len(landmarks[0]) == 1 + 2 * lm.POINTS
    write_table(packs / "faces256" / "index.csv", rows)
    write_table(packs / "faces256" / "landmarks189_london_canada.csv", landmarks)
    _write_relit(packs / "bench", photo)
    _write_scenes(packs / "bench")
    return ["faces", "--photos", str(packs), "--size", SIZE]


def _write_relit(bench: Path, photo: np.ndarray) -> None:
    across = np.tile(np.linspace(1, 0.3, SIDE, dtype=np.float32), (SIDE, 1))
    rows = []
    for number in range(2):
        for light, shading in enumerate((across, across.T, across[:, ::-1])):
            place = f"relit/face_{number}"
            write_png(bench / place / f"relit{light}.png", relit(np.roll(photo, number, 1), shading))
            write_png(bench / place / f"shading{light}.png", np.rint(shading * 65535).astype(np.uint16))
            names = {key: f"{place}/{key}{light}.png" for key in ("relit", "shading")}
            rows.append({**names, "reference": f"{place}/ref.png"})
    write_table(bench / "relit" / "index.csv", rows)


def _write_scenes(bench: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(4):
        layers = rng.integers(0, 65536, (5, 32, 32), np.uint16)
        scene = bench / "synth" / f"{number:02}"
        write_png(scene / "input_srgb8.png", np.repeat((layers[0] // 257).astype(np.uint8)[..., None], 3, 2))
        for name, layer in zip(("cartoon", "texture", "spots", "shading"), layers, strict=False):
            write_png(scene / f"log_{name}.png", layer)
        pair = bench / "cartoon_texture" / str(number)
        for name, layer in zip(("input", "cartoon", "texture_plus_half"), layers, strict=False):
            write_png(pair / f"{name}.png", layer)


def test_faces_are_measured_in_all_four_ways(
    store: ModelStore, faces: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "card.json"
    assert main([*faces, "--model", "tiny", "--json", "--card", str(card)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {"eyes+brows", "nose", "mouth", "skin", "hair"} == set(figures["kinds"])
    assert figures["lights"]["relit"]["splits"] == {"train": 1, "val": 1}
    assert figures["lights"]["synthetic"]["faces"] == 2
    for lights in figures["lights"].values():
        assert set(lights["contenders"]) == {"tiny", "Wavelet"}
        assert lights["contenders"]["tiny"]["chosen_by"] == "validation"
        assert 0 <= lights["contenders"]["tiny"]["light_share"]["value"] <= 1
        assert -1 <= lights["retinex"]["shading_correlation"]["value"] <= 1
    assert figures["known_layers"]["synth"]["scenes"] == 4
    # The photo is its own cartoon layer in these scenes: all layers together are it.
    assert figures["known_layers"]["synth"]["contenders"]["Wavelet"]["cartoon"]["value"] > 0.9
    assert "relit_light_share" in json.loads(card.read_text())


def test_the_card_decides_which_layers_are_light(
    store: ModelStore, faces: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = store.card("tiny")
    branches = (BranchCard("Lamp", role="light"), BranchCard("Hair", role="feature"), BranchCard("Rest"))
    write_card(tmp_path / "models", replace(card, branches=branches))
    assert main([*faces, "--model", "tiny"]) == 0
    assert "Lamp (card)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "missing", ["faces256/index.csv", "bench/relit/index.csv", "bench/synth", "bench/relit/face_0/relit0.png"]
)
def test_a_pack_that_lacks_something_is_named(
    store: ModelStore, faces: list[str], tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "packs" / missing).rename(tmp_path / "elsewhere")
    assert main([*faces, "--model", "tiny"]) == 3
    assert Path(missing).name in capsys.readouterr().err
