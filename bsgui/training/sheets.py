"""Sample sheets: what a run's layers look like on photos it does not train on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.engine.network import BranchedGenerator


@torch.inference_mode()
def write_sheet(network: BranchedGenerator, photos: Tensor, domains: Tensor, path: Path) -> None:
    """Two rows a photo: photo and layers over mid-grey; below, the sum, then the photo without each layer.

    Args:
        network: on any device.
        photos: (B, 3, h, w) in [-1, 1].
        domains: (B,) long.
        path: of the PNG.
    """
    device = next(network.parameters()).device
    photos = photos.to(device)
    latent = torch.zeros(len(photos), network.config.latent, device=device)
    maps = network(photos, network.styles(latent, domains.to(device)))
    pictures = maps.pictures(photos)
    layers = remove_means(pictures)
    total = pictures.sum(1) + maps.mean
    without = photos.unsqueeze(1) - layers
    rows = []
    for index in range(len(photos)):
        rows.append(_row([photos[index], *layers[index]]))
        rows.append(_row([total[index], *without[index]]))
    image = np.concatenate(rows)
    cv2.imwrite(str(path), image[..., ::-1])


def _row(pictures: list[Tensor]) -> NDArray[np.uint8]:
    tiles = [((tile.float().cpu() + 1) * 127.5).round().clamp(0, 255).byte() for tile in pictures]
    padded = [np.pad(tile.permute(1, 2, 0).numpy(), ((2, 2), (2, 2), (0, 0)), constant_values=40) for tile in tiles]
    return np.concatenate(padded, axis=1)
