"""The finder's configuration: one TOML file says all that decides a run."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bsgui.core.errors import UsageError


@dataclass(frozen=True)
class HeadPack:
    """A folder of heads, see :mod:`bsgui.training.finder.heads`.

    Attributes:
        index: path of its ``index.csv``: ``file``, ``split``, and ``landmarks5`` (crop pixels) or ``species``.
    """

    index: Path


@dataclass(frozen=True)
class FinderConfig:
    """What to train the finder on, and for how long.

    Attributes:
        name: of the run's folder, and of card and weights.
        heads: packs of heads; their train, val and test splits are kept apart.
        backgrounds: folders of photos without heads, one for each split: train, val, test.
        things: the same of cut out things that are no heads, PNGs with alpha; may be empty.
        start: weights to go on from, or None for random ones.
        seed: of weights and scenes.
        steps: optimizer steps in all, for each of the two networks.
        minutes: stop cleanly after so many minutes of this process, 0 for never; ``--resume`` goes on.
        scenes: pictures per step for the proposals.
        looks: pictures per step for the second look.
        mine_at: steps at which the finder looks for its own mistakes, to learn from them afterwards.
        mined_scenes: in how many made scenes, besides pieces of the backgrounds.
        threads: CPU threads, 0 for torch's choice.
        rate: AdamW's highest learning rate.
        average: decay of the weight average.
        save_every, log_every: steps between checkpoints and log lines.
        floors: least thresholds by kind, for what photos show and composites do not.
        card: the ``[card]`` table: words for the card.
    """

    name: str
    heads: tuple[HeadPack, ...]
    backgrounds: dict[str, tuple[Path, ...]]
    things: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    start: Path | None = None
    seed: int = 1
    steps: int = 6000
    minutes: float = 0.0
    scenes: int = 16
    looks: int = 64
    mine_at: tuple[int, ...] = ()
    mined_scenes: int = 500
    threads: int = 1
    rate: float = 1.5e-3
    average: float = 0.998
    save_every: int = 500
    log_every: int = 50
    floors: dict[str, float] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict, compare=False)


def read_finder_config(path: Path) -> FinderConfig:
    """Read and check a TOML configuration; paths in it are relative to the file.

    Raises:
        UsageError: it cannot be read, has unknown keys, or values that make no sense.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        config = _from_table(data, path.parent)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: this is no configuration of the finder: {error}") from error
    return config


def _from_table(data: dict[str, Any], folder: Path) -> FinderConfig:
    heads = tuple(HeadPack((folder / index).resolve()) for index in data.pop("heads"))
    backgrounds, things = (
        {split: tuple((folder / place).resolve() for place in places) for split, places in table.items()}
        for table in (data.pop("backgrounds"), data.pop("things", {}))
    )
    start = (folder / data.pop("start")).resolve() if "start" in data else None
    mine_at = tuple(int(step) for step in data.pop("mine_at", ()))
    config = FinderConfig(heads=heads, backgrounds=backgrounds, things=things, start=start, mine_at=mine_at, **data)
    if min(config.steps, config.scenes, config.looks, config.save_every, config.log_every) < 1 or not heads:
        raise ValueError("steps, pictures and intervals must be at least 1, and there must be heads")
    return config
