from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bsgui.cli import main

from .conftest import FakeEngine


@pytest.fixture
def stacks(engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with the stacks of cat.png (8 bits) and dog.png (16 bits)."""
    out = tmp_path / "out"
    assert main(["decompose", str(photos / "cat.png"), str(photos / "dog.png"), "--out", str(out)]) == 0
    capsys.readouterr()
    return out


def pixels(path: Path) -> NDArray[np.generic]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return np.asarray(image)


def layer(path: Path) -> NDArray[np.float64]:
    """A layer file's content, signed, in 8-bit steps."""
    return (pixels(path).astype(np.float64) - 32768) / 128


def test_an_untouched_stack_gives_the_photo(stacks: Path, photos: Path, tmp_path: Path) -> None:
    for name, tolerance in (("cat", 0), ("dog", 1)):
        again = tmp_path / f"{name}_again.png"
        assert main(["recombine", str(stacks / name), "--out", str(again)]) == 0
        photo, picture = pixels(photos / f"{name}.png"), pixels(again)
        assert picture.dtype == photo.dtype
        assert np.abs(picture.astype(int) - photo.astype(int)).max() <= tolerance


def test_gains_and_hidden_layers_count(stacks: Path, photos: Path, tmp_path: Path) -> None:
    edits = ["--gain", "branch-2=0.5", "--hide", "1", "--hide", "Residual", "--gain", "Base=-1"]
    assert main(["recombine", str(stacks / "cat"), "--out", str(tmp_path / "a.png"), *edits]) == 0
    names = ("00_base", "01_branch-1", "02_branch-2", "residual")
    base, first, second, residual = (layer(stacks / "cat" / f"cat_{x}.png") for x in names)
    expected = pixels(photos / "cat.png") - 2 * base - first - 0.5 * second - residual
    assert np.abs(pixels(tmp_path / "a.png") - np.clip(expected, 0, 255)).max() <= 0.51


def test_a_tint_multiplies_the_channels(stacks: Path, photos: Path, tmp_path: Path) -> None:
    edits = ["--tint", "branch-2=#ff0000", "--gain", "branch-2=0.5"]
    assert main(["recombine", str(stacks / "cat"), "--out", str(tmp_path / "a.png"), *edits]) == 0
    second = layer(stacks / "cat" / "cat_02_branch-2.png")
    factors = 0.5 * np.array([0, 0, 1 / 0.299])  # OpenCV has blue first.
    expected = pixels(photos / "cat.png") + (factors - 1) * second
    assert np.abs(pixels(tmp_path / "a.png") - np.clip(expected, 0, 255)).max() <= 0.51


def test_modes_of_a_layer_part_it(stacks: Path, photos: Path, tmp_path: Path) -> None:
    stack = str(stacks / "cat")
    pictures = {}
    for mode in ("lighten", "darken", "luminosity", "colour"):
        out = tmp_path / f"{mode}.png"
        edits = ["--only", "branch-2", "--mode", f"branch-2={mode}"]
        assert main(["recombine", stack, "--out", str(out), *edits]) == 0
        pictures[mode] = cv2.imread(str(out)).astype(int) - 128
    assert pictures["lighten"].min() >= -1
    assert pictures["darken"].max() <= 0
    assert np.ptp(pictures["luminosity"], axis=2).max() <= 1
    whole = pictures["lighten"] + pictures["darken"]
    assert np.abs(whole - pictures["luminosity"] - pictures["colour"]).max() <= 3


def test_a_layer_is_softened_and_sharpened(stacks: Path, tmp_path: Path) -> None:
    stack, rough = str(stacks / "cat"), {}
    for asked in ("branch-2=-1:3", "branch-2=0:3", "branch-2=2:3"):
        out = tmp_path / "out.png"
        edits = ["--only", "branch-2", "--filter", asked, "--overwrite"]
        assert main(["recombine", stack, "--out", str(out), *edits]) == 0
        rough[asked] = np.abs(np.diff(cv2.imread(str(out)).astype(float), axis=1)).mean()
    soft, plain, sharp = rough.values()
    assert 2 * soft < plain < sharp


@pytest.mark.parametrize(
    "asked", ["branch-1", "=-1:3", "branch-1=-2:3", "branch-1=1", "branch-1=1:200", "branch-1=a:b"]
)
def test_a_filter_that_is_none_is_a_wrong_usage(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["recombine", "stack", "--out", "a.png", "--filter", asked])
    assert "--filter" in capsys.readouterr().err


def test_only_branches_can_be_filtered(stacks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "a.png")
    assert main(["recombine", str(stacks / "cat"), "--out", out, "--filter", "residual=-1:3"]) == 2
    assert "only branches" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["branch-1", "=darken", "branch-1=glow", "branch-1="])
