"""The laboratory's window, as a person uses it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLineEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from bsgui.analysis.race.training import Race
from bsgui.core.errors import UsageError
from bsgui.core.race import RaceConfig
from bsgui.ui.lab.laboratory import Laboratory
from bsgui.ui.lab.race_window import RaceWindow
from bsgui.ui.lab.value_slider import ValueSlider

from .conftest import SMALL, Factory

UntilStep = Callable[[RaceWindow, int], None]


def named(window: QWidget, kind: type[Any], name: str) -> Any:
    return next(x for x in window.findChildren(kind) if x.accessibleName() == name)


def test_a_race_runs_to_its_end_off_the_gui_thread(race_window: RaceWindow, qtbot: QtBot, factory: Factory) -> None:
    race_window.bar._speed.set_value(20)
    with qtbot.waitSignal(race_window._race_job.finished, timeout=60_000):
        race_window.set_playing(True)
    assert not race_window.is_playing
    assert threading.main_thread() not in factory.threads
    course = race_window.race.history.course() if race_window.race is not None else None
    assert course is not None
    np.testing.assert_allclose(course.final, Race(SMALL).advance(SMALL.steps).amplitudes, rtol=1e-9)
    assert "finished" in race_window._status.text()


def test_pausing_stops_and_a_step_is_one_step(race_window: RaceWindow, qtbot: QtBot, until_step: UntilStep) -> None:
    race_window.set_playing(True)
    until_step(race_window, 5)
    race_window.set_playing(False)
    run = race_window.race
    assert run is not None
    qtbot.waitUntil(lambda: run._granted == 0)
    before = run.history.view(0)
    assert before is not None
    qtbot.keyClick(race_window, ".")
    until_step(race_window, before.step + 1)
    after = run.history.view(0)
    assert after is not None
    assert after.step == before.step + 1
    qtbot.keyClick(race_window, Qt.Key.Key_Space)
    assert race_window.is_playing


def test_reset_starts_the_same_race_again(race_window: RaceWindow, until_step: UntilStep) -> None:
    race_window.step()
    until_step(race_window, 1)
    first = race_window.race
    race_window.reset()
    until_step(race_window, 0)
    assert race_window.race is not first
    view = race_window.race.history.view(0) if race_window.race is not None else None
    assert view is not None
    assert view.step == 0
    np.testing.assert_allclose(view.contributions[0], Race(SMALL).frame().amplitudes[0, :, 0])


def test_moving_a_slider_makes_another_race(race_window: RaceWindow, qtbot: QtBot) -> None:
    named(race_window, QSlider, "Depth").setValue(4)
    qtbot.waitUntil(lambda: race_window.race is not None and race_window.race.config.depth == 4)
    assert race_window.race is not None
    assert race_window.race.config.steps == 0
    named(race_window, QSlider, "Shared layers").setValue(3)
    named(race_window, QSlider, "Depth").setValue(2)
    assert race_window.controls.config().shared == 1


def test_wrong_strengths_are_said_beside_the_controls(race_window: RaceWindow, qtbot: QtBot) -> None:
    field = named(race_window, QLineEdit, "Mode strengths")
    for text, sentence in (("1, 2", "2 strengths for 4"), ("a", "not numbers")):
        field.setText(text)
        field.editingFinished.emit()
        qtbot.waitUntil(lambda sentence=sentence: sentence in race_window._problem.text())
        assert race_window.race is None
    field.setText("1, 0.9, 0.8, 0.7")
    field.editingFinished.emit()
    qtbot.waitUntil(lambda: race_window.race is not None)
    assert race_window._problem.isHidden()


def test_the_prediction_is_drawn_and_missing_where_there_is_none(race_window: RaceWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: race_window._prediction is not None)
    assert len(race_window.plots._dashed[0].getData()[0]) > 100
    race_window.controls.show_config(SMALL.with_(form="matrices", init="gaussian", optimizer="adam"))
    with qtbot.waitSignal(race_window._prediction_job.finished):
        race_window.reset()
    assert race_window._prediction is None
    assert race_window.plots._dashed[0].getData()[0] is None


def test_clicking_a_map_chooses_the_mode(race_window: RaceWindow, qtbot: QtBot, until_step: UntilStep) -> None:
    until_step(race_window, 0)
    plots = race_window.plots
    spot = plots._now.getViewBox().mapViewToScene(QPointF(3.0, 1.0)).toPoint()
    qtbot.mouseClick(plots.viewport(), Qt.MouseButton.LeftButton, pos=plots.mapFromScene(QPointF(spot)))
    qtbot.waitUntil(lambda: race_window.bar.mode == 2)
    race_window.bar._quantity.setCurrentIndex(1)
    shown = np.array([x.getData()[1][0] for x in plots._curves[: SMALL.branches]])
    assert shown.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("suffix", ["png", "svg", "csv", "json"])
def test_what_is_shown_can_be_exported(
    race_window: RaceWindow, qtbot: QtBot, until_step: UntilStep, tmp_path: Path, suffix: str
) -> None:
    race_window.step()
    until_step(race_window, 1)
    path = tmp_path / f"race.{suffix}"
    with qtbot.waitSignal(race_window._export_job.finished):
        race_window.export(path)
    if suffix == "png":
        assert QImage(str(path)).width() == 2 * race_window.plots.width()
    elif suffix == "svg":
        assert "<svg" in path.read_text(encoding="utf-8")
    elif suffix == "csv":
        lines = path.read_text().splitlines()
        assert len(lines) == 1 + 2 * 3 * 4
        assert float(lines[-1].split(",")[-1]) == pytest.approx(float(lines[-1].split(",")[4]), rel=1e-2)
    else:
        assert RaceConfig.from_json(json.loads(path.read_text())) == SMALL


def test_an_exported_race_is_opened_again(race_window: RaceWindow, tmp_path: Path) -> None:
    path = tmp_path / "race.json"
    path.write_text(json.dumps(SMALL.with_(depth=2, correlation=0.5, subtasks=2, seed=9).to_json()))
    race_window.open_config(path)
    assert race_window.race is not None
    assert race_window.race.config == SMALL.with_(depth=2, correlation=0.5, subtasks=2, seed=9)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"depth": 99}'])
def test_a_file_that_is_no_race_is_said(race_window: RaceWindow, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "race.json"
    if text is not None:
        path.write_text(text)
    race = race_window.race
    race_window.open_config(path)
    assert len(race_window.notices.notices) == 1
    assert race_window.race is race


def test_a_folder_that_is_gone_is_said(race_window: RaceWindow, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(race_window._export_job.failed):
        race_window.export(tmp_path / "gone" / "race.json")
    assert "race.json" in race_window.notices.notices[0].text


def test_a_diverging_race_is_said_and_a_bug_is_reported(
    race_window: RaceWindow, qtbot: QtBot, factory: Factory, bugs: list[tuple[str, str]]
) -> None:
    factory.error = UsageError("The race diverged.")
    with qtbot.waitSignal(race_window._race_job.failed):
        race_window.step()
    assert race_window.notices.notices[0].text == "The race diverged."
    assert bugs == []
    factory.error = ZeroDivisionError("a bug")
    race_window.reset()
    with qtbot.waitSignal(race_window._race_job.failed):
        race_window.step()
    assert "ZeroDivisionError" in bugs[0][1]


def test_closing_ends_the_threads_and_showing_starts_again(race_window: RaceWindow, qtbot: QtBot) -> None:
    race_window.set_playing(True)
    race_window.close()
    assert race_window.race is None
    race_window.show()
    qtbot.waitUntil(lambda: race_window.race is not None)
    assert not race_window.is_playing


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_the_laboratory_closes_with_its_owner(qtbot: QtBot, factory: Factory) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    owner.show()
    laboratory = Laboratory(factory, lambda *_: None, owner)
    laboratory.show()
    window = laboratory.window
    assert window is not None
    qtbot.addWidget(window)
    laboratory.show()
    assert laboratory.window is window
    owner.close()
    assert not window.isVisible()


def test_a_slider_knows_logarithms_zero_and_exact_values(qtbot: QtBot) -> None:
    slider = ValueSlider("Noise", 1e-4, 1.0, log=True, zero=True)
    qtbot.addWidget(slider)
    slider.set_value(0.0123456)
    assert slider.value == 0.0123456
    inner = slider.findChild(QSlider)
    assert inner is not None
    with qtbot.waitSignal(slider.changed):
        inner.setValue(100)
    assert slider.value == pytest.approx(0.01)
    inner.setValue(0)
    assert slider.value == 0.0
    inner.setValue(200)
    assert slider.value == 1.0


def test_an_activation_takes_full_matrices_with_it(race_window: RaceWindow) -> None:
    named(race_window, QComboBox, "Activation").setCurrentIndex(1)
    config = race_window.controls.config()
    assert (config.activation, config.form, config.init) == ("relu", "matrices", "gaussian")
    named(race_window, QComboBox, "Layers").setCurrentIndex(0)
    assert race_window.controls.config().activation == "linear"


def test_groups_of_modes_are_correlated(race_window: RaceWindow, qtbot: QtBot) -> None:
    named(race_window, QSlider, "Modes in a group").setValue(2)
    named(race_window, QSlider, "Correlation of a group’s inputs").setValue(100)
    config = race_window.controls.config()
    assert (config.subtasks, config.correlation) == (2, pytest.approx(0.475, abs=0.01))
    named(race_window, QSlider, "Modes in a group").setValue(3)
    qtbot.waitUntil(lambda: "groups of 3" in race_window._problem.text())
