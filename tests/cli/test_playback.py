"""``bsgui lab playback`` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from bsgui.cli import main
from bsgui.imageio.recording import FILE_NAME, write_recording
from tests.recordings import make_recording


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    write_recording(folder / FILE_NAME, make_recording())
    return folder


def test_a_run_is_told_in_rows(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "playback", str(run)]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "Tiny run: Noise, learned by nobody."
    assert "Photo 0, Photo 1" in rows[1]
    assert [row.split()[0] for row in rows[3:]] == ["0", "10", "40"]
    assert "–" in rows[3]
    assert "14.0 dB" in rows[5]


def test_long_runs_are_told_in_few_rows_to_their_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.safetensors"
    write_recording(path, make_recording(tuple(range(0, 400, 10)), photos=0))
    assert main(["lab", "playback", str(path)]) == 0
    rows = capsys.readouterr().out.splitlines()[3:]
    assert len(rows) == 12
    assert (rows[0].split()[0], rows[-1].split()[0]) == ("0", "390")


def test_measures_are_written_and_told_as_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = run / "measures.csv"
    assert main(["lab", "playback", str(run / FILE_NAME), "--csv", str(table), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    with table.open() as file:
        written = list(csv.DictReader(file))
    assert [x["step"] for x in told["moments"]] == [int(row["step"]) for row in written] == [0, 10, 40]
    assert told["moments"][0]["identity"] is None
    assert told["photos"][1] == {"name": "Photo 1", "credit": "maker 1, CC0"}


def test_layers_of_a_step_are_a_stack_that_verifies(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = tmp_path / "layers"
    arguments = ["lab", "playback", str(run), "--layers", str(layers), "--at", "13", "--photo", "2"]
    assert main(arguments) == 0
    assert "“Photo 1” at step 10" in capsys.readouterr().err
    assert main(["verify", str(layers)]) == 0
    names = [x["name"] for x in json.loads((layers / "manifest.json").read_text())["layers"]]
    assert names == ["Base", "Branch 1", "Branch 2", "Branch 3", "Residual"]


def test_without_a_name_it_is_the_bundled_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "playback"]) == 0
    assert "Chelsea" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["nowhere"], 3, "nowhere could not be read"),
        (["RUN", "--photo", "3", "--layers", "x"], 2, "There is no photo 3"),
        (["RUN", "--csv", "gone/x.csv"], 1, "x.csv could not be written"),
    ],
)
def test_what_goes_wrong_is_said(
    run: Path, arguments: list[str], status: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(run) if x == "RUN" else x for x in arguments]
    assert main(["lab", "playback", *given]) == status
    assert sentence in capsys.readouterr().err
