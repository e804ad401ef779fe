"""What the window is given from outside; the composition root makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bsgui.core.model_card import ModelCard
from bsgui.core.race import RaceConfig, RaceSession
from bsgui.core.requests import Adapter, Decomposer, SubjectFinder

from .settings import SettingsStore


@dataclass(frozen=True)
class Services:
    """The window's surroundings.

    Attributes:
        decomposer_factory: makes the engine; called on the worker thread, at the first decomposition.
        settings: the preferences.
        cards: the installed models, the preferred first.
        model_problems: sentences about cards that could not be read.
        model_folders: where models are looked for.
        samples: photos that came with the program.
        log_folder: where the log is.
        adapter_factory: makes what trains a model on for one photo; called on that training's thread, at the first one.
        race_factory: makes the laboratory's races; called on worker threads. None: there are none.
        recordings: training runs that came with the program, for the laboratory to play back.
        finder_factory: makes what finds faces and animals; called on its thread, at the first search. None: there is
            none, and frames are drawn by hand only.
    """

    decomposer_factory: Callable[[], Decomposer]
    settings: SettingsStore
    log_folder: Path
    cards: tuple[ModelCard, ...] = ()
    model_problems: tuple[str, ...] = ()
    model_folders: tuple[Path, ...] = ()
    samples: tuple[Path, ...] = ()
    adapter_factory: Callable[[], Adapter] | None = None
    race_factory: Callable[[RaceConfig], RaceSession] | None = None
    recordings: tuple[Path, ...] = ()
    finder_factory: Callable[[], SubjectFinder] | None = None
