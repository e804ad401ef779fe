"""Kinds of places: found in what was drawn; information that can be computed by hand."""

import math

import pytest
import torch

from bsgui.training.textons import Textons, texton_information


def _scene(size: int = 96) -> torch.Tensor:
    """Grey ground; dense texture in the left half; thin long bright lines in the right one: (1, 3, size, size)."""
    photo = torch.zeros(size, size)
    photo[:, : size // 2] = 0.5 * torch.randn(size, size // 2, generator=torch.Generator().manual_seed(0))
    photo[12::24, size // 2 + 4 :] = 1.0
    return photo.clamp(-1, 1).expand(1, 3, -1, -1).contiguous()


def _fitted(count: int = 3) -> Textons:
    textons = Textons(count)
    textons.fit(_scene(), seed=0)
    return textons


def test_shares_add_up_to_one() -> None:
    shares = _fitted()(_scene())
    assert shares.shape == (1, 3, 96, 96)
    torch.testing.assert_close(shares.sum(1), torch.ones(1, 96, 96))


def test_texture_and_lines_are_of_different_kinds() -> None:
    kinds = _fitted()(_scene())[0].argmax(0)
    on_texture = kinds[8:88, 8:40].flatten().mode().values
    on_lines = kinds[12::24, 64:90].flatten().mode().values
    between = kinds[24::24, 64:90].flatten().mode().values
    assert len({int(on_texture), int(on_lines), int(between)}) == 3


def test_the_same_seed_finds_the_same_kinds() -> None:
    torch.testing.assert_close(_fitted().centres, _fitted().centres, rtol=0, atol=0)


def test_information_of_experts_in_kinds_is_the_logarithm_of_their_number() -> None:
    kinds = torch.zeros(1, 2, 8, 8)
    kinds[:, 0, :, :4] = 1
    kinds[:, 1, :, 4:] = 1
    assert texton_information([kinds], kinds).item() == pytest.approx(math.log(2), abs=1e-3)


def test_information_of_experts_in_octaves_is_zero() -> None:
    kinds = torch.zeros(1, 2, 8, 8)
    kinds[:, 0, :, :4] = 1
    kinds[:, 1, :, 4:] = 1
    fine, coarse = torch.zeros(1, 2, 8, 8), torch.zeros(1, 2, 4, 4)
    fine[:, 0], coarse[:, 1] = 1, 1
    assert texton_information([fine, coarse], kinds).item() == pytest.approx(0, abs=1e-3)


def test_a_rare_kind_counts_as_much_as_a_common_one() -> None:
    kinds = torch.zeros(1, 2, 8, 8)
    kinds[:, 0], kinds[:, 0, 0, 0], kinds[:, 1, 0, 0] = 1, 0, 1
    assert texton_information([kinds], kinds).item() == pytest.approx(math.log(2), abs=0.02)


def test_information_can_be_climbed() -> None:
    kinds = _fitted()(_scene())
    magnitudes = torch.rand(1, 4, 96, 96, generator=torch.Generator().manual_seed(1)).requires_grad_()
    before = texton_information([magnitudes], kinds)
    before.backward()
    assert magnitudes.grad is not None
    after = texton_information([(magnitudes + 1e4 * magnitudes.grad).clamp_min(0).detach()], kinds)
    assert after > before
