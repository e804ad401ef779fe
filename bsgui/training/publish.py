"""From a finished run to a model with its card: ``python -m bsgui.training.publish RUN EVALUATION.json --to models``.

The words of the card (names and roles of branches and the measures that earned the names, licence, data, known
failures) stand in the ``[card]`` table of the run's configuration; the figures come from ``bsgui evaluate --json``; a
branch's description is what was measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from bsgui.core.errors import BsguiError, UsageError
from bsgui.core.model_card import ROLES, BranchCard, ModelCard
from bsgui.engine.checkpoint import file_sha256, load_generator

from .config import TrainConfig, read_config

_MIN_SIZE, _MAX_SIZE = 32, 1024


def make_card(config: TrainConfig, weights: Path, log: list[dict[str, Any]], evaluations: dict[str, Any]) -> ModelCard:
    """The card of a trained model.

    Args:
        config: of the run, with a ``[card]`` table.
        weights: the averaged weights.
        log: the run's log, one object a line of ``log.jsonl``.
        evaluations: name of a test set -> what ``bsgui evaluate`` measured on it; the first describes the branches.

    Raises:
        UsageError: the table is missing or incomplete, or the figures are of another network.
    """
    network = load_generator(weights)
    words = config.source.get("card")
    measured = next(iter(evaluations.values()))["branches"] if evaluations else []
    names = list((words or {}).get("branches", ()))
    if not words or len(names) != network.config.branches or len(measured) not in (0, len(names)):
        raise UsageError("The configuration's [card] table must name every branch of the measured network.")
    roles = list(words.get("roles", [""] * len(names)))
    if len(roles) != len(names) or not set(roles) <= set(ROLES):
        raise UsageError("The [card] table's roles must be “light”, “feature” or “” for every branch.")
    earned = list(words.get("earned", [""] * len(names)))
    if len(earned) != len(names):
        raise UsageError("The [card] table must say for every branch, or for none, what earned its name.")
    described = [describe_branch(figures) for figures in measured] or ["Not measured."] * len(names)
    branches = [BranchCard(name, f"{earned[i]} {described[i]}".strip(), roles[i]) for i, name in enumerate(names)]
    return ModelCard(
        id=config.name,
        name=str(words["name"]),
        description=str(words["description"]),
        domains=network.config.domains,
        branches=tuple(branches),
        size=int(words["size"]),
        min_size=_MIN_SIZE,
        max_size=_MAX_SIZE,
        sha256=file_sha256(weights),
        licence=str(words["licence"]),
        data=tuple(words["data"]),
        training=_training(config, log),
        measures=evaluations,
        known_failures=tuple(words.get("known_failures", ())),
        config=network.config.to_json(),
        subjects=tuple(words.get("subjects", ())),
    )


def describe_branch(figures: dict[str, Any]) -> str:
    """What a branch was measured to hold, in one sentence."""
    bands = figures["band_shares"]
    scales = [f"{2**i}–{2 ** (i + 1)} px" for i in range(len(bands) - 1)] + [f"over {2 ** (len(bands) - 1)} px"]
    strongest = sorted(range(len(bands)), key=lambda i: -bands[i])[:2]
    parts = " and ".join(f"{bands[i]:.0%} of the structures of {scales[i]}" for i in sorted(strongest))
    side = "light" if figures["skewness"] > 0 else "dark"
    return (
        f"Holds {parts} (working pixels), {figures['energy_share']:.0%} of the energy; "
        f"{figures['colour_share']:.0%} of it is colour. "
        f"Its strong parts are {side} (skewness {figures['skewness']:+.1f})."
    )


def _training(config: TrainConfig, log: list[dict[str, Any]]) -> dict[str, Any]:
    last = log[-1] if log else {"step": 0, "seconds": 0.0}
    return {
        "command": f"python -m bsgui train models/{config.name}.toml",
        "seed": config.seed,
        "steps": last["step"],
        "hours": round(last["seconds"] / 3600, 2),
        "machine": f"{config.threads or 'all'} thread(s) of a {platform.machine()} CPU",
        "config": {key: value for key, value in config.source.items() if key not in ("card", "data")},
    }


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.publish", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("evaluations", type=Path, nargs="*", help="JSON files of `bsgui evaluate --json`, best first")
    parser.add_argument("--to", type=Path, default=Path("models"), help="folder for card and weights")
    parser.add_argument("--config", type=Path, help="configuration with the [card] table, if not the run's own copy")
    options = parser.parse_args(arguments)
    try:
        publish(options.run, options.config or options.run / "config.toml", options.evaluations, options.to)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0


def publish(run: Path, config_path: Path, evaluations: list[Path], folder: Path) -> None:
    """Copy the weights and write the card into ``folder``."""
    config = read_config(config_path)
    weights = run / f"{config.name}.safetensors"
    log = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    figures = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in evaluations}
    card = make_card(config, weights, log, figures)
    shutil.copyfile(weights, folder / weights.name)
    text = json.dumps(card.to_json(), indent=1, ensure_ascii=False)
    (folder / f"{config.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