def test_a_mode_that_is_none_is_a_wrong_usage(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["recombine", "stack", "--out", "a.png", "--mode", mode])
    assert "--mode" in capsys.readouterr().err


@pytest.mark.parametrize("tint", ["branch-1", "=#ffffff", "branch-1=red", "branch-1=#000000", "branch-1="])
def test_a_tint_that_is_none_is_a_wrong_usage(tint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["recombine", "stack", "--out", "a.png", "--tint", tint])
    assert ended.value.code == 2
    assert "--tint" in capsys.readouterr().err


def test_only_leaves_out_the_others(stacks: Path, tmp_path: Path) -> None:
    edits = ["--only", "base", "--only", "branch-3", "--gain", "branch-3=2"]
    assert main(["recombine", str(stacks / "cat"), "--out", str(tmp_path / "a.png"), *edits]) == 0
    names = ("00_base", "03_branch-3")
    base, third = (layer(stacks / "cat" / f"cat_{x}.png") for x in names)
    assert np.abs(pixels(tmp_path / "a.png") - np.clip(127.5 + base + 2 * third, 0, 255)).max() <= 0.51


def test_a_picture_that_is_there_is_kept_unless_told_otherwise(
    stacks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "there.png"
    target.write_bytes(b"mine")
    command = ["recombine", str(stacks / "cat"), "--out", str(target)]
    assert main(command) == 1
    assert target.read_bytes() == b"mine"
    assert "there.png" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert pixels(target).shape == (32, 48, 3)


@pytest.mark.parametrize(
    ("edits", "status"),
    [(["--hide", "nobody"], 2), (["--gain", "nobody=1"], 2), (["--only", "nobody"], 2)],
)
def test_an_unknown_layer_is_a_wrong_request(
    stacks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], edits: list[str], status: int
) -> None:
    assert main(["recombine", str(stacks / "cat"), "--out", str(tmp_path / "a.png"), *edits]) == status
    assert "nobody" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_an_unknown_format_is_a_wrong_request(stacks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recombine", str(stacks / "cat"), "--out", str(tmp_path / "a.xyz")]) == 2
    assert ".png" in capsys.readouterr().err
    assert not (tmp_path / "a.xyz").exists()


@pytest.mark.parametrize("gain", ["branch-1", "branch-1=x", "=1", "branch-1=7", "branch-1=nan"])
def test_a_gain_that_is_none_is_a_wrong_usage(gain: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["recombine", "stack", "--out", "a.png", "--gain", gain])
    assert ended.value.code == 2
    assert "from -2 to 3" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["recombine --out {out}", "verify"])
def test_what_is_no_stack_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    name, *rest = command.format(out=tmp_path / "a.png").split()
    assert main([name, str(tmp_path / "nowhere"), *rest]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_sound_stack_verifies(stacks: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cat", "dog"):
        assert main(["verify", str(stacks / name)]) == 0
        assert "max error 0/255" in capsys.readouterr().out
        assert main(["verify", str(stacks / name), "--photo", str(photos / f"{name}.png"), "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["ok"] is True
        assert report["max_error_lsb"] == pytest.approx(0, abs=0.004)
        assert report["problems"] == []


def test_another_photo_does_not_verify(stacks: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(stacks / "cat"), "--photo", str(photos / "sub" / "cat.png"), "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert report["max_error_lsb"] > 1


def test_a_changed_file_does_not_verify(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stacks / "cat" / "cat_01_branch-1.png"
    image = pixels(path)
    image[3, 4, 1] += 1
    assert cv2.imwrite(str(path), image)
    assert main(["verify", str(stacks / "cat")]) == 3
    assert "cat_01_branch-1.png" in capsys.readouterr().err


def test_a_photo_that_cannot_be_read_is_named(stacks: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(stacks / "cat"), "--photo", str(photos / "broken.jpg")]) == 3
    assert "broken.jpg" in capsys.readouterr().err


@pytest.mark.parametrize("size", [(2, 3000), (3000, 2), (1, 1)])
def test_flat_layers_of_odd_sizes_are_read_to_their_end(
    engine: FakeEngine, tmp_path: Path, size: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "flat.png"
    assert cv2.imwrite(str(photo), np.full((size[1], size[0], 3), 90, np.uint8))
    assert main(["decompose", str(photo), "--out", str(tmp_path / "out")]) == 0
    assert main(["verify", str(tmp_path / "out" / "flat"), "--photo", str(photo)]) == 0, capsys.readouterr().err
