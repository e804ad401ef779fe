"""What each photo is taken apart with: as was asked, and where that was left open, by what is found in the photo."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from bsgui.core.errors import ModelError, UsageError
from bsgui.core.frame import Frame, Subject
from bsgui.core.model_card import ModelCard
from bsgui.core.model_choice import AUTO, choose_model, needs_search, preferred
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken, DecomposeSettings, Progress, ProgressCallback, SubjectFinder
from bsgui.imageio.model_store import ModelStore

from .frames import AUTO as AUTO_FRAME
from .frames import chosen_subject
from .output import say
from .styles import chosen_styles


class SettingsChooser:
    """Decides the settings of each photo of a run.

    Args:
        arguments: of ``bsgui decompose``.
        store: the models.
        make_finder: called when a photo is searched for the first time.
        cancel: asked while searching.

    Raises:
        ModelError: there is no such model, or none at all.
        UsageError: no model that comes into question can do what was asked.
    """

    def __init__(
        self,
        arguments: argparse.Namespace,
        store: ModelStore,
        make_finder: Callable[[], SubjectFinder],
        cancel: CancelToken,
    ) -> None:
        self._arguments, self._make_finder, self._cancel = arguments, make_finder, cancel
        self._finder: SubjectFinder | None = None
        self._can_search = True
        self._cards = _candidates(arguments, store)
        self._frames = arguments.frame == AUTO_FRAME

    def settings(self, photo: Photo, report: ProgressCallback) -> DecomposeSettings:
        """The settings for a photo; what was found, and what follows from it, is said on stderr."""
        chooses = needs_search(self._cards)
        subjects = self._search(photo, report) if chooses or self._frames else ()
        frame = self._frame(photo, subjects) if self._frames else self._arguments.frame
        framed = [subject for subject in subjects if subject.frame == frame] or subjects
        choice = choose_model(self._cards, framed, frame or Frame.of_photo(photo.width, photo.height))
        if chooses and self._can_search:
            say(f"{photo.name}: {choice.reason}; the model “{choice.card.id}” is used.")
        return replace(request_settings(self._arguments, choice.card), frame=frame)

    def _search(self, photo: Photo, report: ProgressCallback) -> tuple[Subject, ...]:
        if not self._can_search:
            return ()
        report(Progress(0, 1, "Looking for a subject"))
        try:
            self._finder = self._finder or self._make_finder()
            return self._finder.find(photo, self._cancel)
        except ModelError as error:
            if self._frames:
                raise
            # Who did not ask for a search still gets the layers, and is told once.
            say(f"{error.user_message} Photos are not searched.")
            self._can_search = False
            return ()

    def _frame(self, photo: Photo, subjects: tuple[Subject, ...]) -> Frame | None:
        # What is found is framed by what was asked for: the domain, or else any that the models know.
        known = [kind for card in self._cards for kind in (*card.subjects, *card.domains)]
        subject = chosen_subject(subjects, (self._arguments.domain,) if self._arguments.domain else known)
        if subject is None:
            say(f"{photo.name}: no face, cat or dog was found; the whole photo is taken apart.")
            return None
        say(f"{photo.name}: a {subject.kind} was found and framed ({100 * subject.score:.0f} % sure).")
        return subject.frame


def request_settings(arguments: argparse.Namespace, card: ModelCard) -> DecomposeSettings:
    """Check what was asked against a model's card.

    Args:
        arguments: of ``bsgui decompose``; a frame that is to be found is left out.
        card: the model.

    Raises:
        UsageError: unknown domain, a size the model was not made for, or a style for a branch it does not have.
    """
    if arguments.domain and arguments.domain not in card.domains:
        raise UsageError(f"The model “{card.id}” has no domain “{arguments.domain}”; it has {', '.join(card.domains)}.")
    size = card.size if arguments.size is None else arguments.size
    if not card.min_size <= size <= card.max_size:
        raise UsageError(f"The model “{card.id}” works at sizes from {card.min_size} to {card.max_size}, not {size}.")
    domain = arguments.domain or card.domains[0]
    styles = chosen_styles(arguments.style, card, domain)
    frame = arguments.frame if isinstance(arguments.frame, Frame) else None
    how = (frame, styles, arguments.split_light)
    return DecomposeSettings(card.id, domain, arguments.seed, size, arguments.device, *how)


def _candidates(arguments: argparse.Namespace, store: ModelStore) -> list[ModelCard]:
    """The models that can do what was asked; the one that was named, if one was."""
    if arguments.model != AUTO:
        card = store.card(arguments.model)
        request_settings(arguments, card)
        return [card]
    cards = preferred(store.cards())
    if not cards:
        # It says where models were looked for, and what is wrong with those that are there.
        raise next(iter(store.problems), ModelError("There is no model."))
    able, refusals = [], []
    for card in cards:
        try:
            request_settings(arguments, card)
        except UsageError as error:
            refusals.append(error)
        else:
            able.append(card)
    if not able:
        raise refusals[0]
    return able
