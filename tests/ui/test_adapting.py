import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import ModelError
from bsgui.core.model_card import ModelCard
from bsgui.core.photo import Photo
from bsgui.core.requests import AdaptRequest, CancelToken, Progress, ProgressCallback
from bsgui.core.sources import AffineLayers
from bsgui.core.styles import BranchStyle
from bsgui.ui.controllers.adapt_controller import STEP_LABEL
from bsgui.ui.controllers.opening import OpenedProject
from bsgui.ui.main_window import MainWindow
from bsgui.ui.services import Services
from bsgui.ui.settings import SettingsStore
from tests.fixtures import make_layers
from tests.ui.conftest import GatedDecomposer


def adapted(before: Decomposition, steps: int) -> Decomposition:
    """The same layers with other content, in numbers that a project keeps exactly."""
    source = make_layers(before.photo, len(before.layers) - 2, seed=100 + steps)
    branches = [maps[1:-1].astype(np.float16).astype(np.float32) for maps in (source.scale_maps, source.shift_maps)]
    source = AffineLayers.with_residual(before.photo, source.shift_maps[0, 0, 0], *branches)
    provenance = replace(before.provenance, adapted_steps=steps)
    return replace(before, source=source, provenance=provenance, psnr_without_residual_db=48.0, seconds={"adapt": 3.0})


