import numpy as np
import pytest
import torch

from bsgui.analysis.bands import octave_bands, remove_means, to_opponent
from bsgui.analysis.measures import identity_score, measure, signatures
from bsgui.analysis.realism import auc, realism_auc


def photos(count: int = 4, side: int = 32, seed: int = 0) -> torch.Tensor:
    small = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(small, (side, side), mode="bicubic").clamp(-1, 1)


def split(photo: torch.Tensor) -> torch.Tensor:
    """Coarse and fine halves of photos: (B, 2, 3, h, w)."""
    whole = remove_means(photo)
    coarse = torch.nn.functional.interpolate(torch.nn.functional.avg_pool2d(whole, 8), whole.shape[-2:], mode="bicubic")
    return torch.stack([coarse, whole - coarse], 1)


def mean(photo: torch.Tensor) -> torch.Tensor:
    return photo.mean((2, 3), keepdim=True)


def test_bands_add_up_to_the_picture() -> None:
    picture = photos()
    total = torch.zeros(())
    for band in reversed(octave_bands(picture, 4)):
        if total.ndim:
            total = torch.nn.functional.interpolate(total, band.shape[-2:], mode="bilinear", align_corners=False)
        total = total + band
    torch.testing.assert_close(total, picture)


def test_grey_has_no_chroma() -> None:
    grey = photos()[:, :1].expand(-1, 3, -1, -1)
    assert to_opponent(grey)[:, 1:].abs().max() < 1e-6
    torch.testing.assert_close(to_opponent(grey)[:, 0], grey[:, 0])


def test_fidelity_is_the_psnr_of_the_sum() -> None:
    photo = photos()
    pictures = split(photo)
    assert measure(pictures, photo, mean(photo)).psnr_db.min() > 100
    pictures[:, 0] += 0.02
    assert measure(pictures, photo, mean(photo)).psnr_db == pytest.approx(40.0, abs=0.01)


def test_redundancy_cancellation_and_shares() -> None:
    photo = photos()
    whole = remove_means(photo)
    copies = measure(torch.stack([whole / 2, whole / 2], 1), photo, mean(photo))
    assert copies.redundancy == pytest.approx(1.0, abs=1e-5)
    assert copies.cancellation == pytest.approx(0.5, abs=1e-5)
    assert copies.shares == pytest.approx(0.5, abs=1e-5)
    fighting = measure(torch.stack([2 * whole, -whole], 1), photo, mean(photo))
    assert fighting.cancellation == pytest.approx(5.0, abs=1e-4)
    assert fighting.shares[:, 0] == pytest.approx(0.8, abs=1e-5)


def test_identity_is_high_for_distinct_branches_and_chance_for_shuffled_ones() -> None:
    pictures = split(photos(40))
    signs = signatures(pictures).numpy()
    assert identity_score(signs[:20], signs[20:]) > 0.95
    rng = np.random.default_rng(0)
    shuffled = np.stack([row[rng.permutation(2)] for row in signs])
    assert identity_score(shuffled[:20], shuffled[20:]) < 0.8


def test_auc() -> None:
    assert auc(torch.tensor([2.0, 3.0]), torch.tensor([0.0, 1.0])) == 1.0
    assert auc(torch.tensor([1.0]), torch.tensor([1.0])) == 0.5


def test_realism_tells_false_colours_from_natural_layers() -> None:
    photo = photos(64)
    grey = photo.mean(1, keepdim=True).expand(-1, 3, -1, -1).contiguous()
    whole = remove_means(grey)
    tint = torch.tensor([0.8, -0.6, 0.6])[:, None, None]
    harmless = torch.stack([whole * 0.01, whole * 0.01], 1)
    false_colours = torch.stack([whole * (0.5 + tint), whole * (0.5 - tint)], 1)
    assert realism_auc(false_colours, grey, seed=1, steps=40) > 0.85
    assert realism_auc(harmless, grey, seed=1, steps=40) < 0.75
