from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bsgui.cli import main
from bsgui.cli.output import ProgressBar, print_json, quiet_libraries
from bsgui.cli.window import has_display
from bsgui.core.requests import Progress

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", ["", "decompose", "recombine", "verify", "models", "train", "evaluate"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert f"usage: bsgui {command}".strip() in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from bsgui import __version__

    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"bsgui {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--what"], ["a.jpg", "b.jpg"], ["decompose"], ["decompose", "a.jpg"], ["verify"]]
)
def test_a_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: bsgui" in capsys.readouterr().err


def test_models_are_listed(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    assert "general: Fake." in text
    assert "any, cat" in text
    assert main(["models", "--json"]) == 0
    cards = json.loads(capsys.readouterr().out)
    assert [card["id"] for card in cards] == ["general"]
    assert cards[0]["branches"][0]["name"] == "Branch 1"


def test_a_damaged_card_is_named_and_the_others_are_listed(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "bad.json").write_text("{")
    assert main(["models", "--json"]) == 0
    output = capsys.readouterr()
    assert len(json.loads(output.out)) == 1
    assert "bad" in output.err


def test_no_models_at_all_is_model_trouble(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "general.json").unlink()
    assert main(["models", "--json"]) == 4
    output = capsys.readouterr()
    assert json.loads(output.out) == []
    assert str(models) in output.err


def test_training_needs_its_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_training_is_handed_its_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[object, ...]] = []
    trainer = ModuleType("bsgui.training.trainer")
    trainer.train_from_config = lambda *arguments: calls.append(arguments)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bsgui.training.trainer", trainer)
    config = tmp_path / "a.toml"
    config.write_text("")
    assert main(["train", str(config), "--resume", "--out", str(tmp_path)]) == 0
    assert calls == [(config, True, tmp_path)]


def test_evaluating_an_unknown_model_is_model_trouble(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--model", "nothing", "--photos", str(models)]) == 4
    assert "nothing" in capsys.readouterr().err


def test_without_a_display_a_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    photo = tmp_path / "cat.jpg"
    photo.touch()
    assert main([str(photo)]) == 2
    complaint = capsys.readouterr().err
    assert f"bsgui decompose {photo} --out layers" in complaint
    assert complaint.count("\n") == 1


@pytest.mark.parametrize(
    ("environment", "platform", "answer"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": "elsewhere:0"}, "linux", True),
        ({"DISPLAY": ":59999"}, "linux", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen:size=1"}, "linux", True),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_displays_are_recognized(environment: dict[str, str], platform: str, answer: bool) -> None:
    assert has_display(environment, platform) is answer


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_a_local_display_counts_while_its_server_listens() -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0/tmp/.X11-unix/X59998")
        server.listen()
        assert has_display({"DISPLAY": ":59998.0"}, "linux")
    assert not has_display({"DISPLAY": ":59998.0"}, "linux")


def test_a_photo_that_is_not_there_does_not_open_a_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "decompos")]) == 3
    assert "decompos" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["."], ["--", "."]])
def test_anything_else_opens_the_window(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    app = ModuleType("bsgui.app")
    app.main = lambda argv: calls.append(argv) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bsgui.app", app)
    assert main(arguments) == 0
    assert calls == [["."] if arguments else []]


def test_a_missing_system_library_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise ImportError("libEGL.so.1: cannot open shared object file", name="PySide6.QtGui")

    monkeypatch.setitem(sys.modules, "bsgui.app", Broken("bsgui.app"))
    assert main([]) == 2
    assert "libEGL.so.1" in capsys.readouterr().err


def test_json_has_no_infinities(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("inf"), 1.5, {"b": float("nan")}], "ü": "Σ"})
    assert json.loads(capsys.readouterr().out) == {"a": [None, 1.5, {"b": None}], "ü": "Σ"}


def test_a_terminal_gets_a_bar_and_a_pipe_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with ProgressBar("cat.jpg") as report:
            report(Progress(1, 2, "Writing layers"))
        assert ("cat.jpg: Writing layers" in stream.getvalue()) is drawn


def test_running_out_of_memory_is_a_sentence(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(self: object) -> None:
        raise MemoryError

    monkeypatch.setattr("bsgui.imageio.model_store.ModelStore.cards", fail)
    assert main(["models"]) == 1
    assert "memory" in capsys.readouterr().err


def test_the_module_is_the_command() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bsgui", "--version"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("bsgui ")


def test_a_reader_that_has_had_enough_is_no_trouble(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bsgui", "models", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
    assert process.returncode == 1
    assert complaint == ""


def test_libraries_that_chatter_are_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    def read() -> None:
        with quiet_libraries():
            os.write(2, b"TIFFFetchNormalTag: who cares\n")
            raise ValueError("inside")

    os.write(2, b"before\n")
    with pytest.raises(ValueError, match="inside"):
        read()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"
