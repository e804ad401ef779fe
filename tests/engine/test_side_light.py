from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.fields import Fields
from bsgui.core.frame import Frame
from bsgui.core.layers import LayerKind
from bsgui.core.photo import Photo
from bsgui.core.requests import AdaptRequest, NeverCancelled, report_nothing
from bsgui.core.styles import BranchStyle
from bsgui.core.viewport import Viewport
from bsgui.engine.decomposer import split_light
from bsgui.engine.side_light import brighter_side, side_light
from bsgui.imageio.model_store import ModelStore
from bsgui.imageio.stored_layers import StoredLayers, stored_layers
from bsgui.training.adapt import PhotoAdapter
from tests.fixtures import make_photo
from tests.tiny_model import take_apart, tiny_request, write_card, write_tiny_model


@pytest.fixture
def photo() -> Photo:
    return make_photo(width=96, height=80)


@pytest.fixture
def models(tmp_path: Path) -> ModelStore:
    """The tiny model; its second branch is a light."""
    card = write_tiny_model(tmp_path).card("tiny")
    one, two, three = card.branches
    write_card(tmp_path, replace(card, branches=(one, replace(two, role="light"), three)))
    return ModelStore([tmp_path])


def decomposed(models: ModelStore, photo: Photo, **changes: object) -> Decomposition:
    asked = {"frame": Frame.square(48, 40, 60, 0.2), "splits_light": True, "size": 64}
    return take_apart(models, tiny_request(photo, **asked | changes))


def test_a_side_light_is_the_opposite_of_its_mirror_image_and_smooth() -> None:
    rng = np.random.default_rng(0)
    layer = rng.normal(0, 0.1, (40, 48, 3)).astype(np.float32)
    side = side_light(layer)
    assert (side == -side[:, ::-1]).all()
    assert (side[:2] == 0).all()
    assert (side[:, :2] == 0).all()
    assert np.abs(np.diff(side, axis=1)).max() < 0.3 * np.abs(np.diff(layer, axis=1)).max()
    assert side.mean() == pytest.approx(0, abs=1e-7)


def test_a_light_that_is_the_same_on_both_sides_has_none_and_a_ramp_is_all_side() -> None:
    ramp = np.broadcast_to(np.linspace(0.3, -0.3, 64, dtype=np.float32)[None, :, None], (64, 64, 3))
    assert np.abs(side_light(np.abs(ramp))).max() < 1e-6
    np.testing.assert_allclose(side_light(ramp)[33:38, 20:44], ramp[33:38, 20:44], atol=0.02)
    assert brighter_side(ramp) == "left"
    assert brighter_side(ramp[:, ::-1]) == "right"
    assert brighter_side(0.01 * ramp) == ""


def test_it_is_split_off_the_light_and_nothing_else_changes(models: ModelStore, photo: Photo) -> None:
    split, whole = decomposed(models, photo), decomposed(models, photo, splits_light=False)
    assert [x.id for x in split.layers] == ["base", "branch-1", "branch-2", "branch-3", "side-light", "residual"]
    assert split.layers[4].kind is LayerKind.BRANCH
    assert split.provenance.splits_light
    assert split.max_error_lsb() < 0.01
    view = Viewport.strip(photo.width, 0, photo.height)

    def layer(made: Decomposition, *ids: str) -> np.ndarray:
        weights = np.array([x.id in ids for x in made.layers], np.float32)
        return made.source.mix(weights, view) - 0.5

    for same in ("base", "branch-1", "branch-3", "residual"):
        np.testing.assert_allclose(layer(split, same), layer(whole, same), atol=2e-5)
    np.testing.assert_allclose(layer(split, "branch-2", "side-light"), layer(whole, "branch-2"), atol=2e-5)
    assert np.abs(layer(split, "side-light")).max() > 1e-3


def test_styles_are_of_branches_and_go_on(models: ModelStore, photo: Photo) -> None:
    styled = decomposed(models, photo, styles=(BranchStyle(2, "", 5),))
    assert len(styled.layers) == styled.source.count == 7
    assert styled.max_error_lsb() < 0.01


def test_without_a_frame_or_a_light_there_is_none_and_it_is_said(
    models: ModelStore, photo: Photo, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = write_tiny_model(tmp_path_factory.mktemp("plain"))
    for made in (decomposed(models, photo, frame=None), decomposed(plain, photo)):
        assert "side-light" not in [x.id for x in made.layers]
        assert any("no side light" in note for note in made.notes)


def test_adapting_keeps_it(models: ModelStore, photo: Photo) -> None:
    before = decomposed(models, photo)
    asked = iter(range(25))
    after = PhotoAdapter(models).adapt(
        AdaptRequest(before, "cpu", 3600), report_nothing, NeverCancelled(), is_enough=lambda: next(asked, None) is None
    )
    assert after is not before
    assert [x.id for x in after.layers] == [x.id for x in before.layers]
    assert after.source.count == 6
    assert after.max_error_lsb() < 0.01
    stored = StoredLayers.of(after)
    assert stored is not None
    again = stored_layers(Fields(stored.json))
    assert again.provenance == after.provenance
    assert [x.id for x in again.decomposition(photo).layers] == [x.id for x in after.layers]


def test_which_branch_is_split(models: ModelStore) -> None:
    card, frame = models.card("tiny"), Frame.square(48, 40, 60)
    assert split_light(card, True, frame) == 1
    assert split_light(card, False, frame) is None
    assert split_light(card, True, None) is None
