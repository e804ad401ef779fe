"""Weights in and out of safetensors files: never pickle, checked before use."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bsgui.core.errors import ModelError

from .network import BranchedGenerator, NetworkConfig

FORMAT = "bsgui-generator-1"
_MAX_BYTES = 512 * 2**20


def save_weights(network: BranchedGenerator, path: Path) -> None:
    """Write the weights as float16, with the network's configuration in the metadata; atomic.

    float16 halves the file and changes outputs by less than the rounding of bfloat16 arithmetic does.
    """
    tensors = {key: value.detach().to("cpu", torch.float16).contiguous() for key, value in network.state_dict().items()}
    temporary = path.with_suffix(".partial")
    save_file(tensors, temporary, metadata={"format": FORMAT, "config": json.dumps(network.config.to_json())})
    os.replace(temporary, path)


def load_generator(path: Path, sha256: str = "") -> BranchedGenerator:
    """Read a generator, ready for inference on the CPU, float32.

    Args:
        path: of the safetensors file.
        sha256: hex digest the file must have; "" for a file that no card vouches for, such as one just trained.

    Raises:
        ModelError: the file is missing, too large, damaged, not the one the card names, of another format or shape, or
            holds NaN or infinity.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"{path.name}: the weights file is larger than any bsgui model.")
        if sha256 and file_sha256(path) != sha256:
            raise ModelError(f"{path.name}: the weights are not the ones that the model's card describes.")
        with safe_open(path, "pt") as file:
            config = _read_config(path, file.metadata() or {})
            network = BranchedGenerator(config)
            expected = network.state_dict()
            tensors = {key: read_tensor(path, file, key, expected) for key in file.keys()}  # noqa: SIM118
            network.load_state_dict(tensors)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(f"{path.name}: the model's weights cannot be read.", repr(error)) from error
    return network.eval().requires_grad_(False)


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_config(path: Path, metadata: dict[str, str]) -> NetworkConfig:
    try:
        if metadata["format"] != FORMAT:
            raise ValueError(metadata["format"])
        return NetworkConfig.from_json(json.loads(metadata["config"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path.name}: this is not a bsgui model.", repr(error)) from error


def read_tensor(path: Path, file: Any, key: str, expected: dict[str, Tensor]) -> Tensor:
    """One tensor of an open file, float32. Raises ModelError if it is not as expected or not finite."""
    # The shape is compared before the tensor is read, so that a hostile file cannot ask for memory.
    if key not in expected or tuple(file.get_slice(key).get_shape()) != tuple(expected[key].shape):
        raise ModelError(f"{path.name}: the weights do not fit the network they name.", key)
    tensor: Tensor = file.get_tensor(key)
    if not tensor.is_floating_point() or not torch.isfinite(tensor).all():
        raise ModelError(f"{path.name}: the weights hold values that are not finite numbers.", key)
    return tensor.float()
