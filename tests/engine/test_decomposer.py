from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import Cancelled, ModelError, OutOfMemory, UsageError
from bsgui.core.photo import Photo
from bsgui.core.requests import NeverCancelled, Progress, report_nothing
from bsgui.core.viewport import Viewport
from bsgui.engine import device
from bsgui.engine.branchwise import BranchwiseGenerator
from bsgui.engine.decomposer import TorchDecomposer, working_picture
from bsgui.imageio.model_store import ModelStore
from tests.fixtures import make_photo
from tests.tiny_model import CONFIG, write_card
from tests.tiny_model import take_apart as run
from tests.tiny_model import tiny_request as request


def test_layers_names_and_provenance(store: ModelStore) -> None:
    result = run(store, request(domain="cat", seed=7))
    assert [layer.id for layer in result.layers] == ["base", "branch-1", "branch-2", "branch-3", "residual"]
    assert [layer.name for layer in result.layers] == ["Base", "B0", "B1", "B2", "Residual"]
    assert sum(layer.energy_share for layer in result.layers[1:-1]) == pytest.approx(1)
    made = result.provenance
    assert (made.model, made.domain, made.seed, made.working_width, made.working_height) == ("tiny", "cat", 7, 32, 20)
    assert set(result.seconds) == {"load", "network", "layers"}


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (700, 2), (90, 60), (31, 33)])
@pytest.mark.parametrize("depth", [8, 16])
def test_the_sum_is_the_photo_whatever_its_shape(store: ModelStore, size: tuple[int, int], depth: int) -> None:
    assert run(store, request(make_photo(*size, depth=depth))).max_error_lsb() < 1e-2


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_photo_of_one_colour(store: ModelStore, value: int) -> None:
    flat = Photo(np.full((20, 30, 3), value, np.uint8), "flat.png", "0")
    result = run(store, request(flat))
    assert result.max_error_lsb() < 1e-2
    assert np.isfinite([layer.energy_share for layer in result.layers]).all()


def test_the_means_are_in_the_base_layer(store: ModelStore) -> None:
    result = run(store, request(make_photo(32, 32)))
    view = Viewport.strip(32, 0, 32)
    for index in range(1, 4):
        layer = result.source.mix(np.eye(5, dtype=np.float32)[index], view) - 0.5
        assert np.abs(layer.mean((0, 1))).max() < 0.02


def test_equal_requests_give_equal_bytes_and_seeds_differ(store: ModelStore) -> None:
    one, two, other = (run(store, request(seed=seed)).source.ticks(0, 60) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 10


def test_domains_differ(store: ModelStore) -> None:
    assert np.abs(np.subtract(*(run(store, request(domain=d)).source.ticks(0, 60) for d in ("any", "cat")))).max() > 10


@pytest.mark.parametrize(
    ("change", "words"),
    [({"domain": "cow"}, "domain"), ({"size": 8}, "size"), ({"size": 999}, "size"), ({"seed": -1}, "seed")],
)
def test_impossible_requests_are_refused(store: ModelStore, change: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(store, request(**change))


def test_unknown_device_and_missing_device(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="toaster"):
        run(store, request(device="toaster"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = run(store, request(device="cuda"))
    assert result.notes == ("cuda is not available here: the CPU was used.",)
    assert result.provenance.device.startswith("cpu")


def test_float32_where_bfloat16_is_missing(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_cpu_has_bfloat16", lambda: False)
    assert run(store, request()).provenance.device == "cpu, float32"


def test_cancel_is_answered_between_the_blocks_of_the_network(store: ModelStore) -> None:
    class CancelledAt:
        def __init__(self, calls: int) -> None:
            self.left = calls

        def raise_if_cancelled(self) -> None:
            self.left -= 1
            if self.left <= 0:
                raise Cancelled

    asked = CancelledAt(10**6)
    TorchDecomposer(store).decompose(request(), report_nothing, asked)
    checks = 10**6 - asked.left
    assert checks >= 3 + len(CONFIG.widths) * 2
    for calls in range(1, checks + 1):
        with pytest.raises(Cancelled):
            TorchDecomposer(store).decompose(request(), report_nothing, CancelledAt(calls))


def test_progress_names_its_stages(store: ModelStore) -> None:
    heard: list[Progress] = []
    TorchDecomposer(store).decompose(request(), heard.append, NeverCancelled())
    assert [p.stage for p in heard] == ["Loading the model", "Running the network", "Making the layers"]
    assert [p.done for p in heard] == [0, 1, 2]


def test_a_card_that_does_not_fit_its_weights(store: ModelStore, tmp_path: Path) -> None:
    card = store.card("tiny")
    write_card(tmp_path, replace(card, branches=card.branches[:2]))
    with pytest.raises(ModelError, match="does not fit"):
        run(ModelStore([tmp_path]), request())
    write_card(tmp_path, replace(card, sha256="0" * 64))
    with pytest.raises(ModelError, match="card"):
        run(ModelStore([tmp_path]), request())


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_out_of_memory_is_said_in_one_sentence(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(BranchwiseGenerator, "run", fail)
    with pytest.raises(OutOfMemory, match="memory"):
        run(store, request())


@pytest.mark.parametrize(
    ("photo", "expected"), [((90, 60), (32, 20)), ((4000, 10), (32, 4)), ((1, 1), (32, 32)), ((33, 32), (32, 32))]
)
def test_working_pictures_are_multiples_and_cover_the_photo(photo: tuple[int, int], expected: tuple[int, int]) -> None:
    picture = working_picture(make_photo(*photo), 32, 4)
    assert (picture.shape[1], picture.shape[0]) == expected
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1


def test_what_is_shown_early_is_the_same_layers(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bsgui.engine.decomposer._EARLY_SIZE", 16)
    shown: list[Decomposition] = []
    wanted = request()
    final = TorchDecomposer(store).decompose(wanted, report_nothing, NeverCancelled(), shown.append)
    small, unmeasured = shown
    assert [max(x.provenance.working_width, x.provenance.working_height) for x in (*shown, final)] == [16, 32, 32]
    for early in shown:
        assert [x.name for x in early.layers] == [x.name for x in final.layers]
        assert np.isnan(early.psnr_without_residual_db)
        assert early.max_error_lsb() < 1e-2
        assert sum(layer.energy_share for layer in early.layers[1:-1]) == pytest.approx(1)
    assert unmeasured.source is final.source
    rough, measured = ([x.energy_share for x in made.layers] for made in (unmeasured, final))
    assert rough == pytest.approx(measured, rel=0.2, abs=0.1)
    assert np.isfinite(final.psnr_without_residual_db)
    np.testing.assert_array_equal(final.source.ticks(0, 60), run(store, wanted).source.ticks(0, 60))
    assert small.source.ticks(0, 60).shape == final.source.ticks(0, 60).shape


def test_a_small_working_size_needs_no_smaller_one(store: ModelStore) -> None:
    shown: list[Decomposition] = []
    TorchDecomposer(store).decompose(request(), report_nothing, NeverCancelled(), shown.append)
    assert len(shown) == 1
