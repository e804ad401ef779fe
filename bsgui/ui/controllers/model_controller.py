"""Leaving the choice of the model to the program: the photo is searched, and then taken apart by what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from bsgui.core.document import Document
from bsgui.core.frame import Frame
from bsgui.core.model_card import ModelCard
from bsgui.core.model_choice import choose_model
from bsgui.core.requests import DecomposeSettings, Progress
from bsgui.ui.framing.state import FrameState, Search
from bsgui.ui.panels.decompose_panel import DecomposePanel

from .decompose_controller import DecomposeController


class ModelController(QObject):
    """Passes requests on to the worker; those that leave the model open wait for the search. Thread: GUI.

    The choice follows the frame: what fills the framed part is what counts. It is told to the panel also when nothing
    waits for it.

    Args:
        document: whose photo.
        panel: where the person asks, and sees what was chosen and why.
        cards: the installed models, the preferred first.
        frames: what was found, and what is framed.
        search: begins the search, unless there was one already.
        decompose: what requests are passed on to.

    Signals:
        busy_changed(bool): a request waits for the search.
        progressed(Progress): what is being waited for.
    """

    busy_changed = Signal(bool)
    progressed = Signal(object)

    def __init__(
        self,
        document: Document,
        panel: DecomposePanel,
        cards: Sequence[ModelCard],
        frames: FrameState,
        search: Callable[[], None],
        decompose: DecomposeController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._panel, self._cards = document, panel, cards
        self._frames, self._search, self._decompose = frames, search, decompose
        self._is_waiting = False
        frames.proposals_changed.connect(self._on_search)
        frames.frame_changed.connect(self._choose)

    @property
    def is_busy(self) -> bool:
        """Whether a request waits for the search."""
        return self._is_waiting

    def decompose(self, settings: DecomposeSettings) -> None:
        """Take the open photo apart; with a model of the program's choice as soon as it is chosen."""
        if self._document.photo is None:
            return
        if self._panel.is_automatic and self._frames.search in (Search.NOT_BEGUN, Search.RUNNING):
            # Its layers come from an earlier request: this one is to replace it.
            self._decompose.cancel()
            self._wait(True)
            self._search()
        else:
            self._wait(False)
            self._decompose.decompose(settings)

    def cancel(self) -> None:
        """What waits is not wanted any more; the search goes on, for the frames it proposes."""
        self._wait(False)

    def _on_search(self) -> None:
        self._choose()
        if self._frames.search in (Search.DONE, Search.FAILED):
            if self._is_waiting:
                self._wait(False)
                self._decompose.decompose(self._panel.settings)
        elif self._frames.search is Search.NOT_BEGUN:
            self._wait(False)  # Another photo.

    def _choose(self, *_: object) -> None:
        photo = self._document.photo
        if photo is None or not self._cards or self._frames.search in (Search.NOT_BEGUN, Search.RUNNING):
            self._panel.show_choice(None)
            return
        part = self._frames.frame or Frame.of_photo(photo.width, photo.height)
        choice = choose_model(self._cards, self._frames.proposals, part)
        if self._frames.search is Search.FAILED:
            choice = replace(choice, reason="the photo could not be searched")
        self._panel.show_choice(choice)

    def _wait(self, on: bool) -> None:
        if on == self._is_waiting:
            return
        self._is_waiting = on
        self.busy_changed.emit(on)
        if on:
            self.progressed.emit(Progress(0, 0, "Looking for faces and animals"))
