"""The finder's weights in and out of a safetensors file: never pickle, checked before use."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from bsgui.core.errors import ModelError
from bsgui.imageio.model_store import FINDER, default_model_folders

from .checkpoint import file_sha256, read_tensor
from .finder_network import KINDS, FinderNetworks

FORMAT = "bsgui-finder-1"
_MAX_BYTES = 8 << 20
_CARD_BYTES = 1 << 20


def save_finder(networks: FinderNetworks, path: Path) -> None:
    """Write the weights as float16; atomic."""
    # Counters of the batch norms are of no use to anybody who only looks.
    state = {key: value for key, value in networks.state_dict().items() if value.is_floating_point()}
    tensors = {key: value.detach().to("cpu", torch.float16).contiguous() for key, value in state.items()}
    temporary = path.with_suffix(".partial")
    save_file(tensors, temporary, metadata={"format": FORMAT})
    os.replace(temporary, path)


def load_finder(path: Path, sha256: str = "") -> FinderNetworks:
    """Read the networks, ready for inference on the CPU, float32, batch norms folded in.

    Args:
        path: of the safetensors file.
        sha256: hex digest the file must have; "" for a file that no card vouches for.

    Raises:
        ModelError: the file is missing, too large, damaged, not the one the card names, of another format or shape, or
            holds NaN or infinity.
    """
    return read_finder(path, sha256).fuse().requires_grad_(False)


def read_finder(path: Path, sha256: str = "") -> FinderNetworks:
    """The networks as they were trained, float32, to train them on; see :func:`load_finder`."""
    networks = FinderNetworks()
    expected = {key: value for key, value in networks.state_dict().items() if value.is_floating_point()}
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"{path.name}: the weights file is larger than any finder of bsgui.")
        if sha256 and file_sha256(path) != sha256:
            raise ModelError(f"{path.name}: the weights are not the ones that the finder's card describes.")
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("format") != FORMAT or set(file.keys()) != set(expected):
                raise ModelError(f"{path.name}: this is not a finder of bsgui.")
            tensors = {key: read_tensor(path, file, key, expected) for key in expected}
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(f"{path.name}: the finder's weights cannot be read.", repr(error)) from error
    networks.load_state_dict(tensors, strict=False)
    return networks


def load_installed_finder(folders: Sequence[Path] | None = None) -> tuple[FinderNetworks, dict[str, Any]]:
    """The finder that is installed, and its card: the first folder that has one wins.

    Args:
        folders: where to look; None for the program's own and the person's.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    for folder in default_model_folders() if folders is None else folders:
        card = folder / f"{FINDER}.json"
        if card.is_file():
            data = _read_card(card)
            return load_finder(card.with_suffix(".safetensors"), data["sha256"]), data
    raise ModelError("The finder of heads is not installed.")


def _read_card(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_CARD_BYTES))
        data["sha256"] = str(data["sha256"])
        data["thresholds"] = {kind: float(data["thresholds"][kind]) for kind in KINDS}
        if len(data["sha256"]) != 64 or not all(0 < x < 1 for x in data["thresholds"].values()):
            raise ValueError("sha256 or thresholds")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path.name}: the finder's card is damaged.", repr(error)) from error
    return dict(data)
