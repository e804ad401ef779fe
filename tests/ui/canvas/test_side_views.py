from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow
from pytestqt.qtbot import QtBot

from bsgui.core.document import Document
from bsgui.ui.canvas.caption import caption
from bsgui.ui.canvas.histogram import HistogramPanel
from bsgui.ui.canvas.histograms import rgb_histogram, signed_histogram
from bsgui.ui.canvas.navigator import Navigator
from bsgui.ui.canvas.qimage import to_array
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.canvas.view_state import Look
from tests.fixtures import make_decomposition, make_photo


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[CanvasView]:
    canvas = CanvasView(Document())
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    yield canvas
    canvas.shutdown()


def test_rgb_histogram_counts_each_channel() -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    pixels[0, 0] = (255, 7, 9)
    counts = rgb_histogram(pixels)
    assert counts.shape == (4, 256)
    assert (counts.sum(1) == 20).all()
    assert (counts[1, 255], counts[2, 7], counts[3, 9]) == (1, 1, 1)
    assert counts[0, round(0.299 * 255 + 0.587 * 7 + 0.114 * 9)] == 1


def test_signed_histogram_finds_its_reach() -> None:
    signed = np.random.default_rng(0).normal(0, 5 / 255, (100, 100, 3)).astype(np.float32)
    signed[..., 1:] = signed[..., :1]
    histogram = signed_histogram(signed)
    assert histogram.reach == 16
    assert histogram.counts.sum() >= 9900
    assert signed_histogram(np.zeros((3, 3, 3), np.float32)).reach == 4
    assert signed_histogram(np.full((3, 3, 3), 9, np.float32)).reach == 256


def test_the_histogram_follows_picture_and_layer(qtbot: QtBot, canvas: CanvasView) -> None:
    panel = HistogramPanel(canvas)
    qtbot.addWidget(panel)
    panel.show()
    canvas.document.open_decomposition(make_decomposition(make_photo(200, 150)))
    qtbot.waitUntil(lambda: "black" in panel.caption)
    canvas.state.selected_layer_id = "branch-2"
    canvas.state.look = Look.SIGNED
    qtbot.waitUntil(lambda: panel.caption == "Branch 2: 33.3% of the energy")
    canvas.document.open_photo(None)
    qtbot.waitUntil(lambda: panel.caption == "")


def test_a_hidden_histogram_does_nothing_until_it_is_shown(qtbot: QtBot, canvas: CanvasView) -> None:
    panel = HistogramPanel(canvas)
    qtbot.addWidget(panel)
    canvas.document.open_photo(make_photo(200, 150))
    assert not panel.findChildren(type(panel._throttle._timer))[0].isActive()
    panel.show()
    qtbot.waitUntil(lambda: "white" in panel.caption)


def test_a_histogram_behind_other_tabs_waits_until_it_is_in_front(qtbot: QtBot, canvas: CanvasView) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    panel = HistogramPanel(canvas)
    docks = [QDockWidget(name, window) for name in ("behind", "in front")]
    for dock, content in zip(docks, (panel, QLabel("something else")), strict=True):
        dock.setWidget(content)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.tabifyDockWidget(*docks)
    docks[1].raise_()
    window.resize(800, 600)
    with qtbot.waitExposed(window):
        window.show()
    canvas.document.open_photo(make_photo(200, 150))
    qtbot.waitUntil(lambda: canvas.placement is not None)
    panel._throttle.request()
    assert not panel._throttle._timer.isActive()
    assert panel.caption == ""
    docks[0].raise_()
    qtbot.waitUntil(lambda: "white" in panel.caption)
    # And then it follows, as it did.
    canvas.document.open_photo(None)
    qtbot.waitUntil(lambda: panel.caption == "")


@pytest.mark.parametrize(("width", "height"), [(200, 150), (1, 1), (2, 3000), (20_000, 8)])
def test_the_navigator_shows_the_whole_picture(qtbot: QtBot, canvas: CanvasView, width: int, height: int) -> None:
    navigator = Navigator(canvas)
    qtbot.addWidget(navigator)
    navigator.resize(260, 180)
    navigator.show()
    photo = make_photo(width, height)
    canvas.document.open_photo(photo)
    qtbot.waitUntil(lambda: navigator._image is not None)
    rect = navigator.picture_rect
    assert rect.width() >= 1
    assert rect.height() >= 1
    assert rect.width() == pytest.approx(244) or rect.height() == pytest.approx(164)
    pixels = to_array(navigator._image)  # type: ignore[arg-type]
    assert np.abs(pixels.mean((0, 1)) - photo.samples.mean((0, 1))).max() < 12


def test_dragging_in_the_navigator_moves_the_canvas(qtbot: QtBot, canvas: CanvasView) -> None:
    navigator = Navigator(canvas)
    qtbot.addWidget(navigator)
    navigator.resize(216, 166)
    navigator.show()
    canvas.document.open_photo(make_photo(2000, 1500))
    canvas.zoom_to(4.0)
    qtbot.mousePress(navigator, Qt.MouseButton.LeftButton, pos=QPoint(58, 45))
    assert canvas.state.centre == pytest.approx((500, 370), abs=12)
    qtbot.mouseMove(navigator, QPoint(158, 45))
    assert canvas.state.zoom == 4.0
    none = Qt.MouseButton.NoButton
    at = QPointF(5, 5)
    event = QWheelEvent(
        at, at, QPoint(), QPoint(0, 360), none, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(navigator, event)
    assert canvas.state.zoom == pytest.approx(8.0)


def test_captions_name_what_is_shown(canvas: CanvasView) -> None:
    document, state = canvas.document, canvas.state
    document.open_photo(make_photo())
    assert caption(document, state) == ""
    document.open_decomposition(make_decomposition(make_photo()))
    assert caption(document, state) == ""
    state.solo_layer_id = "branch-1"
    assert caption(document, state) == "Solo: Branch 1"
    state.selected_layer_id = "branch-2"
    state.look = Look.SIGNED
    assert caption(document, state) == "Branch 2: orange adds, blue takes away, full at ±64 of 255"
    state.before = True
    assert caption(document, state) == "Photo"
