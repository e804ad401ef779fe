"""The finder that is shipped, on the bundled samples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bsgui.core.requests import NeverCancelled
from bsgui.engine.finder import HeadFinder, find_subjects
from bsgui.imageio.model_store import ModelStore
from bsgui.imageio.read_photo import read_photo

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "samples"


@pytest.fixture(scope="module")
def finder() -> HeadFinder:
    return HeadFinder([ROOT / "models"])


def test_the_portraits_face_is_found(finder: HeadFinder) -> None:
    (face,) = finder.find(read_photo(SAMPLES / "astronaut.png"), NeverCancelled())
    assert face.kind == "face"
    assert face.score > 0.9
    # Placed by hand: both pupils, the tip of the nose, both corners of the mouth.
    by_hand = [(203.5, 100), (247, 105), (222, 125), (203.5, 140), (240, 142)]
    errors = np.hypot(*(np.array(face.landmarks) - by_hand).T)
    assert errors.mean() < 0.15 * 44
    assert (face.frame.x, face.frame.y) == pytest.approx((225, 106), abs=8)
    assert face.frame.width == pytest.approx(165, rel=0.12)


def test_where_no_head_is_none_is_found(finder: HeadFinder) -> None:
    assert finder.find(read_photo(SAMPLES / "rocket.jpg"), NeverCancelled()) == ()


def test_the_program_finds_its_own_files() -> None:
    assert find_subjects(read_photo(SAMPLES / "astronaut.png"))[0].kind == "face"


def test_it_is_no_model_that_takes_photos_apart() -> None:
    store = ModelStore([ROOT / "models"])
    assert "finder" not in [card.id for card in store.cards()]
    assert not store.problems


def test_its_card_says_where_it_comes_from() -> None:
    card = json.loads((ROOT / "models" / "finder.json").read_text(encoding="utf-8"))
    assert card["licence"].startswith("CC BY-SA 4.0")
    assert any("Oxford-IIIT" in line for line in card["data"])
    assert card["known_failures"]
    assert card["measures"]["composites"]["heads"] > 100
    assert card["measures"]["thresholds"] == card["thresholds"]
