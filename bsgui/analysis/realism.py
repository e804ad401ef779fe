"""Re-blend realism: how well a fresh classifier tells photos from what a person with the sliders makes of them."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .bands import remove_means

_GAINS = (0.0, 0.5, 1.5)
_STEPS = 400
_BATCH = 16


def realism_auc(pictures: Tensor, photos: Tensor, seed: int, steps: int = _STEPS) -> float:
    """Area under the ROC curve of the scores of :func:`realism_scores`; 0.5 is perfect."""
    return auc(*realism_scores(pictures, photos, seed, steps))


def realism_scores(pictures: Tensor, photos: Tensor, seed: int, steps: int = _STEPS) -> tuple[Tensor, Tensor]:
    """What a classifier, trained on one half of the photos, thinks of the others and of their re-blends.

    Re-blends set each branch in turn, or a random pair, to a gain of 0, 0.5 or 1.5. The classifier never saw the
    model's own critic.

    Args:
        pictures: (B, N, 3, h, w), the branches, units of x in [-1, 1], any float type.
        photos: (B, 3, h, w).
        seed: of the classifier and the re-blends.
        steps: optimizer steps of the classifier.

    Returns:
        Scores of real photos (m,) and of re-blends (m,); higher is more like a photo.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(photos), generator=generator)
    train, test = order[: len(order) // 2], order[len(order) // 2 :]
    classifier = _train(pictures, photos, train, generator, steps)
    parts = torch.split(test, _BATCH)
    with torch.inference_mode():
        real = torch.cat([classifier(photos[part]) for part in parts])
        fakes = [reblends(pictures[part], photos[part], generator) for part in parts]
        fake = torch.cat([classifier(part) for part in fakes])
    return real, fake


def auc(positive: Tensor, negative: Tensor) -> float:
    """Probability that a positive scores above a negative (ties count half): (n,), (m,) -> 0..1."""
    difference = positive[:, None] - negative[None]
    return float((difference > 0).float().mean() + 0.5 * (difference == 0).float().mean())


def reblends(pictures: Tensor, photos: Tensor, generator: torch.Generator) -> Tensor:
    """One re-blend a photo: one branch or two at a gain of 0, 0.5 or 1.5; clipped to [-1, 1] as a screen does."""
    batch, count = pictures.shape[:2]
    order = torch.rand(batch, count, generator=generator).argsort(1)
    how_many = torch.randint(1, 3, (batch, 1), generator=generator)
    gains = torch.tensor(_GAINS)[torch.randint(0, len(_GAINS), (batch, count), generator=generator)]
    change = torch.where(order < how_many, gains - 1, torch.zeros(()))
    centred = remove_means(pictures.float())
    return (photos + torch.einsum("bn,bnchw->bchw", change, centred)).clamp(-1, 1)


def _train(pictures: Tensor, photos: Tensor, chosen: Tensor, generator: torch.Generator, steps: int) -> nn.Module:
    classifier = _classifier(generator)
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=1e-3, weight_decay=1e-3)
    for _ in range(steps):
        batch = chosen[torch.randint(0, len(chosen), (_BATCH,), generator=generator)]
        real = photos[batch]
        fake = reblends(pictures[batch], real, generator)
        both = torch.cat([real, fake])
        if torch.rand((), generator=generator) < 0.5:
            both = both.flip(-1)
        labels = torch.cat([torch.ones(len(real)), torch.zeros(len(fake))])
        loss = F.binary_cross_entropy_with_logits(classifier(both), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return classifier.eval()


def _classifier(generator: torch.Generator) -> nn.Module:
    """A small convolutional network; group norms, so that a batch's make-up cannot give the answer away."""
    torch.manual_seed(int(torch.randint(0, 2**31, (), generator=generator)))
    widths = (3, 32, 64, 96, 128)
    blocks: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        blocks += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.GroupNorm(8, outputs), nn.ReLU()]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 1), nn.Flatten(0))
