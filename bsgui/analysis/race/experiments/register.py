"""All experiments of record, in the order of the report."""

from __future__ import annotations

from bsgui.analysis.race.findings import Experiment
from bsgui.core.errors import UsageError

from . import agreement, descent, interventions, start, structure, tasks

EXPERIMENTS: dict[str, Experiment] = {
    x.name: x for module in (agreement, structure, start, descent, tasks, interventions) for x in module.EXPERIMENTS
}


def find_experiments(name: str) -> list[Experiment]:
    """The experiment of that name, or all of them for "all".

    Raises:
        UsageError: there is none.
    """
    if name == "all":
        return list(EXPERIMENTS.values())
    if name not in EXPERIMENTS:
        raise UsageError(f"There is no experiment “{name}”; there are {', '.join(EXPERIMENTS)}.")
    return [EXPERIMENTS[name]]
