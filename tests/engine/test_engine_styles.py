from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import Cancelled, UsageError
from bsgui.core.frame import Frame
from bsgui.core.requests import NeverCancelled, report_nothing
from bsgui.core.sources import AffineLayers
from bsgui.core.styled_layers import StyledLayers, affine_layers, restyled
from bsgui.core.styles import BranchStyle, Styles
from bsgui.core.viewport import Viewport
from bsgui.engine.decomposer import TorchDecomposer
from bsgui.imageio.model_store import ModelStore
from tests.tiny_model import take_apart as run
from tests.tiny_model import tiny_request as request

CAT, SEED = BranchStyle(2, "cat", 7, 1.0), BranchStyle(3, "", 5, 0.5)


def styled(store: ModelStore, *styles: BranchStyle, **more: object) -> Decomposition:
    result: Decomposition = run(store, request(styles=styles, **more))
    return result


def maps(decomposition: Decomposition) -> AffineLayers:
    found = affine_layers(decomposition.source)
    assert found is not None
    return found


def test_one_branch_has_the_other_domain_and_the_rest_the_own(store: ModelStore) -> None:
    own, other, mixed = styled(store), styled(store, domain="cat", seed=7), styled(store, CAT)
    for own_maps, other_maps, mixed_maps in (
        (maps(own).scale_maps, maps(other).scale_maps, maps(mixed).scale_maps),
        (maps(own).shift_maps, maps(other).shift_maps, maps(mixed).shift_maps),
    ):
        np.testing.assert_allclose(mixed_maps[2], other_maps[2], atol=1e-6)
        assert np.abs(mixed_maps[2] - own_maps[2]).max() > 1e-3
        for index in (1, 3):
            np.testing.assert_array_equal(mixed_maps[index], own_maps[index])


def test_every_branch_in_the_other_style_is_the_other_decomposition(store: ModelStore) -> None:
    own, other = maps(styled(store)), maps(styled(store, domain="cat", seed=7))
    mixed = maps(styled(store, *(BranchStyle(branch, "cat", 7) for branch in (1, 2, 3))))
    np.testing.assert_allclose(mixed.scale_maps[1:-2], other.scale_maps[1:-1], atol=1e-5)
    np.testing.assert_allclose(mixed.shift_maps[1:-2], other.shift_maps[1:-1], atol=1e-5)
    for mine, its in ((0, 0), (-1, -1)):  # Base and residual are the photo's own.
        np.testing.assert_array_equal(mixed.shift_maps[mine], own.shift_maps[its])


def test_alpha_nought_gives_the_bytes_of_the_plain_decomposition(store: ModelStore) -> None:
    plain, nought = styled(store), styled(store, replace(CAT, alpha=0.0))
    ticks = nought.source.ticks(0, 60)
    np.testing.assert_array_equal(np.delete(ticks, -2, 0), plain.source.ticks(0, 60))
    assert not ticks[-2].any()
    assert nought.psnr_without_residual_db == plain.psnr_without_residual_db


def test_a_live_alpha_is_what_a_new_request_gives(store: ModelStore) -> None:
    first = styled(store, CAT, SEED)
    styles: Styles = (replace(CAT, alpha=0.3), replace(SEED, domain="any", alpha=0.9))
    live, asked = restyled(first, styles), styled(store, *styles)
    assert live is not None
    np.testing.assert_array_equal(live.source.ticks(0, 60), asked.source.ticks(0, 60))


def test_the_sum_is_the_photo(store: ModelStore) -> None:
    result = styled(store, CAT, SEED)
    assert result.max_error_lsb() < 1e-2
    np.testing.assert_array_equal(result.source.ticks(0, 60).sum(0) + 16320, result.photo.rows_ticks())


def test_provenance_names_the_styles_in_order(store: ModelStore) -> None:
    result = styled(store, SEED, CAT)
    assert result.provenance.styles == (CAT, replace(SEED, domain="any"))
    assert isinstance(result.source, StyledLayers)
    assert result.source.styles == result.provenance.styles
    assert sum(layer.energy_share for layer in result.layers[1:-1]) == pytest.approx(1)


@pytest.mark.parametrize("style", [BranchStyle(4), BranchStyle(1, "cow"), BranchStyle(1, seed=-1)])
def test_impossible_styles_are_refused(store: ModelStore, style: BranchStyle) -> None:
    with pytest.raises(UsageError):
        styled(store, style)


def test_cancel_is_answered_within_the_second_run(store: ModelStore) -> None:
    class CountedAsk:
        def __init__(self, most: int) -> None:
            self.count, self.most = 0, most

        def raise_if_cancelled(self) -> None:
            self.count += 1
            if self.count > self.most:
                raise Cancelled

    def asked(*styles: BranchStyle) -> int:
        cancel = CountedAsk(10**6)
        TorchDecomposer(store).decompose(request(styles=styles), report_nothing, cancel)
        return cancel.count

    plain, two_runs = asked(), asked(CAT)
    # The decoder's blocks and the head ask once more; the encoder, which both runs share, does not.
    assert plain < two_runs < 2 * plain
    with pytest.raises(Cancelled):
        TorchDecomposer(store).decompose(request(styles=(CAT,)), report_nothing, CountedAsk(plain - 1))
    TorchDecomposer(store).decompose(request(), report_nothing, NeverCancelled())


def test_framed_branches_have_styles_too(store: ModelStore) -> None:
    frame = Frame.square(40, 30, 30, 0.4)
    result = styled(store, CAT, SEED, frame=frame)
    plain = styled(store, frame=frame)
    ticks = result.source.ticks(0, 60)
    np.testing.assert_array_equal(ticks.sum(0) + 16320, result.photo.rows_ticks())
    outside = ~frame.mask(Viewport.strip(90, 0, 60))
    assert np.abs(ticks[1:-1][:, outside]).max() == 0
    assert np.abs(ticks[2] - plain.source.ticks(0, 60)[2]).max() > 10
    assert result.provenance.frame == frame
