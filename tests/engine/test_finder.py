from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bsgui.core.errors import Cancelled, ModelError
from bsgui.core.requests import NeverCancelled
from bsgui.engine.checkpoint import file_sha256
from bsgui.engine.finder import HeadFinder, Mips, filling, find_with, look, propose
from bsgui.engine.finder_decoding import Candidate, overlap, peaks, suppress
from bsgui.engine.finder_network import KINDS, LOOK_SIZE, STRIDE, FinderNetworks
from bsgui.engine.finder_weights import FORMAT, load_finder, load_installed_finder, save_finder
from tests.fixtures import make_photo


@pytest.fixture(scope="module")
def networks() -> FinderNetworks:
    """Untrained, and sure that there are heads everywhere."""
    torch.manual_seed(0)
    networks = FinderNetworks().eval().requires_grad_(False)
    networks.proposals.heat.bias += 5.0
    return networks


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, networks: FinderNetworks) -> Path:
    """A folder with a finder and its card."""
    folder = tmp_path_factory.mktemp("models")
    save_finder(networks, folder / "finder.safetensors")
    card = {"sha256": file_sha256(folder / "finder.safetensors"), "thresholds": dict.fromkeys(KINDS, 0.4)}
    (folder / "finder.json").write_text(json.dumps(card))
    return folder


