"""Runs the comparison, contender by contender."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from tqdm import tqdm

from bsgui.core.errors import ModelError

from .bench import Bench
from .config import ControlledConfig
from .contenders import BLOCKS, Contender
from .measures import examine
from .report import write_report
from .results import Result, Results, read_results, write_results
from .team import Team

# The bar is updated every step; the thread that would wake a stalled one is one more thing to end.
tqdm.monitor_interval = 0
_SECONDS_BETWEEN_LINES = 20.0


def compare(config: ControlledConfig, folder: Path) -> Results:
    """Train and measure all contenders that the folder has no result of yet, and write the report.

    Leaves ``results.json`` (after every contender), ``report.md``, ``comparison.svg`` and ``comparison.png``. The same
    configuration gives the same figures.

    Raises:
        UsageError: another configuration's results are there, or the data is not as the configuration says.
        PhotoReadError: a pack cannot be read.
        ModelError: a contender's figures are no numbers.
        ExportError: a file cannot be written.
    """
    torch.set_num_threads(config.threads)
    path = folder / "results.json"
    results = read_results(path, config)
    bench = Bench(config)
    for block in BLOCKS:
        done = results.blocks.setdefault(block.name, {})
        bench.show(block.heads)
        for contender in block.contenders:
            if contender.name not in done:
                done[contender.name] = run(bench, contender, config.excess if block.has_excess else 0.0)
                write_results(path, results)
    results = read_results(path, config)
    write_report(folder, results)
    return results


def run(bench: Bench, contender: Contender, excess: float) -> Result:
    """Train and measure one contender; ``excess`` weighs that term. Raises ModelError."""
    team, started = Team(bench.config, bench.heads), time.process_time()
    bench.course.clear()
    whole = bench.config.steps * bench.config.branches
    with tqdm(total=whole, desc=contender.label, mininterval=_SECONDS_BETWEEN_LINES) as bar:
        bench.advance = bar.update
        contender.train(bench, team, excess)
        updates = bar.n
    seconds = time.process_time() - started
    if not all(bool(torch.isfinite(x).all()) for member in team.members for x in member.parameters()):
        raise ModelError(f"{contender.label}: the descent diverged; its rate is too high.")
    figures, found = examine(team, bench.held_out, bench.extra.flatten(0, 1))
    return Result(figures, found.tolist(), list(bench.course), updates, seconds)
