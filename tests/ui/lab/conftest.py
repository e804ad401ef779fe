"""The race window with a small race, trained for real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from bsgui.analysis.race.training import Race
from bsgui.core.race import RaceConfig, RaceCourse, RaceFrame, RaceSession
from bsgui.core.requests import CancelToken
from bsgui.ui.lab.race_window import RaceWindow

SMALL = RaceConfig(branches=3, modes=4, gap=2.0, learning_rate=0.1, steps=400)


@dataclass
class Factory:
    """Makes real races; remembers their threads; ``error`` is raised by the first step."""

    threads: list[threading.Thread] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, config: RaceConfig) -> RaceSession:
        self.threads.append(threading.current_thread())
        return _Session(Race(config), self)


class _Session:
    def __init__(self, race: Race, factory: Factory) -> None:
        self._race, self._factory = race, factory
        self.config = race.config

    def frame(self) -> RaceFrame:
        return self._race.frame()

    def advance(self, steps: int) -> RaceFrame:
        if self._factory.error is not None:
            raise self._factory.error
        return self._race.advance(steps)

    def predict(self, times: NDArray[np.float64], cancel: CancelToken) -> RaceCourse | None:
        return self._race.predict(times, cancel)


@pytest.fixture
def factory() -> Factory:
    return Factory()


@pytest.fixture
def bugs() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def race_window(qtbot: QtBot, factory: Factory, bugs: list[tuple[str, str]]) -> Iterator[RaceWindow]:
    window = RaceWindow(factory, lambda title, details: bugs.append((title, details)))
    qtbot.addWidget(window)
    window.controls.show_config(SMALL)
    window.reset()
    window.show()
    yield window
    window.close()


@pytest.fixture
def until_step(qtbot: QtBot) -> Callable[[RaceWindow, int], None]:
    """Waits until a window's race has done so many steps."""

    def wait(window: RaceWindow, step: int) -> None:
        def reached() -> bool:
            view = window.race.history.view(0) if window.race is not None else None
            return view is not None and view.step >= step

        qtbot.waitUntil(reached, timeout=20_000)

    return wait
