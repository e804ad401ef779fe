import pytest
import torch

from bsgui.training.losses import LossWeights, Terms, random_reblends, specialization_terms

WEIGHTS = LossWeights(bands=3)


def photos(seed: int = 0) -> torch.Tensor:
    small = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(small, (32, 32), mode="bicubic").clamp(-1, 1)


def terms(branches: list[torch.Tensor], photo: torch.Tensor) -> Terms:
    mean = photo.mean((2, 3), keepdim=True)
    return specialization_terms(torch.stack(branches, 1), photo, mean, WEIGHTS)


def centred(photo: torch.Tensor) -> torch.Tensor:
    return photo - photo.mean((2, 3), keepdim=True)


def test_an_exact_sum_has_no_reconstruction_error() -> None:
    photo = photos()
    exact = terms([centred(photo) * 0.3, centred(photo) * 0.7], photo)
    assert exact.reconstruction.item() == pytest.approx(0, abs=1e-6)
    assert terms([centred(photo) * 0.3] * 2, photo).reconstruction.item() > 0.05


def test_branches_that_cancel_are_in_excess_and_sharing_ones_are_not() -> None:
    photo = photos()
    sharing = terms([centred(photo) * 0.5] * 2, photo)
    fighting = terms([centred(photo) * 2, -centred(photo)], photo)
    assert sharing.excess.item() == pytest.approx(0, abs=1e-5)
    assert fighting.excess.item() > 1
    assert fighting.chroma_excess.item() > sharing.chroma_excess.item() + 0.5


def test_complementary_colours_are_in_chroma_excess_only() -> None:
    photo = photos().mean(1, keepdim=True).expand(-1, 3, -1, -1)
    tint = torch.tensor([1.0, -0.5, 0.0])
    tint = (tint - (tint * torch.tensor([0.299, 0.587, 0.114])).sum())[:, None, None]
    pattern = centred(photo)
    grey = terms([pattern * 0.5] * 2, photo)
    coloured = terms([pattern * (0.5 + tint), pattern * (0.5 - tint)], photo)
    assert coloured.chroma_excess.item() > grey.chroma_excess.item() + 0.5
    assert coloured.excess.item() == pytest.approx(grey.excess.item(), abs=1e-3)


def test_likeness_tells_copies_from_disjoint_bands() -> None:
    photo = photos()
    coarse = torch.nn.functional.interpolate(
        torch.nn.functional.avg_pool2d(centred(photo), 4), (32, 32), mode="bilinear"
    )
    copies = terms([centred(photo) * 0.5] * 2, photo)
    bands = terms([coarse, centred(photo) - coarse], photo)
    assert copies.likeness.item() > 0.8
    assert bands.likeness.item() < 0.8 * copies.likeness.item()
    assert bands.focus.item() < copies.focus.item()


def test_a_dead_branch_is_unbalanced_and_below_the_floor() -> None:
    photo = photos()
    dead = terms([centred(photo), torch.zeros_like(photo)], photo)
    alive = terms([centred(photo) * 0.5] * 2, photo)
    assert dead.floor.item() == pytest.approx(0.5, abs=0.01)
    assert alive.floor.item() == 0
    assert dead.balance.item() > alive.balance.item() + 0.5


def test_experts_in_a_place_carry_place_information() -> None:
    photo = photos()
    left = torch.zeros(32)
    left[:16] = 1
    halves = terms([centred(photo) * left, centred(photo) * (1 - left)], photo)
    everywhere = terms([centred(photo) * 0.5] * 2, photo)
    assert halves.place.item() > 0.3
    assert everywhere.place.item() == pytest.approx(0, abs=1e-4)


def test_terms_do_not_know_the_branches_names() -> None:
    photo = photos()
    branches = [centred(photo) * 0.6, centred(photo).flip(-1) * 0.2, centred(photo) * 0.2]
    forwards, backwards = terms(branches, photo), terms(branches[::-1], photo)
    for name, value in forwards._asdict().items():
        torch.testing.assert_close(value, getattr(backwards, name), rtol=1e-4, atol=1e-6, msg=name)


def test_reblends_change_one_or_two_branches_and_are_seeded() -> None:
    photo = photos()
    pictures = torch.stack([centred(photo), centred(photo).flip(-1), centred(photo).flip(-2)], 1)

    def draw(seed: int) -> torch.Tensor:
        return random_reblends(pictures, photo, torch.Generator().manual_seed(seed))

    torch.testing.assert_close(draw(1), draw(1))
    assert not torch.allclose(draw(1), draw(2))
    assert not torch.allclose(draw(1), photo)


def test_gradients_are_finite_even_for_a_grey_photo() -> None:
    photo = torch.zeros(1, 3, 16, 16)
    pictures = torch.zeros(1, 2, 3, 16, 16, requires_grad=True)
    loss = specialization_terms(pictures, photo, torch.zeros(1, 3, 1, 1), WEIGHTS).total(WEIGHTS)
    loss.backward()
    assert pictures.grad is not None
    assert torch.isfinite(pictures.grad).all()
