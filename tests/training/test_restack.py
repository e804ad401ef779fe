"""A network of other branches of one: those that stay are what they were, and halves add up."""

from pathlib import Path

import pytest
import torch

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.training.restack import main, restacked

_CONFIG = NetworkConfig(branches=3, widths=(4, 6), octaves=2, lines=True, domains=("any", "cat"))


def _network() -> BranchedGenerator:
    torch.manual_seed(0)
    network = BranchedGenerator(_CONFIG)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network.eval().requires_grad_(False)


def test_the_other_branches_say_what_they_said() -> None:
    network, photos = _network(), torch.rand(2, 3, 32, 32) * 2 - 1
    smaller = restacked([network], [0, 2])
    latent, domain = torch.randn(2, _CONFIG.latent), torch.tensor([0, 1])
    before = network(photos, network.styles(latent, domain)).pictures(photos)
    after = smaller(photos, smaller.styles(latent, domain)).pictures(photos)
    torch.testing.assert_close(after, before[:, [0, 2]], atol=1e-4, rtol=1e-4)


def test_halves_of_a_branch_add_up_to_it() -> None:
    network, photos = _network(), torch.rand(2, 3, 32, 32) * 2 - 1
    larger = restacked([network], [0, 1, 1, 2])
    latent, domain = torch.randn(2, _CONFIG.latent), torch.tensor([0, 1])
    before = network(photos, network.styles(latent, domain)).pictures(photos)
    after = larger(photos, larger.styles(latent, domain)).pictures(photos)
    torch.testing.assert_close(after[:, 1], before[:, 1] / 2, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(after.sum(1), before.sum(1), atol=1e-4, rtol=1e-4)


def test_a_branch_that_learned_alone_is_put_back() -> None:
    network, photos = _network(), torch.rand(2, 3, 32, 32) * 2 - 1
    alone = restacked([network], [1])
    for name, parameter in alone.named_parameters():
        if not name.startswith("mapping."):
            parameter.mul_(1.1)
    together = restacked([network, alone], [0, 3, 2])
    latent, domain = torch.randn(2, _CONFIG.latent), torch.tensor([0, 1])
    before = network(photos, network.styles(latent, domain)).pictures(photos)
    learned = alone(photos, alone.styles(latent, domain)).pictures(photos)
    after = together(photos, together.styles(latent, domain)).pictures(photos)
    torch.testing.assert_close(after, torch.stack([before[:, 0], learned[:, 0], before[:, 2]], 1), atol=1e-4, rtol=1e-4)


def test_networks_of_other_shapes_do_not_go_together() -> None:
    other = BranchedGenerator(NetworkConfig(branches=1, widths=(4, 8), octaves=2, lines=True, domains=("any", "cat")))
    with pytest.raises(UsageError, match="more than the number"):
        restacked([_network(), other], [0])


@pytest.mark.parametrize("branches", [[3], [0, -1], []])
def test_branches_that_are_not_there_and_none_cannot_be_taken(branches: list[int]) -> None:
    with pytest.raises(UsageError, match="branches 0 to 2"):
        restacked([_network()], branches)


def test_the_command_writes_weights_and_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights, out = tmp_path / "all.safetensors", tmp_path / "fewer.safetensors"
    save_weights(_network(), weights)
    assert main([str(weights), "--branches", "1", "2", "--to", str(out)]) == 0
    assert load_generator(out).config.branches == 2
    assert main([str(weights), "--branches", "7", "--to", str(out)]) == 2
    assert "branches 0 to 2" in capsys.readouterr().err
