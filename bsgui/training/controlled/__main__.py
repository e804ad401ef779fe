"""Does gradient descent do it? Trains the branched generator at small size in every way but one, and compares.

A comparison that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bsgui.core.errors import BsguiError

from .comparison import compare
from .config import read_controlled_config
from .report import table


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        config = read_controlled_config(options.config)
        results = compare(config.quick if options.quick else config, options.out or Path("runs") / config.name)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    sys.stdout.write(table(results))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bsgui.training.controlled",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("config", type=Path, metavar="CONFIG", help="the configuration file")
    option("--out", type=Path, metavar="DIR", help="folder of results, report and figures (runs/<name>)")
    option("--quick", action="store_true", help="a minute's worth, to see that it runs; its figures mean nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
