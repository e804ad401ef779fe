"""The training configuration: one TOML file says all that decides a run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bsgui.core.errors import UsageError
from bsgui.engine.network import NetworkConfig

from .data import Pack
from .losses import LossWeights
from .record_plan import RecordPlan
from .retouching import RETOUCHERS
from .textons import TextonConfig
from .views import VIEWS


@dataclass(frozen=True)
class TrainConfig:
    """What to train, on what, and for how long.

    Attributes:
        name: model id; also the name of the run's folder.
        data: packs, see :class:`~bsgui.training.data.Pack`.
        network: shape of the generator.
        losses: weights of the terms.
        textons: what kinds of places are looked for in the photos, if any; see :mod:`bsgui.training.textons`.
        views: what the second half of a batch differs in from the first, which it is the same photos as, by turns; see
            :data:`bsgui.training.views.VIEWS`. "" (or none): all photos of the batch are different ones.
        leads: by view, the branch that leads in it, if not whichever is the purest: for weights to start from whose
            branches are known.
        frozen: branches that stay as they are, having learned alone (:mod:`bsgui.training.restack`); the others learn
            what these leave of the photo, and no kind of place is expected of them. What all branches share stays, too.
        start: weights of a network of the same shape to start from, or None for random ones.
        seed: of weights, batches and re-blends.
        steps: optimizer steps in all.
        until: stop for good at this step, 0 for ``steps``; the rates still follow the whole plan.
        minutes: stop cleanly after so many minutes of this process, 0 for never; ``--resume`` goes on.
        sizes: sides of the training squares, pixels, step by step in a cycle; multiples of ``network.multiple``.
        batch: photos per step and process at the first size; other sizes get as many as have the same number of pixels.
        threads: CPU threads, 0 for torch's choice.
        rate, critic_rate: Adam's learning rates; the generator's falls to a twentieth over the last third.
        critic_from: step at which the critic starts.
        average: final decay of the weight average (EMA).
        record: what of the run is recorded, see :class:`~bsgui.training.record_plan.RecordPlan`.
        save_every, sample_every, log_every: steps between checkpoints, sample sheets, log lines.
        source: the file's whole table; ``[card]`` in it is for :mod:`bsgui.training.publish`.
    """

    name: str
    data: tuple[Pack, ...]
    network: NetworkConfig = field(default_factory=NetworkConfig)
    losses: LossWeights = field(default_factory=LossWeights)
    textons: TextonConfig | None = None
    views: tuple[str, ...] = ()
    leads: Mapping[str, int] = field(default_factory=dict, hash=False)
    frozen: tuple[int, ...] = ()
    start: Path | None = None
    seed: int = 1
    steps: int = 3000
    until: int = 0
    minutes: float = 0.0
    sizes: tuple[int, ...] = (128,)
    batch: int = 8
    threads: int = 0
    rate: float = 4e-4
    critic_rate: float = 2e-4
    critic_from: int = 100
    average: float = 0.998
    record: RecordPlan = field(default_factory=RecordPlan)
    save_every: int = 200
    sample_every: int = 200
    log_every: int = 20
    source: dict[str, Any] = field(default_factory=dict, compare=False)


def read_config(path: Path) -> TrainConfig:
    """Read and check a TOML configuration; paths in it are relative to the file.

    Raises:
        UsageError: it cannot be read, has unknown keys, or values that make no sense.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: the training configuration cannot be read: {error}") from error
    try:
        return _from_table(data, path.parent)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: the training configuration is wrong: {error}") from error


def _pack(table: dict[str, Any], folder: Path) -> Pack:
    paths: dict[str, Any] = {key: (folder / table[key]).resolve() for key in ("index", "drawings") if key in table}
    pack = Pack(**{**table, **paths})
    if pack.drawings and not (len(pack.views) == 1 and pack.views[0] in RETOUCHERS and not pack.squares):
        raise ValueError(f"a pack with drawings needs one view of {', '.join(RETOUCHERS)}, and no squares")
    return pack


def _from_table(data: dict[str, Any], folder: Path) -> TrainConfig:
    tables = ("network", "losses", "data", "textons", "record", "card")
    plain = {key: value for key, value in data.items() if key not in (*tables, "start", "views", "frozen")}
    packs = tuple(_pack(pack, folder) for pack in data["data"])
    config = TrainConfig(
        **plain | {"sizes": tuple(data.get("sizes", (128,)))},
        views=tuple(data.get("views", ())),
        frozen=tuple(data.get("frozen", ())),
        start=(folder / data["start"]).resolve() if "start" in data else None,
        data=packs,
        network=NetworkConfig(**data.get("network", {})),
        losses=LossWeights(**data.get("losses", {})),
        textons=TextonConfig(**data["textons"]) if "textons" in data else None,
        record=RecordPlan.from_table(data.get("record", {}), folder),
        source=data,
    )
    if not config.sizes or any(size < 16 or size % config.network.multiple for size in config.sizes):
        raise ValueError(f"sizes must be multiples of {config.network.multiple}")
    if len(config.record.branches) not in (0, config.network.branches):
        raise ValueError("a recording needs as many names as there are branches")
    if any(config.views) and config.batch * config.sizes[0] ** 2 < 2 * max(config.sizes) ** 2:
        raise ValueError("views need at least two photos in a batch of every size")
    if unknown := set(config.views) - {"", *VIEWS}:
        raise ValueError(f"there are no views of {', '.join(sorted(unknown))}")
    if not all(view in config.views and 0 <= lead < config.network.branches for view, lead in config.leads.items()):
        raise ValueError("leads name views of the run and branches of the network")
    if not all(0 <= branch < config.network.branches for branch in config.frozen):
        raise ValueError("frozen branches are branches of the network")
    if min(config.steps, config.batch, config.save_every, config.sample_every, config.log_every) < 1 or not packs:
        raise ValueError("steps, batch and intervals must be at least 1, and there must be data")
    return config
