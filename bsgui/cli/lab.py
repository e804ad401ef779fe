"""``bsgui lab``: races and experiments of record."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bsgui.core.errors import UsageError

from .interrupt import cancel_on_interrupt
from .lab_parser import CONFIG_OPTIONS
from .output import ProgressBar, print_json, say

if TYPE_CHECKING:
    from bsgui.analysis.race.findings import Experiment, Findings
    from bsgui.core.race import RaceConfig
    from bsgui.tasks.cancel import CancelSource

_MAX_CONFIG_BYTES = 1 << 20


def lab(arguments: argparse.Namespace) -> int:
    """Run one part of the laboratory."""
    match arguments.lab:
        case "race":
            return _race(arguments)
        case "run":
            return _run(arguments)
        case "list":
            return _list()
        case "playback":
            from .playback import playback

            return playback(arguments)
        case _:
            return _report(arguments)


def _race(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    _one_thread()
    from bsgui.analysis.race.initial import initial_weights
    from bsgui.analysis.race.report import config_json, write_file
    from bsgui.analysis.race.summary import race_summary
    from bsgui.analysis.race.theory import predict_course
    from bsgui.analysis.race.training import run_race
    from bsgui.core.race_csv import course_csv

    with cancel_on_interrupt() as cancel:
        course = run_race(config, cancel)
    predicted = predict_course(config, initial_weights(config), course.times)
    if arguments.csv is not None:
        write_file(arguments.csv, course_csv(course, predicted).encode())
    if arguments.save_config is not None:
        write_file(arguments.save_config, config_json(config).encode())
    summary = race_summary(config, course, predicted)
    if arguments.json:
        print_json({"config": config.to_json(), **summary})
    else:
        print("\n".join(_race_rows(config, summary)), flush=True)
    return 0


def _config(arguments: argparse.Namespace) -> RaceConfig:
    from bsgui.core.race import RaceConfig

    data: Any = {}
    if arguments.config is not None:
        data = _read_json(arguments.config)
        if not isinstance(data, dict):
            raise UsageError(f"{arguments.config} is not a race's configuration.")
    given = {x: getattr(arguments, x) for x in CONFIG_OPTIONS if getattr(arguments, x) is not None}
    return RaceConfig.from_json({**data, **given})


def _read_json(path: Path) -> Any:
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            raise ValueError("too large")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} could not be read.", repr(error)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a race's configuration.", repr(error)) from error


def _race_rows(config: RaceConfig, summary: dict[str, Any]) -> list[str]:
    rows = [
        f"{config.seeds} races of {config.branches} branches with {config.depth} layers, {summary['steps']} steps"
        f" of {config.optimizer}",
        f"specialization index  {summary['index_start']:.4f} → {summary['index']:.4f}",
        f"division of labour    {summary['division']:.4f}",
        f"learned               {summary['learned']:.1%}",
    ]
    if summary["prediction_error"] is not None:
        rows.append(
            f"prediction            courses within {summary['prediction_error']:.2%} (relative L2, worst branch)"
        )
        rows.append(f"                      winners {summary['winners_predicted']:.1%} right")
    rows.append("final shares of the first race, in per cent (rows: branches, columns: modes):")
    for number, row in enumerate(summary["shares"], 1):
        rows.append(f"{number:4d} " + " ".join(f"{100 * x:5.1f}" for x in row))
    return rows


def _run(arguments: argparse.Namespace) -> int:
    _one_thread()
    from bsgui.analysis.race.experiments.register import find_experiments
    from bsgui.analysis.race.report import write_report

    experiments = find_experiments(arguments.name)
    with cancel_on_interrupt() as cancel:
        for experiment in experiments:
            _run_one(experiment, arguments, cancel)
    if arguments.out is not None:
        say(f"{write_report(arguments.out)} is written.")
    return 0


def _run_one(experiment: Experiment, arguments: argparse.Namespace, cancel: CancelSource) -> None:
    from bsgui.analysis.race.findings import Bench
    from bsgui.analysis.race.report import findings_json, write_findings
    from bsgui.core.requests import Progress

    began = time.monotonic()
    with ProgressBar(experiment.name) as show:
        bench = Bench(arguments.seeds, arguments.seed, cancel)
        bench.advance = lambda: show(Progress(len(bench.races), len(bench.races) + 1, f"{len(bench.races)} races run"))
        findings = experiment.work(bench)
    if arguments.out is not None:
        write_findings(arguments.out, experiment, findings, bench)
    if arguments.json:
        print_json(findings_json(experiment, findings, bench))
    else:
        print("\n".join(_findings_rows(experiment, findings, time.monotonic() - began)), flush=True)


def _findings_rows(experiment: Experiment, findings: Findings, seconds: float) -> list[str]:
    rows = [f"{experiment.name}: {findings.verdict} ({seconds:.0f} s). {experiment.hypothesis}"]
    for check in findings.checks:
        rows.append(f"  {'holds' if check.kept else 'FAILS'}  {check.claim}")
        rows.append(f"         {check.figures}")
    return rows


def _list() -> int:
    from bsgui.analysis.race.experiments.register import EXPERIMENTS

    print("\n".join(f"{x.name:12}{x.question}" for x in EXPERIMENTS.values()), flush=True)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from bsgui.analysis.race.report import write_report

    print(write_report(arguments.folder), flush=True)
    return 0


def _one_thread() -> None:
    # The tensors are small: a second thread only costs, and sums in another order are other numbers.
    import torch

    torch.set_num_threads(1)
