"""The comparison's configuration: one TOML file says all that decides it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bsgui.core.errors import UsageError
from bsgui.engine.network import NetworkConfig
from bsgui.training.data import Pack

_QUICK: dict[str, Any] = {
    "steps": 8,
    "turn": 2,
    "seeds": 2,
    "batch": 2,
    "measured": 16,
    "restarts": 2,
    "fitted": 4,
    "records": 3,
}
_FEWEST_MEASURED = 8


@dataclass(frozen=True)
class ControlledConfig:
    """What is compared, on what, and for how long.

    Attributes:
        name: of the comparison and its folder.
        data: packs, see :class:`~bsgui.training.data.Pack`; trained on their train split.
        branches, widths: shape of the generator.
        size: side of all photos, pixels.
        seeds: networks of every contender; the same initial weights for all contenders.
        seed: of weights, photos and noise.
        steps: updates of every branch, whatever the contender, on the same batches.
        batch: photos of a batch.
        turn: updates before the next branch's turn, in the cyclic contender.
        rate: Adam's rate; it rises over the first tenth and falls over the last third.
        sgd_rate: the rate of plain gradient descent.
        excess: weight of the excess term in the second block.
        small_start: factor on the initial heads of the contender that starts small.
        noise: on gradients, in units of each tensor's own root mean square.
        restarts: random networks of which the best is taken.
        fitted: batches that their heads are fitted on.
        split, measured: held-out photos, spread over the packs.
        records: moments of a course that are kept.
        threads: CPU threads.
    """

    name: str
    data: tuple[Pack, ...]
    branches: int = 5
    widths: tuple[int, ...] = (8, 16)
    size: int = 32
    seeds: int = 6
    seed: int = 1
    steps: int = 200
    batch: int = 8
    turn: int = 10
    rate: float = 5e-3
    sgd_rate: float = 0.3
    excess: float = 0.3
    small_start: float = 0.1
    noise: float = 0.03
    restarts: int = 4
    fitted: int = 4
    split: str = "test"
    measured: int = 48
    records: int = 9
    threads: int = 1

    def __post_init__(self) -> None:
        counts = (self.seeds, self.steps, self.batch, self.turn, self.restarts, self.fitted, self.threads)
        if min(counts) < 1 or self.branches < 2 or self.records < 2 or self.measured < _FEWEST_MEASURED:
            raise ValueError("counts must be at least 1; branches and records 2; measured photos 8")
        if min(self.rate, self.sgd_rate, self.small_start) <= 0 or min(self.excess, self.noise) < 0 or not self.data:
            raise ValueError("rates and factors must be positive, and there must be data")
        if self.size < 16 or self.size % self.member.multiple:
            raise ValueError(f"the size must be a multiple of {self.member.multiple}, and 16 at least")

    @property
    def member(self) -> NetworkConfig:
        """The shape of one branch's generator, for all seeds; its style is never anything but zero."""
        return NetworkConfig(branches=self.seeds, widths=self.widths, latent=1, mapping=1, style=1)

    @property
    def quick(self) -> ControlledConfig:
        """The same in a minute, to see that it runs; its figures mean nothing."""
        return replace(self, **_QUICK)

    def to_json(self) -> dict[str, Any]:
        """All that decides the figures, as plain values."""
        plain = {key.name: getattr(self, key.name) for key in fields(self) if key.name != "data"}
        return plain | {"widths": list(self.widths), "packs": [pack.index.parent.name for pack in self.data]}


def read_controlled_config(path: Path) -> ControlledConfig:
    """Read and check a TOML configuration; paths in it are relative to the file.

    Raises:
        UsageError: it cannot be read, has unknown keys, or values that make no sense.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        packs = [Pack(**{**pack, "index": (path.parent / pack["index"]).resolve()}) for pack in table.pop("data")]
        table["widths"] = tuple(table.get("widths", (8, 16)))
        return ControlledConfig(data=tuple(packs), **table)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: this is no configuration of the comparison: {error}") from error
