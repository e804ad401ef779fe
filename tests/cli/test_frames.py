from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import pytest

from bsgui.cli import main
from bsgui.cli.frames import AUTO, chosen_subject, typed_frame
from bsgui.core.errors import FrameError, ModelError
from bsgui.core.frame import Frame, Subject
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken, DecomposeRequest

from .conftest import FakeEngine

CAT = Subject("cat", 0.8, Frame.square(10, 12, 16))
FACE = Subject("face", 0.95, Frame.square(30, 15, 12, 0.2))


class FakeFinder:
    """Finds the same in every photo."""

    def __init__(self, *subjects: Subject) -> None:
        self.subjects, self.photos = subjects, list[str]()

    def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
        self.photos.append(photo.name)
        return self.subjects


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("120,80,60", Frame(120, 80, 60, 60)),
        ("120.5, 80 ,60,-90", Frame(120.5, 80, 60, 60, -math.pi / 2)),
        ("-5,80,60x40,10", Frame(-5, 80, 60, 40, math.radians(10))),
        ("auto", AUTO),
        ("AUTO", AUTO),
    ],
)
def test_frames_are_typed(text: str, frame: Frame | str) -> None:
    assert typed_frame(text) == frame


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4,5", "a,b,c", "10,10,7", "10,10,60x", "10,10,nan", "x,1,2,3"])
def test_what_is_no_frame(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"X,Y,SIZE\[,ANGLE\]"):
        typed_frame(text)


def test_the_domains_kind_is_preferred() -> None:
    assert chosen_subject((FACE, CAT), ("cat", "dog")) is CAT
    assert chosen_subject((FACE, CAT), ("any",)) is FACE
    assert chosen_subject((), ("any",)) is None


def decompose(photos: Path, out: Path, *options: str, names: tuple[str, ...] = ("cat.png",)) -> int:
    return main(["decompose", *(str(photos / name) for name in names), "--out", str(out), *options])


def test_a_typed_frame_reaches_the_engine(engine: FakeEngine, photos: Path, tmp_path: Path) -> None:
    assert decompose(photos, tmp_path / "out", "--frame", "20,15,16,-10") == 0
    assert engine.requests[0].settings.frame == Frame(20, 15, 16, 16, math.radians(-10))


def test_auto_frames_what_is_found(
    engine: FakeEngine,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finder = FakeFinder(FACE, CAT)
    monkeypatch.setattr("bsgui.cli.decompose._make_finder", lambda: finder)
    assert decompose(photos, tmp_path / "out", "--frame", "auto", names=("cat.png", "dog.png")) == 0
    # The fake model knows cats.
    assert [x.settings.frame for x in engine.requests] == [CAT.frame, CAT.frame]
    assert finder.photos == ["cat.png", "dog.png"]
    assert "cat.png: a cat was found and framed (80 % sure)." in capsys.readouterr().err
    assert decompose(photos, tmp_path / "any", "--frame", "auto", "--domain", "any") == 0
    assert engine.requests[-1].settings.frame == FACE.frame


def test_without_a_subject_the_whole_photo_is_taken_apart(
    engine: FakeEngine,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bsgui.cli.decompose._make_finder", FakeFinder)
    assert decompose(photos, tmp_path / "out", "--frame", "auto", "--json") == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["frame"] is None
    assert "no face, cat or dog was found" in output.err


def test_a_missing_finder_ends_it(
    engine: FakeEngine, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
            raise ModelError("The finder is not installed.")

    monkeypatch.setattr("bsgui.cli.decompose._make_finder", Broken)
    assert decompose(photos, tmp_path / "out", "--frame", "auto") == 4
    assert engine.requests == []


def test_a_photo_that_the_frame_misses_is_named_and_others_go_on(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def miss_the_first(request: DecomposeRequest, cancel: CancelToken) -> None:
        if request.photo.name == "cat.png":
            raise FrameError("The middle of the frame must lie in the photo; “cat.png” has 48 × 32 pixels.")

    engine.before = miss_the_first
    assert decompose(photos, tmp_path / "out", "--frame", "400,20,16", names=("cat.png", "dog.png")) == 2
    assert "“cat.png” has 48 × 32 pixels" in capsys.readouterr().err
    assert not (tmp_path / "out" / "cat").exists()
    assert (tmp_path / "out" / "dog" / "manifest.json").exists()
