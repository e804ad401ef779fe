"""Light and subject: shares computed by hand, sides taken by who leads, photos under another light."""

import pytest
import torch

from bsgui.training.factors import Factors, leaders
from bsgui.training.relighting import relight


def _pictures(mixed: float) -> torch.Tensor:
    """Two subjects under two lights, two branches: one follows the light, one the subject, but for ``mixed``.

    Lights and subjects have means of 0, one energy, and nothing in common, so that shares are what is mixed.
    """
    chance = torch.Generator().manual_seed(3)
    random = torch.randn(3 * 64, 4, generator=chance, dtype=torch.float64)
    even, _ = torch.linalg.qr(torch.cat([torch.eye(3, dtype=torch.float64).repeat_interleave(64, 0), random], 1))
    patterns = (14 * even[:, 3:]).float().T.reshape(4, 1, 3, 8, 8)
    lights = patterns[:2].view(2, 1, 1, 3, 8, 8).expand(2, 2, 1, 3, 8, 8)
    subjects = patterns[2:].view(1, 2, 1, 3, 8, 8).expand(2, 2, 1, 3, 8, 8)
    one = (1 - mixed) * lights + mixed * subjects
    other = (1 - mixed) * subjects + mixed * lights
    return torch.cat([one, other], 2).flatten(0, 1)


def _overlap(pictures: torch.Tensor, leader: int = 0, *, is_light: bool = True) -> list[float]:
    return [part.item() for part in Factors(2, is_light).overlap(pictures, leader)]


def test_overlap_is_none_of_separate_branches_and_grows_with_mixing() -> None:
    for is_light in (True, False):
        separate, little, much = (sum(_overlap(_pictures(mixed), is_light=is_light)) for mixed in (0, 0.2, 0.4))
        assert separate == pytest.approx(0, abs=1e-4)
        assert separate < little < much


@pytest.mark.parametrize("is_light", [True, False])
def test_the_gradient_widens_the_lead(is_light: bool) -> None:
    pictures = _pictures(0.3).requires_grad_()
    sum(Factors(2, is_light).overlap(pictures, 0)).backward()
    assert pictures.grad is not None
    better = (pictures - 20 * pictures.grad).detach()
    assert sum(_overlap(better, is_light=is_light)) < sum(_overlap(pictures.detach(), is_light=is_light))


def test_the_wrong_leader_holds_nothing_of_the_light_and_all_of_the_subjects() -> None:
    # What lies outside are two lights that have nothing in common, so the second is taken at the least exposure, a
    # half: 1 + 1/4 of light in 1 + 1/4 + 1/4 of light and subjects.
    assert _overlap(_pictures(0), leader=1) == pytest.approx([(5 / 6) ** 0.5, 1], abs=1e-4)


def test_a_small_factor_is_not_to_be_half_of_its_branch() -> None:
    # Another factor's leader that holds as much of the subjects as there is of the factor: a half, however much the
    # other branches hold. Two views that have nothing in common change by their mean energy.
    assert _overlap(_pictures(0), leader=1, is_light=False) == pytest.approx([1, 0.5], abs=1e-3)
    # Exaggerated, and with the other branch taking it back, it is no purer.
    subjects, change = _pictures(0)[:, 1:], _pictures(0)[:, :1]
    exaggerated = torch.cat([subjects + 3 * change, -2 * change], 1)
    assert _overlap(exaggerated, is_light=False)[1] == pytest.approx(0.5, abs=1e-3)


def test_each_factor_has_a_branch_of_its_own_that_leads_there() -> None:
    assert leaders({}, {}) == {}
    factors = {"light": Factors(3), "colour": Factors(3, is_light=False)}
    factors["light"].lead[:] = torch.tensor([0.0, 0.6, 0.5])
    factors["colour"].lead[:] = torch.tensor([0.0, 0.9, 0.2])
    assert leaders(factors, {}) == {"light": 2, "colour": 1}
    assert leaders(factors, {"colour": 2}) == {"light": 1, "colour": 2}
    assert leaders(factors, {"light": 0, "colour": 2}) == {"light": 0, "colour": 2}


