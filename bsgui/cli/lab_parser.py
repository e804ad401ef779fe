"""The options of ``bsgui lab``; loads nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path

_LAB = """\
The specialization laboratory: small branched networks y = Σ_b f_b(x) learn a
task with known modes, by real gradient descent, beside what theory predicts;
and what training runs of real models recorded of themselves.
"""
_EXAMPLES = """\
examples:
  bsgui lab race --depth 4 --branches 6 --modes 8 --gap 4
  bsgui lab race --optimizer adam --learning-rate 0.002 --csv course.csv
  bsgui lab run depth --out lab
  bsgui lab run all --out lab          (some minutes; writes lab/report.html)
  bsgui lab playback                   (the run that came with the program)
  bsgui lab playback runs/general --csv measures.csv --layers layers --at 200
"""
# Name, type, metavar, help. What is not given is the configuration file's, or the default.
_NUMBERS = (
    ("depth", int, "layers of each branch (3)"),
    ("branches", int, "number of branches (4)"),
    ("modes", int, "number of modes to be learned (4)"),
    ("subtasks", int, "groups of modes, equally strong and correlated (one per mode)"),
    ("gap", float, "strongest mode over weakest, in geometric steps (1)"),
    ("correlation", float, "between the inputs of a sub-task's modes (0)"),
    ("scale", float, "contribution of a branch before training (0.001)"),
    ("spread", float, "deviation of its logarithm between branches (0.5)"),
    ("width", int, "hidden units of full matrices (as many as modes)"),
    ("shared", int, "first layers that all branches share (0)"),
    ("learning-rate", float, "of the optimizer (0.02)"),
    ("noise", float, "deviation of the noise on each gradient (0)"),
    ("steps", int, "of the optimizer (what gradient flow needs)"),
    ("records", int, "moments that are recorded (200)"),
    ("seeds", int, "races side by side (1)"),
    ("seed", int, "of all random numbers (0)"),
)
_CHOICES = (
    ("init", ("balanced", "gaussian", "equal"), "initial weights (balanced)"),
    ("form", ("modes", "matrices"), "one weight per mode, or full matrices (modes)"),
    ("activation", ("linear", "relu", "tanh"), "between layers of full matrices (linear)"),
    ("optimizer", ("sgd", "momentum", "adam"), "(sgd)"),
)
CONFIG_OPTIONS = (*(x[0].replace("-", "_") for x in (*_NUMBERS, *_CHOICES)), "strengths")


def add_lab(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``lab`` with ``race``, ``run``, ``list``, ``report`` and ``playback``; the namespace gets ``lab``."""
    form = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(
        "lab",
        help="race small branched networks",
        description=_LAB,
        epilog=_EXAMPLES,
        formatter_class=form,
        allow_abbrev=False,
    )
    parts = parser.add_subparsers(dest="lab", required=True, metavar="PART", title="parts")
    _add_race(
        parts.add_parser(
            "race", help="run one race", description="Run one race and say who learned what.", allow_abbrev=False
        )
    )
    _add_run(
        parts.add_parser(
            "run", help="run experiments of record", description="Run experiments of record.", allow_abbrev=False
        )
    )
    parts.add_parser("list", help="list the experiments", description="List the experiments of record.")
    _add_playback(
        parts.add_parser(
            "playback",
            help="what a training run recorded",
            description="Say how a training run went, and write its measures, or a photo's layers at one of its steps.",
            allow_abbrev=False,
        )
    )
    report = parts.add_parser("report", help="one page of all", description="Write DIR/report.html.")
    report.add_argument("folder", type=Path, metavar="DIR", help="the folder that “lab run” wrote to")


def _add_race(parser: argparse.ArgumentParser) -> None:
    for name, kind, text in _NUMBERS:
        parser.add_argument(f"--{name}", type=kind, metavar="X" if kind is float else "N", help=text)
    for name, choices, text in _CHOICES:
        parser.add_argument(f"--{name}", choices=choices, help=text)
    parser.add_argument("--strengths", type=_numbers, metavar="S,S,…", help="of the sub-tasks, in place of --gap")
    parser.add_argument("--config", type=Path, metavar="FILE", help="JSON to start from (as the window exports it)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the course, with the prediction")
    parser.add_argument("--save-config", type=Path, metavar="FILE", help="write the JSON that makes this race again")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="an experiment, see “bsgui lab list”, or all")
    parser.add_argument("--seeds", type=_some, default=32, metavar="N", help="races per condition (%(default)s)")
    parser.add_argument("--seed", type=_natural, default=0, metavar="N", help="of all random numbers (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write CSV, JSON, SVG, PNG and report.html there")
    parser.add_argument("--json", action="store_true", help="one object per experiment, one a line, on stdout")


def _add_playback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", type=Path, nargs="?", metavar="RUN", help="a run's folder, or a recording (default: the bundled one)"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all measures, one row a recorded step")
    parser.add_argument("--layers", type=Path, metavar="DIR", help="write a photo's layers as a stack of PNG files")
    parser.add_argument("--at", type=_natural, metavar="STEP", help="the recorded step nearest to this one (the last)")
    parser.add_argument("--photo", type=_natural, default=1, metavar="N", help="which of its photos, from 1 (1)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(x) for x in text.split(","))


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


def _some(text: str) -> int:
    number = int(text)
    if not 2 <= number <= 4096:
        raise argparse.ArgumentTypeError(f"{text} is not from 2 to 4096; one race has no confidence band")
    return number
