"""What of a run is recorded, and at which steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SamplePhoto:
    """A photo whose layers are recorded; it goes into the recording, so its licence must allow that.

    Attributes:
        file: the photo, absolute; or the plain name of a sample that comes with the program.
        name: for people.
        credit: who made it, and its licence.
    """

    file: str
    name: str = ""
    credit: str = ""


_SAMPLES = (
    SamplePhoto("chelsea.png", "Chelsea the cat", "Stefan van der Walt, CC0 1.0"),
    SamplePhoto("astronaut.png", "Eileen Collins", "NASA, public domain"),
)


@dataclass(frozen=True)
class RecordPlan:
    """What of a run is recorded; the table ``[record]`` of a configuration.

    Attributes:
        steps: which are recorded; empty for the usual: close at first, then wider and wider apart.
        is_on: whether anything is.
        measured: validation photos that are measured, spread over the packs.
        size: working size of the recorded layers, pixels; 0 for the first of the training's sizes.
        title, description: for people.
        branches: names, in network order; empty for "Branch 1" and so on.
        photos: whose layers are recorded.
    """

    steps: tuple[int, ...] = ()
    is_on: bool = True
    measured: int = 24
    size: int = 0
    title: str = ""
    description: str = ""
    branches: tuple[str, ...] = ()
    photos: tuple[SamplePhoto, ...] = _SAMPLES

    @staticmethod
    def from_table(table: dict[str, Any], folder: Path) -> RecordPlan:
        """The table of a configuration in ``folder``; its photos are relative to it. Raises TypeError or ValueError."""
        changed: dict[str, Any] = {key: tuple(table[key]) for key in ("steps", "branches") if key in table}
        if "photos" in table:
            photos = (SamplePhoto(**photo) for photo in table["photos"])
            changed["photos"] = tuple(replace(x, file=str((folder / x.file).resolve())) for x in photos)
        plan = RecordPlan(**{**table, **changed})
        if plan.measured < 1 or plan.size < 0 or any(not isinstance(x, int) or x < 0 for x in plan.steps):
            raise ValueError("recorded steps and sizes must be whole numbers from 0, measured photos from 1")
        return plan

    def includes(self, step: int, last: int) -> bool:
        """Whether this step of a run that ends at ``last`` is recorded; the end always is."""
        return self.is_on and (step == last or step in (self.steps or usual_steps(last)))


def usual_steps(last: int) -> tuple[int, ...]:
    """Close at first, when most happens: 0, 10, 20, 40, 80, 120, 200, every 100, and from 700 on a seventh more."""
    steps = [0, 10, 20, 40, 80, 120, 200]
    while steps[-1] < last:
        steps.append(steps[-1] + max(100, steps[-1] // 700 * 100))
    return tuple(step for step in steps if step <= last)
