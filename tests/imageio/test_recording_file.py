from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, safe_open

from bsgui.core.errors import ExportError
from bsgui.core.recording import Recording
from bsgui.imageio.recording import FILE_NAME, FORMAT, RecordingError, read_recording, write_recording
from bsgui.imageio.tensor_file import write_tensors
from tests.recordings import make_recording


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "run.safetensors"
    write_recording(path, make_recording())
    return path


def test_what_is_written_is_read_again(path: Path) -> None:
    written, read = make_recording(), read_recording(path)
    for name in ("title", "description", "branches", "size"):
        assert getattr(read, name) == getattr(written, name)
    assert [(x.credit, x.photo.name, x.photo.sha256) for x in read.photos] == [
        (x.credit, x.photo.name, x.photo.sha256) for x in written.photos
    ]
    assert np.array_equal(read.photos[1].photo.samples, written.photos[1].photo.samples)
    for mine, theirs in zip(written.moments, read.moments, strict=True):
        assert (mine.step, mine.seconds) == (theirs.step, theirs.seconds)
        for name, value in vars(mine.measures).items():
            np.testing.assert_array_equal(value, getattr(theirs.measures, name))
        for maps, again in zip(mine.maps, theirs.maps, strict=True):
            for name in ("base", "low", "step", "values"):
                assert np.array_equal(getattr(maps, name), getattr(again, name))


def test_a_run_s_folder_stands_for_its_recording(tmp_path: Path) -> None:
    write_recording(tmp_path / FILE_NAME, make_recording((0,)))
    assert list(read_recording(tmp_path).steps) == [0]


def test_a_recording_may_have_no_photos(tmp_path: Path) -> None:
    write_recording(tmp_path / FILE_NAME, make_recording(photos=0))
    assert read_recording(tmp_path).photos == ()


def test_it_is_a_safetensors_file_for_everybody(path: Path) -> None:
    with safe_open(path, "np") as file:
        assert file.metadata()["format"] == FORMAT
    tensors = load_file(path)
    np.testing.assert_array_equal(tensors["measures.shares"], make_recording().course("shares").astype(np.float32))


def test_the_bundled_recordings_can_be_played() -> None:
    found = sorted((Path(__file__).parents[2] / "resources" / "recordings").glob("*.safetensors"))
    assert found
    for path in found:
        assert path.stat().st_size <= 10 << 20
        recording = read_recording(path)
        assert recording.photos
        assert all(x.credit for x in recording.photos)
        assert recording.steps[0] == 0


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="could not be written"):
        write_recording(tmp_path / "gone" / "x.safetensors", make_recording())
    with pytest.raises(RecordingError, match="could not be read"):
        read_recording(tmp_path / "gone")


# ---- hostile files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"\xff" * 100,
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
        (40).to_bytes(8, "little") + b'{"__metadata__": {"format": 1}}'.ljust(40),
    ],
)
def test_what_is_no_recording_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(RecordingError, match="x is not a recording"):
        read_recording(tmp_path / "x")


def test_a_truncated_file_is_said(path: Path) -> None:
    whole = path.read_bytes()
    for length in (4, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(RecordingError):
            read_recording(path)


def test_a_file_larger_than_any_recording_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bsgui.imageio.recording._MAX_FILE", 1 << 10)
    with pytest.raises(RecordingError, match="larger than"):
        read_recording(path)


def test_more_than_the_memory_holds_is_not_unpacked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bsgui.imageio.recording._MAX_UNPACKED", 1 << 10)
    with pytest.raises(RecordingError, match="unpacked"):
        read_recording(path)


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None], **metadata: str) -> None:
    """Write the file again after ``change(header, tensors)``."""
    with safe_open(path, "np") as file:
        header = json.loads(file.metadata()["recording"])
    tensors = dict(load_file(path))
    change(header, tensors)
    write_tensors(path, tensors, {"format": FORMAT, "recording": json.dumps(header)} | metadata)


def _set(*place: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    *keys, last, value = place

    def change(header: Any, _: dict[str, Any]) -> None:
        for key in keys:
            header = header[key]
        header[last] = value

    return change


def _tensor(name: str, edit: Callable[[Any], Any]) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_: dict[str, Any], tensors: dict[str, Any]) -> None:
        tensors[name] = edit(tensors[name])

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("title", 3),
        _set("size", -1),
        _set("bands", 7),
        _set("branches", []),
        _set("branches", [{"name": "x"}] * 65),
        _set("moments", []),
        _set("moments", 1, "step", 0),
        _set("moments", 0, "fidelity_db", "high"),
        lambda header, tensors: header["moments"][0].pop("fidelity_db"),
        _set("moments", 0, "fidelity_db", 1e300),
        _set("photos", 0, "width", 10**9),
        _set("photos", 0, "width", 49),
        _set("photos", 0, "map_height", 7),
        _set("photos", 0, "map_height", 1 << 40),
        _set("photos", 0, "sha256", "../../etc"),
        _set("photos", 0, "name", "x" * 300),
        _tensor("measures.shares", lambda x: x[:1]),
        _tensor("measures.shares", lambda x: np.full_like(x, np.nan)),
        _tensor("measures.correlation", lambda x: np.full_like(x, np.inf)),
        _tensor("photo.0.low", lambda x: np.full_like(x, 1e30)),
        _tensor("photo.0.step", lambda x: np.zeros(4, np.uint8)),
        _tensor("photo.0.picture", lambda x: x[:100]),
        _tensor("photo.0.maps.1", lambda x: np.concatenate([x[:60], 255 - x[60:]])),
        _tensor("photo.0.maps.1", lambda x: x[:0]),
        lambda header, tensors: tensors.pop("photo.1.maps.2"),
        lambda header, tensors: tensors.pop("measures.bands"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    rewrite(path, change)
    with pytest.raises(RecordingError, match=r"run\.safetensors is not a recording that can be played: .*\."):
        read_recording(path)


def test_a_later_version_is_said(path: Path) -> None:
    rewrite(path, lambda header, tensors: None, format="bsgui-recording-2")
    with pytest.raises(RecordingError, match="that this version knows"):
        read_recording(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
        {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "U8", "shape": [-4, -1], "data_offsets": [0, 4]},
        {"dtype": "U8", "shape": [1] * 40, "data_offsets": [0, 1]},
        {"dtype": "U8", "shape": [8], "data_offsets": [4, 12]},
        {"dtype": "U8", "shape": [4], "data_offsets": [True, 5]},
        {"dtype": "U8", "shape": [0], "data_offsets": [0]},
        {"dtype": "U8"},
        7,
    ],
)
def test_arrays_that_are_not_where_they_should_be_are_refused(tmp_path: Path, entry: Any) -> None:
    header = json.dumps({"x": entry}).encode()
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header + b"12345678")
    with pytest.raises(RecordingError, match="not described"):
        read_recording(tmp_path / "x")


def test_writing_again_replaces_the_file(path: Path) -> None:
    recording: Recording = make_recording((0,))
    write_recording(path, recording)
    assert list(read_recording(path).steps) == [0]
    assert [x.name for x in path.parent.iterdir()] == [path.name]
