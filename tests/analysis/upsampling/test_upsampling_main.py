"""The command from end to end, on drawn photos and a tiny untrained model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from bsgui.analysis.upsampling.__main__ import main
from bsgui.analysis.upsampling.contenders import DIRECT, FROZEN, RUNS, SHIPPED, contenders
from bsgui.analysis.upsampling.experiment import AT_WORKING_SIZE
from bsgui.analysis.upsampling.memory import Watch
from bsgui.analysis.upsampling.sheet import busiest_part, contact_sheet
from bsgui.analysis.upsampling.summary import against_shipped
from tests.tiny_model import write_tiny_model


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photos that are large enough for a working size of 32 px, one that is not, and no photo."""
    models, folder = tmp_path / "models", tmp_path / "photos"
    models.mkdir()
    folder.mkdir()
    monkeypatch.setattr("bsgui.imageio.model_store.default_model_folders", lambda: (models,))
    write_tiny_model(models)
    random = np.random.default_rng(0)
    for name, width, height in (("a", 160, 120), ("b", 128, 128), ("small", 100, 100)):
        picture = random.integers(0, 60, (height, width, 3), np.uint8)
        cv2.circle(picture, (width // 2, height // 2), 30, (200, 160, 90), -1)
        assert cv2.imwrite(str(folder / f"{name}.png"), picture)
    (folder / "notes.txt").write_text("no photo")
    return folder


def run(*arguments: object) -> int:
    return main(["--model", "tiny", "--size", "32", *map(str, arguments)])


def test_the_command_compares_all_contenders(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run("--photos", photos, "--out", out, "--tiled", 1) == 0
    figures: dict[str, Any] = json.loads((out / "upsampling.json").read_text())
    assert figures["photos"] == ["a.png", "b.png"]
    notes, small = figures["left_out"]
    assert "notes.txt" in notes
    assert "small.png" in small
    names = [contender.name for contender in contenders()]
    assert list(figures["contenders"]) == [AT_WORKING_SIZE, *names]
    assert list(figures["run_cpu_seconds"]) == [run.name for run in RUNS]
    for name in (DIRECT, FROZEN):
        own = name.split()[0]
        assert figures["contenders"][name][f"correlation_{own}"] == pytest.approx(1, abs=1e-4)
        assert name not in figures["round_trip"]
    shipped = figures["contenders"][SHIPPED]
    assert shipped["correlation_working"] > 0.9
    assert {row["margin"] for row in figures["tiles"]} == {0, 32, 64, 128}
    table = capsys.readouterr().out
    assert all(name in table for name in names)
    sheet = cv2.imread(str(out / "a.png"))
    assert sheet is not None
    assert sheet.std() > 10


def test_too_few_photos_are_a_sentence(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--photos", photos / "a.png", photos / "small.png", "--out", tmp_path) == 2
    error = capsys.readouterr().err
    assert "small.png: the long side must have at least 128 pixels." in error
    assert "there are 1." in error


def test_an_unknown_model_is_a_sentence(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "nobody", "--photos", str(photos), "--out", str(tmp_path)]) == 4
    assert "nobody" in capsys.readouterr().err


def test_photos_above_and_below_the_shipped_way_are_counted() -> None:
    values = [(1.0, 2.0), (1.0, 0.5), (1.0, 1.5)]
    figures = [{SHIPPED: {"glow": shipped}, "other": {"glow": other}, "none": {}} for shipped, other in values]
    assert against_shipped(figures, "glow") == {"other": (2, 1)}


def test_the_watch_sees_memory_that_is_gone_at_the_end() -> None:
    with Watch() as watch:
        block = np.ones(96 * 2**20, np.uint8)
        watch._look()
        del block
    assert 90 < watch.growth_mebibytes < 400


def test_the_sheet_shows_the_busiest_part() -> None:
    photo = torch.zeros(1, 3, 400, 300)
    photo[..., 250:270, 200:260] = 1.0
    rows, columns = busiest_part(photo)
    assert rows.start <= 250 < 270 <= rows.stop
    assert columns.start <= 200 < 260 <= columns.stop
    sheet = contact_sheet(
        photo, {"one": torch.zeros(1, 2, 3, 400, 300), "two": photo.unsqueeze(1).expand(-1, 2, -1, -1, -1)}
    )
    assert sheet.shape[1] == 3 * (192 + 4)
    assert sheet.shape[0] == 2 * (192 + 4 + 18)
