from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bsgui.core.decomposition import OWN_STYLE, Decomposition
from bsgui.core.layers import edit_layer
from bsgui.core.photo import Photo
from bsgui.core.requests import NeverCancelled
from bsgui.core.sources import AffineLayers, PixelLayers
from bsgui.core.styled_layers import StyledLayers, TwoRuns, affine_layers, restyled, style_changes
from bsgui.core.styles import BranchStyle, Styles
from bsgui.core.viewport import Viewport
from tests.fixtures import make_decomposition, make_photo, make_styled

ONE, THREE = BranchStyle(1, "cat", 3, 0.25), BranchStyle(3, "any", 1, 1.0)


@pytest.fixture
def styled(tiny_photo: Photo) -> Decomposition:
    return make_styled(tiny_photo, (ONE, THREE))


def runs_of(decomposition: Decomposition) -> TwoRuns:
    assert isinstance(decomposition.source, StyledLayers)
    return decomposition.source.runs


def with_alphas(decomposition: Decomposition, *styles: BranchStyle) -> Decomposition:
    changed = restyled(decomposition, styles)
    assert changed is not None
    return changed


def layer(decomposition: Decomposition, index: int) -> np.ndarray:
    source, photo = decomposition.source, decomposition.photo
    weights = np.eye(source.count, dtype=np.float32)[index]
    return source.mix(weights, Viewport(0, 0, 1, photo.width, photo.height)) - 0.5


def test_a_branch_is_the_blend_of_the_two_runs(styled: Decomposition) -> None:
    own = with_alphas(styled, replace(ONE, alpha=0.0))
    other = with_alphas(styled, replace(ONE, alpha=1.0))
    np.testing.assert_allclose(layer(styled, 1), 0.75 * layer(own, 1) + 0.25 * layer(other, 1), atol=1e-6)
    assert np.abs(layer(other, 1) - layer(own, 1)).max() > 0.05


def test_branches_without_a_style_are_the_photos_own(styled: Decomposition) -> None:
    mixed, own = affine_layers(styled.source), runs_of(styled).own
    assert mixed is not None
    np.testing.assert_array_equal(mixed.scale_maps[2], own.scale_maps[2])
    np.testing.assert_array_equal(mixed.shift_maps[2], own.shift_maps[2])


def test_without_styles_there_is_nothing_to_take_back(styled: Decomposition) -> None:
    own, plain = runs_of(styled).own, with_alphas(styled)
    assert plain.source is own
    assert [x.id for x in plain.layers] == [x.id for x in styled.layers if x.id != OWN_STYLE]
    nought = with_alphas(styled, replace(ONE, alpha=0.0), replace(THREE, alpha=0.0)).source.ticks(0, 32)
    np.testing.assert_array_equal(np.delete(nought, -2, 0), own.ticks(0, 32))
    assert not nought[-2].any()


def test_a_layer_takes_back_what_the_styles_change_and_is_hidden_at_first(styled: Decomposition) -> None:
    change = sum(layer(styled, k) - layer(with_alphas(styled), k) for k in (1, 2, 3))
    np.testing.assert_allclose(layer(styled, 4), -change, atol=1e-6)
    assert np.abs(change).max() > 0.05
    stack = styled.initial_stack()
    assert [x.id for x in stack if not x.visible] == [OWN_STYLE]
    view = Viewport(0, 0, 1, styled.photo.width, styled.photo.height)
    photo = styled.photo.rows_fs(0, styled.photo.height)
    np.testing.assert_allclose(styled.source.mix(stack.weights(), view), photo + change, atol=1e-5)
    shown = edit_layer(stack, OWN_STYLE, visible=True)
    np.testing.assert_allclose(styled.source.mix(shown.weights(), view), photo, atol=1e-5)


def test_base_and_residual_stay_the_photos_own(styled: Decomposition) -> None:
    plain = with_alphas(styled)
    for mine, own in ((0, 0), (-1, -1)):
        np.testing.assert_array_equal(layer(styled, mine), layer(plain, own))


@pytest.mark.parametrize("depth", [8, 16])
def test_the_sum_is_the_photo_whatever_the_alphas(depth: int) -> None:
    photo = make_photo(61, 43, depth)
    styled = make_styled(photo, (ONE, THREE))
    for alpha in (0.0, 0.3, 1.0):
        blend = with_alphas(styled, replace(ONE, alpha=alpha), THREE)
        assert blend.max_error_lsb() < 1e-3
        total = blend.source.ticks(0, photo.height).sum(0, dtype=np.int64) + 16320
        np.testing.assert_array_equal(total, photo.rows_ticks())


def test_other_alphas_need_no_network_other_styles_do(styled: Decomposition) -> None:
    assert with_alphas(styled, replace(ONE, alpha=0.9)).provenance.styles == (replace(ONE, alpha=0.9),)
    impossible: list[Styles] = [
        (replace(ONE, seed=4),),
        (replace(ONE, domain="any"),),
        (BranchStyle(2, "cat", 3),),
    ]
    for styles in impossible:
        assert restyled(styled, styles) is None
    assert restyled(make_decomposition(styled.photo), (ONE,)) is None


def test_going_back_to_an_earlier_alpha_gives_the_same_bytes(styled: Decomposition) -> None:
    first = styled.source.ticks(0, 32)
    with_alphas(styled, replace(ONE, alpha=1.0)).source.ticks(0, 32)
    np.testing.assert_array_equal(styled.source.ticks(0, 32), first)


def test_a_hundred_alphas_keep_the_maps_of_one(styled: Decomposition) -> None:
    blends = [with_alphas(styled, replace(ONE, alpha=step / 100)) for step in range(100)]
    maps = [affine_layers(blend.source) for blend in blends]
    sources = [blend.source for blend in blends]
    assert all(isinstance(x, StyledLayers) and x.runs is runs_of(styled) for x in sources)
    # Only the last is kept by the runs; asking for an earlier one mixes it again.
    assert affine_layers(blends[-1].source) is maps[-1]
    assert affine_layers(blends[0].source) is not maps[0]


def test_how_far_other_styles_are(styled: Decomposition) -> None:
    view = styled.subject_view(24)
    changes = style_changes(runs_of(styled), view, NeverCancelled())
    own, full = layer(with_alphas(styled), 1), layer(with_alphas(styled, replace(ONE, alpha=1.0)), 1)
    expected = np.sqrt((full - own).var((0, 1)).sum() / own.var((0, 1)).sum())
    assert set(changes) == {1, 3}
    assert changes[1] == pytest.approx(expected, rel=0.1)
    maps = runs_of(styled).own
    same = replace(runs_of(styled), other=(maps.scale_maps[1:-1], maps.shift_maps[1:-1]))
    assert style_changes(same, view, NeverCancelled()) == {1: 0.0, 3: 0.0}


def test_layers_as_maps_or_none(styled: Decomposition) -> None:
    plain = make_decomposition(styled.photo).source
    assert affine_layers(plain) is plain
    assert isinstance(affine_layers(styled.source), AffineLayers)
    pixels = PixelLayers(styled.photo, tuple(x.astype(np.int16) for x in plain.ticks(0, 32)))
    assert affine_layers(pixels) is None