def test_who_holds_the_factor_and_nothing_else_leads() -> None:
    factors = Factors(2)
    for _ in range(20):
        factors.overlap(_pictures(0.1), 1)
    assert leaders({"light": factors}, {}) == {"light": 0}
    assert factors.lead[0] > 2 * factors.lead[1]


def test_a_tenth_of_the_variance_is_a_third_of_the_light() -> None:
    pictures = torch.zeros(4, 2, 3, 8, 8)
    pictures[:2, 0] = torch.linspace(-1, 1, 8)
    split = pictures.clone()
    split[:, 0], split[:, 1] = 0.25 * pictures[:, 0], 0.75 * pictures[:, 0]
    # A quarter of every difference lies outside the leader: a tenth of the variance. The subjects are alike.
    assert _overlap(split, leader=1)[0] == pytest.approx(0.25, abs=1e-3)


def test_one_subject_alone_is_enough() -> None:
    lone = _pictures(0)[[0, 2]]
    assert _overlap(lone) == pytest.approx([0, 0], abs=1e-4)
    assert _overlap(lone.flip(1)) == pytest.approx([(5 / 6) ** 0.5, 1], abs=1e-4)


def test_a_darker_lamp_is_no_other_subject() -> None:
    pictures = _pictures(0)
    darker = torch.cat([pictures[:2], 0.7 * pictures[2:]])
    assert _overlap(darker) == pytest.approx([0, 0], abs=1e-4)


def test_another_light_is_deterministic_smooth_and_in_range() -> None:
    photos = torch.zeros(4, 3, 64, 64)
    lit = relight(photos, torch.Generator().manual_seed(0))
    torch.testing.assert_close(lit, relight(photos, torch.Generator().manual_seed(0)), rtol=0, atol=0)
    assert lit.min() >= -1
    assert lit.max() <= 1
    assert (lit.std((2, 3)) > 0.01).all()
    # The photo is even, so every step from pixel to pixel is the light's own.
    assert lit.diff(dim=2).abs().max() < 0.2
    assert lit.diff(dim=3).abs().max() < 0.2


def test_black_stays_black() -> None:
    lit = relight(torch.full((1, 3, 32, 32), -1.0), torch.Generator().manual_seed(1))
    torch.testing.assert_close(lit, torch.full((1, 3, 32, 32), -1.0), atol=1e-3, rtol=0)


def test_a_leader_misses_nothing_when_it_shows_the_factor_and_nothing_else() -> None:
    chance = torch.Generator().manual_seed(2)
    plain = torch.randn(2, 3, 16, 16, generator=chance) / 8
    factor = torch.zeros(2, 3, 16, 16)
    factor[:, :, 4:9, 5:12] = -0.5
    photos = torch.cat([plain + factor, plain])

    def missed(leader: torch.Tensor) -> float:
        return Factors(2, is_light=False).missed(torch.stack([photos - leader, leader], 1), photos, 1).item()

    nothing = torch.zeros_like(factor)
    assert missed(torch.cat([factor, nothing])) == pytest.approx(0, abs=1e-5)
    assert missed(torch.cat([nothing, nothing])) == pytest.approx(1, abs=1e-2)
    # Half of it, too much of it, and something else beside it.
    assert 0 < missed(torch.cat([factor / 2, nothing])) < 1
    assert missed(torch.cat([2.5 * factor, nothing])) > 1
    assert missed(torch.cat([factor, factor])) > 0.9
    assert missed(torch.cat([factor + plain, plain])) > 0.3
    # A factor that is seen nowhere is not missed.
    assert Factors(2, is_light=False).missed(torch.zeros(2, 2, 3, 8, 8), torch.zeros(2, 3, 8, 8), 1).item() == 0


def test_a_thin_factor_is_missed_as_much_as_a_broad_one() -> None:
    for width in (1, 8):
        factor = torch.zeros(1, 3, 16, 16)
        factor[:, :, :, :width] = 0.5
        photos = torch.cat([factor, torch.zeros_like(factor)])
        empty = torch.zeros(2, 1, 3, 16, 16)
        assert Factors(1, is_light=False).missed(empty, photos, 0).item() == pytest.approx(1, abs=1e-3)
