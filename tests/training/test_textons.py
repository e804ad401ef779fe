"""Kinds of places: found in what was drawn; what branches own of them can be computed by hand."""

import torch

from bsgui.training.textons import TextonConfig, Textons, ownership, purity

_BANDS = 2
# A photo that could hold anything.
_ALL = torch.full((1, 1, 96, 96), 9.0)


def _scene(size: int = 96) -> torch.Tensor:
    """Grey ground; dense texture in the left half; thin long bright lines in the right one: (1, 3, size, size)."""
    photo = torch.zeros(size, size)
    photo[:, : size // 2] = 0.5 * torch.randn(size, size // 2, generator=torch.Generator().manual_seed(0))
    photo[12::24, size // 2 + 4 :] = 1.0
    return photo.clamp(-1, 1).expand(1, 3, -1, -1).contiguous()


def _fitted(count: int = 3) -> Textons:
    textons = Textons(TextonConfig(count), 4, _BANDS)
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


def _halves() -> torch.Tensor:
    """Two kinds, left and right: (1, 2, 8, 8)."""
    kinds = torch.zeros(1, 2, 8, 8)
    kinds[:, 0, :, :4] = 1
    kinds[:, 1, :, 4:] = 1
    return kinds


def _in_bands(shares: torch.Tensor) -> torch.Tensor:
    """The same shares in both bands."""
    return shares.unsqueeze(2).expand(-1, -1, _BANDS)


def test_experts_in_kinds_own_them_whole() -> None:
    kinds = _halves()
    torch.testing.assert_close(ownership([3 * kinds, kinds], kinds), _in_bands(torch.eye(2)), atol=1e-4, rtol=0)


def test_experts_in_octaves_own_kinds_alike() -> None:
    fine, coarse = torch.zeros(1, 2, 8, 8), torch.zeros(1, 2, 4, 4)
    fine[:, 0], coarse[:, 1] = 1, 1
    shares = ownership([fine, coarse], _halves())
    torch.testing.assert_close(shares.mean(2), torch.full((2, 2), 0.5), atol=1e-4, rtol=0)
    torch.testing.assert_close(shares[0], torch.tensor([1.0, 0.0]).expand(2, 2), atol=1e-4, rtol=0)


def test_a_rare_kind_counts_as_much_as_a_common_one() -> None:
    kinds = torch.zeros(1, 2, 8, 8)
    kinds[:, 0], kinds[:, 0, 0, 0], kinds[:, 1, 0, 0] = 1, 0, 1
    torch.testing.assert_close(ownership([kinds], kinds), torch.eye(2).unsqueeze(2), atol=1e-3, rtol=0)


def _twice(magnitudes: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
    """The same in two bands and both units, and a photo that shows all there could be."""
    return [magnitudes] * 2, [magnitudes] * 2, [_ALL] * 2


def _leading(leads: list[int]) -> torch.Tensor:
    """Magnitudes (1, 4, 96, 96) of branches that lead at the kinds of the scene, a little."""
    magnitudes = torch.full((1, 4, 96, 96), 0.1)
    for kind, branch in enumerate(leads):
        magnitudes[:, branch] += _fitted()(_scene())[0, kind]
    return magnitudes


def test_a_kind_goes_to_the_branch_that_leads_there() -> None:
    textons, leads = _fitted(), [2, 0, 3]
    magnitudes = _leading(leads).requires_grad_()
    owning, _ = textons.cross_entropies(*_twice(magnitudes), _scene())
    owning.backward()
    assert magnitudes.grad is not None
    wanted = ownership([-magnitudes.grad.clamp_max(0)], textons(_scene()))[:, :, 0].argmax(0).tolist()
    something_seen = [kind for kind in range(3) if textons.worth[kind].max() > 0.1]
    assert len(something_seen) >= 2
    assert [wanted[kind] for kind in something_seen] == [leads[kind] for kind in something_seen]


def test_what_nobody_can_see_is_worth_nothing() -> None:
    textons = _fitted()
    ground = int(textons(_scene())[0, :, 24::24, 64:90].sum((1, 2)).argmax())
    assert textons.worth[ground].max() < 0.1
    assert textons.worth.max() > 0.9


def test_a_kind_counts_in_the_bands_where_it_stands_out() -> None:
    textons = Textons(TextonConfig(3, coarse_bands=0), 4, 4)
    textons.fit(_scene(), seed=0)
    texture = int(textons(_scene())[0, :, 8:88, 8:40].sum((1, 2)).argmax())
    assert textons.worth[texture, 0] > 4 * textons.worth[texture, 3]


def test_pictures_too_small_for_all_bands_have_kinds_too() -> None:
    textons = Textons(TextonConfig(3), 4, 4)
    textons.fit(_scene(), seed=0)
    magnitudes = _leading([2, 0, 3])
    few, all_bands = [magnitudes] * 3, [magnitudes] * 4
    for bands in (few, all_bands):
        owning, purity = textons.cross_entropies(bands, bands, [_ALL] * len(bands), _scene())
        assert torch.isfinite(owning)
        assert torch.isfinite(purity)
    # The last of three is the smooth rest: what lies there is nobody's.
    rest = [magnitudes, magnitudes, magnitudes.roll(1, 1)]
    owning, _ = textons.cross_entropies(rest, few, [_ALL] * 3, _scene())
    torch.testing.assert_close(owning, textons.cross_entropies(few, few, [_ALL] * 3, _scene())[0])


def test_coarse_bands_belong_to_no_kind() -> None:
    assert _fitted().worth[:, -1].max() == 0


def test_a_branch_that_also_holds_what_is_elsewhere_is_less_pure() -> None:
    clean = _leading([2, 0, 3]) - 0.1
    spread = clean.clone()
    spread[:, 0] += 0.5
    _, purity = _fitted().cross_entropies(*_twice(clean), _scene())
    _, impurity = _fitted().cross_entropies([clean, clean], [spread, spread], [_ALL, _ALL], _scene())
    assert purity < impurity


def test_purity_counts_places_and_bands_by_hand() -> None:
    kinds = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])
    fine, coarse = torch.tensor([[[[3.0, 1.0]]]]), torch.tensor([[[[2.0, 2.0]]]])
    most = [torch.full((1, 1, 1, 2), 9.0)] * 2
    home = torch.tensor([[True, False], [True, True]])
    torch.testing.assert_close(purity([fine, coarse], most, kinds, home), torch.tensor([[3 / 8, 3 / 8]]))
    # At the first place the photo shows 1, not 3: the rest is at home nowhere.
    shown = [torch.ones(1, 1, 1, 2), *most[1:]]
    torch.testing.assert_close(purity([fine, coarse], shown, kinds, home), torch.tensor([[1 / 8, 3 / 8]]))


def test_entropies_do_not_depend_on_the_order_of_branches() -> None:
    photo, one = _scene(), torch.rand(1, 4, 96, 96, generator=torch.Generator().manual_seed(1))
    other = one[:, [3, 1, 0, 2]]
    torch.testing.assert_close(
        _fitted().cross_entropies(*_twice(one), photo),
        _fitted().cross_entropies(*_twice(other), photo),
    )


def test_exaggeration_makes_no_branch_purer() -> None:
    honest, loud = _leading([2, 0, 3]), _leading([2, 0, 3])
    textons = _fitted()
    loud[:, 2] *= 1 + 9 * textons(_scene())[:, 0]
    shown = [honest.amax(1, keepdim=True)] * 2
    _, purity = _fitted().cross_entropies([honest, honest], [honest, honest], shown, _scene())
    _, exaggerated = _fitted().cross_entropies([honest, honest], [loud, loud], shown, _scene())
    assert exaggerated > purity


def test_with_fewer_branches_than_kinds_the_least_worth_are_nobodys() -> None:
    textons = Textons(TextonConfig(3), 2, _BANDS)
    textons.fit(_scene(), seed=0)
    magnitudes = torch.full((1, 2, 96, 96), 0.1)
    owning, purity = textons.cross_entropies(*_twice(magnitudes), _scene())
    assert torch.isfinite(owning + purity)


def test_height_tells_places_apart_where_subjects_are_aligned() -> None:
    even = torch.zeros(1, 3, 32, 32)
    textons = Textons(TextonConfig(2, height=2.0), 2, _BANDS)
    textons.fit(even, seed=0)
    kinds = textons(even)[0].argmax(0)
    assert kinds[0].unique().numel() == kinds[-1].unique().numel() == 1
    assert kinds[0, 0] != kinds[-1, 0]
