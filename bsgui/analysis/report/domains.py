"""A small classifier of the photos' kind, fitted on other photos, to ask what a branch means for the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bsgui.analysis.bands import octave_bands, remove_means, to_opponent
from bsgui.analysis.measures import fit_linear

_GRID = 4
_BANDS = 5
_DECAY = 3e-2
_BATCH = 32


@dataclass(frozen=True, eq=False)
class DomainClassifier:
    """Multinomial logistic regression on pooled features.

    Attributes:
        column: the column of the index that it tells.
        classes: its values.
        fitted_on: number of photos it was fitted on.
        mean, deviation: (D,) of the features.
        linear: features to logits.
    """

    column: str
    classes: tuple[str, ...]
    fitted_on: int
    mean: Tensor
    deviation: Tensor
    linear: nn.Linear

    @torch.inference_mode()
    def log_probabilities(self, photos: Tensor) -> Tensor:
        """(B, 3, h, w) in [-1, 1] -> (B, classes) natural logarithms."""
        logits = self.linear((_features(photos) - self.mean) / self.deviation)
        return F.log_softmax(logits, dim=1)

    def effects(self, photos: Tensor, centred: Tensor) -> Tensor:
        """How far the decision moves when a branch is taken out of a photo.

        Args:
            photos: (B, 3, h, w).
            centred: (B, N, 3, h, w), the branches without their means.

        Returns:
            (B, N) total variation distance of the class probabilities, 0..1.
        """
        before = self.log_probabilities(photos).exp()
        afters = [self.log_probabilities((photos - branch).clamp(-1, 1)).exp() for branch in centred.unbind(1)]
        return torch.stack([(before - after).abs().sum(1) / 2 for after in afters], 1)


def fit_classifier(photos: Tensor, labels: Sequence[str], column: str) -> DomainClassifier:
    """Fit the classifier.

    Args:
        photos: (n, 3, h, w) in [-1, 1].
        labels: one of each photo; at least two different.
        column: where they come from.
    """
    classes = tuple(sorted(set(labels)))
    features = torch.cat([_features(part) for part in torch.split(photos, _BATCH)])
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    targets = torch.tensor([classes.index(label) for label in labels])
    linear = fit_linear((features - mean) / deviation, targets, len(classes), _DECAY).requires_grad_(False)
    return DomainClassifier(column, classes, len(photos), mean, deviation, linear)


def _features(photos: Tensor) -> Tensor:
    """Colours and the strength of each octave band of luma on a coarse grid: (B, 3, h, w) -> (B, D)."""
    opponent = to_opponent(photos)
    luma = remove_means(opponent[:, :1])
    strengths = [F.adaptive_avg_pool2d(band.abs(), _GRID) for band in octave_bands(luma, _BANDS)[:-1]]
    pooled = [F.adaptive_avg_pool2d(opponent, _GRID), *((x + 1e-3).log() for x in strengths)]
    return torch.cat([x.flatten(1) for x in pooled], 1)
