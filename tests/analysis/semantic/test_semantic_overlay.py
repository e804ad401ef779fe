from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bsgui.analysis.semantic.overlay import COLOURS, main

ANNOTATION: dict[str, Any] = {
    "photo": "pack/img/Nobody_1.png",
    "split": "test",
    "width": 32,
    "height": 32,
    "annotator": "T",
    "strokes": {"whiskers": [{"points": [[2, 24], [30, 24]], "width": 1}]},
    "regions": {"eyes": [[[8, 8], [16, 8], [16, 16], [8, 16]]]},
    "absent": ["spots"],
}


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    folder = tmp_path / "packs"
    (folder / "pack" / "img").mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps(ANNOTATION), encoding="utf-8")
    cv2.imwrite(str(folder / ANNOTATION["photo"]), np.full((32, 32, 3), 128, np.uint8))
    return folder


def test_the_sheet_shows_photo_masks_and_legend(
    packs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["--photos", str(packs), "--out", str(out), str(packs / "a.json")]) == 0
    assert capsys.readouterr().out.strip() == str(out / "Nobody_1.png")
    sheet = cv2.imread(str(out / "Nobody_1.png"))[..., ::-1]
    plain, masked = sheet[:128, :128], sheet[:128, 128:]
    assert (plain == 128).all()
    assert tuple(masked[32, 48]) == COLOURS["eyes"]
    assert tuple(masked[96, 64]) != (128, 128, 128)
    inside = masked[48, 48].astype(int)
    assert inside[2] > 128 > inside[0]
    assert (masked[70, 64] == 128).all()
    assert sheet.shape[0] > 128


def test_folders_of_annotations_are_taken_whole(packs: Path, tmp_path: Path) -> None:
    assert main(["--photos", str(packs), "--out", str(tmp_path / "out"), str(packs)]) == 0
    assert [x.name for x in (tmp_path / "out").iterdir()] == ["Nobody_1.png"]


def test_a_missing_photo_is_one_sentence(packs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (packs / ANNOTATION["photo"]).unlink()
    assert main(["--photos", str(packs), "--out", str(tmp_path / "out"), str(packs)]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_photo_of_other_proportions_is_refused(packs: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(packs / ANNOTATION["photo"]), np.zeros((32, 40, 3), np.uint8))
    assert main(["--photos", str(packs), "--out", str(tmp_path / "out"), str(packs)]) == 3


def test_a_folder_that_cannot_be_written_is_one_sentence(
    packs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file")
    assert main(["--photos", str(packs), "--out", str(tmp_path / "out"), str(packs)]) == 1
    assert "could not be made" in capsys.readouterr().err
