from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from bsgui.cli import main
from bsgui.cli.styles import TypedStyle, chosen_styles, typed_style
from bsgui.core.errors import UsageError
from bsgui.core.styles import BranchStyle
from tests.fixtures import make_card

from .conftest import FakeEngine


@pytest.mark.parametrize(
    ("text", "layer", "domain", "seed", "alpha"),
    [
        ("2=cat", "2", "cat", 0, 1.0),
        ("branch-2=cat:7", "branch-2", "cat", 7, 1.0),
        ("Fine detail=cat:7@0.5", "Fine detail", "cat", 7, 0.5),
        ("2=cat@.25", "2", "cat", 0, 0.25),
        ("2=:7", "2", "", 7, 1.0),
        ("a=b=cat", "a=b", "cat", 0, 1.0),
    ],
)
def test_styles_are_read(text: str, layer: str, domain: str, seed: int, alpha: float) -> None:
    assert typed_style(text) == TypedStyle(layer, domain, seed, alpha)


@pytest.mark.parametrize(
    "text", ["", "2", "=cat", "2=", "2=cat:x", "2=cat:-1", "2=cat@2", "2=cat@-1", "2=cat@nan", "2=cat@x"]
)
def test_what_is_no_style_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="LAYER=DOMAIN"):
        typed_style(text)


@pytest.mark.parametrize("layer", ["2", "branch-2", "Branch-2", "branch 2"])
def test_branches_by_number_id_and_name(layer: str) -> None:
    assert chosen_styles([TypedStyle(layer, "", 7, 0.5)], make_card(), "cat") == (BranchStyle(2, "cat", 7, 0.5),)


@pytest.mark.parametrize(
    ("layers", "domain", "words"),
    [
        (["base"], "cat", "the base has none"),
        (["Residual"], "cat", "the residual has none"),
        (["4"], "cat", "1 “Branch 1”, 2 “Branch 2”"),
        (["0"], "cat", "no branch “0”"),
        (["whiskers"], "cat", "no branch “whiskers”"),
        (["2"], "cow", "no domain “cow”"),
        (["2", "branch-2"], "cat", "two styles"),
    ],
)
def test_what_the_model_does_not_have_is_named(layers: list[str], domain: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        chosen_styles([TypedStyle(layer, domain, 0, 1.0) for layer in layers], make_card(), "any")


def test_the_engine_is_asked_for_them(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out"), "--json"]
    assert main([*command, "--style", "3=cat:7@0.5", "--style", "Branch 1=cat"]) == 0
    assert engine.requests[0].settings.styles == (BranchStyle(1, "cat", 0, 1.0), BranchStyle(3, "cat", 7, 0.5))
    assert json.loads(capsys.readouterr().out)["styles"] == []  # This engine has no styles.


def test_a_wrong_style_is_a_matter_of_usage(
    engine: FakeEngine, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["decompose", str(photos / "cat.png"), "--out", str(tmp_path / "out")]
    assert main([*command, "--style", "whiskers=cat"]) == 2
    assert "whiskers" in capsys.readouterr().err
    assert engine.requests == []
