"""What is examined: a model with a card, a weights file without one, an untrained network, the wavelet split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bsgui.analysis.photos import take_apart
from bsgui.analysis.wavelet import wavelet_names, wavelet_split
from bsgui.core.errors import ModelError
from bsgui.engine.checkpoint import file_sha256, load_generator
from bsgui.engine.decomposer import ModelSource
from bsgui.engine.network import BranchedGenerator

UNTRAINED = "untrained"
"""The name that stands for the first subject's network with fresh random weights."""

Split = Callable[[Tensor, int], tuple[Tensor, Tensor]]


@dataclass(frozen=True, eq=False)
class Subject:
    """Something that takes photos apart.

    Attributes:
        name: for people; unique in a report.
        branches: names of the pictures it makes.
        split: photos (B, 3, h, w) and a style's seed -> pictures (B, N, 3, h, w), mean colours (B, 3, 1, 1).
        network: None for the wavelet split, which has no styles.
        facts: what the report's head says of it.
    """

    name: str
    branches: tuple[str, ...]
    split: Split
    network: BranchedGenerator | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def model_subject(model_id: str, store: ModelSource, domain: str = "") -> Subject:
    """A model with a card. Raises ModelError."""
    card = store.card(model_id)
    network = load_generator(store.weights_path(model_id), card.sha256)
    names = tuple(branch.name for branch in card.branches)
    if len(names) != network.config.branches:
        raise ModelError(f"The card of model “{card.id}” does not fit its weights.")
    facts = {"model": f"{card.name} ({card.id})", "sha256": card.sha256, **_shape(network)}
    return _network_subject(model_id, names, network, domain, facts)


def weights_subject(weights: Path, domain: str = "") -> Subject:
    """A weights file that has no card, such as a checkpoint of a run. Raises ModelError."""
    network = load_generator(weights)
    facts = {"weights": str(weights), "sha256": file_sha256(weights), **_shape(network)}
    name = f"{weights.parent.name}/{weights.stem}" if weights.parent.name else weights.stem
    return _network_subject(name, _numbered(network), network, domain, facts)


def untrained_subject(like: BranchedGenerator, domain: str = "", seed: int = 0) -> Subject:
    """The same network before gradient descent: a control."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = BranchedGenerator(like.config).eval().requires_grad_(False)
    facts = {"weights": f"random, seed {seed}: the first network before training", **_shape(network)}
    return _network_subject("Untrained", _numbered(network), network, domain, facts)


def wavelet_subject() -> Subject:
    """The baseline that nobody trained."""
    names = tuple(wavelet_names())
    facts = {"method": f"à trous B3-spline wavelet, {len(names) - 1} scales and the smooth rest; exact"}
    return Subject("Wavelet", names, lambda photos, seed: wavelet_split(photos), None, facts)


def find_subject(spec: str, store: ModelSource, like: BranchedGenerator, domain: str = "") -> Subject:
    """What to compare with: a model's id, a weights file, or "untrained" for a network ``like`` another one.

    Raises:
        ModelError: there is no such model or file.
    """
    if spec == UNTRAINED:
        return untrained_subject(like, domain)
    return weights_subject(Path(spec), domain) if spec.endswith(".safetensors") else model_subject(spec, store, domain)


def _network_subject(
    name: str, branches: tuple[str, ...], network: BranchedGenerator, domain: str, facts: dict[str, Any]
) -> Subject:
    def split(photos: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        # A network that was trained without this domain is asked for its own first one.
        known = domain if domain in network.config.domains else ""
        return take_apart(network, photos, known, seed)

    return Subject(name, branches, split, network, facts)


def _numbered(network: BranchedGenerator) -> tuple[str, ...]:
    return tuple(f"Branch {number}" for number in range(1, network.config.branches + 1))


def _shape(network: BranchedGenerator) -> dict[str, Any]:
    config = network.config
    parameters = sum(x.numel() for x in network.parameters())
    return {
        "network": f"{config.branches} branches, channels {', '.join(map(str, config.widths))}, "
        f"{parameters / 1e6:.2f} million parameters",
        "domains": ", ".join(config.domains),
    }
