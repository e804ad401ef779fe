from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bsgui.core.errors import ExportError
from bsgui.imageio.atomic import atomic_write
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.write_image import write_image
from tests.fixtures import make_photo


@pytest.mark.parametrize("suffix", ["png", "tif", "tiff", "webp", "PNG", "jpg", "jpeg"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("transparent", [False, True])
def test_pictures_read_back(tmp_path: Path, suffix: str, depth: int, transparent: bool) -> None:
    samples = make_photo(70, 90, depth).samples
    alpha = np.ascontiguousarray(samples[..., 1]) if transparent else None
    path = tmp_path / f"picture.{suffix}"
    write_image(path, samples, alpha)
    photo = read_photo(path)
    lossy, keeps_16 = suffix in ("jpg", "jpeg"), suffix in ("png", "PNG", "tif", "tiff")
    expected: Any = samples if depth == 8 or keeps_16 else np.rint(samples / 257)
    assert photo.samples.dtype == (np.uint16 if depth == 16 and keeps_16 else np.uint8)
    assert np.abs(photo.samples.astype(int) - expected).max() <= (30 if lossy else 0)
    assert (photo.alpha is not None) == (transparent and not lossy)
    if photo.alpha is not None:
        assert np.array_equal(photo.alpha, alpha if photo.alpha.dtype == samples.dtype else np.rint(alpha / 257))  # type: ignore[operator]
    assert [x.name for x in tmp_path.iterdir()] == [path.name]


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"mine")
    with pytest.raises(ExportError, match="there already"):
        write_image(path, make_photo().samples)
    assert path.read_bytes() == b"mine"
    write_image(path, make_photo().samples, overwrite=True)
    assert read_photo(path).width == 48


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    samples = make_photo().samples
    (tmp_path / "folder.png").mkdir()
    cases = {
        "picture.xyz": "use one of", "picture": "use one of", "gone/picture.png": "no such file",
        "folder.png": "is a folder",
    }  # fmt: skip
    for name, reason in cases.items():
        with pytest.raises(ExportError, match=reason):
            write_image(tmp_path / name, samples, overwrite=True)
    with pytest.raises(ExportError, match="16383 pixels a side"):
        write_image(tmp_path / "wide.webp", np.zeros((1, 16384, 3), np.uint8))
    assert [x.name for x in tmp_path.iterdir()] == ["folder.png"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"mine")

    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ExportError, match="no space left on device"):
        write_image(path, make_photo().samples, overwrite=True)
    assert path.read_bytes() == b"mine"
    assert [x.name for x in tmp_path.iterdir()] == ["picture.png"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250)
    path.write_bytes(b"old")

    def interrupted() -> None:
        with atomic_write(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
