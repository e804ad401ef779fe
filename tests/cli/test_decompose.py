from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bsgui.cli import main
from bsgui.cli.decompose import folder_names, peak_rss_mib
from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import ModelError, OutOfMemory
from bsgui.core.requests import AdaptRequest, CancelToken, DecomposeRequest, ProgressCallback
from bsgui.core.sources import AffineLayers
from tests.fixtures import make_decomposition

from .conftest import FakeEngine


def stop(request: DecomposeRequest, cancel: CancelToken) -> None:
    signal.raise_signal(signal.SIGINT)
    cancel.raise_if_cancelled()


def test_it_writes_a_stack_and_says_so(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out")]) == 0
    written = sorted(x.name for x in (tmp_path / "out" / "cat").iterdir())
    assert written == [
        "cat_00_base.png",
        "cat_01_branch-1.png",
        "cat_02_branch-2.png",
        "cat_03_branch-3.png",
        "cat_composite.png",
        "cat_residual.png",
        "manifest.json",
    ]
    output = capsys.readouterr()
    assert "5 layers, max error 0/255" in output.out
    assert output.err == ""


def test_json_has_what_was_promised(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(photos / "cat.png"), str(photos / "dog.png")]
    options = ["--seed", "3", "--domain", "cat", "--size", "32", "--json"]
    assert main(["decompose", *names, "--out", str(tmp_path / "out"), *options]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["photo"] for record in records] == names
    first = records[0]
    assert (first["width"], first["height"], first["model"], first["seed"]) == (48, 32, "fake", 3)
    assert first["max_error_lsb"] == 0
    assert first["psnr_without_residual_db"] == 32.5
    assert set(first["seconds"]) == {"load", "network", "layers", "export"}
    assert first["peak_rss_mib"] > 10
    assert [layer["index"] for layer in first["layers"]] == [0, 1, 2, 3, 4]
    for layer in first["layers"]:
        assert set(layer) == {"index", "name", "file", "energy_share"}
        assert (Path(first["folder"]) / layer["file"]).is_file()
    asked = engine.requests[0].settings
    assert (asked.model, asked.domain, asked.seed, asked.size, asked.device) == ("general", "cat", 3, 32, "auto")


def test_size_and_domain_default_to_the_card(engine: FakeEngine, photos: Path, tmp_path: Path) -> None:
    assert main(["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out")]) == 0
    assert (engine.requests[0].settings.size, engine.requests[0].settings.domain) == (64, "any")


