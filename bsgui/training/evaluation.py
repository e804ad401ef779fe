"""Measures a model on photos it was not trained on: ``bsgui evaluate``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bsgui.analysis.measures import PhotoMeasures, identity_score, measure
from bsgui.analysis.photos import check_size, load_squares, photo_rows, take_apart, to_tensor
from bsgui.analysis.realism import realism_auc
from bsgui.engine.checkpoint import load_generator
from bsgui.engine.decomposer import ModelSource

_BATCH = 8
_RESAMPLES = 1000


def evaluate_model(
    model_id: str,
    photos: Path,
    split: str,
    store: ModelSource,
    *,
    size: int = 128,
    domain: str = "",
    seed: int = 0,
    realism: bool = False,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Measure fidelity, redundancy, cancellation, energy shares and identity, with 95 % confidence intervals.

    Args:
        model_id: a model of ``store``.
        photos: a folder of photos, or an ``index.csv`` (then ``split`` chooses rows; "" takes all).
        split: see ``photos``.
        store: where cards and weights are.
        size: photos are cropped to their central square and scaled to this side, pixels.
        domain: the style's domain, "" for the first.
        seed: the style's seed.
        realism: also train a fresh classifier on re-blends (minutes).
        advance: called with (photos done, photos in all).

    Returns:
        A JSON-ready object; definitions in :mod:`bsgui.analysis.measures` and :mod:`bsgui.analysis.realism`.

    Raises:
        ModelError, PhotoReadError, UsageError.
    """
    card = store.card(model_id)
    network = load_generator(store.weights_path(model_id), card.sha256)
    check_size(network, size)
    squares = load_squares([Path(row["file"]) for row in photo_rows(photos, split)], size)
    parts, pictures = [], []
    for start in range(0, len(squares), _BATCH):
        batch = to_tensor(squares[start : start + _BATCH])
        branches, mean = take_apart(network, batch, domain, seed)
        parts.append(measure(branches, batch, mean))
        if realism:
            pictures.append(branches.half())
        advance(min(start + _BATCH, len(squares)), len(squares))
    figures = summarize(PhotoMeasures.join(parts), [branch.name for branch in card.branches])
    if realism:
        figures["reblend_realism_auc"] = round(realism_auc(torch.cat(pictures), to_tensor(squares), seed=1), 4)
    return {"model": model_id, "photos": len(squares), "split": split, "size": size, **figures}


def summarize(measures: PhotoMeasures, names: list[str]) -> dict[str, Any]:
    """Medians with confidence intervals, the smallest share, identity, and a profile of each branch."""
    half = np.arange(len(measures.psnr_db)) % 2 == 0
    shares = measures.shares.mean(0)
    profile = measures.profile.mean(0)
    return {
        "fidelity_db": _interval(measures.psnr_db),
        "redundancy": _interval(measures.redundancy),
        "cancellation": _interval(measures.cancellation),
        "smallest_energy_share": round(float(shares.min()), 4),
        "identity": round(identity_score(measures.signatures[half], measures.signatures[~half]), 4),
        "identity_chance": round(1 / len(names), 4),
        "branches": [
            {
                "index": index,
                "name": name,
                "energy_share": round(float(shares[index]), 4),
                "band_shares": [round(float(x), 3) for x in profile[index, :-3]],
                "colour_share": round(float(profile[index, -3]), 3),
                "skewness": round(float(profile[index, -2]), 2),
                "height_in_picture": round(float(profile[index, -1]), 3),
            }
            for index, name in enumerate(names)
        ],
    }


def _interval(values: NDArray[np.float32]) -> dict[str, float]:
    """Median and mean, and the 95 % bootstrap interval of the median."""
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(values, (_RESAMPLES, len(values))), axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    figures = {"median": np.median(values), "mean": values.mean(), "low": low, "high": high}
    return {key: round(float(value), 4) for key, value in figures.items()}
