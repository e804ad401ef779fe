import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from bsgui.core.errors import ModelError
from bsgui.core.model_card import ModelCard
from bsgui.core.photo import Photo
from bsgui.core.pyramid import Pyramid
from bsgui.imageio.write_stack import write_stack
from bsgui.ui import main_window
from bsgui.ui.controllers import open_controller
from bsgui.ui.main_window import MainWindow
from bsgui.ui.services import Services
from bsgui.ui.settings import SettingsStore
from tests.gated_decomposer import GatedDecomposer

WritePhoto = Callable[[str], Path]


def test_a_photo_that_is_opened_is_taken_apart(window: MainWindow, qtbot: QtBot, write_photo: WritePhoto) -> None:
    with qtbot.waitSignal(window.decompose.decomposed):
        window.start(write_photo("cat.png"))
    assert window.document.photo.name == "cat.png"
    assert window.document.stack.is_untouched
    assert window.windowTitle() == "cat.png[*] – bsgui"
    assert not window.empty.isVisible()
    assert Path(window.services.settings.value.recent[0]).name == "cat.png"
    qtbot.waitUntil(lambda: window.status_line.exactness.text() == "Σ = photo · max error 0/255")
    assert window.status_line.fidelity.text() == "without residual 32.5 dB"


def test_the_first_picture_of_a_photo_is_drawn_from_a_small_copy(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, settings_store: SettingsStore
) -> None:
    settings_store.update(auto_decompose=False)
    large = tmp_path / "large.png"
    assert QImage(800, 600, QImage.Format.Format_RGB888).save(str(large))
    complete: list[bool] = []
    window.document.photo_changed.connect(
        lambda: complete.append(Pyramid.of(window.document.photo.samples).is_complete)
    )
    with qtbot.waitSignal(window.opener.photo_opened):
        window.opener.open_path(large)
    assert complete == [True]


def test_auto_decompose_can_be_off(
    window: MainWindow, qtbot: QtBot, write_photo: WritePhoto, settings_store: SettingsStore
) -> None:
    settings_store.update(auto_decompose=False)
    with qtbot.waitSignal(window.opener.photo_opened):
        window.opener.open_path(write_photo("cat.png"))
    assert not window.decompose.is_busy
    assert window.decompose_panel.button.isEnabled()


def test_opening_while_decomposing_gives_the_second_photo(
    window: MainWindow, qtbot: QtBot, write_photo: WritePhoto, decomposer: GatedDecomposer
) -> None:
    decomposer.gate.clear()
    window.opener.open_path(write_photo("first.png"))
    qtbot.waitUntil(decomposer.running.is_set)
    with qtbot.waitSignal(window.opener.photo_opened):
        window.opener.open_path(write_photo("the second.png"))
    assert window.decompose.is_busy
    with qtbot.waitSignal(window.decompose.decomposed):
        decomposer.gate.set()
    assert window.document.photo.name == "the second.png"
    assert window.document.decomposition.photo is window.document.photo


