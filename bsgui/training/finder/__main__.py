"""Trains and measures the finder of heads.

``CONFIG`` alone trains; ``--evaluate`` measures weights: it chooses the thresholds on the val split, takes the figures
on the test split, and writes them with contact sheets; ``--publish`` then puts weights and card into a folder.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bsgui.core.errors import BsguiError
from bsgui.engine.finder_weights import load_finder

from .config import FinderConfig, read_finder_config
from .evaluate import choose, compare, draw_exam, examine, look_at_photos, write_json
from .publish import publish
from .trainer import train_finder

_PICTURES = 200


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        config = read_finder_config(options.config)
        run = options.out or Path("runs") / config.name
        if options.evaluate:
            _evaluate(config, run, options)
        elif options.publish:
            publish(config, run, options.publish)
        else:
            train_finder(options.config, options.resume, options.out)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bsgui.training.finder",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("config", type=Path, metavar="CONFIG", help="the configuration file")
    option("--out", type=Path, metavar="DIR", help="folder of the run (runs/<name>)")
    option("--resume", action="store_true", help="go on from the last checkpoint")
    option("--evaluate", action="store_true", help="measure the run's weights")
    option("--count", type=int, default=_PICTURES, metavar="N", help="composites to measure on (%(default)s)")
    option("--photos", type=Path, metavar="DIR", help="photos to look at as well")
    option("--baseline", action="store_true", help="also the LBP cascade of scikit-image, if that is installed")
    option("--publish", type=Path, metavar="DIR", help="put weights and card there")
    return parser


def _evaluate(config: FinderConfig, run: Path, options: argparse.Namespace) -> None:
    networks = load_finder(run / f"{config.name}.safetensors")
    thresholds = choose(networks, config, options.count)
    figures = examine(networks, config, thresholds, options.count)
    if options.baseline:
        figures["beside_a_cascade"] = compare(networks, config, thresholds)
    write_json(run / "evaluation.json", figures)
    draw_exam(networks, config, "test", thresholds, run / "sheets")
    if options.photos:
        look_at_photos(networks, options.photos, thresholds, run / "sheets")


if __name__ == "__main__":
    sys.exit(main())
