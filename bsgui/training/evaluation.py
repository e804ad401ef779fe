"""Measures a model on photos it was not trained on: ``bsgui evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.measures import PhotoMeasures, identity_score, measure
from bsgui.analysis.realism import realism_auc
from bsgui.core.errors import PhotoReadError, UsageError
from bsgui.engine.checkpoint import load_generator
from bsgui.engine.decomposer import ModelSource, style_latent
from bsgui.engine.network import BranchedGenerator
from bsgui.imageio.read_photo import read_photo

from .data import Pack, read_index, to_tensor

_BATCH = 8
_FEWEST = 8
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif"}
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
    if size % network.config.multiple or size < network.config.multiple:
        raise UsageError(f"The size must be a multiple of {network.config.multiple}.")
    squares = load_squares(photos, split, size)
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


@torch.inference_mode()
def take_apart(network: BranchedGenerator, photos: Tensor, domain: str, seed: int) -> tuple[Tensor, Tensor]:
    """The branches' pictures (B, N, 3, h, w) and the mean colours (B, 3, 1, 1), in float32."""
    config = network.config
    if domain and domain not in config.domains:
        raise UsageError(f"The model has no domain “{domain}”.")
    index = config.domains.index(domain) if domain else 0
    latent = style_latent(seed, config.latent).expand(len(photos), -1)
    maps = network(photos, network.styles(latent, torch.full((len(photos),), index)))
    return maps.pictures(photos).clone(), maps.mean.clone()


def load_squares(photos: Path, split: str, size: int) -> NDArray[np.uint8]:
    """The central squares of photos, (n, size, size, 3) uint8, in a fixed order."""
    if photos.suffix == ".csv":
        files = [file for file, _ in read_index(Pack(photos), split)]
    elif photos.is_dir():
        files = sorted(file for file in photos.rglob("*") if file.suffix.lower() in _SUFFIXES)
    else:
        raise PhotoReadError(f"{photos}: there is no such folder or index.")
    if len(files) < _FEWEST:
        raise UsageError(f"{photos}: an evaluation needs at least {_FEWEST} photos; there are {len(files)}.")
    return np.stack(list(_squares(files, size)))


def _squares(files: list[Path], size: int) -> Iterator[NDArray[np.uint8]]:
    for file in files:
        samples = read_photo(file).samples
        if samples.dtype != np.uint8:
            samples = np.asarray(samples // 257, np.uint8)
        side = min(samples.shape[:2])
        top, left = (samples.shape[0] - side) // 2, (samples.shape[1] - side) // 2
        square = np.ascontiguousarray(samples[top : top + side, left : left + side], np.uint8)
        interpolation = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        yield np.asarray(cv2.resize(square, (size, size), interpolation=interpolation), np.uint8)


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
