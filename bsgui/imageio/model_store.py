"""Which models there are: the cards and weights that came with the program, and the person's own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from bsgui.core.errors import ModelError
from bsgui.core.model_card import ModelCard

from .resource_paths import program_folders, user_data_folder

FINDER = "finder"
"""The files of the finder of heads lie beside the models; it takes nothing apart and is none of them."""

_CARD_BYTES = 4 << 20
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


def default_model_folders() -> tuple[Path, ...]:
    """The person's own models first, so that they can replace one that came with the program."""
    return (user_data_folder() / "models", *(folder / "models" for folder in program_folders()))


class ModelStore:
    """Cards (``<id>.json``) and weights (``<id>.safetensors``) in some folders.

    The folders are looked through anew at every call, so a model that was just trained is found. Thread: any.

    Args:
        folders: where to look; the first folder that has a model wins. Missing folders are empty.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._problems: tuple[ModelError, ...] = ()

    @property
    def problems(self) -> tuple[ModelError, ...]:
        """What was wrong with the models that the last :meth:`cards` left out."""
        return self._problems

    def cards(self) -> list[ModelCard]:
        """The usable models, sorted by id; the others are in :attr:`problems`."""
        cards, problems = [], []
        for model_id in sorted({path.stem for folder in self._folders for path in _card_files(folder)}):
            try:
                cards.append(self.card(model_id))
            except ModelError as error:
                problems.append(error)
        self._problems = tuple(problems)
        return cards

    def card(self, model_id: str) -> ModelCard:
        """One model's card; its weights file exists.

        Raises:
            ModelError: there is no such model, its card is damaged, or its weights are missing.
        """
        return _read_card(self._find(model_id))

    def weights_path(self, model_id: str) -> Path:
        """The weights file of a model.

        Raises:
            ModelError: there is no such model, or its weights are missing.
        """
        weights = self._find(model_id).with_name(f"{model_id}.safetensors")
        if not weights.is_file():
            raise ModelError(f"The weights of model “{model_id}” are missing: there is no “{weights}”.")
        return weights

    def _find(self, model_id: str) -> Path:
        # Ids come from command lines and project files; they must not lead out of the folders.
        if _ID.match(model_id) and model_id != FINDER:
            for folder in self._folders:
                path = folder / f"{model_id}.json"
                if path.is_file():
                    return path
        known = sorted({path.stem for folder in self._folders for path in _card_files(folder)})
        hint = f"; there is {', '.join(known)}" if known else ""
        raise ModelError(f"There is no model called “{model_id}”{hint}.")


def _card_files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.glob("*.json") if _ID.match(path.stem) and path.stem != FINDER]
    except OSError:
        return []


def _read_card(path: Path) -> ModelCard:
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_CARD_BYTES))
    except OSError as error:
        raise ModelError(f"The card of model “{path.stem}” could not be read.", repr(error)) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The card of model “{path.stem}” is damaged.", repr(error)) from error
    card = ModelCard.from_json(path.stem, data)
    if not path.with_suffix(".safetensors").is_file():
        raise ModelError(f"The weights of model “{path.stem}” are missing.")
    return card
