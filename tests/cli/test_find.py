from __future__ import annotations

import json
from pathlib import Path

import pytest

from bsgui.cli import main
from bsgui.cli.find import frame_text
from bsgui.core.frame import Frame, Subject
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken


class FakeFinder:
    def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
        if photo.name != "cat.png":
            return ()
        points = ((1.0, 2.0),) * 5
        return Subject("face", 0.87654, Frame.square(20, 15, 12, 0.5), points), Subject("cat", 0.5, Frame(9, 9, 8, 10))


@pytest.fixture(autouse=True)
def _fake_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bsgui.cli.find._make_finder", FakeFinder)


def test_what_is_found_is_listed(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", str(photos / "cat.png"), str(photos / "dog.png")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{photos / 'cat.png'}: face (88 % sure) --frame 20.0,15.0,12.0,28.6",
        f"{photos / 'cat.png'}: cat (50 % sure) --frame 9.0,9.0,8.0x10.0,0.0",
        f"{photos / 'dog.png'}: nothing found",
    ]


def test_json_has_one_line_a_photo(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", "--json", str(photos / "cat.png"), str(photos / "dog.png")]) == 0
    first, second = (json.loads(x) for x in capsys.readouterr().out.splitlines())
    assert [x["kind"] for x in first["subjects"]] == ["face", "cat"]
    assert first["subjects"][0]["score"] == 0.8765
    assert len(first["subjects"][0]["landmarks"]) == 5
    assert first["subjects"][0]["frame"]["width"] == 12
    assert second == {"photo": str(photos / "dog.png"), "subjects": []}


def test_unreadable_photos_are_named_and_the_others_listed(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", str(photos / "broken.jpg"), str(photos / "cat.png")]) == 3
    output = capsys.readouterr()
    assert "broken.jpg" in output.err
    assert "face" in output.out


def test_a_frame_is_written_as_the_option_reads_it() -> None:
    from bsgui.cli.frames import typed_frame

    frame = typed_frame(frame_text(Frame(100, 50, 40, 30, 0.25)))
    assert isinstance(frame, Frame)
    assert (frame.x, frame.width, frame.height, frame.angle) == pytest.approx((100, 40, 30, 0.25), abs=1e-3)
