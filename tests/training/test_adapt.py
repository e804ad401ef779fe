from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import Cancelled, ModelError, UsageError
from bsgui.core.frame import Frame
from bsgui.core.requests import (
    AdaptRequest,
    DecomposeRequest,
    DecomposeSettings,
    NeverCancelled,
    Progress,
    report_nothing,
)
from bsgui.core.sources import AffineLayers, PixelLayers
from bsgui.core.styled_layers import affine_layers
from bsgui.core.styles import BranchStyle
from bsgui.core.viewport import Viewport
from bsgui.engine.decomposer import TorchDecomposer, centred_maps, working_picture
from bsgui.engine.device import choose_device
from bsgui.engine.network import NetworkConfig
from bsgui.imageio.model_store import ModelStore
from bsgui.tasks.cancel import CancelSource
from bsgui.training import adapt
from bsgui.training.adapt import AdaptedTail, BranchIdentity, PhotoAdapter, loss_weights
from bsgui.training.losses import LossWeights
from tests.fixtures import make_photo
from tests.tiny_model import write_tiny_model

SHAPES = {
    "deep": NetworkConfig(branches=3, widths=(4, 6), latent=4, mapping=8, style=4, domains=("any", "cat"), octaves=3),
    "flat": NetworkConfig(branches=3, widths=(4,), latent=4, mapping=8, style=4, domains=("any", "cat")),
}


