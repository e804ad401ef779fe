"""What contenders came to: kept in a file that grows, so that a comparison that was stopped goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bsgui.analysis.report.bootstrap import Estimate, Photos
from bsgui.core.errors import ExportError, UsageError
from bsgui.imageio.atomic import atomic_write, os_reason

from .config import ControlledConfig
from .measures import Array, Figures

Place = tuple[str, str]
"""A block and a contender in it."""


@dataclass(frozen=True)
class Result:
    """What one contender came to under one loss.

    Attributes:
        figures: one figure per network under each measure's name, see :func:`~.measures.examine`.
        amplitudes: (S, N, M) nested lists.
        course: (steps, index of each network) of contenders that train all branches at once.
        updates: of one branch, per network.
        seconds: of processor time.
    """

    figures: Figures
    amplitudes: list[list[list[float]]]
    course: list[tuple[int, list[float]]] = field(default_factory=list)
    updates: int = 0
    seconds: float = 0.0

    def __getitem__(self, measure: str) -> Array:
        """(S,)."""
        return np.asarray(self.figures[measure], np.float64)


@dataclass(frozen=True)
class Results:
    """All contenders by block and name.

    Attributes:
        config: that made them, as :meth:`~.config.ControlledConfig.to_json` gives it.
        blocks: block, name, result.
    """

    config: dict[str, Any]
    blocks: dict[str, dict[str, Result]]

    def estimate(self, place: Place, measure: str) -> Estimate:
        """Mean over networks, resampled."""
        return self.mean(self.at(place)[measure])

    def difference(self, one: Place, other: Place, measure: str) -> Estimate:
        """How much more one contender has than another, network by network from the same initial weights."""
        return self.mean(self.at(one)[measure] - self.at(other)[measure])

    def at(self, place: Place) -> Result:
        """The result of a contender in a block."""
        return self.blocks[place[0]][place[1]]

    @staticmethod
    def mean(values: Array) -> Estimate:
        """Mean of one value per network, (S,), resampled: always with the same draws."""
        return Photos(len(values)).mean(values)


def read_results(path: Path, config: ControlledConfig) -> Results:
    """What is there already, or nothing.

    Raises:
        UsageError: the file is no such file, or another configuration made it.
    """
    if not path.exists():
        return Results(config.to_json(), {})
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        blocks = {
            block: {name: Result(**result) for name, result in results.items()}
            for block, results in data["blocks"].items()
        }
        found = Results(data["config"], blocks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: these are no results of the comparison.") from error
    if found.config != config.to_json():
        raise UsageError(f"{path}: another configuration made these results; choose another --out.")
    return found


def write_results(path: Path, results: Results) -> None:
    """Write them, atomically. Raises ExportError."""
    write(path, json.dumps(_rounded(asdict(results)), ensure_ascii=False, allow_nan=False).encode() + b"\n")


def write(path: Path, content: bytes) -> None:
    """Write a file into a folder that is made if needed. Raises ExportError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        raise ExportError(f"{path} could not be written: {os_reason(error)}.", repr(error)) from error


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
