"""The gallery's sheets: one row a photo, one column a layer, made by the command."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bsgui.imageio.model_store import ModelStore, default_model_folders
from bsgui.training.gallery import main

_SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


def test_an_index_gives_one_picture_with_a_row_a_photo(tmp_path: Path) -> None:
    photo = cv2.resize(cv2.imread(str(next(_SAMPLES.glob("*.jpg")))), (64, 64))
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), photo)
    (tmp_path / "index.csv").write_text("file,split\na.png,test\nb.png,test\n", encoding="utf-8")
    status = main(["--index", str(tmp_path / "index.csv"), "--out", str(tmp_path), "--size", "64", "--side", "64"])
    assert status == 0
    gallery = cv2.imread(str(tmp_path / "gallery.png"))
    # Photo, sum and six branches, each with a border of two pixels.
    assert gallery.shape == (2 * 68, 8 * 68, 3)
    np.testing.assert_allclose(gallery[2:66, 2:66], photo, atol=1)
    np.testing.assert_array_equal(gallery[:68], gallery[68:])


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Of one photo."""
    photo = cv2.resize(cv2.imread(str(next(_SAMPLES.glob("*.jpg")))), (64, 64))
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    (tmp_path / "index.csv").write_text("file,split\na.png,test\n", encoding="utf-8")
    return tmp_path / "index.csv"


def test_relightings_change_the_photo(index: Path, tmp_path: Path) -> None:
    command = ["--index", str(index), "--out", str(tmp_path), "--size", "64", "--side", "64", "--relight"]
    assert main([*command, "--model", "faces"]) == 0
    _check_relightings(cv2.imread(str(tmp_path / "gallery.png")))


def test_relightings_of_a_named_photo_come_at_full_size(index: Path, tmp_path: Path) -> None:
    command = [str(index.parent / "a.png"), "--size", "64", "--side", "0", "--relight", "--model", "faces"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    relit = cv2.imread(str(tmp_path / "out" / "a.png"))
    _check_relightings(relit)
    np.testing.assert_allclose(relit[2:66, 2:66], cv2.imread(str(index.parent / "a.png")), atol=1)


def _check_relightings(row: NDArray[np.uint8]) -> None:
    """The photo, each light off and at 1.8, all at a half: 64 px each, with a border of two."""
    lights = sum(branch.role == "light" for branch in ModelStore(default_model_folders()).card("faces").branches)
    assert row.shape == (68, 68 * (2 + 2 * lights), 3)
    tiles = np.split(row[2:66].astype(int), range(68, row.shape[1], 68), axis=1)
    for tile in tiles[1:]:
        assert 1 < np.abs(tile - tiles[0]).mean() < 64


def test_a_model_without_lights_cannot_relight(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--index", str(index), "--out", str(tmp_path), "--size", "64", "--relight"]) == 2
    assert "no layer that its card calls a light" in capsys.readouterr().err


def test_a_missing_photo_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.jpg"), "--out", str(tmp_path)]) == 3
    assert "none.jpg" in capsys.readouterr().err
