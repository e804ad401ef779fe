"""``python -m bsgui.analysis.semantic animals|faces``: layers against masks and lights.

Figures as a table, or as one JSON object with ``--json``; definitions in this room's README.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bsgui.core.errors import BsguiError

if TYPE_CHECKING:
    from bsgui.imageio.model_store import ModelStore

_PROGRAM = "python -m bsgui.analysis.semantic"


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        figures = _evaluate(options)
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    if options.out is not None:
        _write(options.out, figures)
    if options.card is not None:
        from .targets import card_measures

        _write(options.card, card_measures(figures))
    sys.stdout.write(json.dumps(figures) + "\n" if options.json else _table(figures) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    animals = commands.add_parser("animals", help="whiskers, spots, fur, eyes and nose against hand-drawn masks")
    animals.add_argument("--annotations", type=Path, required=True, help="folder of annotations")
    faces = commands.add_parser("faces", help="face parts against landmarks, lights against exact shading")
    for command in (animals, faces):
        model = command.add_mutually_exclusive_group(required=True)
        model.add_argument("--model", help="a model's id")
        model.add_argument("--weights", type=Path, help="a weights file without a card")
        command.add_argument("--photos", type=Path, required=True, help="folder of the data packs")
        command.add_argument("--against", nargs="*", default=[], help="more models, weights files, or “untrained”")
        command.add_argument("--domain", default="", help="the style's domain; the model's first by default")
        command.add_argument("--size", type=int, default=256, help="side of the photos, pixels")
        command.add_argument("--seed", type=int, default=0, help="of the bootstrap and of what is drawn at random")
        command.add_argument("--json", action="store_true", help="print JSON instead of a table")
        command.add_argument("--out", type=Path, help="also write the JSON to this file")
        command.add_argument("--card", type=Path, help="also write the short form for a model's card to this file")
    return parser


def _evaluate(options: argparse.Namespace) -> dict[str, Any]:
    from bsgui.analysis.report.subjects import find_subject, model_subject, wavelet_subject, weights_subject
    from bsgui.imageio.model_store import ModelStore, default_model_folders

    from .animals import evaluate_animals
    from .faces import evaluate_faces

    store = ModelStore(default_model_folders())
    first = (
        model_subject(options.model, store, options.domain)
        if options.model
        else weights_subject(options.weights, options.domain)
    )
    assert first.network is not None
    others = [find_subject(spec, store, first.network, options.domain) for spec in options.against]
    subjects = [first, *others, wavelet_subject()]
    if options.command == "animals":
        figures = evaluate_animals(
            subjects, options.photos, options.annotations, _advance, size=options.size, seed=options.seed
        )
    else:
        figures = evaluate_faces(
            subjects,
            options.photos,
            _advance,
            lights={subject.name: _named_lights(subject.name, store) for subject in subjects if subject.network},
            size=options.size,
            seed=options.seed,
        )
    facts = {subject.name: subject.facts for subject in subjects}
    return {"measured": options.command, "subject": first.name, "contenders": facts, **figures}


def _named_lights(model_id: str, store: ModelStore) -> list[int]:
    """The branches that a model's card calls light; none for weights without a card."""
    cards = {card.id: card for card in store.cards()}
    branches = cards[model_id].branches if model_id in cards else ()
    return [number for number, branch in enumerate(branches) if branch.role == "light"]


def _write(path: Path, figures: dict[str, Any]) -> None:
    from bsgui.imageio.atomic import atomic_write

    with atomic_write(path) as file:
        file.write((json.dumps(figures, indent=1) + "\n").encode())


def _advance(stage: str, done: int, total: int) -> None:
    """One line that is written over again, for a person at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{stage}: {done}/{total}\033[K" + ("\r\033[K" if done == total else ""))
        sys.stderr.flush()


def _table(figures: dict[str, Any]) -> str:
    from .table import table

    return table(figures)


if __name__ == "__main__":
    sys.exit(main())