def test_opening_while_reading_gives_the_last(
    window: MainWindow, qtbot: QtBot, write_photo: WritePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, first = threading.Event(), write_photo("first.png")
    read = open_controller.read_any

    def slow(path: Path, *rest: object) -> object:
        if path == first:
            gate.wait(10)
        return read(path, *rest)

    monkeypatch.setattr(open_controller, "read_any", slow)
    window.opener.open_path(first)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.opener.open_path(write_photo("the second.png"))
    gate.set()
    assert window.opener._job.wait(10)
    QApplication.processEvents()
    assert window.document.photo.name == "the second.png"


def test_what_cannot_be_read_is_a_notice_and_changes_nothing(
    decomposed: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    before = decomposed.document.photo, decomposed.document.decomposition
    damaged = tmp_path / "broken.jpg"
    damaged.write_bytes(b"\xff\xd8\xff\xe0 no photo")
    decomposed.opener.open_path(damaged)
    qtbot.waitUntil(lambda: bool(decomposed.notices.notices))
    assert "broken.jpg" in decomposed.notices.notices[0].text
    assert (decomposed.document.photo, decomposed.document.decomposition) == before
    decomposed.notices.notices[0].copy()
    assert "broken.jpg" in QGuiApplication.clipboard().text()


def test_a_refusal_goes_when_another_file_opens(
    decomposed: MainWindow, qtbot: QtBot, tmp_path: Path, write_photo: WritePhoto
) -> None:
    decomposed.notices.warning("Something else is wrong.")
    for seen in (False, True):
        decomposed.opener.open_path(tmp_path / "missing.jpg")
        qtbot.waitUntil(lambda: len(decomposed.notices.notices) == 2)
        if seen:
            decomposed.notices.notices[0].dismiss()
        with qtbot.waitSignal(decomposed.opener.photo_opened):
            decomposed.opener.open_path(write_photo("other.png"))
        assert [notice.text for notice in decomposed.notices.notices] == ["Something else is wrong."]


def test_the_limit_on_megapixels_is_asked(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, settings_store: SettingsStore
) -> None:
    settings_store.update(max_megapixels=1)
    image = QImage(1200, 1000, QImage.Format.Format_RGB888)
    image.fill(0)
    image.save(str(tmp_path / "large.png"))
    window.opener.open_path(tmp_path / "large.png")
    qtbot.waitUntil(lambda: bool(window.notices.notices))
    assert "megapixels" in window.notices.notices[0].text
    assert window.document.photo is None


def test_paste_pixels(window: MainWindow, qtbot: QtBot) -> None:
    image = QImage(5, 4, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(image)
    with qtbot.waitSignal(window.decompose.decomposed):
        window.actions_table["paste"].trigger()
    assert window.document.photo.name == "Pasted image"
    assert window.document.photo.samples[0, 0].tolist() == [255, 0, 0]


def test_paste_nothing(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("no picture")
    window.actions_table["paste"].trigger()
    assert "clipboard" in window.notices.notices[0].text


def test_drop_a_file(window: MainWindow, qtbot: QtBot, write_photo: WritePhoto) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(write_photo("dropped.png")))])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(window.decompose.decomposed):
        window.dropEvent(event)
    assert window.document.photo.name == "dropped.png"


def test_open_an_exported_stack(decomposed: MainWindow, qtbot: QtBot, tmp_path: Path, tiny_photo: Photo) -> None:
    decomposed.layers.set_gain("branch-1", 2)
    write_stack(decomposed.document.decomposition, decomposed.document.stack, tmp_path / "stack")
    decomposed.document.mark_clean()
    with qtbot.waitSignal(decomposed.opener.stack_opened):
        decomposed.opener.open_path(tmp_path / "stack")
    assert decomposed.document.layer("branch-1").gain == 2
    assert (decomposed.document.photo.samples == tiny_photo.samples).all()
    assert decomposed.project.snapshot is None


def test_a_model_error_is_a_notice(decomposed: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    layers = decomposed.document.decomposition
    decomposer.error = ModelError("The weights of model “fake” are damaged.")
    decomposed.decompose_panel.ask()
    qtbot.waitUntil(lambda: not decomposed.decompose.is_busy)
    assert decomposed.notices.notices[0].text == "The weights of model “fake” are damaged."
    assert decomposed.document.decomposition is layers


def test_a_bug_is_a_report(decomposed: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    decomposer.error = ZeroDivisionError("no such number")
    decomposed.decompose_panel.ask()
    qtbot.waitUntil(lambda: decomposed.crashes.dialog is not None)
    dialog = decomposed.crashes.dialog
    assert "ZeroDivisionError: no such number" in dialog.report.toPlainText()
    dialog.copy()
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    dialog.close()
    qtbot.waitUntil(lambda: decomposed.crashes.dialog is None)


def test_another_seed_can_be_undone(decomposed: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    first = decomposed.document.decomposition
    decomposed.decompose_panel.seed.setValue(7)
    with qtbot.waitSignal(decomposed.decompose.decomposed):
        decomposed.actions_table["decompose"].trigger()
    assert decomposer.requests[-1].settings.seed == 7
    assert decomposed.document.decomposition is not first
    decomposed.actions_table["undo"].trigger()
    assert decomposed.document.decomposition is first


def test_cancel_leaves_everything_as_it_was(decomposed: MainWindow, qtbot: QtBot, decomposer: GatedDecomposer) -> None:
    layers = decomposed.document.decomposition
    decomposer.gate.clear()
    decomposer.running.clear()
    decomposed.decompose_panel.button.click()
    qtbot.waitUntil(decomposer.running.is_set)
    assert decomposed.decompose_panel.button.text() == "Cancel"
    qtbot.waitUntil(lambda: decomposed.decompose_panel._bar.text() == "Running the network…")
    decomposed.decompose_panel.button.click()
    assert decomposed.decompose_panel.button.text() == "Decompose"
    assert decomposed.document.decomposition is layers
    decomposer.gate.set()
    with qtbot.waitSignal(decomposed.decompose.decomposed):
        decomposed.decompose_panel.ask()
    assert decomposed.document.decomposition is not layers


def test_closing_while_busy_ends_all_threads(
    window: MainWindow, qtbot: QtBot, write_photo: WritePhoto, decomposer: GatedDecomposer
) -> None:
    decomposer.gate.clear()
    window.opener.open_path(write_photo("cat.png"))
    qtbot.waitUntil(decomposer.running.is_set)
    assert window.close()
    # Without waiting any longer: close() itself has joined.
    assert window.decompose.close(0)
    assert not window.isVisible()


def test_unsaved_edits_are_asked_about(
    decomposed: MainWindow, answers: list[QMessageBox.StandardButton], write_photo: WritePhoto, qtbot: QtBot
) -> None:
    decomposed.layers.set_gain("branch-1", 2)
    assert decomposed.isWindowModified()
    answers.append(QMessageBox.StandardButton.Cancel)
    assert not decomposed.close()
    assert decomposed.isVisible()
    answers.append(QMessageBox.StandardButton.Discard)
    with qtbot.waitSignal(decomposed.opener.photo_opened):
        decomposed.opener.open_path(write_photo("other.png"))


def test_no_model_is_a_state_not_an_error(
    qtbot: QtBot, tmp_path: Path, settings_store: SettingsStore, write_photo: WritePhoto
) -> None:
    def no_engine() -> GatedDecomposer:
        raise AssertionError("nothing to make it with")

    window = MainWindow(Services(no_engine, settings_store, tmp_path / "log"))
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.opener.photo_opened):
        window.opener.open_path(write_photo("cat.png"))
    assert not window.decompose_panel.button.isEnabled()
    assert not window.actions_table["decompose"].isEnabled()
    assert window.document.photo is not None


def test_the_stage_is_told_from_the_start(decomposed: MainWindow) -> None:
    decomposed.decompose_panel.show_busy(True)
    assert decomposed.decompose_panel._bar.text() == "Starting…"
    decomposed.decompose_panel.show_busy(False)


def test_the_engine_gets_ready_while_the_person_looks_for_a_photo(
    qtbot: QtBot,
    tmp_path: Path,
    settings_store: SettingsStore,
    cards: tuple[ModelCard, ...],
    decomposer: GatedDecomposer,
) -> None:
    made: list[int] = []

    def factory() -> GatedDecomposer:
        made.append(threading.get_ident())
        return decomposer

    window = MainWindow(Services(factory, settings_store, tmp_path / "log", cards))
    qtbot.addWidget(window)
    window.start(None)
    assert not made
    qtbot.waitUntil(lambda: bool(made))
    assert made[0] != threading.get_ident()


def test_without_a_model_no_engine_is_made(
    qtbot: QtBot, tmp_path: Path, settings_store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_engine() -> GatedDecomposer:
        raise AssertionError("nothing to make it with")

    monkeypatch.setattr(main_window, "_PREPARES_AFTER", 0)
    window = MainWindow(Services(no_engine, settings_store, tmp_path / "log"))
    qtbot.addWidget(window)
    window.start(None)
    QApplication.processEvents()
    assert not window.decompose.is_preparing
    assert not [thread for thread in threading.enumerate() if thread.name == "decompose"]