class GatedAdapter:
    """Shows a preview, then waits until it is let through, enough or cancelled."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.requests: list[AdaptRequest] = []
        self.error: Exception | None = None
        self.gains = True

    def adapt(
        self,
        request: AdaptRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] = lambda _: None,
        is_enough: Callable[[], bool] = lambda: False,
    ) -> Decomposition:
        self.requests.append(request)
        report(Progress(1, 2, "40.0 dB without the residual"))
        show(adapted(request.decomposition, 1))
        while not self.gate.wait(0.005) and not is_enough():
            cancel.raise_if_cancelled()
        if self.error is not None:
            raise self.error
        return adapted(request.decomposition, 2) if self.gains else request.decomposition


@pytest.fixture
def adapter() -> GatedAdapter:
    return GatedAdapter()


@pytest.fixture
def window(
    qtbot: QtBot,
    tmp_path: Path,
    decomposer: GatedDecomposer,
    adapter: GatedAdapter,
    settings_store: SettingsStore,
    cards: tuple[ModelCard, ...],
    answers: list[object],
) -> MainWindow:
    services = Services(lambda: decomposer, settings_store, tmp_path / "log", cards, adapter_factory=lambda: adapter)
    shown = MainWindow(services)
    qtbot.addWidget(shown, before_close_func=lambda _: shown.document.mark_clean())
    shown.show()
    return shown


def steps(window: MainWindow) -> int:
    """Of what is shown."""
    decomposition = window.document.decomposition
    assert decomposition is not None
    return decomposition.provenance.adapted_steps


def start(window: MainWindow, qtbot: QtBot) -> None:
    """Start adapting and wait for the first preview."""
    window.actions_table["adapt"].trigger()
    qtbot.waitUntil(lambda: steps(window) == 1)


def test_there_must_be_layers_that_a_model_made(window: MainWindow, qtbot: QtBot, tiny_photo: Photo) -> None:
    action, button = window.actions_table["adapt"], window.decompose_panel.adapt_button
    window.document.open_photo(tiny_photo)
    assert not action.isEnabled()
    assert not button.isEnabled()
    with qtbot.waitSignal(window.decompose.decomposed):
        window.decompose_panel.ask()
    assert action.isEnabled()
    assert button.isEnabled()
    decomposition = window.document.decomposition
    assert decomposition is not None
    window.document.open_decomposition(decomposition)  # As a stack read from files is.
    assert not action.isEnabled()
    assert not button.isEnabled()


def test_styles_that_a_project_has_mixed_say_why_not(decomposed: MainWindow) -> None:
    button = decomposed.decompose_panel.adapt_button
    assert button.isEnabled()
    assert "styles" not in button.toolTip()
    made = decomposed.document.decomposition
    assert made is not None
    provenance = replace(made.provenance, styles=(BranchStyle(2, "cat", 7),))
    decomposed.document.replace_content(replace(adapted(made, 1), provenance=provenance), "Styles")
    assert not button.isEnabled()
    assert "choose one anew" in button.toolTip()
    decomposed.document.undo()
    assert button.isEnabled()
    assert "choose one anew" not in button.toolTip()


def test_a_window_without_an_adapter_offers_none(window: MainWindow, decomposed: MainWindow) -> None:
    window.adapt._factory = None
    window.document.decomposition_changed.emit()
    assert not window.actions_table["adapt"].isEnabled()


def test_previews_then_one_undoable_step_that_keeps_the_settings(
    decomposed: MainWindow, qtbot: QtBot, adapter: GatedAdapter
) -> None:
    window, document = decomposed, decomposed.document
    window.layers.set_gain("branch-1", 2.0)
    rows = window.layer_panel.row("branch-1")
    start(window, qtbot)
    assert document.history.undo_labels == ("Gain of Branch 1",)
    assert window.layer_panel.row("branch-1") is rows, "previews must not rebuild the rows under a dragging hand"
    window.layers.set_gain("branch-2", 0.5)
    with qtbot.waitSignal(window.adapt.adapted):
        adapter.gate.set()
    assert steps(window) == 2
    assert document.history.undo_labels == ("Gain of Branch 1", "Gain of Branch 2", STEP_LABEL)
    assert (document.layer("branch-1").gain, document.layer("branch-2").gain) == (2.0, 0.5)
    document.undo()
    assert steps(window) == 0
    assert document.layer("branch-2").gain == 0.5
    document.redo()
    assert steps(window) == 2


def test_finish_now_keeps_what_was_reached(decomposed: MainWindow, qtbot: QtBot) -> None:
    button = decomposed.decompose_panel.adapt_button
    start(decomposed, qtbot)
    assert button.text() == "Finish Now"
    with qtbot.waitSignal(decomposed.adapt.adapted):
        button.click()
    assert steps(decomposed) == 2
    assert button.text() == "Adapt to Photo"
    assert button.isEnabled()


@pytest.mark.parametrize("way", ["action", "button"])
def test_cancel_brings_the_layers_back(decomposed: MainWindow, qtbot: QtBot, way: str) -> None:
    before = decomposed.document.decomposition
    start(decomposed, qtbot)
    if way == "action":
        decomposed.actions_table["cancel"].trigger()
    else:
        decomposed.decompose_panel.button.click()
    assert decomposed.document.decomposition is before
    assert not decomposed.adapt.is_busy
    assert decomposed.document.history.undo_labels == ()
    assert decomposed.decompose_panel.button.text() == "Decompose"
    assert decomposed.actions_table["adapt"].isEnabled()


def test_it_can_start_again_right_after_a_cancel(decomposed: MainWindow, qtbot: QtBot, adapter: GatedAdapter) -> None:
    start(decomposed, qtbot)
    decomposed.adapt.cancel()
    start(decomposed, qtbot)
    with qtbot.waitSignal(decomposed.adapt.adapted):
        adapter.gate.set()
    assert len(adapter.requests) == 2


def test_a_decomposition_or_another_photo_ends_it(decomposed: MainWindow, qtbot: QtBot, tiny_photo_16: Photo) -> None:
    start(decomposed, qtbot)
    with qtbot.waitSignal(decomposed.decompose.decomposed):
        decomposed.actions_table["decompose"].trigger()
    assert not decomposed.adapt.is_busy
    assert steps(decomposed) == 0
    start(decomposed, qtbot)
    decomposed.document.open_photo(tiny_photo_16)
    assert not decomposed.adapt.is_busy
    assert decomposed.document.decomposition is None


def test_undoing_the_layers_ends_it(decomposed: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(decomposed.decompose.decomposed):
        decomposed.decompose_panel.ask()
    start(decomposed, qtbot)
    decomposed.document.undo()
    assert not decomposed.adapt.is_busy
    assert steps(decomposed) == 0


def test_nothing_gained_is_no_step(decomposed: MainWindow, qtbot: QtBot, adapter: GatedAdapter) -> None:
    adapter.gains = False
    before = decomposed.document.decomposition
    start(decomposed, qtbot)
    with qtbot.waitSignal(decomposed.adapt.busy_changed):
        adapter.gate.set()
    assert decomposed.document.decomposition is before
    assert decomposed.document.history.is_clean


def test_a_failure_brings_the_layers_back(decomposed: MainWindow, qtbot: QtBot, adapter: GatedAdapter) -> None:
    adapter.error = ModelError("The model “fake” is gone.")
    start(decomposed, qtbot)
    with qtbot.waitSignal(decomposed.adapt.busy_changed):
        adapter.gate.set()
    assert steps(decomposed) == 0
    assert any("The model “fake” is gone." in x.text for x in decomposed.notices.notices)


def test_closing_the_window_ends_it(decomposed: MainWindow, qtbot: QtBot) -> None:
    start(decomposed, qtbot)
    assert decomposed.close()


@pytest.fixture
def saved(
    window: MainWindow,
    qtbot: QtBot,
    adapter: GatedAdapter,
    tmp_path: Path,
    write_photo: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A project with adapted layers and a gain, saved and still open."""
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(write_photo("cat.png"))
    adapter.gate.set()
    with qtbot.waitSignal(window.adapt.adapted):
        window.adapt.adapt()
    window.layers.set_gain("branch-1", 1.5)
    path = tmp_path / "work.bsgui"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    with qtbot.waitSignal(window.project.saved):
        window.project.save()
    return path


