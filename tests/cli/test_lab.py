"""``bsgui lab`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bsgui.cli import main

FAST = ["--learning-rate", "0.1", "--steps", "60", "--records", "20"]


def test_a_race_says_who_learned_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "race", *FAST]) == 0
    text = capsys.readouterr().out
    assert "specialization index" in text
    assert "winners 100.0% right" in text


def test_a_race_is_made_again_by_its_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, course = tmp_path / "race.json", tmp_path / "race.csv"
    options = ["--depth", "2", "--strengths", "1,0.5", "--modes", "2", "--noise", "0.001"]
    assert main(["lab", "race", *FAST, *options, "--json", "--save-config", str(config), "--csv", str(course)]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["config"]["strengths"] == [1.0, 0.5]
    assert len(course.read_text().splitlines()) == 1 + 20 * 4 * 2
    assert main(["lab", "race", "--config", str(config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["race", "--depth", "99"], "depth is 99"),
        (["race", "--config", "nowhere.json"], "nowhere.json"),
        (["run", "deepness"], "deepness"),
        (["report", "nowhere"], "nowhere"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_damaged_configuration_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "race.json"
    for text in ("[1]", "{", "[" * 100_000):
        path.write_text(text)
        assert main(["lab", "race", "--config", str(path)]) == 2
        assert "race.json" in capsys.readouterr().err


def test_experiments_are_listed_run_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "list"]) == 0
    assert "bottleneck" in capsys.readouterr().out
    assert main(["lab", "run", "freeze", "--seeds", "3", "--out", str(tmp_path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["verdict"] in ("kept", "mixed", "refuted")
    assert data["command"] == "bsgui lab run freeze --seeds 3 --seed 0"
    assert {x.name for x in tmp_path.iterdir()} == {
        "freeze.csv", "freeze.json", "freeze.png", "freeze.svg", "report.html"
    }  # fmt: skip
    assert main(["lab", "report", str(tmp_path)]) == 0
    assert "report.html" in capsys.readouterr().out


def test_one_seed_has_no_band() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["lab", "run", "depth", "--seeds", "1"])
    assert stop.value.code == 2
