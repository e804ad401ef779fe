"""Styles are taught to count without what photos are taken apart in being lost."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator, BranchMaps, NetworkConfig
from bsgui.training.config import read_config
from bsgui.training.restyle import RestylePlan, Restyler, main, restyle

_CONFIG = NetworkConfig(branches=2, widths=(4, 6), octaves=3, domains=("any", "cat", "dog"))
_PLAN = RestylePlan(steps=40, batch=2, size=32, rate=3e-3, threads=1)


def _network(config: NetworkConfig = _CONFIG) -> BranchedGenerator:
    torch.manual_seed(0)
    network = BranchedGenerator(config)
    torch.nn.init.normal_(network.head.weight, std=0.1)
    return network.eval().requires_grad_(False)


def _photos() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.nn.functional.interpolate(torch.rand(2, 3, 8, 8) * 2 - 1, 32, mode="bilinear")


def _pictures(network: BranchedGenerator, domain: int) -> torch.Tensor:
    latent = torch.zeros(2, network.config.latent)
    with torch.inference_mode():
        styles = network.styles(latent, torch.full((2,), domain))
        maps: BranchMaps = network(_photos(), styles)
        return maps.pictures(_photos())


def _moved(network: BranchedGenerator, domain: int) -> float:
    usual = _pictures(network, 0)
    return float((_pictures(network, domain) - usual).std() / usual.std())


def test_other_domains_move_the_branches_and_the_first_stays() -> None:
    before = _network()
    restyler = Restyler(before, _PLAN)
    for _ in range(_PLAN.steps):
        restyler.step(_photos(), torch.tensor([1, 2]))
    after = restyler.average
    assert max(_moved(before, 1), _moved(before, 2)) < 0.05
    assert min(_moved(after, 1), _moved(after, 2)) > 0.1
    stayed = float((_pictures(after, 0) - _pictures(before, 0)).std() / _pictures(before, 0).std())
    assert stayed < 0.25 * min(_moved(after, 1), _moved(after, 2))


def _moved_in_the_corner(features: float) -> float:
    """How far the branches move in the corner, in parts of how far they move elsewhere."""
    before, photos = _network(), _photos()
    featureless = photos.clone()
    featureless[..., :12, :12] = featureless[..., :12, :12].mean((2, 3), keepdim=True)
    restyler = Restyler(before, replace(_PLAN, features=features))
    for _ in range(_PLAN.steps):
        restyler.step(photos, torch.tensor([1, 2]), featureless)
    change = _pictures(restyler.average, 1) - _pictures(before, 0)
    change = (change - change.mean((3, 4), keepdim=True)).square().mean((0, 1, 2))
    inside = float(change[:12, :12].mean())
    return inside / (float(change.sum() - change[:12, :12].sum()) / (32**2 - 12**2))


def test_branches_move_less_where_features_are() -> None:
    assert _moved_in_the_corner(features=100.0) < 0.7 * _moved_in_the_corner(features=0.0)


def test_only_what_turns_styles_into_answers_learns() -> None:
    before = _network()
    restyler = Restyler(before, _PLAN)
    restyler.step(_photos(), torch.tensor([1, 2]))
    was = before.state_dict()
    changed = {name for name, value in restyler.network.state_dict().items() if not torch.equal(value, was[name])}
    assert changed
    assert all(name.startswith("mapping.") or ".affine." in name for name in changed)


def test_a_network_without_two_domains_to_tell_apart_is_refused() -> None:
    with pytest.raises(UsageError, match="domains"):
        Restyler(_network(NetworkConfig(branches=2, widths=(4, 6), domains=("any", "cat"))), _PLAN)


def _pack(folder: Path) -> Path:
    rows = ["file,species,split"]
    for number, species in enumerate(("cat", "dog")):
        picture = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
        rows.append(f"{number}.png,{species},train")
    (folder / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    config = folder / "tiny.toml"
    config.write_text('name = "tiny"\n[[data]]\nindex = "index.csv"\ndomain_column = "species"\n', encoding="utf-8")
    return config


def test_the_same_seed_gives_the_same_styles_and_the_command_writes_them(tmp_path: Path) -> None:
    config, weights = _pack(tmp_path), tmp_path / "before.safetensors"
    save_weights(_network(), weights)
    plan = RestylePlan(steps=2, batch=2, size=32, threads=1)
    made = [restyle(load_generator(weights), read_config(config).data, plan) for _ in range(2)]
    torch.testing.assert_close(_pictures(made[0], 0), _pictures(load_generator(weights), 0), rtol=0, atol=1e-5)
    for name, value in made[0].state_dict().items():
        torch.testing.assert_close(value, made[1].state_dict()[name], rtol=0, atol=0)
    options = ["--steps", "2", "--batch", "2", "--size", "32", "--threads", "1"]
    assert main([str(weights), str(config), "--to", str(tmp_path / "after.safetensors"), *options]) == 0
    assert load_generator(tmp_path / "after.safetensors").config == _CONFIG


def test_the_command_takes_drawings_of_eyes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, weights, drawings = _pack(tmp_path), tmp_path / "before.safetensors", tmp_path / "drawings"
    save_weights(_network(), weights)
    drawings.mkdir()
    options = [str(weights), str(config), "--drawings", str(drawings), "--steps", "2", "--batch", "2", "--size", "32"]
    options += ["--threads", "1", "--to", str(tmp_path / "after.safetensors")]
    assert main(options) != 0
    assert "no annotations" in capsys.readouterr().err
    assert not (tmp_path / "after.safetensors").exists()
    drawing = {"photo": "pets/1.png", "split": "train", "width": 40, "height": 40, "annotator": "T"}
    eye = [[10, 10], [20, 10], [20, 20], [10, 20]]
    (drawings / "1.json").write_text(json.dumps(drawing | {"regions": {"eyes": [eye]}}), encoding="utf-8")
    assert main(options) == 0
    assert load_generator(tmp_path / "after.safetensors").config == _CONFIG


def test_what_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.safetensors"
    assert main([str(missing), str(_pack(tmp_path)), "--to", str(tmp_path / "x.safetensors")]) != 0
    assert "none.safetensors" in capsys.readouterr().err
    assert not (tmp_path / "x.safetensors").exists()
