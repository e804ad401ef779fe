"""Branches that rest are run as they are, and have no slope."""

from __future__ import annotations

import pytest
import torch

from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.training.resting import PartlyResting

CONFIG = NetworkConfig(branches=4, widths=(4, 8), octaves=3, lines=True, domains=("any", "cat"))


@pytest.mark.parametrize("frozen", [(), (1,), (3, 0), (0, 1, 2, 3)])
def test_all_branches_answer_as_in_one_run_and_only_those_that_learn_have_a_slope(frozen: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    generator = BranchedGenerator(CONFIG)
    for parameter in generator.parameters():  # No two branches alike.
        torch.nn.init.normal_(parameter, std=0.3)
    photos = torch.rand(2, 3, 16, 24) * 2 - 1
    styles = generator.styles(torch.randn(2, CONFIG.latent), torch.tensor([0, 1])).detach()
    whole = generator(photos, styles)
    maps = PartlyResting(CONFIG, frozen)(generator, photos, styles)
    for mine, its in zip(maps, whole, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-5)
    assert maps.shift.requires_grad == (len(frozen) < CONFIG.branches)
    if maps.shift.requires_grad:
        maps.shift.square().sum().backward()  # type: ignore[no-untyped-call]
        grad = generator.head.weight.grad
        assert grad is not None
        moving = [bool(piece.any()) for piece in grad.chunk(CONFIG.branches)]
        assert moving == [branch not in frozen for branch in range(CONFIG.branches)]
