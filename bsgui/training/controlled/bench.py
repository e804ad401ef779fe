"""Where contenders are trained: the photos, in the same order for all, and who looks on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bsgui.analysis.photos import evenly, to_tensor
from bsgui.core.race import specialization_index
from bsgui.engine.network import STEM_STRIDE
from bsgui.training.data import LoadedPack, Pack, batches, decode, read_index

from .config import ControlledConfig
from .measures import amplitudes, pictures_of
from .team import Heads, Team

_COURSE_PHOTOS = 12


class Bench:
    """The photos of a comparison.

    Attributes:
        config: of the comparison.
        heads: what branches end in here. Pictures are enlarged from half the size, so if they end in these alone, all
            photos are as smooth as that, and an exact sum is possible.
        batches: (T, B, 3, h, w): the k-th step of every branch of every contender sees the k-th batch.
        extra: (F, B, 3, h, w) more training photos: what heads are fitted on, and what restarts are picked by.
        held_out: (n, 3, h, w) of the measured split.
        course: steps done, and the specialization index of each network then, (S,), of the contender under way.
        advance: called after every update of one branch.

    Raises:
        PhotoReadError, UsageError: a pack cannot be read.
    """

    def __init__(self, config: ControlledConfig, heads: Heads = "affine") -> None:
        self.config = config
        self.advance: Callable[[int], object] = lambda updates: None
        self.course: list[tuple[int, list[float]]] = []
        drawn = batches(
            [_training_photos(pack, config) for pack in config.data], (), (config.size,), config.batch, config.seed
        )
        self._drawn = torch.stack([batch.photos for batch in islice(drawn, config.steps + config.fitted)])
        self._measured = _held_out(config)
        self.show(heads)
        # Close together at first, when most happens.
        self._moments = {round(config.steps * (k / (config.records - 1)) ** 2) for k in range(config.records)}

    def show(self, heads: Heads) -> None:
        """Show the photos as branches with these heads can make them."""
        self.heads = heads
        drawn, self.held_out = self._drawn, self._measured
        if heads == "picture":
            drawn, self.held_out = _smooth(drawn.flatten(0, 1)).view(drawn.shape), _smooth(self.held_out)
        self.batches, self.extra = drawn[: self.config.steps], drawn[self.config.steps :]

    def watch(self, team: Team, step: int) -> None:
        """Record a team that trains all branches at once, if this is a moment that is recorded."""
        if step in self._moments:
            photos = self.held_out[:: max(1, len(self.held_out) // _COURSE_PHOTOS)]
            index = specialization_index(amplitudes(pictures_of(team, photos), photos))
            self.course.append((step, index.tolist()))


def _smooth(photos: Tensor) -> Tensor:
    small = F.avg_pool2d(photos, STEM_STRIDE)
    return F.interpolate(small, photos.shape[-2:], mode="bilinear", align_corners=False)


def _training_photos(pack: Pack, config: ControlledConfig) -> LoadedPack:
    """So many of a pack's training photos that hardly one is drawn twice."""
    index = {entry.file: entry.domain for entry in read_index(pack, "train")}
    rows = evenly([{"file": str(path)} for path in index], (config.steps + config.fitted) * config.batch)
    files = tuple(Path(row["file"]) for row in rows)
    photos = np.stack([decode(path) for path in files])
    return LoadedPack(photos, tuple(index[path] for path in files), files, pack.weight)


def _held_out(config: ControlledConfig) -> Tensor:
    share = -(-config.measured // len(config.data))
    indices = [[{"file": str(entry.file)} for entry in read_index(pack, config.split)] for pack in config.data]
    files = [Path(row["file"]) for rows in indices for row in evenly(rows, share)]
    squares = [cv2.resize(decode(file), (config.size, config.size), interpolation=cv2.INTER_AREA) for file in files]
    return to_tensor(np.asarray(squares, np.uint8))
