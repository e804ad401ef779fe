from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bsgui.cli import main
from bsgui.core.errors import ModelError
from bsgui.core.frame import Frame, Subject
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken
from tests.fixtures import make_card

from .conftest import FakeEngine

CAT = Subject("cat", 0.9, Frame.square(24, 16, 20))


class FakeFinder:
    def __init__(self, *subjects: Subject) -> None:
        self.subjects, self.asked = subjects, 0

    def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
        self.asked += 1
        return self.subjects


@pytest.fixture
def animals(models: Path) -> None:
    """The model “animals” beside the general one."""
    card = replace(make_card("animals"), subjects=("cat", "dog"), domains=("any", "cat", "dog"))
    (models / "animals.json").write_text(json.dumps(card.to_json()))
    (models / "animals.safetensors").write_bytes(b"weights")


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> FakeFinder:
    found = FakeFinder(CAT)
    monkeypatch.setattr("bsgui.cli.decompose._make_finder", lambda: found)
    return found


def run(photos: Path, out: Path, *options: str) -> int:
    return main(["decompose", str(photos / "cat.png"), "--out", str(out), *options])


def test_one_model_needs_no_search(engine: FakeEngine, photos: Path, tmp_path: Path, finder: FakeFinder) -> None:
    assert run(photos, tmp_path) == 0
    assert (engine.requests[0].settings.model, finder.asked) == ("general", 0)


@pytest.mark.usefixtures("animals")
def test_the_model_for_what_was_found_and_why(
    engine: FakeEngine, photos: Path, tmp_path: Path, finder: FakeFinder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(photos, tmp_path) == 0
    asked = engine.requests[0].settings
    assert (asked.model, asked.domain, asked.frame) == ("animals", "any", None)
    assert "cat.png: a cat was found (90 % sure); the model “animals” is used." in capsys.readouterr().err


@pytest.mark.usefixtures("animals")
def test_nothing_found_gives_the_general_model(
    engine: FakeEngine, photos: Path, tmp_path: Path, finder: FakeFinder
) -> None:
    finder.subjects = ()
    assert run(photos, tmp_path, "--model", "auto") == 0
    assert engine.requests[0].settings.model == "general"


@pytest.mark.usefixtures("animals")
def test_who_names_a_model_gets_it(engine: FakeEngine, photos: Path, tmp_path: Path, finder: FakeFinder) -> None:
    assert run(photos, tmp_path, "--model", "general") == 0
    assert (engine.requests[0].settings.model, finder.asked) == ("general", 0)


@pytest.mark.usefixtures("animals")
def test_only_models_that_can_do_what_is_asked(
    engine: FakeEngine, photos: Path, tmp_path: Path, finder: FakeFinder, capsys: pytest.CaptureFixture[str]
) -> None:
    finder.subjects = ()
    assert run(photos, tmp_path, "--domain", "dog") == 0
    assert (engine.requests[0].settings.model, finder.asked) == ("animals", 0)
    assert run(photos, tmp_path, "--domain", "cow") == 2
    assert "“general” has no domain “cow”" in capsys.readouterr().err


@pytest.mark.usefixtures("animals")
def test_a_framed_subject_decides(engine: FakeEngine, photos: Path, tmp_path: Path, finder: FakeFinder) -> None:
    finder.subjects = (replace(CAT, frame=Frame.square(24, 16, 9)),)
    assert run(photos, tmp_path) == 0
    assert run(photos, tmp_path, "--frame", "auto", "--overwrite") == 0
    assert [x.settings.model for x in engine.requests] == ["general", "animals"]
    assert finder.asked == 2


@pytest.mark.usefixtures("animals")
def test_a_missing_finder_gives_the_general_model(
    engine: FakeEngine,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def missing() -> FakeFinder:
        raise ModelError("The finder is not installed.")

    monkeypatch.setattr("bsgui.cli.decompose._make_finder", missing)
    names = [str(photos / name) for name in ("cat.png", "dog.png")]
    assert main(["decompose", *names, "--out", str(tmp_path / "out")]) == 0
    assert [x.settings.model for x in engine.requests] == ["general", "general"]
    assert capsys.readouterr().err == "bsgui: The finder is not installed. Photos are not searched.\n"


def test_no_model_at_all(models: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "general.json").unlink()
    assert run(photos, tmp_path) == 4
    assert "no model" in capsys.readouterr().err
