"""The analysis of the open photo."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from bsgui.core.document import Document
from bsgui.core.layer_measures import LayerMeasures, measure_layers
from bsgui.ui.main_window import MainWindow
from bsgui.ui.panels.analysis_panel import AnalysisPanel, band_names, measures_table
from bsgui.ui.panels.heat_map import HeatMap, PlaceMaps
from bsgui.ui.theme import current_theme
from tests.fixtures import make_decomposition


@pytest.fixture
def document() -> Document:
    return Document()


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> Iterator[AnalysisPanel]:
    shown = AnalysisPanel(document)
    qtbot.addWidget(shown)
    yield shown
    assert shown.stop(5.0)


def test_a_new_decomposition_is_measured(qtbot: QtBot, panel: AnalysisPanel, document: Document) -> None:
    panel.show()
    assert panel.measures is None
    with qtbot.waitSignal(panel.job.finished):
        document.open_decomposition(make_decomposition(branches=4))
    assert panel.measures is not None
    assert panel.measures.names == ("Branch 1", "Branch 2", "Branch 3", "Branch 4")
    assert "48 × 32" in panel.summary.text()
    assert panel.correlation.cell_text(1, 1) == "Branch 2, Branch 2: 1.00"


def test_nothing_is_measured_while_hidden(
    qtbot: QtBot, panel: AnalysisPanel, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[object] = []

    def count(decomposition: object, cancel: object) -> LayerMeasures:
        measured.append(decomposition)
        return measure_layers(decomposition)  # type: ignore[arg-type]

    monkeypatch.setattr("bsgui.ui.panels.analysis_panel.measure_layers", count)
    document.open_decomposition(make_decomposition())
    document.set_decomposition(make_decomposition(seed=1))
    assert measured == []
    with qtbot.waitSignal(panel.job.finished):
        panel.show()
    assert measured == [document.decomposition]
    panel.hide()
    panel.show()
    assert len(measured) == 1, "what was measured is not measured again"


def test_another_decomposition_stops_the_measuring_of_the_last(
    qtbot: QtBot, panel: AnalysisPanel, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_decomposition(branches=2), make_decomposition(branches=5)
    running, gate = threading.Event(), threading.Event()

    def wait(decomposition: object, cancel: object) -> LayerMeasures:
        if decomposition is first:
            running.set()
            gate.wait()
        return measure_layers(decomposition)  # type: ignore[arg-type]

    monkeypatch.setattr("bsgui.ui.panels.analysis_panel.measure_layers", wait)
    panel.show()
    document.open_decomposition(first)
    assert running.wait(5)
    with qtbot.waitSignal(panel.job.finished):
        document.set_decomposition(second)
        gate.set()
    assert panel.measures is not None
    assert len(panel.measures.names) == 5


def test_closing_the_photo_empties_the_panel(qtbot: QtBot, panel: AnalysisPanel, document: Document) -> None:
    panel.show()
    with qtbot.waitSignal(panel.job.finished):
        document.open_decomposition(make_decomposition())
    document.open_photo(None)
    assert panel.measures is None
    assert not panel.correlation.isVisible()
    assert panel.summary.text().startswith("Decompose")


def test_previews_of_other_pixels_are_measured_and_figures_stay_meanwhile(
    qtbot: QtBot, panel: AnalysisPanel, document: Document
) -> None:
    panel.show()
    decomposition = make_decomposition()
    with qtbot.waitSignal(panel.job.finished):
        document.open_decomposition(decomposition)
    before = panel.measures
    assert before is not None
    with qtbot.waitSignal(panel.job.finished):
        document.preview_content(make_decomposition(decomposition.photo, seed=3))
        assert panel.correlation.isVisible()
    assert panel.measures is not None
    assert not np.allclose(panel.measures.correlation, before.correlation)


def test_figures_are_copied_as_a_table(qtbot: QtBot, panel: AnalysisPanel, document: Document) -> None:
    panel.show()
    with qtbot.waitSignal(panel.job.finished):
        document.open_decomposition(make_decomposition())
    qtbot.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    rows = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert len(rows) == 4
    assert len({len(row) for row in rows}) == 1
    assert [row[0] for row in rows] == ["Branch", "Branch 1", "Branch 2", "Branch 3"]
    assert sum(float(row[1]) for row in rows[1:]) == pytest.approx(1.0, abs=1e-3)


def test_the_window_has_the_panel_in_its_menu(qtbot: QtBot, decomposed: MainWindow) -> None:
    toggle = decomposed.docks["analysis"].toggleViewAction()
    assert not decomposed.analysis.isVisible()
    with qtbot.waitSignal(decomposed.analysis.job.finished):
        toggle.trigger()
    assert decomposed.analysis.measures is not None
    decomposed.docks.arrange()
    assert not decomposed.docks["analysis"].isVisible()


def test_the_panel_stays_open_when_the_window_becomes_low(qtbot: QtBot, decomposed: MainWindow) -> None:
    with qtbot.waitSignal(decomposed.analysis.job.finished):
        decomposed.docks["analysis"].show()
    decomposed.resize(1200, 600)
    qtbot.waitUntil(lambda: not decomposed.docks["history"].isVisible())
    assert decomposed.analysis.isVisible()


def test_cells_say_what_they_are_and_have_the_colour_of_their_sign(qtbot: QtBot) -> None:
    heat = HeatMap("Test")
    qtbot.addWidget(heat)
    heat.resize(300, 120)
    heat.show_values(np.array([[1.0, -1.0], [0.0, 0.5]]), ("Fur", "Eyes"), ("Fur", "Eyes"))
    picture = heat.grab().toImage()
    colors = []
    for column in (0, 1):
        corner = heat.cell_rect(0, column).topLeft().toPoint() + QPoint(3, 3)
        colors.append(picture.pixelColor(corner * heat.devicePixelRatioF()))
    assert colors[0].red() > colors[0].blue()
    assert colors[1].blue() > colors[1].red()
    assert heat.cell_text(0, 1) == "Fur, Eyes: −1.00"
    assert "Eyes, Eyes: 0.50" in heat.accessibleDescription()


def test_a_cell_has_a_tooltip(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QHelpEvent
    from PySide6.QtWidgets import QApplication

    said: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, widget: said.append(text))
    heat = HeatMap("Test")
    qtbot.addWidget(heat)
    heat.resize(300, 120)
    heat.show_values(np.eye(2), ("Fur", "Eyes"), ("Fur", "Eyes"))
    centre = heat.cell_rect(1, 0).center().toPoint()
    QApplication.sendEvent(heat, QHelpEvent(QEvent.Type.ToolTip, centre, heat.mapToGlobal(centre)))
    assert said == ["Eyes, Fur: 0.00"]


def test_maps_of_place_fit_the_width(qtbot: QtBot) -> None:
    maps = PlaceMaps("Test")
    qtbot.addWidget(maps)
    strengths = np.ones((6, 8, 8))
    strengths[0, 0, 0] = 5
    maps.show_maps(strengths, [f"Branch {k}" for k in range(6)])
    assert maps.heightForWidth(140) > maps.heightForWidth(500)
    maps.resize(500, maps.heightForWidth(500))
    picture = maps.grab().toImage()
    strong = picture.pixelColor(QPoint(3, 27) * maps.devicePixelRatioF())
    weak = picture.pixelColor(QPoint(40, 60) * maps.devicePixelRatioF())
    assert strong.red() > strong.blue() + 60
    assert abs(weak.red() - weak.blue()) < 60
    assert current_theme().positive != current_theme().negative


def test_tables_name_every_column() -> None:
    measures = measure_layers(make_decomposition())
    heads = measures_table(measures).splitlines()[0].split("\t")
    assert heads[6 : 6 + measures.bands.shape[1]] == [f"{x} px" for x in band_names(measures.bands.shape[1])]