def test_good_photos_are_written_and_bad_ones_named(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["missing.jpg", "broken.jpg", "cat.png", "sub"]
    status = main(["decompose", *(str(photos / x) for x in names), "--out", str(tmp_path / "out"), "--json"])
    assert status == 3
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 1
    complaints = output.err.splitlines()
    assert len(complaints) == 3
    for name, complaint in zip(("missing.jpg", "broken.jpg", "sub"), complaints, strict=True):
        assert name in complaint
    assert [x.name for x in (tmp_path / "out").iterdir()] == ["cat"]


def test_equal_stems_get_a_suffix(engine: FakeEngine, photos: Path, tmp_path: Path) -> None:
    names = [str(photos / "cat.png"), str(photos / "sub" / "cat.png")]
    assert main(["decompose", *names, "--out", str(tmp_path / "out")]) == 0
    assert sorted(x.name for x in (tmp_path / "out").iterdir()) == ["cat", "cat-2"]


@pytest.mark.parametrize(
    ("photos", "names"),
    [
        (["a.jpg", "b/a.png", "A.tif", "a-2.gif"], ["a", "a-2", "A-3", "a-2-2"]),
        (["..jpg", "...png", " .gif"], ["photo", "photo-2", "photo-3"]),
        (["tar.gz.png"], ["tar.gz"]),
    ],
)
def test_folders_are_named_after_photos(photos: list[str], names: list[str]) -> None:
    assert folder_names([Path(x) for x in photos]) == names


def test_a_stack_that_is_there_is_kept_unless_told_otherwise(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    manifest = tmp_path / "out" / "cat" / "manifest.json"
    before = manifest.read_bytes()
    capsys.readouterr()
    assert main([*command, "--seed", "2"]) == 1
    assert manifest.read_bytes() == before
    assert len(engine.requests) == 1, "it was noticed only after the work"
    assert "there already" in capsys.readouterr().err
    assert main([*command, "--seed", "2", "--overwrite"]) == 0
    assert json.loads(manifest.read_text())["model"]["seed"] == 2


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (["--domain", "fish"], 2, "no domain “fish”; it has any, cat"),
        (["--size", "9999"], 2, "sizes from 16 to 128"),
        (["--model", "nothing"], 4, "nothing"),
    ],
)
def test_a_wrong_request_ends_before_any_work(
    engine: FakeEngine,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    status: int,
    sentence: str,
) -> None:
    command = ["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out"), *options]
    assert main(command) == status
    output = capsys.readouterr()
    assert sentence in output.err
    assert len(output.err.splitlines()) == 1
    assert not engine.requests
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options", ["--seed -1", "--seed x", "--size 0", "--depth 12", "--device tpu", "--max-megapixels nan"]
)
def test_a_wrong_usage_is_status_2(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out"), *options.split()])
    assert ended.value.code == 2
    assert options.split()[0] in capsys.readouterr().err


def test_a_damaged_model_ends_the_run(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(request: DecomposeRequest, cancel: CancelToken) -> None:
        raise ModelError("The weights of model “general” are damaged.")

    engine.before = fail
    command = ["decompose", str(photos / "cat.png"), str(photos / "dog.png"), "--out", str(tmp_path / "out")]
    assert main(command) == 4
    assert len(engine.requests) == 1
    assert capsys.readouterr().err == "bsgui: The weights of model “general” are damaged.\n"


def test_too_little_memory_for_one_photo_does_not_stop_the_others(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(request: DecomposeRequest, cancel: CancelToken) -> None:
        if request.photo.name == "cat.png":
            raise OutOfMemory("There is not enough memory.")

    engine.before = fail
    command = ["decompose", str(photos / "cat.png"), str(photos / "dog.png"), "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert "cat.png: There is not enough memory." in capsys.readouterr().err
    assert [x.name for x in (tmp_path / "out").iterdir()] == ["dog"]


def test_large_photos_are_refused_when_asked(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out"), "--max-megapixels", "0.001"]
    assert main(command) == 3
    assert "cat.png" in capsys.readouterr().err


def test_ctrl_c_while_the_network_runs_leaves_nothing(
    engine: FakeEngine, photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    engine.before = stop
    handler = signal.getsignal(signal.SIGINT)
    assert main(["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out")]) == 130
    assert not (tmp_path / "out").exists()
    assert signal.getsignal(signal.SIGINT) is handler
    assert "Interrupted" in capfd.readouterr().err


def test_ctrl_c_while_writing_keeps_finished_photos_only(
    engine: FakeEngine, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mix = AffineLayers.ticks

    def interrupt_the_second(source: AffineLayers, start: int, stop: int) -> object:
        if len(engine.requests) == 2:
            signal.raise_signal(signal.SIGINT)
        return mix(source, start, stop)

    monkeypatch.setattr(AffineLayers, "ticks", interrupt_the_second)
    command = ["decompose", str(photos / "cat.png"), str(photos / "dog.png"), "--out", str(tmp_path / "out")]
    assert main(command) == 130
    assert [x.name for x in (tmp_path / "out").iterdir()] == ["cat"]


def test_a_second_ctrl_c_does_not_wait(engine: FakeEngine, photos: Path, tmp_path: Path) -> None:
    def stop_twice(request: DecomposeRequest, cancel: CancelToken) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("went on after two interrupts")

    engine.before = stop_twice
    assert main(["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out")]) == 130


def test_memory_is_measured_in_mebibytes() -> None:
    before = peak_rss_mib()
    block = np.ones(64 << 20, np.uint8)
    assert block[-1] == 1
    assert 5 < before <= peak_rss_mib() < 100_000


class FakeAdapter:
    """Answers with other layers at once; remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[AdaptRequest] = []

    def adapt(self, request: AdaptRequest, report: ProgressCallback, cancel: CancelToken, **_: object) -> Decomposition:
        self.requests.append(request)
        before = request.decomposition
        other = make_decomposition(before.photo, seed=9)
        made_by = replace(before.provenance, adapted_steps=7)
        seconds = {**before.seconds, "adapt": 2.5}
        return replace(other, provenance=made_by, psnr_without_residual_db=48.5, seconds=seconds)


def test_adapting_is_for_those_who_ask(
    engine: FakeEngine,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapter = FakeAdapter()
    monkeypatch.setattr("bsgui.cli.decompose._make_adapter", lambda store: adapter)
    command = ["decompose", str(photos / "cat.png"), "--json", "--out"]
    assert main([*command, str(tmp_path / "plain")]) == 0
    assert adapter.requests == []
    assert main([*command, str(tmp_path / "adapted"), "--adapt", "30", "--device", "cpu"]) == 0
    assert [(x.seconds, x.device) for x in adapter.requests] == [(30.0, "cpu")]
    plain, adapted = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert plain["adapted_steps"] == 0
    assert (adapted["adapted_steps"], adapted["psnr_without_residual_db"]) == (7, 48.5)
    assert adapted["seconds"]["adapt"] == 2.5
    manifest = json.loads((tmp_path / "adapted" / "cat" / "manifest.json").read_text())
    assert manifest["model"]["adapted_steps"] == 7


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_adapting_takes_a_while(engine: FakeEngine, photos: Path, tmp_path: Path, seconds: str) -> None:
    with pytest.raises(SystemExit):
        main(["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out"), f"--adapt={seconds}"])
