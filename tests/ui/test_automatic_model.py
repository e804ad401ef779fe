from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from bsgui.core.errors import ModelError
from bsgui.core.frame import Frame, Subject
from bsgui.core.model_card import ModelCard
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken
from bsgui.ui.main_window import MainWindow
from bsgui.ui.services import Services
from bsgui.ui.settings import SettingsStore
from tests.fixtures import make_card
from tests.gated_decomposer import GatedDecomposer

CAT = Subject("cat", 0.9, Frame.square(24, 16, 24))
FACE = Subject("face", 0.8, Frame.square(24, 16, 24))


@dataclass
class GatedFinder:
    """Finds what it is told to find, once its gate is open."""

    subjects: tuple[Subject, ...] = (CAT,)
    error: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    searched: list[str] = field(default_factory=list)

    def find(self, photo: Photo, cancel: CancelToken) -> tuple[Subject, ...]:
        self.searched.append(photo.name)
        while not self.gate.wait(0.005):
            cancel.raise_if_cancelled()
        if self.error is not None:
            raise self.error
        return self.subjects


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    animals = replace(make_card("animals"), name="Animals", subjects=("cat", "dog"), size=96, domains=("any", "cat"))
    return (make_card("general"), animals)


@pytest.fixture
def finder() -> Iterator[GatedFinder]:
    gated = GatedFinder()
    gated.gate.set()
    yield gated
    gated.gate.set()


@pytest.fixture
def window(
    qtbot: QtBot,
    tmp_path: Path,
    decomposer: GatedDecomposer,
    finder: GatedFinder,
    settings_store: SettingsStore,
    cards: tuple[ModelCard, ...],
    answers: list[QMessageBox.StandardButton],
) -> MainWindow:
    services = Services(lambda: decomposer, settings_store, tmp_path / "log", cards, finder_factory=lambda: finder)
    shown = MainWindow(services)

    def let_go(_: QWidget) -> None:
        shown.document.mark_clean()

    qtbot.addWidget(shown, before_close_func=let_go)
    shown.show()
    return shown


def test_the_model_for_what_is_found_is_taken_and_named(
    window: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer, write_photo: Callable[[str], Path]
) -> None:
    panel = window.decompose_panel
    assert panel.is_automatic
    assert panel.model.currentText() == "Automatic"
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(write_photo("cat.png"))
    asked = decomposer.requests[-1].settings
    assert (asked.model, asked.domain, asked.size) == ("animals", "any", 96)
    assert len(decomposer.requests) == 1
    assert panel.model.currentText() == "Automatic: Animals"
    assert panel.reason.text() == "A cat was found (90 % sure)"
    assert panel.reason.isVisible()
    assert panel.domain.currentData() == "any"  # Another domain is a style, and asked for.


def test_the_photo_is_shown_while_it_is_searched(
    window: MainWindow, qtbot: QtBot, finder: GatedFinder, decomposer: GatedDecomposer, tiny_photo: Photo
) -> None:
    finder.gate.clear()
    window.document.open_photo(tiny_photo)
    window.decompose_panel.ask()
    assert window.document.photo is tiny_photo
    assert window.models.is_busy
    assert window.decompose_panel.button.text() == "Cancel"
    assert window.actions_table["cancel"].isEnabled()
    assert decomposer.requests == []
    with qtbot.waitSignal(window.decompose.decomposed):
        finder.gate.set()
    assert not window.models.is_busy
    assert decomposer.requests[-1].settings.model == "animals"


def test_cancel_while_it_is_searched(
    window: MainWindow, qtbot: QtBot, finder: GatedFinder, decomposer: GatedDecomposer, tiny_photo: Photo
) -> None:
    finder.gate.clear()
    window.document.open_photo(tiny_photo)
    window.decompose_panel.ask()
    window.actions_table["cancel"].trigger()
    assert not window.models.is_busy
    with qtbot.waitSignal(window.frames.proposals_changed):
        finder.gate.set()
    assert not window.decompose.is_busy
    assert decomposer.requests == []
    # What was found is known all the same.
    assert window.decompose_panel.model.currentText() == "Automatic: Animals"


