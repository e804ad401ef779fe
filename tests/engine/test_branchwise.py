from __future__ import annotations

import pytest
import torch

from bsgui.core.errors import Cancelled, ModelError
from bsgui.core.requests import NeverCancelled
from bsgui.engine.branchwise import BranchwiseGenerator
from bsgui.engine.device import DeviceChoice
from bsgui.engine.inference import InferenceNetwork
from bsgui.engine.network import BranchedGenerator, BranchMaps, NetworkConfig
from tests.fixtures import make_photo

CONFIGS = [
    NetworkConfig(branches=3, widths=(4, 6, 6), latent=4, mapping=8, style=4, domains=("any", "cat")),
    NetworkConfig(branches=1, widths=(5,), latent=4, mapping=8, style=4),
    NetworkConfig(branches=5, widths=(8, 4), latent=4, mapping=8, style=4, octaves=4, lines=True),
]


def generator(config: NetworkConfig) -> BranchedGenerator:
    """Random in every weight, those that training starts at zero or one too."""
    torch.manual_seed(1)
    network = BranchedGenerator(config).eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter += 0.2 * torch.randn_like(parameter)
    return network


def inputs(config: NetworkConfig, runs: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    return torch.rand(1, 3, 32, 48) * 2 - 1, torch.randn(runs, config.branches, config.style)


def joined(maps: BranchMaps) -> torch.Tensor:
    return torch.cat([maps.scale, maps.shift], 2)


@pytest.mark.parametrize("config", CONFIGS)
def test_branch_by_branch_is_the_same_network(config: NetworkConfig) -> None:
    network, (photo, styles) = generator(config), inputs(config, runs=2)
    runs = BranchwiseGenerator(network, torch.float32).run(photo, styles)
    assert len(runs) == 2
    for style, maps in zip(styles, runs, strict=True):
        expected = network(photo, style.unsqueeze(0))
        torch.testing.assert_close(maps.scale, expected.scale, rtol=1e-4, atol=2e-5)
        torch.testing.assert_close(maps.shift, expected.shift, rtol=1e-4, atol=2e-5)
        torch.testing.assert_close(maps.mean, expected.mean)


def test_bfloat16_is_no_further_off_than_the_grouped_network_in_bfloat16() -> None:
    network, (photo, styles) = generator(CONFIGS[0]), inputs(CONFIGS[0])
    expected = joined(network(photo, styles))
    with torch.autocast("cpu", torch.bfloat16):
        grouped = (joined(network(photo, styles)) - expected).square().mean()
    (maps,) = BranchwiseGenerator(network, torch.bfloat16).run(photo, styles)
    assert maps.scale.dtype == torch.float32
    assert (joined(maps) - expected).square().mean() < 1.5 * grouped


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_nothing_and_leave_their_number_as_it_was(threads: int) -> None:
    network, (photo, styles) = generator(CONFIGS[2]), inputs(CONFIGS[2])
    branchwise = BranchwiseGenerator(network, torch.float32)
    before = torch.get_num_threads()
    (alone,) = branchwise.run(photo, styles)
    try:
        torch.set_num_threads(threads)
        (shared,) = branchwise.run(photo, styles)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(joined(shared), joined(alone), rtol=0, atol=0)


@pytest.mark.parametrize("threads", [1, 2])
def test_whoever_is_asked_may_stop_it(threads: int) -> None:
    def refuse() -> None:
        raise Cancelled

    network, (photo, styles) = generator(CONFIGS[0]), inputs(CONFIGS[0])
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        with pytest.raises(Cancelled):
            BranchwiseGenerator(network, torch.float32).run(photo, styles, refuse)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_a_branch_whose_style_stays_is_not_decoded_again() -> None:
    config = CONFIGS[0]
    network, (photo, styles) = generator(config), inputs(config)
    other = styles.clone()
    other[:, 1] += 1
    asked: list[None] = []
    branchwise = BranchwiseGenerator(network, torch.float32)
    branchwise.run(photo, styles, lambda: asked.append(None))
    once = len(asked)
    one, two = branchwise.run(photo, torch.cat([styles, other]), lambda: asked.append(None))
    decoder = 1 + len(network.decoder) + 1
    assert len(asked) == 2 * once + decoder
    assert torch.equal(one.scale[:, [0, 2]], two.scale[:, [0, 2]])
    assert not torch.equal(one.scale[:, 1], two.scale[:, 1])


def test_what_is_not_finite_is_a_model_error() -> None:
    config = CONFIGS[0]
    network = generator(config)
    assert network.head.bias is not None
    network.head.bias[7] = float("nan")
    picture = make_photo(48, 32).rows_fs(0, 32)
    choice = DeviceChoice(torch.device("cpu"), None, "cpu, float32")
    with pytest.raises(ModelError, match="finite"):
        InferenceNetwork(network).run(picture, inputs(config)[1], choice, NeverCancelled())


def test_another_precision_is_prepared_when_it_is_asked_for() -> None:
    config = CONFIGS[0]
    network, picture = InferenceNetwork(generator(config)), make_photo(48, 32).rows_fs(0, 32)
    styles = inputs(config)[1]
    cpu = torch.device("cpu")
    exact, rough, again = (
        network.run(picture, styles, DeviceChoice(cpu, kind, ""), NeverCancelled())[0]
        for kind in (None, torch.bfloat16, None)
    )
    assert torch.equal(exact.scale, again.scale)
    assert 0 < (exact.scale - rough.scale).abs().max() < 0.2


def test_where_it_runs_all_at_once_the_token_is_asked_before_every_block() -> None:
    config = CONFIGS[0]
    network, (photo, styles) = InferenceNetwork(generator(config)), inputs(config, runs=2)
    asked: list[None] = []

    class Asked:
        def raise_if_cancelled(self) -> None:
            asked.append(None)

    choice = DeviceChoice(torch.device("cpu"), None, "")
    runs = network._at_once(photo, styles, choice, Asked())
    torch.testing.assert_close(joined(runs[1]), joined(network.network(photo, styles[1:])))
    assert len(asked) == 3 + 2 * (1 + 2 + 1)
