"""``bsgui models``, ``train`` and ``evaluate``."""

from __future__ import annotations

import argparse
from typing import Any

from bsgui.core.errors import ModelError, UsageError
from bsgui.core.model_card import ModelCard
from bsgui.imageio.model_store import ModelStore, default_model_folders

from .output import ProgressBar, print_json, say


def models(arguments: argparse.Namespace) -> int:
    """List the models; damaged cards are named on stderr.

    Raises:
        ModelError: there is none at all.
    """
    store = ModelStore(default_model_folders())
    cards = store.cards()
    for problem in store.problems:
        say(str(problem))
    if arguments.json:
        print_json([{"id": card.id, **card.to_json()} for card in cards])
    elif cards:
        print("\n\n".join(_paragraph(card) for card in cards), flush=True)
    if not cards:
        raise ModelError(f"There are no models in {' or '.join(str(x) for x in default_model_folders())}.")
    return 0


def train(arguments: argparse.Namespace) -> int:
    """Train as the configuration says."""
    if not arguments.config.is_file():
        raise UsageError(f"There is no configuration file {arguments.config}.")
    from bsgui.training.trainer import train_from_config

    train_from_config(arguments.config, arguments.resume, arguments.out)
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure a model on photos and print the figures."""
    store = ModelStore(default_model_folders())
    store.card(arguments.model)
    from bsgui.core.requests import Progress
    from bsgui.training.evaluation import evaluate_model

    with ProgressBar(arguments.model) as report:
        measures = evaluate_model(
            arguments.model,
            arguments.photos,
            arguments.split,
            store,
            size=arguments.size,
            domain=arguments.domain,
            seed=arguments.seed,
            realism=arguments.realism,
            advance=lambda done, total: report(Progress(done, total, "Measuring")),
        )
    if arguments.json:
        print_json(measures)
    else:
        print("\n".join(_rows(measures)), flush=True)
    return 0


def _paragraph(card: ModelCard) -> str:
    facts = {
        "made for": ", ".join(card.subjects) or "any photo",
        "domains": ", ".join(card.domains),
        "branches": ", ".join(branch.name for branch in card.branches),
        "sizes": f"{card.min_size} … {card.max_size}, made for {card.size}",
        "licence": card.licence,
        **card.headline_measures(),
    }
    head = f"{card.id}: {card.name}. {card.description}".strip()
    return "\n".join([head, *(f"  {key:<12} {value}" for key, value in facts.items())])


def _rows(measures: dict[str, Any], indent: str = "") -> list[str]:
    rows: list[str] = []
    for key, value in measures.items():
        label = f"{indent}{key.replace('_', ' ')}"
        if isinstance(value, dict):
            rows += [label, *_rows(value, indent + "  ")]
        else:
            rows.append(f"{label:<32} {_short(value)}")
    return rows


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_short(x) for x in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(x)}" for key, x in value.items())
    return str(value)
