import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bsgui.core.errors import ModelError
from bsgui.engine.checkpoint import FORMAT, file_sha256, load_generator, save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig

TINY = NetworkConfig(branches=2, widths=(4, 4), latent=4, mapping=8, style=4)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    torch.manual_seed(0)
    save_weights(BranchedGenerator(TINY), path)
    return path


def metadata(config: object = None) -> dict[str, str]:
    return {"format": FORMAT, "config": json.dumps(config or TINY.to_json())}


def test_round_trip(weights: Path) -> None:
    torch.manual_seed(0)
    expected = BranchedGenerator(TINY).state_dict()
    loaded = load_generator(weights, file_sha256(weights))
    assert loaded.config == TINY
    for key, value in loaded.state_dict().items():
        torch.testing.assert_close(value, expected[key], rtol=1e-3, atol=1e-5)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_generator(tmp_path / "nowhere.safetensors")


def test_damaged_file(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ModelError, match="cannot be read"):
        load_generator(weights)


def test_other_weights_than_the_card_describes(weights: Path) -> None:
    with pytest.raises(ModelError, match="card"):
        load_generator(weights, "0" * 64)


def test_not_a_bsgui_model(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match="not a bsgui model"):
        load_generator(path)


def test_hostile_configuration(weights: Path) -> None:
    tensors = load_file(weights)
    save_file(tensors, weights, metadata=metadata(TINY.to_json() | {"branches": 10**9}))
    with pytest.raises(ModelError, match="not a bsgui model"):
        load_generator(weights)


def test_wrong_shapes_missing_and_extra_tensors(weights: Path) -> None:
    tensors = load_file(weights)
    key = next(iter(tensors))
    for changed in ({**tensors, key: torch.zeros(3)}, {**tensors, "extra": torch.zeros(1)}):
        save_file(changed, weights, metadata=metadata())
        with pytest.raises(ModelError, match="do not fit"):
            load_generator(weights)
    del tensors[key]
    save_file(tensors, weights, metadata=metadata())
    with pytest.raises(ModelError):
        load_generator(weights)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(weights: Path, value: float) -> None:
    tensors = load_file(weights)
    key = next(iter(tensors))
    tensors[key].view(-1)[0] = value
    save_file(tensors, weights, metadata=metadata())
    with pytest.raises(ModelError, match="not finite"):
        load_generator(weights)
