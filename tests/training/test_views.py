"""Two views of a photo: one thing is different, all else is as it was."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from bsgui.training.data import Batch
from bsgui.training.painting import paint_markings, paint_whiskers
from bsgui.training.parts import without_eyes, without_nose_and_mouth
from bsgui.training.relighting import cast_shadow
from bsgui.training.views import VIEWS, two_views


def _photos(count: int = 4, size: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(5)) - 0.5


def _chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


_FACE = np.float32([[23, 30], [41, 30], [32, 40], [25, 49], [39, 49]])


def _batch(view: str, count: int = 4) -> Batch:
    domains = torch.tensor([0, 1, 2]).repeat(count)[:count]
    # Hair is never painted: it is seen without only where a coat was drawn.
    retouched = list(0.8 * _photos(count)) if view == "fur" else ()
    return Batch(_photos(count), domains, [_FACE] * count, view, retouched)


@pytest.mark.parametrize("view", VIEWS)
def test_views_are_deterministic_different_and_in_range(view: str) -> None:
    batch = _batch(view)
    before = batch.photos.clone()
    one, other = VIEWS[view](batch, _chance())
    for seen, again in zip((one, other), VIEWS[view](batch, _chance()), strict=True):
        torch.testing.assert_close(seen, again, rtol=0, atol=0)
        assert seen.shape == before.shape
        assert seen.abs().max() <= 1
    torch.testing.assert_close(batch.photos, before, rtol=0, atol=0)
    assert (one - other).flatten(1).abs().amax(1).min() > 0.05


def test_a_shadow_falls_on_all_photos_alike_and_only_darkens() -> None:
    photos = _photos(2)
    for seed in range(10):
        shaded = cast_shadow(photos, _chance(seed))
        light = (shaded + 1) / (photos + 1)
        assert light.max() < 1 + 1e-4
        assert light.min() > 0.2
    assert light.std() > 0.02
    torch.testing.assert_close(
        cast_shadow(photos[:1].repeat(2, 1, 1, 1), _chance())[0], cast_shadow(photos[:1], _chance())[0]
    )


def test_what_is_absent_from_a_view_is_its_colour() -> None:
    colourful, grey = VIEWS["colour"](_batch("colour"), _chance())
    assert (grey.std(1) < 1e-6).all()
    # Lightness is the same in both, but for what the range cuts off.
    torch.testing.assert_close(colourful.mean(1), grey.mean(1), atol=0.1, rtol=0)
    strengths = (colourful - grey).flatten(1).norm(dim=1) / (_photos() - grey).flatten(1).norm(dim=1)
    assert strengths.min() > 0.5
    assert strengths.max() < 1.55


def _featured(skin: torch.Tensor, *centres: np.ndarray) -> torch.Tensor:
    photo = skin.clone()
    for x, y in np.int32(centres):
        photo[:, :, y - 1 : y + 2, x - 2 : x + 3] = -0.8
    return photo


def test_features_are_covered_by_the_skin_around_them_and_the_others_stay() -> None:
    skin = torch.full((1, 3, 64, 64), 0.2) + 0.3 * torch.linspace(0, 1, 64)
    eyes, below = _FACE[:2], [_FACE[2], _FACE[3:].mean(0)]
    photo = _featured(skin, *eyes, *below)
    without_one, without_other = without_eyes(photo, [_FACE]), without_nose_and_mouth(photo, [_FACE])
    torch.testing.assert_close(without_one, _featured(skin, *below), atol=0.04, rtol=0)
    torch.testing.assert_close(without_other, _featured(skin, *eyes), atol=0.04, rtol=0)
    # Far from them nothing is touched.
    for covered in (without_one, without_other):
        torch.testing.assert_close(covered[:, :, :14], photo[:, :, :14], atol=0, rtol=0)


@pytest.mark.parametrize("points", [np.empty((0, 2), np.float32), _FACE + np.float32([60, 0]), _FACE - 1000, _FACE * 0])
@pytest.mark.parametrize("without", [without_eyes, without_nose_and_mouth])
def test_faces_without_landmarks_or_beyond_the_picture_stay_as_they_are(
    without: Callable[[torch.Tensor, list[np.ndarray]], torch.Tensor], points: np.ndarray
) -> None:
    photo = _photos(1)
    torch.testing.assert_close(without(photo, [points]), photo, atol=0, rtol=0)


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
def test_a_batch_is_seen_twice(view: str) -> None:
    seen = two_views(_batch(view, 6), ("any", "cat", "relit"), _chance())
    one, other = seen.photos.chunk(2)
    assert len(one) == len(other) == 3
    assert (one != other).flatten(1).any(1).all()
    first, second = seen.domains.chunk(2)
    if view != "light":
        assert first.tolist() == second.tolist() == [0, 1, 2]


def test_photos_under_our_lights_are_of_a_domain_of_their_own() -> None:
    batch = Batch(_photos(6), torch.ones(6, dtype=torch.long), view="light")
    seen = two_views(batch, ("any", "cat", "relit"), _chance())
    changed = ~(seen.photos == _photos(6)[:3].repeat(2, 1, 1, 1)).flatten(1).all(1)
    assert seen.domains.tolist() == [2 if x else 1 for x in changed]
    assert two_views(batch, ("any", "cat"), _chance()).domains.tolist() == [1] * 6
