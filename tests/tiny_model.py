"""A model with three small branches and visible styles, and requests for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch

from bsgui.core.decomposition import Decomposition
from bsgui.core.model_card import BranchCard, ModelCard
from bsgui.core.photo import Photo
from bsgui.core.requests import DecomposeRequest, DecomposeSettings, NeverCancelled, report_nothing
from bsgui.engine.checkpoint import file_sha256, save_weights
from bsgui.engine.decomposer import TorchDecomposer
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.imageio.model_store import ModelStore
from tests.fixtures import make_photo

CONFIG = NetworkConfig(branches=3, widths=(4, 6), latent=4, mapping=8, style=4, domains=("any", "cat"))


def write_tiny_model(folder: Path, config: NetworkConfig = CONFIG) -> ModelStore:
    """The model "tiny", random but always the same, and far from any photo."""
    torch.manual_seed(0)
    network = BranchedGenerator(config)
    torch.nn.init.zeros_(network.head.bias)  # type: ignore[arg-type]
    for name, parameter in network.named_parameters():
        if "affine.weight" in name:
            torch.nn.init.normal_(parameter)
    weights = folder / "tiny.safetensors"
    save_weights(network, weights)
    card = ModelCard(
        id="tiny",
        name="Tiny",
        description="",
        domains=config.domains,
        branches=tuple(BranchCard(f"B{number}") for number in range(config.branches)),
        size=32,
        min_size=16,
        max_size=64,
        sha256=file_sha256(weights),
        licence="CC0-1.0",
        config=config.to_json(),
    )
    write_card(folder, card)
    return ModelStore([folder])


def write_card(folder: Path, card: ModelCard) -> None:
    """The card's file."""
    (folder / f"{card.id}.json").write_text(json.dumps(card.to_json()))


def tiny_request(photo: Photo | None = None, **changes: object) -> DecomposeRequest:
    """A request for the model "tiny", with some settings changed."""
    settings = replace(DecomposeSettings("tiny", size=32, device="cpu"), **changes)  # type: ignore[arg-type]
    return DecomposeRequest(make_photo(90, 60) if photo is None else photo, settings)


def take_apart(store: ModelStore, wanted: DecomposeRequest) -> Decomposition:
    """With a new engine."""
    return TorchDecomposer(store).decompose(wanted, report_nothing, NeverCancelled())
