"""The light share in the report: drawn faces under known lights, and a tiny untrained model."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bsgui.analysis.report.analysis import Analysis, AnalysisRequest, analyze
from bsgui.analysis.report.files import write_analysis
from bsgui.analysis.semantic.relighting import relit
from bsgui.core.errors import PhotoReadError
from bsgui.core.model_card import BranchCard
from bsgui.imageio.model_store import ModelStore
from tests.analysis.semantic.drawn_face import FIVE, SIDE, drawn_face, drawn_points
from tests.tiny_model import write_card, write_tiny_model


def write_png(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """Two faces to choose by, two in the training split, and these two under three lights."""
    photo, _ = drawn_face(drawn_points())
    rows = []
    for number in range(4):
        write_png(tmp_path / "faces256" / f"face_{number}.png", np.roll(photo, 2 * number, 1))
        split = "val" if number < 2 else "train"
        rows.append({"file": f"face_{number}.png", "group": number, "split": split, "landmarks5": FIVE})
    write_table(tmp_path / "faces256" / "index.csv", rows)
    lights = []
    for number in (2, 3):
        for light in range(3):
            shading = np.tile(np.linspace(0.2, 1, SIDE, dtype=np.float32) ** light, (SIDE, 1))
            place = f"relit/face_{number}"
            lit = relit(np.roll(photo, 2 * number, 1), shading)
            write_png(tmp_path / "bench" / place / f"relit{light}.png", lit)
            write_png(tmp_path / "bench" / place / f"shading{light}.png", (shading * 65535).astype(np.uint16))
            names = {key: f"{place}/{key}{light}.png" for key in ("relit", "shading")}
            lights.append({**names, "reference": f"{place}/reference.png"})
    write_table(tmp_path / "bench" / "relit" / "index.csv", lights)
    return tmp_path


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    (tmp_path / "models").mkdir()
    return write_tiny_model(tmp_path / "models")


def run(store: ModelStore, packs: Path, photos: Path) -> Analysis:
    photos.mkdir()
    for number in range(8):
        write_png(photos / f"{number}.png", np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8))
    request = AnalysisRequest(model="tiny", photos=photos, size=32, styles=0, relit=packs)
    return analyze(request, store)


def test_the_light_share_is_in_the_report(store: ModelStore, packs: Path, tmp_path: Path) -> None:
    analysis = run(store, packs, tmp_path / "photos")
    for found in analysis.findings:
        for key in ("light_share", "person_share"):
            assert 0 <= found.headline[key].low <= found.headline[key].value <= found.headline[key].high <= 1
        assert "(found on validation faces)" in found.facts["light"]
    # Light that changes slowly over the face is in the wavelet's coarse pictures, which its choice must see.
    assert analysis.findings[1].headline["light_share"].value > 0.5
    page = write_analysis(tmp_path / "out", analysis).read_text(encoding="utf-8")
    assert "2 faces under 3 lights; 2 of the faces are in the training split" in page
    assert "Person share outside light" in page
    assert "light_share" in analysis.to_json()["differences"]["Wavelet"]


def test_the_card_s_word_for_what_is_light_counts(store: ModelStore, packs: Path, tmp_path: Path) -> None:
    card = store.card("tiny")
    branches = tuple(
        BranchCard(x.name, x.description, "light" if k == 1 else "feature") for k, x in enumerate(card.branches)
    )
    write_card(tmp_path / "models", replace(card, branches=branches))
    found = run(store, packs, tmp_path / "photos").findings[0]
    assert found.facts["light"] == f"taken for light: {branches[1].name} (by its card)"


def test_without_the_packs_that_is_said(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(PhotoReadError, match="faces256"):
        run(store, tmp_path / "nowhere", tmp_path / "photos")