def test_another_photo_while_it_is_searched(
    window: MainWindow,
    qtbot: QtBot,
    finder: GatedFinder,
    decomposer: GatedDecomposer,
    tiny_photo: Photo,
    write_photo: Callable[[str], Path],
) -> None:
    finder.gate.clear()
    window.document.open_photo(tiny_photo)
    window.decompose_panel.ask()
    with qtbot.waitSignal(window.opener.photo_opened):
        window.opener.open_path(write_photo("other.png"))
    with qtbot.waitSignal(window.decompose.decomposed):
        finder.gate.set()
    assert [x.photo.name for x in decomposer.requests] == ["other.png"]


@pytest.mark.parametrize(
    ("subjects", "error", "reason"),
    [
        ((), None, "No face or animal was found"),
        ((FACE,), None, "A face was found (80 % sure), and no model is made for it"),
        ((), ModelError("The finder is not installed."), "The photo could not be searched"),
    ],
)
def test_the_general_model_for_all_else(
    window: MainWindow,
    qtbot: QtBot,
    finder: GatedFinder,
    decomposer: GatedDecomposer,
    tiny_photo: Photo,
    subjects: tuple[Subject, ...],
    error: Exception | None,
    reason: str,
) -> None:
    finder.subjects, finder.error = subjects, error
    window.document.open_photo(tiny_photo)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.decompose_panel.ask()
    assert decomposer.requests[-1].settings.model == "general"
    assert window.decompose_panel.reason.text() == reason


def test_who_chooses_a_model_keeps_it(
    window: MainWindow,
    qtbot: QtBot,
    finder: GatedFinder,
    decomposer: GatedDecomposer,
    settings_store: SettingsStore,
    tiny_photo: Photo,
) -> None:
    panel = window.decompose_panel
    finder.gate.clear()
    panel.model.setCurrentIndex(panel.model.findData("general"))
    panel.model.activated.emit(panel.model.currentIndex())
    assert settings_store.value.model == "general"
    window.document.open_photo(tiny_photo)
    with qtbot.waitSignal(window.decompose.decomposed):
        panel.ask()
    assert decomposer.requests[-1].settings.model == "general"
    assert panel.reason.text() == ""
    panel.model.setCurrentIndex(0)
    panel.model.activated.emit(0)
    assert settings_store.value.model == ""


def test_the_choice_follows_the_frame(
    window: MainWindow, qtbot: QtBot, finder: GatedFinder, decomposer: GatedDecomposer, tiny_photo: Photo
) -> None:
    small = replace(CAT, frame=Frame.square(24, 16, 9))
    finder.subjects = (small,)
    window.document.open_photo(tiny_photo)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.decompose_panel.ask()
    assert decomposer.requests[-1].settings.model == "general"
    window.frames.frame = small.frame
    assert window.decompose_panel.model.currentText() == "Automatic: Animals"
    with qtbot.waitSignal(window.decompose.decomposed):
        window.decompose_panel.ask()
    asked = decomposer.requests[-1].settings
    assert (asked.model, asked.frame) == ("animals", small.frame)
    window.frames.frame = None
    assert window.decompose_panel.model.currentText() == "Automatic: Fake"


def test_a_project_needs_its_model_and_the_next_photo_is_free_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, write_photo: Callable[[str], Path]
) -> None:
    panel, path = window.decompose_panel, tmp_path / "work.bsgui"
    panel.show_model("general")
    window.opener.photo_opened.disconnect()
    with qtbot.waitSignal(window.opener.photo_opened):
        window.opener.open_path(write_photo("cat.png"))
    with qtbot.waitSignal(window.decompose.decomposed):
        panel.ask()
    window.project.path = path
    with qtbot.waitSignal(window.project.saved):
        window.project.save()
    panel.show_model("")
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(path)
    assert panel.model.currentData() == "general"
    window.opener.photo_opened.connect(window._on_photo_opened)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(write_photo("dog.png"))
    assert panel.is_automatic


def test_nothing_to_choose_from_is_no_entry(qtbot: QtBot, tmp_path: Path, settings_store: SettingsStore) -> None:
    one = MainWindow(Services(GatedDecomposer, settings_store, tmp_path, (make_card("general"),)))
    qtbot.addWidget(one)
    assert not one.decompose_panel.is_automatic
    assert one.decompose_panel.model.count() == 1
