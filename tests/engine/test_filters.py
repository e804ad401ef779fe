import pytest
import torch

from bsgui.engine.filters import ThinLines, gaussian_blur


def _fine(luma: torch.Tensor) -> torch.Tensor:
    return (luma - gaussian_blur(luma[None, None], 2.0)[0, 0])[None, None]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_stands_out_and_an_edge_does_not(sign: int) -> None:
    line, edge = torch.zeros(64, 64), torch.zeros(64, 64)
    line[32, 4:60] = sign
    edge[32:] = sign
    bright, dark = ThinLines()(_fine(line))[0]
    own, other = (bright, dark) if sign > 0 else (dark, bright)
    assert own[32, 16:48].min() > 5 * own[12, 16:48].max()
    assert own[32, 16:48].min() > 5 * other[32, 16:48].max()
    of_edge = ThinLines()(_fine(edge))[0]
    assert own[32, 32] > 2 * of_edge[:, 28:36, 32].max()


def test_one_hair_of_many_is_no_line() -> None:
    alone, many = torch.zeros(64, 64), torch.rand(64, 64, generator=torch.Generator().manual_seed(0))
    alone[:, 32] = many[:, 32] = 1.0
    lines = ThinLines()
    assert lines(_fine(alone))[0, 0, 16:48, 32].mean() > 2 * lines(_fine(many))[0, 0, 16:48, 32].mean()


def test_a_blur_keeps_the_mean_and_flat_pictures() -> None:
    picture = torch.rand(1, 2, 40, 40, generator=torch.Generator().manual_seed(0))
    for sigma in (1.0, 8.0):
        torch.testing.assert_close(gaussian_blur(torch.ones_like(picture), sigma), torch.ones_like(picture))
        assert gaussian_blur(picture, sigma).std() < 0.5 * picture.std()