class Impatient:
    """Cancelled when it is asked for the n-th time."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def raise_if_cancelled(self) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise Cancelled


def test_shapes(networks: FinderNetworks) -> None:
    heat, shape = networks.proposals(torch.zeros(2, 3, 48, 64))
    assert heat.shape == (2, len(KINDS), 12, 16)
    assert shape.shape == (2, 5, 12, 16)
    kinds, landmarks, boxes = networks.look(torch.zeros(3, 3, LOOK_SIZE, LOOK_SIZE))
    assert kinds.shape == (3, len(KINDS) + 1)
    assert landmarks.shape == (3, 5, 2)
    assert boxes.shape == (3, 3)


def test_folding_the_batch_norms_in_changes_nothing() -> None:
    torch.manual_seed(1)
    networks = FinderNetworks().train()
    pictures = torch.randn(4, 3, 64, 64)
    networks.proposals(pictures)
    networks.look(pictures)
    networks.eval().requires_grad_(False)
    before = networks.proposals(pictures), networks.look(pictures)
    networks.fuse()
    for old, new in zip(
        (*before[0], *before[1]), (*networks.proposals(pictures), *networks.look(pictures)), strict=True
    ):
        assert torch.allclose(old, new, atol=1e-4)


def test_a_peak_is_decoded_to_its_square() -> None:
    heat, shape = torch.full((3, 8, 10), -9.0), torch.zeros(5, 8, 10)
    heat[1, 3, 5] = 2.0
    heat[1, 3, 6] = 1.0  # Beside the peak: no peak.
    heat[2, 7, 0] = 0.5
    shape[:, 3, 5] = torch.tensor([0.25, -0.5, math.log(40 / 32), math.cos(0.3), math.sin(0.3)])
    first, second = peaks(heat, shape, 0.3, 10)
    assert (first.x, first.y) == pytest.approx((5.75 * STRIDE, 3.0 * STRIDE))
    assert (first.side, first.angle) == pytest.approx((40, 0.3))
    assert (KINDS[first.kind], first.score) == ("cat", pytest.approx(1 / (1 + math.exp(-2))))
    assert KINDS[second.kind] == "dog"
    assert peaks(heat, shape, 0.3, 1) == [first]
    assert peaks(heat, shape, 0.9, 10) == []


def test_overlaps_and_suppression() -> None:
    here = Candidate(50, 50, 20, 0, 0, 0.9)
    near = Candidate(55, 50, 20, 0, 1, 0.8)
    there = Candidate(90, 50, 20, 0, 0, 0.7)
    assert overlap(here, here) == 1
    assert overlap(here, near) == pytest.approx(15 * 20 / (2 * 400 - 300))
    assert overlap(here, there) == 0
    assert suppress([there, near, here], 0.35) == [here, there]
    assert suppress([near, here], 0.7) == [here, near]
    assert suppress([], 0.5) == []
    eye = Candidate(52, 48, 5, 0, 1, 0.5)
    assert suppress([here, eye], 0.35) == [here, eye]
    assert suppress([here, eye], 0.35, 0.65) == [here]


def test_a_candidate_goes_from_a_level_to_the_photo_and_back() -> None:
    found = Candidate(28, 18, 20, 0.1, 2, 0.5)
    assert found.moved(0.25, 8) == Candidate(80, 40, 80, 0.1, 2, 0.5)


@pytest.mark.parametrize("depth", [8, 16])
def test_a_crop_shows_what_the_square_covers(depth: int) -> None:
    white = 255 if depth == 8 else 65535
    samples = np.zeros((1200, 1600, 3), np.uint8 if depth == 8 else np.uint16)
    samples[500:700, 900:1100] = white
    mips = Mips(samples)
    exact = mips.crop(Candidate(1000, 600, 200, 0, 0, 1), 64, 1.0)
    assert exact[2:-2, 2:-2].min() > 250
    double = mips.crop(Candidate(1000, 600, 200, 0, 0, 1), 64, 2.0)
    assert double[18:46, 18:46].min() > 250
    assert double[:13].max() < 5
    assert double[:, 51:].max() < 5
    outside = mips.crop(Candidate(1600, 600, 200, 0, 0, 1), 64, 1.0)
    assert (outside[:, 34:] == 128).all()
    assert (outside[:, :30] == 0).all()


def test_a_turned_crop_is_upright() -> None:
    samples = np.zeros((400, 400, 3), np.uint8)
    # A square turned by 45 degrees, with its upper right side (the upright picture's top) lit.
    rows, columns = np.mgrid[0:400, 0:400]
    samples[(columns - 200) - (rows - 200) > 0] = 255
    crop = Mips(samples).crop(Candidate(200, 200, 120, math.pi / 4, 0, 1), 64, 1.0)
    assert crop[:28].min() > 250
    assert crop[36:].max() < 5


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (40, 30), (600, 900)])
def test_photos_of_any_size_go_through(networks: FinderNetworks, size: tuple[int, int]) -> None:
    photo = make_photo(width=size[1], height=size[0])
    for subject in find_with(networks, photo.samples, dict.fromkeys(KINDS, 0.0), NeverCancelled()):
        assert subject.kind in KINDS
        assert 0 <= subject.score <= 1
        assert len(subject.landmarks) == (5 if subject.kind == "face" else 0)


def test_the_surest_come_first_and_stand_apart(networks: FinderNetworks) -> None:
    subjects = find_with(networks, make_photo(300, 200).samples, dict.fromkeys(KINDS, 0.0), NeverCancelled())
    scores = [x.score for x in subjects]
    assert scores == sorted(scores, reverse=True)
    assert find_with(networks, make_photo(300, 200).samples, dict.fromkeys(KINDS, 0.0), NeverCancelled()) == subjects
    assert find_with(networks, make_photo(300, 200).samples, dict.fromkeys(KINDS, 1.0), NeverCancelled()) == ()


def test_nothing_to_look_at(networks: FinderNetworks) -> None:
    assert look(networks, Mips(make_photo().samples), []) == []


def test_a_photo_and_its_mirror_image_show_the_same(networks: FinderNetworks) -> None:
    samples = make_photo(300, 200).samples
    # About the middle, so that the mirrored crop has the mirrored pixels.
    candidate = Candidate(150, 100, 60, 0.0, 0, 0.8)
    answers = [look(networks, Mips(picture), [candidate]) for picture in (samples, samples[:, ::-1].copy())]
    (_, seen), (_, mirrored) = (answer[0] for answer in answers)
    assert seen.kind == mirrored.kind

    assert seen.score == pytest.approx(mirrored.score, rel=1e-4)


def test_it_is_cancelled_between_any_two_runs(networks: FinderNetworks) -> None:
    samples = make_photo(300, 200).samples
    for patience in range(6):
        with pytest.raises(Cancelled):
            find_with(networks, samples, dict.fromkeys(KINDS, 0.5), Impatient(patience))
    with pytest.raises(Cancelled):
        propose(networks, Mips(samples), Impatient(0))


def test_weights_come_back_from_their_file(files: Path, networks: FinderNetworks) -> None:
    loaded, card = load_installed_finder([files])
    assert card["thresholds"]["cat"] == 0.4
    pictures = torch.randn(1, 3, 64, 64)
    for old, new in zip(networks.look(pictures), loaded.look(pictures), strict=True):
        assert torch.allclose(old, new, atol=0.02)
    assert (files / "finder.safetensors").stat().st_size <= 2 << 20


def test_the_installed_finder_finds(files: Path) -> None:
    finder = HeadFinder([files.parent / "none", files])
    assert all(x.score >= 0.4 for x in finder.find(make_photo(200, 150), NeverCancelled()))


def test_weights_are_read_when_it_gets_ready(files: Path, tmp_path: Path) -> None:
    for name in ("finder.json", "finder.safetensors"):
        shutil.copy(files / name, tmp_path)
    finder = HeadFinder([tmp_path]).ready()
    (tmp_path / "finder.safetensors").unlink()
    photo = make_photo(200, 150)
    assert finder.find(photo, NeverCancelled()) == HeadFinder([files]).find(photo, NeverCancelled())


def test_without_files_it_says_so_at_the_first_search(tmp_path: Path) -> None:
    finder = HeadFinder([tmp_path]).ready()
    with pytest.raises(ModelError, match="not installed"):
        finder.find(make_photo(), NeverCancelled())


def test_without_files_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not installed"):
        HeadFinder([tmp_path]).find(make_photo(), NeverCancelled())


@pytest.mark.parametrize(
    "card", ["", "[]", "{}", '{"sha256": "0"}', '{"sha256": 1, "thresholds": []}', "[" * 5000, '{"thresholds": NaN}']
)
def test_a_damaged_card_is_refused(tmp_path: Path, card: str) -> None:
    (tmp_path / "finder.json").write_text(card)
    with pytest.raises(ModelError, match="card is damaged"):
        load_installed_finder([tmp_path])


def test_weights_that_the_card_does_not_name_are_refused(files: Path) -> None:
    with pytest.raises(ModelError, match="card"):
        load_finder(files / "finder.safetensors", "0" * 64)


def test_hostile_files_are_refused(tmp_path: Path, networks: FinderNetworks) -> None:
    tensors = {k: v.half().contiguous() for k, v in networks.state_dict().items() if v.is_floating_point()}
    path = tmp_path / "finder.safetensors"
    key = "look.hidden.weight"
    not_finite = tensors[key].clone()
    not_finite[0, 0] = float("nan")
    for change, format_, reason in (
        ({key: not_finite}, FORMAT, "finite"),
        ({key: torch.zeros(4, dtype=torch.half)}, FORMAT, "fit"),
        ({"extra": torch.zeros(4, dtype=torch.half)}, FORMAT, "not a finder"),
        ({}, "bsgui-generator-1", "not a finder"),
    ):
        save_file(tensors | change, path, metadata={"format": format_})
        with pytest.raises(ModelError, match=reason):
            load_finder(path)
    for content in (b"", b"\xff" * 64, path.read_bytes()[:1000]):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="cannot be read"):
            load_finder(path)
    with path.open("wb") as file:
        file.truncate(9 << 20)
    with pytest.raises(ModelError, match="larger"):
        load_finder(path)


def test_the_photo_as_a_whole_is_looked_at_too() -> None:
    assert [(x.x, x.y, x.side) for x in filling(100, 100)] == [(50, 50, 100), (50, 50, 80)]
    wide, tall = filling(300, 100), filling(100, 300)
    assert [(x.x, x.y) for x in wide[:3]] == [(90, 50), (150, 50), (210, 50)]
    assert [(x.y, x.x, x.side) for x in tall] == [(x.x, x.y, x.side) for x in wide]


def test_a_head_that_no_proposal_marks_is_found_if_it_fills_the_photo() -> None:
    torch.manual_seed(0)
    blind = FinderNetworks().eval().requires_grad_(False)
    blind.proposals.heat.bias -= 50.0
    photo = make_photo(64, 64)
    assert propose(blind, Mips(photo.samples), NeverCancelled()) == []
    found = find_with(blind, photo.samples, dict.fromkeys(KINDS, 0.0), NeverCancelled())
    assert found
    assert all(subject.frame.contains(subject.frame.x, subject.frame.y) for subject in found)
