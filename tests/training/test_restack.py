"""A network without some of its branches: the others stay what they are."""

from pathlib import Path

import pytest
import torch

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.training.prune import main, pruned

_CONFIG = NetworkConfig(branches=3, widths=(4, 6), octaves=2, lines=True, domains=("any", "cat"))


def _network() -> BranchedGenerator:
    torch.manual_seed(0)
    network = BranchedGenerator(_CONFIG)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network.eval().requires_grad_(False)


def test_the_other_branches_say_what_they_said() -> None:
    network, photos = _network(), torch.rand(2, 3, 32, 32) * 2 - 1
    smaller = pruned(network, [1])
    latent, domain = torch.randn(2, _CONFIG.latent), torch.tensor([0, 1])
    before = network(photos, network.styles(latent, domain)).pictures(photos)
    after = smaller(photos, smaller.styles(latent, domain)).pictures(photos)
    torch.testing.assert_close(after, before[:, [0, 2]], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("left_out", [[3], [-1], [0, 1, 2]])
def test_branches_that_are_not_there_and_all_of_them_cannot_be_left_out(left_out: list[int]) -> None:
    with pytest.raises(UsageError, match="branches 0 to 2"):
        pruned(_network(), left_out)


def test_the_command_writes_weights_and_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights, out = tmp_path / "all.safetensors", tmp_path / "fewer.safetensors"
    save_weights(_network(), weights)
    assert main([str(weights), "--leave-out", "0", "--to", str(out)]) == 0
    assert load_generator(out).config.branches == 2
    assert main([str(weights), "--leave-out", "7", "--to", str(out)]) == 2
    assert "branches 0 to 2" in capsys.readouterr().err