def maps(window: MainWindow) -> tuple[np.ndarray, np.ndarray]:
    decomposition = window.document.kept_decomposition
    assert decomposition is not None
    assert isinstance(decomposition.source, AffineLayers)
    return decomposition.source.scale_maps, decomposition.source.shift_maps


def test_projects_keep_adapted_layers_bit_for_bit(
    window: MainWindow, saved: Path, qtbot: QtBot, decomposer: GatedDecomposer
) -> None:
    before, asked = maps(window), len(decomposer.requests)
    window.document.open_photo(None)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(saved)
    for one, other in zip(before, maps(window), strict=True):
        np.testing.assert_array_equal(one, other)
    assert steps(window) == 2
    assert window.document.layer("branch-1").gain == 1.5
    assert window.document.history.is_clean
    assert window.project.path == saved
    assert window.actions_table["adapt"].isEnabled()
    assert len(decomposer.requests) == asked, "the network ran for layers that the project holds"


def test_a_changed_photo_gets_its_layers_anew(
    window: MainWindow, saved: Path, qtbot: QtBot, write_photo: Callable[..., Path]
) -> None:
    window.document.open_photo(None)
    write_photo("cat.png", width=40)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(saved)
    assert steps(window) == 0
    assert window.document.layer("branch-1").gain == 1.5


def test_recovery_keeps_adapted_layers(window: MainWindow, saved: Path, qtbot: QtBot) -> None:
    before = maps(window)
    window.layers.set_gain("branch-2", 0.25)
    window.recovery.write()
    assert window.recovery._last is not None
    window.recovery._last.result(5)
    file = window.recovery._file._file
    assert file is not None
    data = json.loads(file.read_text())
    data["process"]["started"] -= 1000  # Of a process that is gone.
    left = file.with_name("1-left.bsgui")
    left.write_text(json.dumps(data))
    window.document.mark_clean()
    window.document.open_photo(None)
    from bsgui.ui.controllers.projects import find_recovered

    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.recover(find_recovered()[0])
    for one, other in zip(before, maps(window), strict=True):
        np.testing.assert_array_equal(one, other)
    assert window.document.layer("branch-2").gain == 0.25
    assert not window.document.history.is_clean


def test_what_a_project_opens_as(window: MainWindow, saved: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.opener.project_opened) as opened:
        window.opener.open_path(saved)
    assert isinstance(opened.args[0], OpenedProject)
    assert opened.args[0].decomposition is not None
