"""What fidelity a network of DXAI's shape reaches, trained as long as a shipped model.

``python -m tests.bench.published models/general.toml --test INDEX.csv [--steps N] [--json]`` trains it on the packs of
a configuration, the same batches in the same order, for reconstruction and nothing else (which is in its favour: ours
has to specialize beside), and prints the median PSNR of the sum on the index's test photos, residual excluded. A step
takes two to three seconds. The shipped model's figure is that of ``bsgui evaluate`` on the same photos; what it had at
an earlier step is in its recording.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from bsgui.analysis.photos import load_squares, photo_rows, to_tensor
from bsgui.engine.blocks import ResidualBlock, concatenate_by_branch
from bsgui.training.config import TrainConfig, read_config
from bsgui.training.data import batches, load_pack

_WARM_UP = 100
_MEMORY = 0.99


class PublishedShape(nn.Module):
    """A grouped U-Net of the published shape: half the size four times, two blocks at the bottom, back again.

    Source: Kadar & Gilboa, arXiv 2401.00320: five branches, 7 channels a branch at full size, doubling to 64.
    """

    def __init__(self, branches: int = 5, widths: tuple[int, ...] = (7, 14, 28, 56, 64), style: int = 64) -> None:
        super().__init__()
        self.branches, self.style = branches, style
        self.stem = nn.Conv2d(3 * branches, widths[0] * branches, 3, padding=1, groups=branches)
        self.encoder = nn.ModuleList(ResidualBlock(a, b, branches) for a, b in pairwise(widths))
        bottom = [ResidualBlock(widths[-1], widths[-1], branches, s) for s in (None, None, style, style)]
        self.bottom = nn.ModuleList(bottom)
        pairs = [(a + b, b) for a, b in zip(widths[:0:-1], widths[-2::-1], strict=True)]
        self.decoder = nn.ModuleList(ResidualBlock(a, b, branches, style) for a, b in pairs)
        self.head = nn.Conv2d(widths[0] * branches, 3 * branches, 1, groups=branches)

    def forward(self, photo: Tensor, style: Tensor) -> Tensor:
        """(B, 3, h, w) -> (B, 3 N, h, w)."""
        features = self.stem(photo.repeat(1, self.branches, 1, 1))
        skips = []
        for block in self.encoder:
            skips.append(features)
            features = F.avg_pool2d(block(features), 2)
        for block in self.bottom:
            features = block(features, style)
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            features = F.interpolate(features, scale_factor=2)
            features = block(concatenate_by_branch(features, skip, self.branches), style)
        return self.head(torch.tanh(F.group_norm(features, features.shape[1])))


def train(config: TrainConfig, steps: int) -> PublishedShape:
    """The network after so many steps of Adam on the mean absolute and mean square error; weights averaged."""
    torch.manual_seed(config.seed)
    network = PublishedShape()
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_MEMORY)
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=config.rate, betas=(0.5, 0.99))
    packs = [load_pack(pack, "train") for pack in config.data]
    drawn = batches(packs, config.network.domains, config.sizes, config.batch, config.seed)
    for step, batch in zip(tqdm(range(steps)), drawn, strict=False):
        optimizer.param_groups[0]["lr"] = config.rate * min(1.0, (step + 1) / _WARM_UP)
        with torch.autocast("cpu", torch.bfloat16):
            error = _sum(network, batch.photos) - batch.photos
        optimizer.zero_grad()
        (error.abs().mean() + error.square().mean()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        average.update_parameters(network)
    trained = average.module
    assert isinstance(trained, PublishedShape)
    return trained.eval()


def _sum(network: PublishedShape, photos: Tensor) -> Tensor:
    """Of the branches: (B, 3, h, w), float32."""
    style = torch.zeros(len(photos), network.branches, network.style)
    pictures = network(photos, style).float()
    return pictures.unflatten(1, (network.branches, 3)).sum(1)


@torch.inference_mode()
def fidelity(network: PublishedShape, photos: Tensor) -> float:
    """Median PSNR of the sum, in float32, decibels; photos (B, 3, h, w) in [-1, 1]."""
    errors = [(_sum(network, photo[None]) - photo).square().mean().item() for photo in photos]
    return float(np.median(-10 * np.log10(np.array(errors) / 4)))


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.published", description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--test", type=Path, nargs="+", required=True, metavar="INDEX")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=0, help="as many as the configuration by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    config = read_config(options.config)
    network = train(config, options.steps or config.steps)
    figures = {}
    for index in options.test:
        squares = load_squares([Path(row["file"]) for row in photo_rows(index, "test")], options.size)
        figures[index.parent.name] = round(fidelity(network, to_tensor(squares)), 2)
    print(json.dumps(figures) if options.json else figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