@pytest.fixture(params=["deep"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> ModelStore:
    return write_tiny_model(tmp_path, SHAPES[request.param])


@pytest.fixture
def before(store: ModelStore) -> Decomposition:
    settings = DecomposeSettings("tiny", "cat", seed=3, size=32, device="cpu")
    request = DecomposeRequest(make_photo(90, 60), settings)
    return TorchDecomposer(store).decompose(request, report_nothing, NeverCancelled())


def after_steps(count: int) -> Callable[[], bool]:
    """It is enough after so many steps."""
    asked = iter(range(count - 1))
    return lambda: next(asked, None) is None


def adapted(adapter: PhotoAdapter, before: Decomposition, steps: int = 40, **more: Any) -> Decomposition:
    more = {"report": report_nothing, "cancel": NeverCancelled(), "is_enough": after_steps(steps), **more}
    return adapter.adapt(AdaptRequest(before, "cpu", 3600), **more)


@pytest.mark.parametrize("store", ["deep", "flat"], indirect=True)
def test_the_residual_gets_emptier_and_everything_else_stays(store: ModelStore, before: Decomposition) -> None:
    after = adapted(PhotoAdapter(store), before)
    assert after.psnr_without_residual_db > before.psnr_without_residual_db + 3
    assert after.photo is before.photo
    assert [(x.id, x.name, x.kind) for x in after.layers] == [(x.id, x.name, x.kind) for x in before.layers]
    assert sum(x.energy_share for x in after.layers[1:-1]) == pytest.approx(1)
    assert 0 < after.provenance.adapted_steps < 40
    assert replace(after.provenance, adapted_steps=0) == before.provenance
    assert after.seconds["adapt"] > 0
    assert after.max_error_lsb() < 1e-3
    ticks = after.source.ticks(0, 60)
    np.testing.assert_array_equal(ticks.sum(0) + 16320, before.photo.rows_ticks())


def test_it_starts_from_the_layers_as_they_are(store: ModelStore, before: Decomposition) -> None:
    network = adapt.load_generator(store.weights_path("tiny"))
    picture = working_picture(before.photo, 32, network.config.multiple)
    tail = AdaptedTail(network, picture, "cat", 3, choose_device("cpu"))
    with torch.no_grad():
        base, scale, shift = centred_maps(tail(), picture)
    assert isinstance(before.source, AffineLayers)
    again = AffineLayers.with_residual(before.photo, base, scale, shift)
    np.testing.assert_allclose(again.scale_maps, before.source.scale_maps, atol=1e-6)
    np.testing.assert_allclose(again.shift_maps, before.source.shift_maps, atol=1e-6)


def test_maps_are_what_a_project_keeps(store: ModelStore, before: Decomposition) -> None:
    source = adapted(PhotoAdapter(store), before, 15).source
    assert isinstance(source, AffineLayers)
    for maps in (source.scale_maps[1:-1], source.shift_maps[1:-1]):
        np.testing.assert_array_equal(maps, maps.astype(np.float16))


def test_a_second_round_goes_on_from_the_first(store: ModelStore, before: Decomposition) -> None:
    adapter = PhotoAdapter(store)
    first = adapted(adapter, before, 20)
    second = adapted(adapter, first, 30)
    assert second.provenance.adapted_steps > first.provenance.adapted_steps
    assert second.psnr_without_residual_db > first.psnr_without_residual_db
    started: list[Progress] = []
    adapted(adapter, second, 3, report=started.append)
    assert float(started[1].stage.split()[1]) > first.psnr_without_residual_db


def test_layers_of_a_project_are_replaced_by_better_ones_only(store: ModelStore, before: Decomposition) -> None:
    stored = adapted(PhotoAdapter(store), before, 40)
    shown: list[Decomposition] = []
    assert adapted(PhotoAdapter(store), stored, 8, show=shown.append) is stored
    assert shown == []
    better = adapted(PhotoAdapter(store), stored, 80)
    assert better.psnr_without_residual_db > stored.psnr_without_residual_db
    assert stored.provenance.adapted_steps < better.provenance.adapted_steps < 80


def test_cancelling_asks_within_a_step(store: ModelStore, before: Decomposition) -> None:
    cancel = CancelSource()

    def report(progress: Progress) -> None:
        if progress.total:
            cancel.cancel()

    with pytest.raises(Cancelled):
        adapted(PhotoAdapter(store), before, report=report, cancel=cancel)


def test_cancelling_interrupts_the_way_back_too(store: ModelStore, before: Decomposition) -> None:
    network = adapt.load_generator(store.weights_path("tiny"))
    tail = AdaptedTail(network, working_picture(before.photo, 32, 4), "any", 0, choose_device("cpu"))
    cancel = CancelSource()
    handles = tail.stop_when(cancel)
    loss = tail().scale.square().sum()
    cancel.cancel()
    with pytest.raises(Cancelled):
        loss.backward()  # type: ignore[no-untyped-call]
    for handle in handles:
        handle.remove()
    tail()


def test_time_ends_it(store: ModelStore, before: Decomposition) -> None:
    reports: list[Progress] = []
    PhotoAdapter(store).adapt(AdaptRequest(before, "cpu", 0.2), reports.append, NeverCancelled())
    assert all(x.done <= x.total for x in reports)


def test_a_good_residual_ends_it(store: ModelStore, before: Decomposition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapt, "TARGET_DB", before.psnr_without_residual_db + 2)
    after = adapted(PhotoAdapter(store), before, 10_000)
    assert after.psnr_without_residual_db == pytest.approx(before.psnr_without_residual_db + 2, abs=1.5)


def test_without_gain_the_same_layers_come_back(store: ModelStore, before: Decomposition) -> None:
    assert adapted(PhotoAdapter(store), before, 1) is before


def test_previews_have_the_same_layers(
    store: ModelStore, before: Decomposition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapt, "_SECONDS_BETWEEN_SHOWS", 0.0)
    shown: list[Decomposition] = []
    adapted(PhotoAdapter(store), before, 15, show=shown.append)
    assert shown
    view = Viewport(0, 0, 1, 90, 60)
    for decomposition in shown:
        assert [x.id for x in decomposition.layers] == [x.id for x in before.layers]
        total = decomposition.source.mix(np.ones(5, np.float32), view)
        np.testing.assert_allclose(total, before.photo.rows_fs(), atol=1e-5)


def test_what_cannot_be_adapted(store: ModelStore, before: Decomposition) -> None:
    adapter = PhotoAdapter(store)
    pixels = PixelLayers(before.photo, tuple(x.astype(np.int16) for x in before.source.ticks(0, 60)))
    with pytest.raises(UsageError, match="files"):
        adapted(adapter, replace(before, source=pixels))
    with pytest.raises(ModelError, match="not the one"):
        adapted(adapter, replace(before, provenance=replace(before.provenance, model_sha256="0" * 64)))
    with pytest.raises(ModelError):
        adapted(adapter, replace(before, provenance=replace(before.provenance, model="gone")))


def test_a_photo_of_one_colour(store: ModelStore) -> None:
    photo = make_photo(40, 40)
    grey = replace(photo, samples=np.full_like(photo.samples, 90))
    request = DecomposeRequest(grey, DecomposeSettings("tiny", size=32, device="cpu"))
    before = TorchDecomposer(store).decompose(request, report_nothing, NeverCancelled())
    after = adapted(PhotoAdapter(store), before, 5)
    assert after.psnr_without_residual_db >= before.psnr_without_residual_db


def test_loss_weights_are_the_models_own(store: ModelStore) -> None:
    card = store.card("tiny")
    assert loss_weights(card) == LossWeights()
    trained = replace(card, training={"config": {"losses": {"excess": 0.4}}})
    assert loss_weights(trained) == LossWeights(excess=0.4)
    for strange in ({"config": {"losses": {"magic": 1}}}, {"config": 3}, {"config": {"losses": {"excess": "much"}}}):
        assert loss_weights(replace(card, training=strange)) == LossWeights()


def test_identity_minds_what_is_foreign_to_a_branch() -> None:
    torch.manual_seed(0)
    fine = torch.randn(1, 1, 3, 32, 32)
    soft = torch.nn.functional.interpolate(torch.randn(1, 3, 4, 4), (32, 32), mode="bicubic").unsqueeze(1)
    pictures = torch.cat([fine, soft], 1)
    identity = BranchIdentity(pictures, pictures.sum(1), bands=4)
    assert identity.distance(pictures) == 0
    detail = 0.1 * torch.randn(1, 1, 3, 32, 32)
    nothing = torch.zeros_like(detail)
    at_home = identity.distance(pictures + torch.cat([detail, nothing], 1))
    abroad = identity.distance(pictures + torch.cat([nothing, detail], 1))
    assert abroad > 5 * at_home


def test_a_framed_part_is_adapted_in_its_frame(store: ModelStore) -> None:
    frame = Frame(50, 30, 40, 40, 0.3)
    settings = DecomposeSettings("tiny", "cat", size=32, device="cpu", frame=frame)
    request = DecomposeRequest(make_photo(90, 60), settings)
    before = TorchDecomposer(store).decompose(request, report_nothing, NeverCancelled())
    after = adapted(PhotoAdapter(store), before)
    assert after.psnr_without_residual_db > before.psnr_without_residual_db + 1
    assert after.provenance.frame == frame
    assert after.max_error_lsb() < 1e-2
    outside = ~frame.mask(Viewport(0, 0, 1.0, 90, 60))
    assert not after.source.ticks(0, 60)[1:-1, outside].any()


def test_styles_are_kept_and_what_they_change_stays(store: ModelStore, before: Decomposition) -> None:
    styles = (BranchStyle(1, "any", 5, 0.5), BranchStyle(2, "any", 0, 1.0))
    settings = DecomposeSettings("tiny", "cat", seed=3, size=32, device="cpu", styles=styles)
    styled = TorchDecomposer(store).decompose(
        DecomposeRequest(before.photo, settings), report_nothing, NeverCancelled()
    )
    after = adapted(PhotoAdapter(store), styled)
    assert after.psnr_without_residual_db > styled.psnr_without_residual_db + 3
    assert [x.id for x in after.layers] == [x.id for x in styled.layers]
    taken_back = [made.source.ticks(0, 60)[-2].astype(int) for made in (styled, after)]
    assert np.abs(taken_back[0]).max() > 100
    # Half a tick of rounding on both sides, and that of float16 maps.
    assert np.abs(taken_back[0] - taken_back[1]).max() <= 20
    assert after.provenance.styles == styles
    maps = affine_layers(styled.source)
    assert maps is not None
    with pytest.raises(UsageError, match="styles"):
        adapted(PhotoAdapter(store), replace(styled, source=maps))
