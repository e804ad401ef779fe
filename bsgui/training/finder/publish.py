"""From a measured run to installed weights with their card."""

from __future__ import annotations

import json
import platform
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import file_sha256
from bsgui.imageio.model_store import FINDER

from .config import FinderConfig


def publish(config: FinderConfig, run: Path, folder: Path) -> None:
    """Copy the weights of a run and write their card.

    Raises:
        UsageError: the run has not been trained or evaluated, or the configuration has no ``[card]`` table.
    """
    weights = run / f"{config.name}.safetensors"
    try:
        evaluation = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
        log = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        card = make_card(config, evaluation, log[-1], file_sha256(weights))
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise UsageError(f"{run}: there is no evaluated run: {error!r}") from error
    text = json.dumps(card, indent=1, ensure_ascii=False)
    shutil.copyfile(weights, folder / f"{FINDER}.safetensors")
    (folder / f"{FINDER}.json").write_text(text + "\n", encoding="utf-8")


def make_card(config: FinderConfig, evaluation: dict[str, Any], last: dict[str, Any], sha256: str) -> dict[str, Any]:
    """The finder's card: what it is, how it was made, what it was measured to do.

    Raises:
        KeyError: the ``[card]`` table lacks something, or the evaluation does.
    """
    words = config.card
    paths = ("card", "heads", "backgrounds", "things", "start")
    settings = {key: value for key, value in asdict(config).items() if key not in paths}
    settings["start"] = config.start.name if config.start is not None else ""
    return {
        "name": words["name"],
        "description": words["description"],
        "kind": FINDER,
        "thresholds": evaluation["thresholds"],
        "sha256": sha256,
        "licence": words["licence"],
        "data": list(words["data"]),
        "training": {
            "command": "python -m bsgui.training.finder models/finder.toml",
            "steps": last["step"],
            "hours": round(last["seconds"] / 3600, 2),
            "machine": f"{config.threads or 'all'} thread(s) of a {platform.machine()} CPU, busy with other work too",
            "note": words.get("training_note", ""),
            "config": settings,
        },
        "measures": evaluation,
        "known_failures": list(words["known_failures"]),
    }
