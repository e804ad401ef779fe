"""Weights between those of two networks."""

from pathlib import Path

import pytest
import torch

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.training.mix import main, mixed

_CONFIG = NetworkConfig(branches=2, widths=(4, 6), octaves=2, domains=("any", "cat"))


def _network(seed: int, config: NetworkConfig = _CONFIG) -> BranchedGenerator:
    torch.manual_seed(seed)
    return BranchedGenerator(config).eval().requires_grad_(False)


def test_every_weight_lies_between() -> None:
    one, other = _network(0), _network(1)
    between = mixed(one, other, 0.25).state_dict()
    for name, value in one.state_dict().items():
        torch.testing.assert_close(between[name], 0.75 * value + 0.25 * other.state_dict()[name])
    for share, same in ((0.0, one), (1.0, other)):
        photos = torch.rand(1, 3, 32, 32) * 2 - 1
        styles = same.styles(torch.zeros(1, _CONFIG.latent), torch.zeros(1, dtype=torch.long))
        again = mixed(one, other, share)(photos, styles)
        torch.testing.assert_close(again.shift, same(photos, styles).shift)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_a_part(share: float) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        mixed(_network(0), _network(1), share)


def test_the_command_writes_weights_and_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other, wide, out = (tmp_path / f"{name}.safetensors" for name in ("one", "other", "wide", "out"))
    for path, network in ((one, _network(0)), (other, _network(1))):
        save_weights(network, path)
    save_weights(_network(0, NetworkConfig(branches=3, widths=(4, 6), octaves=2, domains=("any", "cat"))), wide)
    assert main([str(one), str(other), "--share", "0.5", "--to", str(out)]) == 0
    assert load_generator(out).config == _CONFIG
    assert main([str(one), str(wide), "--share", "0.5", "--to", str(out)]) == 2
    assert "different shapes" in capsys.readouterr().err
