"""Ways to full size: each does what it says where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bsgui.analysis.bands import remove_means
from bsgui.analysis.upsampling.agreement import agreement, fidelity_db, kept_share
from bsgui.analysis.upsampling.edges import Edges, lumas, range_across
from bsgui.analysis.upsampling.enlarge import affine, bilateral_maps, fit, fitted, guided_maps, plain
from bsgui.analysis.upsampling.frozen import FrozenGenerator
from bsgui.analysis.upsampling.leakage import detail_owner, leakage
from bsgui.analysis.upsampling.scene import FACTOR, Known, Scene, make_scene, shrunk
from bsgui.analysis.upsampling.tiles import run_tiled, tile_spans
from bsgui.core.errors import UsageError
from bsgui.core.sources import AffineLayers
from bsgui.core.viewport import Viewport
from bsgui.engine.decomposer import centred_maps
from bsgui.engine.network import BranchedGenerator, BranchMaps
from tests.fixtures import make_photo
from tests.tiny_model import CONFIG


@pytest.fixture
def network() -> BranchedGenerator:
    torch.manual_seed(0)
    network = BranchedGenerator(CONFIG).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if "affine.weight" in name:
            torch.nn.init.normal_(parameter)
    return network


@pytest.fixture
def styles() -> torch.Tensor:
    return torch.randn(1, CONFIG.branches, CONFIG.style, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def scene() -> Scene:
    return Scene("photo", smooth_photo(96, 128))


def smooth_photo(height: int, width: int, seed: int = 0) -> torch.Tensor:
    small = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return F.interpolate(small, (height, width), mode="bilinear")


def known_at(network: BranchedGenerator, photo: torch.Tensor, styles: torch.Tensor) -> Known:
    maps = network(photo, styles)
    return Known(photo, maps, maps.pictures(photo))


# ---- scenes ----------------------------------------------------------------------------------------------------


def test_a_scene_has_sides_that_the_network_takes_at_every_size() -> None:
    scene = make_scene(make_photo(300, 150), 64, 4)
    assert scene.full.shape == (1, 3, 128, 256)
    assert [scene.at(factor).shape[-2:] for factor in (1, 2)] == [(32, 64), (64, 128)]
    torch.testing.assert_close(scene.at(1).mean(), scene.full.mean())


def test_photos_with_no_more_detail_than_the_working_size_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1200 pixels"):
        make_scene(make_photo(300, 150), 300, 4)


def test_shrunk_layers_are_averages(scene: Scene) -> None:
    maps = BranchMaps(torch.rand(1, 2, 3, 48, 64), torch.rand(1, 2, 3, 48, 64), torch.zeros(1, 3, 1, 1))
    pictures = torch.rand(1, 2, 3, 96, 128)
    known = shrunk(maps, pictures, scene.full, FACTOR)
    assert known.photo.shape == (1, 3, 24, 32)
    assert known.maps.shift.shape == (1, 2, 3, 12, 16)
    torch.testing.assert_close(known.pictures[0, 1, 2, 0, 0], pictures[0, 1, 2, :4, :4].mean())


# ---- enlarging -------------------------------------------------------------------------------------------------


def test_the_shipped_way_is_what_the_program_does(network: BranchedGenerator, styles: torch.Tensor) -> None:
    photo = make_photo(128, 96)
    scene = make_scene(photo, 32, CONFIG.multiple)
    known = known_at(network, scene.at(1), styles)
    picture = scene.at(1)[0].permute(1, 2, 0).numpy() / 2 + 0.5
    maps = centred_maps(known.maps, picture)
    layers = AffineLayers.with_residual(photo, maps.base, maps.scale, maps.shift)
    shown = layers.mix(np.eye(layers.count, dtype=np.float32)[2], Viewport(0.0, 0.0, 1.0, 128, 96)) - 0.5
    pictures = affine(known, scene.full)[0, 1].permute(1, 2, 0).numpy() / 2
    # But for its spatial mean, one colour, which is in the base.
    mean = (pictures - shown).mean((0, 1))
    np.testing.assert_allclose(shown, pictures - mean, atol=2e-5)


@pytest.mark.parametrize("enlarge", [affine, bilateral_maps, lambda k, f: guided_maps(k, f, 3, 1e-2)])
def test_maps_that_do_not_vary_come_back_as_they_are(enlarge, scene: Scene) -> None:  # type: ignore[no-untyped-def]
    scale, shift = torch.rand(2, 1, 4, 3, 1, 1)
    maps = BranchMaps(scale.expand(-1, -1, -1, 12, 16), shift.expand(-1, -1, -1, 12, 16), torch.full((1, 3, 1, 1), 0.1))
    small = scene.at(1)
    pictures = enlarge(Known(small, maps, maps.pictures(small)), scene.full)
    expected = scale * (scene.full - 0.1).unsqueeze(1) + shift
    torch.testing.assert_close(pictures, expected, atol=1e-4, rtol=1e-4)


def test_joint_bilateral_maps_keep_to_the_edge_of_the_photo() -> None:
    full = torch.full((1, 3, 64, 64), -0.8)
    full[..., 28:] = 0.8
    # The step lies in the middle of a map pixel, so that bilinear maps are wrong on both sides.
    scale = torch.zeros(1, 1, 3, 8, 8)
    scale[..., 4:] = 1.0
    scale[..., 3] = 0.5
    maps = BranchMaps(scale, torch.zeros_like(scale), torch.zeros(1, 3, 1, 1))
    known = Known(F.avg_pool2d(full, 4), maps, maps.pictures(F.avg_pool2d(full, 4)))
    truth = torch.where(full > 0, full, 0.0).unsqueeze(1)
    errors = [(way(known, full) - truth).square().mean() for way in (bilateral_maps, affine)]
    assert errors[0] < 0.5 * errors[1]


def test_a_layer_that_is_affine_in_the_photo_is_fitted_exactly(scene: Scene) -> None:
    small = scene.at(1)
    layers = torch.stack([0.7 * small + 0.1, -0.2 * small], 1)
    known = Known(small, BranchMaps(small, small, small), layers)
    expected = torch.stack([0.7 * scene.full + 0.1, -0.2 * scene.full], 1)
    torch.testing.assert_close(fitted(known, scene.full, 5, 1e-12), expected, atol=2e-2, rtol=0)
    flatter = fitted(known, scene.full, 5, 1.0)
    assert remove_means(flatter).std() < 0.8 * remove_means(expected).std()


def test_a_flat_photo_is_fitted_by_the_mean() -> None:
    scale, shift = fit(torch.zeros(1, 3, 8, 8), torch.full((1, 2, 3, 8, 8), 0.3), 3, 1e-4)
    assert scale.abs().max() < 1e-6
    torch.testing.assert_close(shift, torch.full_like(shift, 0.3))


def test_plain_enlargement_knows_no_detail(scene: Scene) -> None:
    full = scene.full + 0.2 * torch.randn(scene.full.shape, generator=torch.Generator().manual_seed(0))
    small = F.avg_pool2d(full, FACTOR)
    known = Known(small, BranchMaps(small, small, small), small.unsqueeze(1))
    enlarged = plain(known, full, "bicubic")
    assert enlarged.shape == (1, 1, 3, 96, 128)
    assert fidelity_db(enlarged, torch.zeros(1, 3, 1, 1), full) < 25


# ---- frozen statistics -----------------------------------------------------------------------------------------


def test_frozen_at_the_same_size_is_the_network_itself(
    network: BranchedGenerator, styles: torch.Tensor, scene: Scene
) -> None:
    photo = scene.at(2)
    frozen = FrozenGenerator(network, photo, styles)
    for mine, its in zip(frozen(photo, styles), network(photo, styles), strict=True):
        torch.testing.assert_close(mine, its, atol=1e-5, rtol=1e-4)


def test_frozen_tiles_with_wide_margins_are_the_whole_and_free_ones_are_not(
    network: BranchedGenerator, styles: torch.Tensor, scene: Scene
) -> None:
    frozen = FrozenGenerator(network, scene.at(1), styles)
    whole = frozen(scene.full, styles)
    tiled = run_tiled(frozen, scene.full, styles, 32, 64)
    torch.testing.assert_close(tiled.scale, whole.scale, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(tiled.mean, whole.mean)
    bare = run_tiled(frozen, scene.full, styles, 32, 0)
    assert (bare.scale - whole.scale).abs().max() > 1e-3
    own = run_tiled(network, scene.full, styles, 32, 64)
    assert (own.scale - network(scene.full, styles).scale).abs().max() > 1e-3


def test_tiles_cover_a_side_once() -> None:
    spans = list(tile_spans(100, 32, 8))
    assert [kept.stop - kept.start for _, kept in spans] == [32, 32, 32, 4]
    assert (spans[0][0], spans[1][0], spans[3][0]) == (slice(0, 40), slice(24, 72), slice(88, 100))


# ---- measures --------------------------------------------------------------------------------------------------


def step(width: int = 96) -> torch.Tensor:
    """A blurred vertical step with a little texture on both sides."""
    photo = torch.full((1, 3, 64, width), -0.5)
    photo[..., width // 2 :] = 0.5
    photo = F.avg_pool2d(F.pad(photo, (1, 1, 0, 0), "replicate"), (1, 3), 1)
    return photo + 0.01 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))


def test_the_range_across_looks_to_both_sides_and_not_along() -> None:
    image = np.zeros((40, 40), np.float32)
    image[20, 20] = 1
    upright = np.ones(image.shape, np.bool_)
    _, high = range_across(image, upright)
    assert high[20, 20] == high[20, 23] == high[20, 31] == high[24, 20] == 0
    assert high[20, 24] == high[20, 30] == high[20, 10] == 1
    _, high = range_across(image, ~upright)
    assert (high[24, 20], high[20, 24]) == (1, 0)


def test_a_halo_is_overshoot_glow_and_error_near_the_edge() -> None:
    photo = step()
    edges = Edges.of(photo)
    across = torch.arange(photo.shape[-1]) - photo.shape[-1] / 2 + 0.5
    ring = 0.2 * torch.sign(across) * torch.exp(-((across.abs() - 3) ** 2) / 4)
    halo = ring.expand_as(photo)
    clean, ringing = lumas(photo / 2), lumas(photo / 2 + halo)
    assert edges.overshoot(clean) < 0.01 < 0.05 < edges.overshoot(ringing)
    wide = (0.3 * torch.exp(-((across.abs() - 10) ** 2) / 8)).expand_as(photo)
    assert edges.glow(lumas(torch.cat([photo / 2, photo / 2]))) < 0.75
    assert edges.glow(lumas(torch.cat([photo / 2 + wide, photo / 2 - wide]))) > 1.5
    assert edges.error_ratio(halo.square()) > 5
    assert edges.error_ratio(torch.ones(1, 2, *photo.shape[1:])) == pytest.approx(1.0)


def test_leakage_tells_owned_detail_from_shared() -> None:
    generator = np.random.default_rng(0)
    grain = generator.normal(size=(96, 96)).astype(np.float32)
    broad = np.outer(np.linspace(-1, 1, 96), np.ones(96)).astype(np.float32)
    owned = leakage([grain, broad], owner=0)
    shared = leakage([grain / 2, broad + grain / 2], owner=0)
    assert detail_owner([grain, broad]) == 0
    assert owned.owner_share > 0.99
    assert shared.owner_share == pytest.approx(0.5, abs=0.01)
    assert owned.shared_detail < 0.1 < 0.9 < shared.shared_detail
    where_dark = grain * np.abs(broad)
    assert leakage([where_dark, broad], owner=0).into_regions > owned.into_regions + 0.1


def test_agreement_is_of_each_layer_with_its_own() -> None:
    layers = torch.randn(1, 3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    layers = remove_means(layers)
    same, squares = agreement(layers + 1e-6, layers)
    assert squares.shape == layers.shape
    assert same.correlations == pytest.approx((1, 1, 1))
    assert min(same.psnr_db) > 100
    off, squares = agreement(layers + 0.2 * layers[:, [1, 2, 0]], layers)
    torch.testing.assert_close(squares, (0.2 * layers[:, [1, 2, 0]]).square(), atol=1e-6, rtol=1e-3)
    assert max(off.correlations) < 0.99
    assert kept_share(layers[:, [1, 0, 2]], layers) == pytest.approx(1 / 3)
    assert fidelity_db(layers, torch.zeros(1, 3, 1, 1), layers.sum(1) + 0.2) == pytest.approx(20, abs=1e-3)
