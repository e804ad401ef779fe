"""A branch made the counterpart of another holds the opposite of it, and what it held in the mean."""

from pathlib import Path

import pytest
import torch

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.training.counterpart import main, with_counterpart

_CONFIG = NetworkConfig(branches=3, widths=(4, 6), octaves=4, lines=True, domains=("any", "cat"))


def _network() -> BranchedGenerator:
    torch.manual_seed(0)
    network = BranchedGenerator(_CONFIG)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network.eval().requires_grad_(False)


def _answers(network: BranchedGenerator, photos: torch.Tensor, styles: torch.Tensor) -> torch.Tensor:
    """What the heads say, (photos, 3 branches, 3 gates an octave and more, h, w)."""
    found: list[torch.Tensor] = []
    hook = network.head.register_forward_hook(lambda _module, _inputs, output: found.append(output))
    network(photos, styles)
    hook.remove()
    return found[0].reshape(len(photos), 3, -1, *found[0].shape[2:])


def test_where_the_other_takes_it_gives_and_the_others_say_what_they_said() -> None:
    network, photos = _network(), torch.rand(2, 3, 32, 32) * 2 - 1
    styles = network.styles(torch.zeros(2, _CONFIG.latent), torch.zeros(2, dtype=torch.long))
    other = with_counterpart(network, 0, 2, photos)
    before, after = network(photos, styles), other(photos, styles)
    torch.testing.assert_close(after.shift[:, 1:], before.shift[:, 1:])
    torch.testing.assert_close(after.scale[:, 1:], before.scale[:, 1:])

    was, now = _answers(network, photos, styles), _answers(other, photos, styles)
    coarse = slice(6, 12)  # The last two octaves.
    counter = now[:, 0, coarse] + now[:, 2, coarse]
    assert float(counter.std((0, 2, 3)).max()) < 1e-4  # Together they hold what does not depend on the place,
    wanted = was[:, 0, coarse].mean((0, 2, 3)).reshape(2, 3).mean(1).repeat_interleave(3)
    torch.testing.assert_close(counter.mean((0, 2, 3)), wanted, atol=1e-4, rtol=1e-4)  # which is what one held.
    torch.testing.assert_close(now[:, 0, 12:], -now[:, 2, 12:], atol=1e-5, rtol=1e-5)
    assert float(now[:, 0, :6].std((0, 2, 3)).max()) < 1e-4


def test_what_is_fine_has_an_opposite_too_if_wanted() -> None:
    network, photos = _network(), torch.rand(2, 3, 32, 32) * 2 - 1
    styles = network.styles(torch.zeros(2, _CONFIG.latent), torch.zeros(2, dtype=torch.long))
    now = _answers(with_counterpart(network, 0, 2, photos, left_out=0), photos, styles)
    assert float((now[:, 0, :12] + now[:, 2, :12]).std((0, 2, 3)).max()) < 1e-4
    assert float(now[:, 0, :6].std((0, 2, 3)).max()) > 0.01


@pytest.mark.parametrize(("branch", "of"), [(0, 0), (0, 3), (-1, 1)])
def test_two_branches_are_needed(branch: int, of: int) -> None:
    with pytest.raises(UsageError, match="from 0 to 2"):
        with_counterpart(_network(), branch, of, torch.zeros(1, 3, 32, 32))


def test_from_the_command_line(tmp_path: Path, pack_index: Path) -> None:
    save_weights(_network(), tmp_path / "one.safetensors")
    arguments = [str(tmp_path / "one.safetensors"), "--branch", "1", "--of", "2", "--photos", str(pack_index)]
    assert main([*arguments, "--to", str(tmp_path / "two.safetensors")]) == 0
    one, two = (load_generator(tmp_path / f"{name}.safetensors").state_dict() for name in ("one", "two"))
    assert torch.equal(two["stem.weight"].chunk(3)[1], one["stem.weight"].chunk(3)[2])
