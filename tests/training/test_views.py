"""Two views of a photo: one thing is different, all else is as it was."""

import pytest
import torch

from bsgui.training.data import Batch
from bsgui.training.painting import paint_markings, paint_whiskers
from bsgui.training.views import VIEWS, two_views


def _photos(count: int = 4, size: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(5)) - 0.5


def _chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("view", VIEWS)
def test_views_are_deterministic_new_and_in_range(view: str) -> None:
    photos = _photos()
    before = photos.clone()
    seen = VIEWS[view](photos, _chance())
    torch.testing.assert_close(seen, VIEWS[view](photos, _chance()), rtol=0, atol=0)
    torch.testing.assert_close(photos, before, rtol=0, atol=0)
    assert seen.shape == photos.shape
    assert seen.abs().max() <= 1
    assert (seen - photos).abs().max() > 0.05


def test_markings_multiply_what_is_there_and_leave_the_corners_alone() -> None:
    photos = torch.full((8, 3, 96, 96), 0.2)
    change = paint_markings(photos, _chance()) - photos
    assert change[:, :, :4, :4].abs().max() < 0.02
    black = torch.full((2, 3, 64, 64), -1.0)
    torch.testing.assert_close(paint_markings(black, _chance()), black, atol=2e-3, rtol=0)


def test_most_markings_are_darker_than_the_coat() -> None:
    photos = torch.full((24, 3, 64, 64), 0.2)
    change = (paint_markings(photos, _chance()) - photos).mean((1, 2, 3))
    assert (change < 0).float().mean() > 0.7


def test_whiskers_are_thin_and_few() -> None:
    photos = torch.full((6, 3, 128, 128), -0.6)
    touched = ((paint_whiskers(photos, _chance()) - photos).abs().amax(1) > 0.1).float()
    assert 0 < touched.mean() < 0.2
    # No place is covered three pixels wide.
    assert torch.nn.functional.avg_pool2d(touched.unsqueeze(1), 9, 1).max() < 0.9


@pytest.mark.parametrize("view", VIEWS)
def test_a_batch_is_seen_twice_and_one_of_each_pair_is_changed(view: str) -> None:
    photos = _photos(6)
    batch = two_views(Batch(photos, torch.tensor([0, 1, 2, 0, 1, 2])), view, ("any", "cat", "relit"), _chance())
    one, other = batch.photos.chunk(2)
    unchanged = [(x == photos[:3]).flatten(1).all(1) for x in (one, other)]
    assert not (unchanged[0] & unchanged[1]).any()
    first, second = batch.domains.chunk(2)
    if view != "light":
        assert first.tolist() == second.tolist() == [0, 1, 2]


def test_photos_under_our_lights_are_of_a_domain_of_their_own() -> None:
    batch = two_views(Batch(_photos(6), torch.ones(6, dtype=torch.long)), "light", ("any", "cat", "relit"), _chance())
    changed = ~(batch.photos == _photos(6)[:3].repeat(2, 1, 1, 1)).flatten(1).all(1)
    assert batch.domains.tolist() == [2 if x else 1 for x in changed]
    plain = two_views(Batch(_photos(6), torch.ones(6, dtype=torch.long)), "light", ("any", "cat"), _chance())
    assert plain.domains.tolist() == [1] * 6
