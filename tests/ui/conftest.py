"""A window with an engine that waits at a gate, so that tests decide when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from bsgui.core.model_card import ModelCard
from bsgui.core.photo import Photo
from bsgui.ui.main_window import MainWindow
from bsgui.ui.services import Services
from bsgui.ui.settings import SettingsStore
from tests.fixtures import make_card, make_photo
from tests.gated_decomposer import GatedDecomposer


@pytest.fixture
def decomposer() -> Iterator[GatedDecomposer]:
    """The engine of the window; its gate is open unless a test closes it."""
    gated = GatedDecomposer()
    gated.gate.set()
    yield gated
    gated.gate.set()


@pytest.fixture
def settings_store(tmp_path: Path) -> SettingsStore:
    """Settings in a fresh file."""
    return SettingsStore(tmp_path / "settings" / "settings.json")


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    """One model."""
    return (make_card(),)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[QMessageBox.StandardButton]:
    """What the person answers to questions, in turn; a question nobody expects fails the test."""
    given: list[QMessageBox.StandardButton] = []

    def answer(*_: object, **__: object) -> QMessageBox.StandardButton:
        assert given, "an unexpected question was asked"
        return given.pop(0)

    monkeypatch.setattr(QMessageBox, "exec", answer)
    monkeypatch.setattr(QMessageBox, "question", answer)
    return given


@pytest.fixture
def window(
    qtbot: QtBot,
    tmp_path: Path,
    decomposer: GatedDecomposer,
    settings_store: SettingsStore,
    cards: tuple[ModelCard, ...],
    answers: list[QMessageBox.StandardButton],
) -> MainWindow:
    """A window on show; closed at the end whatever it holds."""
    shown = MainWindow(Services(lambda: decomposer, settings_store, tmp_path / "log", cards))

    def let_go(_: QWidget) -> None:
        decomposer.gate.set()
        shown.document.mark_clean()

    qtbot.addWidget(shown, before_close_func=let_go)
    shown.show()
    return shown


@pytest.fixture
def write_photo(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a small PNG of that name; different names give different pictures."""

    def write(name: str, width: int = 48, height: int = 32) -> Path:
        path = tmp_path / name
        Image.fromarray(make_photo(width, height, seed=len(name)).samples).save(path, "PNG")
        return path

    return write


@pytest.fixture
def decomposed(window: MainWindow, qtbot: QtBot, tiny_photo: Photo) -> MainWindow:
    """The window with a photo and its layers."""
    window.document.open_photo(tiny_photo)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.decompose_panel.ask()
    return window
