"""The first picture comes early, and the real layers take its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from bsgui.core.errors import ModelError
from bsgui.imageio.write_stack import ExportOptions
from bsgui.ui.dialogs.export import ExportPlan
from bsgui.ui.main_window import MainWindow
from tests.gated_decomposer import GatedDecomposer


@pytest.fixture
def early(
    window: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer, write_photo: Callable[[str], Path]
) -> MainWindow:
    """The window with the first layers of a photo; the real ones wait at the gate."""
    decomposer.early = True
    decomposer.gate.clear()
    window.opener.open_path(write_photo("cat.png"))
    qtbot.waitUntil(lambda: window.document.is_rough)
    return window


def test_edits_of_the_first_picture_stay(early: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    document = early.document
    rough = document.decomposition
    document.edit_layer("branch-1", "Gain", gain=2.0)
    decomposer.gate.set()
    qtbot.waitUntil(lambda: not early.decompose.is_busy)
    assert not document.is_rough
    assert document.decomposition is not rough
    assert document.layer("branch-1").gain == 2.0
    document.undo()
    assert document.decomposition is not rough
    assert document.layer("branch-1").gain == 1.0


def test_cancelling_leaves_no_rough_layers(early: MainWindow) -> None:
    early.cancel_work()
    assert early.document.photo is not None
    assert early.document.decomposition is None
    assert early.decompose.last_settings is None


def test_a_failure_leaves_no_rough_layers(early: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    decomposer.error = ModelError("The model is gone.")
    decomposer.gate.set()
    qtbot.waitUntil(lambda: not early.decompose.is_busy)
    assert early.document.photo is not None
    assert early.document.decomposition is None


def test_rough_layers_are_not_exported(early: MainWindow, tmp_path: Path) -> None:
    early.exporter.start(ExportPlan(tmp_path / "out", ExportOptions()))
    assert not early.exporter.is_busy
    assert not (tmp_path / "out").exists()


def test_later_requests_show_nothing_early(early: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    decomposer.gate.set()
    qtbot.waitUntil(lambda: not early.decompose.is_busy)
    first, settings = early.document.decomposition, early.decompose.last_settings
    assert settings is not None
    decomposer.gate.clear()
    decomposer.running.clear()
    early.decompose.decompose(replace(settings, seed=5))
    qtbot.waitUntil(decomposer.running.is_set)
    assert early.document.decomposition is first
    decomposer.gate.set()
    qtbot.waitUntil(lambda: not early.decompose.is_busy)
    assert early.document.history.undo_label == "Decompose"


def test_another_request_takes_the_place_of_the_first(
    early: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer
) -> None:
    settings = early.decompose.last_settings
    assert settings is not None
    early.decompose.decompose(replace(settings, seed=5))
    decomposer.gate.set()
    qtbot.waitUntil(lambda: not early.decompose.is_busy)
    made = early.document.decomposition
    assert made is not None
    assert made.provenance.seed == 5
    assert not early.document.history.undo_label
