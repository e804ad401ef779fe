"""Detections of several contenders side by side, each against the best wavelet scale on the same masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.report.bootstrap import Estimate, Photos

from .detection import Detection, MaskedPhotos

WAVELET = "Wavelet"
"""Name of the baseline among the contenders."""


def compare(photos: MaskedPhotos, detections: Mapping[str, Mapping[str, Detection]], seed: int) -> dict[str, Any]:
    """JSON-ready figures of every kind.

    Args:
        photos: what was measured on.
        detections: by contender and kind; the wavelet split is among the contenders.
        seed: of the bootstrap.
    """
    return {
        kind: _one_kind(photos, kind, {name: found[kind] for name, found in detections.items()}, seed)
        for kind in detections[WAVELET]
    }


def _one_kind(photos: MaskedPhotos, kind: str, detections: Mapping[str, Detection], seed: int) -> dict[str, Any]:
    index = photos.kinds.index(kind)
    tested = photos.chosen(index, validation=False)
    draws = Photos(len(tested), seed)
    inside, counted = photos.masks[tested, index], photos.counted[tested, index]
    shares = (inside & counted).sum((1, 2)) / counted.sum((1, 2))
    baseline = detections[WAVELET]
    return {
        "photos": len(tested),
        "validation_photos": len(photos.chosen(index, validation=True)),
        "chance": round(float(np.median(shares)), 4),
        "best_wavelet_layer": baseline.layers[strongest(baseline)],
        "contenders": {name: _figures(found, baseline, draws) for name, found in detections.items()},
    }


def strongest(detection: Detection) -> int:
    """The layer with the highest median on the test photos themselves: what the baseline may choose, a head start."""
    return int(np.median(detection.precision, axis=0).argmax())


def _figures(found: Detection, baseline: Detection, draws: Photos) -> dict[str, Any]:
    own, best = found.precision[:, found.chosen], baseline.precision[:, strongest(baseline)]
    median, other = draws.median(own), draws.median(best)
    return {
        "layer": found.layers[found.chosen],
        "sigma_px": float(found.sigmas[found.chosen]),
        "average_precision": median.to_json(),
        "pooled_precision": _round(found.pooled[found.chosen]),
        "ratio_to_wavelet": ratio(median, other).to_json(),
        "ratio_photo_by_photo": draws.median(own / best).to_json(),
        "pooled_ratio": _round(found.pooled[found.chosen] / baseline.pooled.max()),
        "by_layer": {
            name: _round(value) for name, value in zip(found.layers, np.median(found.precision, axis=0), strict=True)
        },
    }


def ratio(above: Estimate, below: Estimate) -> Estimate:
    """One figure over another, both resampled with the same draws of photos."""
    return Estimate(above.value / below.value, above.samples / below.samples)


def _round(value: NDArray[np.float64] | float) -> float:
    return round(float(value), 4)
