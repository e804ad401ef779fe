"""From the main window to the laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bsgui.analysis.race.training import Race
from bsgui.ui.actions import all_specs
from bsgui.ui.lab.race_window import RaceWindow
from bsgui.ui.main_window import MainWindow
from bsgui.ui.services import Services
from bsgui.ui.settings import SettingsStore


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
    laboratory = next(x for x in top_level_windows() if isinstance(x, RaceWindow) and x.isVisible())
    qtbot.addWidget(laboratory)
    window.actions_table["laboratory"].trigger()
    assert len([x for x in top_level_windows() if isinstance(x, RaceWindow) and x.isVisible()]) == 1
    window.close()
    assert not laboratory.isVisible()


def test_without_races_there_is_no_door(qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window(qtbot, tmp_path)
    assert not window.actions_table["laboratory"].isVisible()
    window.close()


def test_its_key_belongs_to_it_alone() -> None:
    assert [spec.id for spec in all_specs() if "Ctrl+L" in spec.keys] == ["laboratory"]


def top_level_windows() -> list[object]:
    return list(QApplication.topLevelWidgets())
