"""A network with one branch more: the others stay what they are."""

from pathlib import Path

import pytest
import torch

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.training.grow import grown, main

_CONFIG = NetworkConfig(branches=3, widths=(4, 6), octaves=2, lines=True, domains=("any", "cat"))


def _network() -> BranchedGenerator:
    torch.manual_seed(0)
    network = BranchedGenerator(_CONFIG)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_the_others_say_what_they_said_and_two_share_one(share: float) -> None:
    network, photos = _network(), torch.rand(2, 3, 32, 32) * 2 - 1
    larger = grown(network, 1, share)
    latent, domain = torch.randn(2, _CONFIG.latent), torch.tensor([0, 1])
    before = network(photos, network.styles(latent, domain)).pictures(photos)
    after = larger(photos, larger.styles(latent, domain)).pictures(photos)
    torch.testing.assert_close(after[:, [0, 2]], before[:, [0, 2]], atol=1e-4, rtol=1e-4)
    for branch, part in ((1, 1 - share), (3, share)):
        torch.testing.assert_close(after[:, branch], before[:, 1] * part, atol=1e-4, rtol=1e-4)


def test_the_new_one_sees_what_its_model_sees() -> None:
    network = _network()
    larger = grown(network, 1, 0.5).state_dict()
    for name, value in network.state_dict().items():
        if not name.startswith(("mapping.", "head.")):
            torch.testing.assert_close(larger[name].chunk(4)[3], value.chunk(3)[1], atol=0, rtol=0)


@pytest.mark.parametrize("split", [-1, 3])
def test_a_branch_that_is_not_there_cannot_be_split(split: int) -> None:
    with pytest.raises(UsageError, match="branches 0 to 2"):
        grown(_network(), split, 0.0)


def test_the_command_writes_weights_and_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights, out = tmp_path / "few.safetensors", tmp_path / "more.safetensors"
    save_weights(_network(), weights)
    assert main([str(weights), "--split", "0", "--to", str(out)]) == 0
    assert load_generator(out).config.branches == 4
    assert main([str(weights), "--split", "7", "--to", str(out)]) == 2
    assert "branches 0 to 2" in capsys.readouterr().err
