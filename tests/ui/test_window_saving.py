import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from bsgui.core.requests import DecomposeSettings
from bsgui.imageio import project_file
from bsgui.imageio.read_stack import read_stack
from bsgui.imageio.write_stack import ExportOptions
from bsgui.ui.controllers import export_controller
from bsgui.ui.controllers.projects import find_recovered
from bsgui.ui.dialogs.export import ExportDialog, ExportPlan
from bsgui.ui.main_window import MainWindow

WritePhoto = Callable[[str], Path]


@pytest.fixture
def cat(window: MainWindow, qtbot: QtBot, write_photo: WritePhoto) -> MainWindow:
    """The window with a photo from a file, taken apart."""
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(write_photo("cat.png"))
    return window


def _recovery_files() -> list[Path]:
    return sorted((Path(os.environ["XDG_STATE_HOME"]) / "bsgui" / "recovery").glob("*.bsgui"))


def test_export_writes_what_the_dialog_names(cat: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    cat.layers.toggle_visible("branch-2")
    dialog = ExportDialog(cat.document.photo, cat.document.stack, tmp_path / "out", 16, cat)
    qtbot.addWidget(dialog)
    dialog.which.setCurrentIndex(dialog.which.findData("visible"))
    names = dialog.file_names
    with qtbot.waitSignal(cat.exporter.busy_changed, check_params_cb=lambda busy: not busy):
        cat.exporter.start(dialog.plan)
    assert sorted(x.name for x in dialog.plan.folder.iterdir()) == sorted(names)
    assert "max error 0/255" in cat.notices.notices[0].text
    assert len(read_stack(dialog.plan.folder).manifest.layers) == 4


def test_a_taken_folder_is_asked_about(
    cat: MainWindow, qtbot: QtBot, tmp_path: Path, answers: list[QMessageBox.StandardButton]
) -> None:
    plan = ExportPlan(tmp_path / "out", ExportOptions())
    with qtbot.waitSignal(cat.exporter.busy_changed, check_params_cb=lambda busy: not busy):
        cat.exporter.start(plan)
    manifest = plan.folder / "manifest.json"
    before = manifest.read_bytes()
    answers.append(QMessageBox.StandardButton.Cancel)
    cat.exporter.start(plan)
    assert not cat.exporter.is_busy
    assert manifest.read_bytes() == before
    cat.layers.set_gain("branch-1", 2)
    answers.append(QMessageBox.StandardButton.Yes)
    with qtbot.waitSignal(cat.exporter.busy_changed, check_params_cb=lambda busy: not busy):
        cat.exporter.start(plan)
    assert manifest.read_bytes() != before


def test_a_folder_that_is_no_export_is_refused(cat: MainWindow, tmp_path: Path) -> None:
    precious = tmp_path / "photos" / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("keep me")
    cat.exporter.start(ExportPlan(precious.parent, ExportOptions()))
    assert not cat.exporter.is_busy
    assert "photos" in cat.notices.notices[0].text
    assert precious.read_text() == "keep me"


def test_a_cancelled_export_leaves_nothing(
    cat: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = threading.Event(), threading.Event()
    write = export_controller.write_stack

    def slow(*arguments: object) -> object:
        started.set()
        go_on.wait(10)
        return write(*arguments)

    monkeypatch.setattr(export_controller, "write_stack", slow)
    cat.exporter.start(ExportPlan(tmp_path / "out", ExportOptions()))
    qtbot.waitUntil(started.is_set)
    cat.layers.set_gain("branch-1", 2)  # Editing goes on meanwhile.
    with qtbot.waitSignal(cat.exporter.busy_changed, check_params_cb=lambda busy: not busy):
        cat.exporter.cancel()
        go_on.set()
    assert "cancelled" in cat.notices.notices[0].text
    assert not (tmp_path / "out").exists()


def test_composite_of_untouched_layers_is_the_photo(cat: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(cat.exporter.busy_changed, check_params_cb=lambda busy: not busy):
        cat.exporter.start_composite(tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        assert (np.asarray(picture) == cat.document.photo.samples).all()


def test_copy_puts_the_composite_on_the_clipboard(cat: MainWindow, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().clear()
    cat.actions_table["copy"].trigger()
    qtbot.waitUntil(lambda: not QGuiApplication.clipboard().image().isNull())
    assert QGuiApplication.clipboard().image().width() == cat.document.photo.width


def test_a_project_brings_everything_back(cat: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    cat.decompose_panel.seed.setValue(5)
    with qtbot.waitSignal(cat.decompose.decomposed):
        cat.decompose_panel.ask()
    cat.layers.set_gain("branch-1", -1.5)
    cat.layers.rename("branch-2", "Fur")
    stack = cat.document.stack
    with qtbot.waitSignal(cat.project.saved):
        cat.project._save(tmp_path / "cat.bsgui")
    assert not cat.isWindowModified()
    cat.document.open_photo(None)
    cat.decompose_panel.seed.setValue(0)
    with qtbot.waitSignal(cat.decompose.decomposed):
        cat.opener.open_path(tmp_path / "cat.bsgui")
    assert cat.document.stack == stack
    assert cat.document.history.is_clean
    assert cat.project.path == tmp_path / "cat.bsgui"
    assert cat.decompose_panel.settings.seed == 5
    assert cat.windowTitle() == "cat.bsgui[*] – bsgui"


def test_a_pasted_photo_is_saved_beside_its_project(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    image = QImage(20, 10, QImage.Format.Format_RGB888)
    image.fill(0x336699)
    QGuiApplication.clipboard().setImage(image)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.paste()
    with qtbot.waitSignal(window.project.saved):
        window.project._save(tmp_path / "pasted.bsgui")
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(tmp_path / "pasted.bsgui")
    assert window.document.photo.samples[0, 0].tolist() == [0x33, 0x66, 0x99]
    assert not window.notices.notices or "not the same" not in window.notices.notices[0].text


def test_a_failed_save_keeps_the_edits_unsaved(cat: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    cat.layers.set_gain("branch-1", 2)
    cat.project._save(tmp_path / "no such folder" / "cat.bsgui")
    qtbot.waitUntil(lambda: bool(cat.notices.notices))
    assert "cat.bsgui" in cat.notices.notices[0].text
    assert cat.isWindowModified()


def test_edits_are_kept_for_recovery_until_saved(cat: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    assert _recovery_files() == []
    cat.layers.set_gain("branch-1", 2)
    qtbot.waitUntil(lambda: len(_recovery_files()) == 1, timeout=1000)
    kept = json.loads(_recovery_files()[0].read_text())
    assert [x["gain"] for x in kept["layers"] if x["id"] == "branch-1"] == [2]
    cat.actions_table["undo"].trigger()
    qtbot.waitUntil(lambda: _recovery_files() == [])
    cat.actions_table["redo"].trigger()
    qtbot.waitUntil(lambda: len(_recovery_files()) == 1)
    with qtbot.waitSignal(cat.project.saved):
        cat.project._save(tmp_path / "cat.bsgui")
    qtbot.waitUntil(lambda: _recovery_files() == [])


def test_an_orderly_end_leaves_no_recovery(
    cat: MainWindow, qtbot: QtBot, answers: list[QMessageBox.StandardButton]
) -> None:
    cat.layers.set_gain("branch-1", 2)
    qtbot.waitUntil(lambda: len(_recovery_files()) == 1)
    answers.append(QMessageBox.StandardButton.Discard)
    assert cat.close()
    assert _recovery_files() == []


def test_a_crash_is_offered_and_recovered(
    window: MainWindow, qtbot: QtBot, write_photo: WritePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = write_photo("cat.png")
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(photo)
    window.layers.set_gain("branch-3", 2.5)
    stack = window.document.stack
    settings = DecomposeSettings("fake", "any", 3, 64)
    project = project_file.Project(str(photo), window.document.photo.sha256, settings, "", stack)
    window.document.open_photo(None)
    with monkeypatch.context() as patch:
        patch.setattr(project_file.os, "getpid", lambda: 2**30)  # A process that is gone.
        project_file.write_recovery(project, "document")
    window.recovery.search()
    qtbot.waitUntil(lambda: bool(window.notices.notices))
    notice = window.notices.notices[0]
    assert "cat.png" in notice.text
    recover = next(x for x in notice.findChildren(QPushButton) if x.text() == "Recover")
    with qtbot.waitSignal(window.decompose.decomposed):
        recover.click()
    assert window.document.stack == stack
    assert window.isWindowModified()
    assert window.decompose.last_settings == settings
    # The old file goes only after this process has its own.
    qtbot.waitUntil(lambda: [x.name.split("-")[0] for x in _recovery_files()] == [str(os.getpid())])
    assert find_recovered() == []


def test_a_project_saved_after_an_undo_has_the_settings_of_its_layers(
    cat: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    cat.decompose_panel.seed.setValue(9)
    with qtbot.waitSignal(cat.decompose.decomposed):
        cat.decompose_panel.ask()
    cat.actions_table["undo"].trigger()
    with qtbot.waitSignal(cat.project.saved):
        cat.project._save(tmp_path / "cat.bsgui")
    assert project_file.load_project(tmp_path / "cat.bsgui").settings.seed == 0
