"""``bsgui analyze`` from the command line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import cv2
import pytest
import torch

from bsgui.cli import main
from bsgui.engine.checkpoint import save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from tests.fixtures import make_photo

CONFIG = NetworkConfig(branches=2, widths=(4, 8), latent=4, mapping=8, style=8)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "plain.safetensors"
    save_weights(BranchedGenerator(CONFIG), path)
    return path


@pytest.fixture
def many_photos(tmp_path: Path) -> Path:
    folder = tmp_path / "many photos"
    folder.mkdir()
    for number in range(8):
        assert cv2.imwrite(str(folder / f"{number}.png"), make_photo(32, 32, seed=number).samples)
    return folder


def test_a_report_is_written_and_its_command_makes_it_again(
    weights: Path, many_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["analyze", "--weights", str(weights), "--photos", str(many_photos), "--size", "32", "--styles", "1"]
    assert main([*base, "--against", "untrained", "--out", str(tmp_path / "out"), "--json"]) == 0
    printed = capsys.readouterr()
    first = json.loads(printed.out)
    assert str(tmp_path / "out" / "report.html") in printed.err
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((tmp_path / "out" / "analysis.json").read_text(encoding="utf-8")) == first
    assert [x["name"] for x in first["subjects"]][1:] == ["Wavelet", "Untrained"]
    words = shlex.split(first["command"])
    assert words[0] == "bsgui"
    assert main([*words[1:], "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert {**again, "date": first["date"]} == first


def test_the_figures_are_printed_as_a_table(
    weights: Path, many_photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--size", "32", "--styles", "0"]
    assert main(["analyze", "--weights", str(weights), "--photos", str(many_photos), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Wavelet" in lines[0]
    assert any(line.startswith("Identity ") and "[" in line for line in lines)
    assert not any(line.startswith("Stability over styles") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--weights", "nowhere.safetensors"], 4, "nowhere.safetensors"),
        (["--model", "nobody"], 4, "nobody"),
    ],
)
def test_missing_models_are_said_in_a_sentence(
    arguments: list[str], status: int, sentence: str, many_photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", *arguments, "--photos", str(many_photos)]) == status
    assert sentence in capsys.readouterr().err


def test_photos_that_are_not_there_are_said_in_a_sentence(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--weights", str(weights), "--photos", "nowhere"]) == 3
    assert "nowhere" in capsys.readouterr().err


def test_a_model_or_a_file_must_be_named() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["analyze", "--photos", "somewhere"])
