from dataclasses import replace

import pytest
import torch

from bsgui.engine.network import BranchedGenerator, NetworkConfig

TINY = NetworkConfig(branches=3, widths=(4, 6), latent=4, mapping=8, style=6, domains=("any", "cat"))


@pytest.fixture
def network() -> BranchedGenerator:
    torch.manual_seed(0)
    network = BranchedGenerator(TINY).eval()
    # AdaIN's style weights start so small that styles would hardly show; tests want to see them.
    for name, parameter in network.named_parameters():
        if "affine.weight" in name:
            torch.nn.init.normal_(parameter)
    return network


def photos(count: int = 2, height: int = 16, width: int = 24) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


def styles(network: BranchedGenerator, count: int = 2, seed: int = 2) -> torch.Tensor:
    latent = torch.randn(count, TINY.latent, generator=torch.Generator().manual_seed(seed))
    return network.styles(latent, torch.zeros(count, dtype=torch.long))


def test_maps_are_half_the_working_size_and_pictures_are_full(network: BranchedGenerator) -> None:
    maps = network(photos(), styles(network))
    assert maps.scale.shape == maps.shift.shape == (2, 3, 3, 8, 12)
    assert maps.pictures(photos()).shape == (2, 3, 3, 16, 24)


def test_branches_never_talk_to_each_other(network: BranchedGenerator) -> None:
    before = network(photos(), styles(network))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            # The first branch's share of every grouped convolution; norms are ordered branch by branch too.
            if not name.startswith("mapping") and parameter.shape[0] % 3 == 0:
                parameter[: parameter.shape[0] // 3] += 0.5
    after = network(photos(), styles(network))
    assert not torch.allclose(before.scale[:, 0], after.scale[:, 0], atol=1e-3)
    torch.testing.assert_close(before.scale[:, 1:], after.scale[:, 1:])
    torch.testing.assert_close(before.shift[:, 1:], after.shift[:, 1:])


def test_a_branch_can_be_restyled_alone(network: BranchedGenerator) -> None:
    own, other = styles(network, seed=2), styles(network, seed=3)
    mixed = own.clone()
    mixed[:, 1] = other[:, 1]
    plain, restyled = network(photos(), own), network(photos(), mixed)
    torch.testing.assert_close(plain.scale[:, [0, 2]], restyled.scale[:, [0, 2]])
    assert not torch.allclose(plain.scale[:, 1], restyled.scale[:, 1], atol=1e-4)


def test_contrast_survives_the_norms(network: BranchedGenerator) -> None:
    faint = photos() * 0.3
    loud, quiet = network(photos(), styles(network)), network(faint, styles(network))
    torch.testing.assert_close(quiet.scale, loud.scale, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(quiet.shift, loud.shift * 0.3, rtol=1e-2, atol=1e-3)


def test_one_colour_gives_finite_maps(network: BranchedGenerator) -> None:
    maps = network(torch.zeros(1, 3, 16, 16), styles(network, 1))
    assert torch.isfinite(maps.pictures(torch.zeros(1, 3, 16, 16))).all()


def test_domains_and_latents_change_the_style(network: BranchedGenerator) -> None:
    latent = torch.ones(1, TINY.latent)
    one, two = (network.styles(latent, torch.tensor([domain])) for domain in (0, 1))
    assert not torch.allclose(one, two)
    assert not torch.allclose(one, network.styles(-latent, torch.tensor([0])))


@pytest.mark.parametrize(
    "change", [{"branches": 0}, {"branches": 65}, {"widths": ()}, {"domains": ()}, {"widths": (4, 100_000)}]
)
def test_impossible_networks_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a network"):
        NetworkConfig(**change)  # type: ignore[arg-type]


def test_configuration_survives_json() -> None:
    assert NetworkConfig.from_json(TINY.to_json()) == TINY
    with pytest.raises(TypeError):
        NetworkConfig.from_json({"surprise": 1})


def test_training_starts_level() -> None:
    torch.manual_seed(0)
    network = BranchedGenerator(replace(TINY, octaves=3))
    torch.nn.init.zeros_(network.head.weight)
    pictures = network(photos(), styles(network)).pictures(photos())
    centred = photos() - photos().mean((2, 3), keepdim=True)
    torch.testing.assert_close(pictures, (centred / 3).unsqueeze(1).expand(-1, 3, -1, -1, -1))


@pytest.mark.parametrize("octave", [0, 1, 2])
def test_a_gate_passes_its_octave_and_no_other(octave: int) -> None:
    photo = photos(1, 64, 64)
    gated = BranchedGenerator(replace(TINY, octaves=3)).gated(photo)
    gates = torch.zeros(1, 1, 3, 3, 32, 32)
    gates[:, :, octave] = 1
    passed = gated.maps(_answers(gates)).pictures(photo)[0, 0]
    power = torch.fft.rfft2(passed - passed.mean((1, 2), keepdim=True)).abs().square().sum(0)
    radius = (torch.fft.fftfreq(64)[:, None].square() + torch.fft.rfftfreq(64).square()).sqrt()
    middle = ((power * radius).sum() / power.sum()).item()
    assert (0.25, 0.06, 0.0)[octave] < middle < (0.75, 0.25, 0.12)[octave]


def test_open_gates_pass_the_whole_photo() -> None:
    photo = photos(1, 64, 64)
    gated = BranchedGenerator(replace(TINY, octaves=3)).gated(photo)
    whole = gated.maps(_answers(torch.ones(1, 1, 3, 3, 32, 32))).pictures(photo)[0]
    torch.testing.assert_close(whole, photo - photo.mean((2, 3), keepdim=True))


def _answers(gates: torch.Tensor) -> torch.Tensor:
    """Of heads that give (1, 1, K, 3, h/2, w/2) gates and no shift."""
    return torch.cat([gates.flatten(2, 3), torch.zeros_like(gates[:, :, 0])], 2)


def test_the_octaves_have_a_limit() -> None:
    for octaves in (0, 9):
        with pytest.raises(ValueError, match="not a network"):
            replace(TINY, octaves=octaves)
