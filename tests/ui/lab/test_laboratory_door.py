"""From the main window to the laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.analysis.race.training import Race
from bsgui.imageio.recording import write_recording
from bsgui.ui.actions import all_specs
from bsgui.ui.lab.playback_window import PlaybackWindow
from bsgui.ui.lab.race_window import RaceWindow
from bsgui.ui.main_window import MainWindow
from bsgui.ui.services import Services
from bsgui.ui.settings import SettingsStore
from tests.recordings import make_recording


def make_window(qtbot: QtBot, folder: Path, **services: object) -> MainWindow:
    def no_engine() -> object:
        raise AssertionError("nothing was decomposed")

    window = MainWindow(Services(no_engine, SettingsStore(folder / "settings.json"), folder, **services))
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_the_menu_opens_the_laboratory_and_closing_the_window_closes_it(qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window(qtbot, tmp_path, race_factory=Race)
    window.actions_table["laboratory"].trigger()
    (laboratory,) = open_races()
    qtbot.addWidget(laboratory)
    window.actions_table["laboratory"].trigger()
    assert open_races() == [laboratory]
    window.close()
    assert not laboratory.isVisible()


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_the_menu_opens_the_playback_of_the_bundled_run(qtbot: QtBot, tmp_path: Path) -> None:
    write_recording(tmp_path / "run.safetensors", make_recording())
    window = make_window(qtbot, tmp_path, recordings=(tmp_path / "run.safetensors",))
    window.actions_table["playback"].trigger()
    playback = next(x for x in top_level_windows() if isinstance(x, PlaybackWindow) and x.isVisible())
    qtbot.addWidget(playback)
    qtbot.waitUntil(lambda: playback.recording is not None)
    window.close()
    assert not playback.isVisible()


class SlowImport(QObject):
    """Stands for pyqtgraph on its way; ``arrive`` is for the test to say."""

    done = Signal()
    newest: SlowImport

    def __init__(self, _module: str, parent: QObject) -> None:
        super().__init__(parent)
        self.is_done = self.is_under_way = False
        SlowImport.newest = self

    def start(self) -> None:
        self.is_under_way = True

    def arrive(self) -> None:
        self.is_done = True
        self.done.emit()


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_what_the_laboratory_draws_with_is_imported_beside_the_window(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bsgui.ui.commands.LateImport", SlowImport)
    window = make_window(qtbot, tmp_path, race_factory=Race)
    assert not SlowImport.newest.is_under_way
    window.actions_table["laboratory"].trigger()
    assert SlowImport.newest.is_under_way
    assert not open_races()
    SlowImport.newest.arrive()
    (laboratory,) = open_races()
    qtbot.addWidget(laboratory)
    window.close()


def test_a_window_that_was_closed_opens_no_laboratory(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bsgui.ui.commands.LateImport", SlowImport)
    window = make_window(qtbot, tmp_path, race_factory=Race)
    window.actions_table["laboratory"].trigger()
    window.close()
    SlowImport.newest.arrive()
    assert not open_races()


def test_without_races_there_is_no_door(qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window(qtbot, tmp_path)
    assert not window.actions_table["laboratory"].isVisible()
    window.close()


@pytest.mark.parametrize(("keys", "action"), [("Ctrl+L", "laboratory"), ("Ctrl+Shift+L", "playback")])
def test_its_key_belongs_to_it_alone(keys: str, action: str) -> None:
    assert [spec.id for spec in all_specs() if keys in spec.keys] == [action]


def top_level_windows() -> list[object]:
    return list(QApplication.topLevelWidgets())


def open_races() -> list[RaceWindow]:
    return [window for window in top_level_windows() if isinstance(window, RaceWindow) and window.isVisible()]
