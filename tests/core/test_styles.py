from __future__ import annotations

import math

import pytest

from bsgui.core.errors import UsageError
from bsgui.core.fields import FieldError, Fields
from bsgui.core.styles import (
    BranchStyle,
    branch_of,
    check_styles,
    read_styles,
    style_of,
    with_style,
    without_style,
)

CAT, DOG = BranchStyle(2, "cat", 3, 0.5), BranchStyle(1, "dog")


def test_a_branch_has_one_style_and_they_are_in_order() -> None:
    styles = with_style(with_style((), CAT), DOG)
    assert styles == (DOG, CAT)
    assert style_of(styles, 2) == CAT
    assert style_of(styles, 3) is None
    other = BranchStyle(2, "any")
    assert with_style(styles, other) == (DOG, other)
    assert without_style(styles, 2) == (DOG,)
    assert without_style(styles, 3) == styles


@pytest.mark.parametrize(
    ("layer_id", "branch"),
    [("branch-2", 2), ("branch-12", 12), ("base", 0), ("residual", 0), ("branch-", 0), ("branch--1", 0), ("2", 0)],
)
def test_branches_by_layer_id(layer_id: str, branch: int) -> None:
    assert branch_of(layer_id) == branch
    if branch:
        assert BranchStyle(branch).layer_id == layer_id


@pytest.mark.parametrize(
    ("style", "words"),
    [
        (BranchStyle(0), "no branch 0"),
        (BranchStyle(4), "no branch 4"),
        (BranchStyle(1, "cow"), "no domain “cow”"),
        (BranchStyle(1, seed=-1), "seed"),
        (BranchStyle(1, seed=2**32), "seed"),
        (BranchStyle(1, alpha=1.5), "alpha"),
        (BranchStyle(1, alpha=math.nan), "alpha"),
        (BranchStyle(2), "two styles"),
    ],
)
def test_what_a_model_cannot_do_is_refused(style: BranchStyle, words: str) -> None:
    check_styles((CAT,), 3, ("any", "cat"), "tiny")
    with pytest.raises(UsageError, match=words):
        check_styles((CAT, style), 3, ("any", "cat"), "tiny")


def test_older_files_have_no_styles() -> None:
    assert read_styles(Fields({}), 8) == ()


def test_styles_from_a_file_are_sorted_and_unique() -> None:
    entries = [{"branch": 2, "domain": "cat", "seed": 3, "alpha": 0.5}, {"branch": 1}, {"branch": 1, "domain": "dog"}]
    assert read_styles(Fields({"styles": entries}), 8) == (DOG, CAT)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"branch": 0},
        {"branch": 9},
        {"branch": True},
        {"branch": 1, "domain": 3},
        {"branch": 1, "seed": -1},
        {"branch": 1, "seed": 2**32},
        {"branch": 1, "alpha": 1.01},
        {"branch": 1, "alpha": math.nan},
    ],
)
def test_damaged_styles_are_refused(entry: object) -> None:
    with pytest.raises(FieldError, match="styles"):
        read_styles(Fields({"styles": [entry]}), 8)


def test_more_styles_than_branches_are_refused() -> None:
    with pytest.raises(FieldError, match="styles"):
        read_styles(Fields({"styles": [{"branch": 1}] * 9}), 8)
