from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from bsgui.core.layers import GAIN_MAX, LayerKind
from bsgui.core.requests import NeverCancelled
from bsgui.core.viewport import Viewport
from bsgui.ui import theme
from bsgui.ui.layers import panel
from bsgui.ui.layers.factor_slider import FactorSlider
from bsgui.ui.layers.thumbnails import make_thumbnails
from bsgui.ui.main_window import MainWindow

LAYER = "branch-2"


def _slider(window: MainWindow, layer_id: str = LAYER) -> FactorSlider:
    return window.layer_panel.row(layer_id).findChild(FactorSlider)


def _drag(slider: FactorSlider, *places: float) -> None:
    points = [QPoint(round(slider.width() * x), slider.height() // 2) for x in places]
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(slider, point)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=points[-1])


def _labels(window: MainWindow) -> tuple[str, ...]:
    return window.document.history.undo_labels


def test_a_drag_is_one_undo_step(decomposed: MainWindow) -> None:
    _drag(_slider(decomposed), 0.3, 0.5, 0.7, 0.9)
    assert decomposed.document.layer(LAYER).gain > 2
    assert _labels(decomposed) == ("Gain of Branch 2",)
    assert decomposed.actions_table["undo"].text() == "&Undo Gain of Branch 2"
    decomposed.actions_table["undo"].trigger()
    assert decomposed.document.layer(LAYER).gain == 1
    assert _slider(decomposed).factor == 1


def test_two_drags_are_two_steps(decomposed: MainWindow) -> None:
    _drag(_slider(decomposed), 0.3, 0.5)
    _drag(_slider(decomposed), 0.5, 0.9)
    assert len(_labels(decomposed)) == 2


def test_dragging_selects_the_layer(decomposed: MainWindow) -> None:
    decomposed.layers.select("base")
    _drag(_slider(decomposed), 0.5, 0.9)
    assert decomposed.view.selected_layer_id == LAYER
    assert decomposed.layer_panel.model.layer(decomposed.layer_panel.list.currentIndex().row()).id == LAYER


def test_double_click_resets_and_is_one_step_with_its_press(decomposed: MainWindow) -> None:
    decomposed.layers.set_gain(LAYER, 2.5)
    slider = _slider(decomposed)
    middle = slider.rect().center()
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=middle)
    assert decomposed.document.layer(LAYER).gain == 1
    decomposed.document.undo()
    assert decomposed.document.layer(LAYER).gain == 2.5


def test_keys_step_and_stay_in_range(decomposed: MainWindow) -> None:
    slider = _slider(decomposed)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert decomposed.document.layer(LAYER).gain == pytest.approx(1.05)
    QTest.keyClick(slider, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert decomposed.document.layer(LAYER).gain == pytest.approx(1.55)
    for _ in range(5):
        QTest.keyClick(slider, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert decomposed.document.layer(LAYER).gain == GAIN_MAX
    assert len(_labels(decomposed)) == 1


def test_wheel_acts_on_the_selected_layer_only(decomposed: MainWindow) -> None:
    for layer_id, changed in (("branch-1", False), (LAYER, True)):
        decomposed.layers.select(LAYER)
        slider = _slider(decomposed, layer_id)
        _wheel(slider)
        assert (decomposed.document.layer(layer_id).gain != 1) is changed


def _wheel(slider: FactorSlider) -> None:
    place = QPointF(slider.rect().center())
    event = QWheelEvent(
        place,
        slider.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider, event)


@pytest.mark.qt_log_ignore("does not support raise")
def test_typed_arithmetic(decomposed: MainWindow) -> None:
    field = decomposed.layer_panel.row(LAYER)._value
    field.setFocus()
    for text, gain in (("1.5", 1.5), ("x*2", 3.0), ("-x/2", -1.5), ("nonsense", -1.5), ("99", GAIN_MAX)):
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert decomposed.document.layer(LAYER).gain == pytest.approx(gain)


def test_solo_restores_and_is_not_an_edit(decomposed: MainWindow) -> None:
    decomposed.layers.toggle_visible("branch-1")
    stack, steps = decomposed.document.stack, _labels(decomposed)
    eye = decomposed.layer_panel.row(LAYER)._eye
    QTest.mouseClick(eye, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier)
    assert decomposed.view.solo_layer_id == LAYER
    assert decomposed.layer_panel.row(LAYER)._solo.isChecked()
    QTest.mouseClick(eye, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier)
    assert decomposed.view.solo_layer_id is None
    assert decomposed.document.stack == stack
    assert _labels(decomposed) == steps


def test_eye_mute_lock_buttons(decomposed: MainWindow) -> None:
    row = decomposed.layer_panel.row(LAYER)
    for button in (row._eye, row._mute, row._lock):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    layer = decomposed.document.layer(LAYER)
    assert (layer.visible, layer.muted, layer.locked) == (False, True, True)
    assert not _slider(decomposed).isEnabled()
    assert _labels(decomposed) == ("Hide Branch 2", "Mute Branch 2", "Lock Branch 2")


def test_a_locked_layer_refuses_with_a_notice(decomposed: MainWindow) -> None:
    decomposed.layers.toggle_locked(LAYER)
    decomposed.layers.invert(LAYER)
    assert decomposed.document.layer(LAYER).gain == 1
    assert "locked" in decomposed.notices.notices[0].text


@pytest.mark.parametrize(
    ("action", "check"),
    [
        ("visible", lambda layer: not layer.visible),
        ("mute", lambda layer: layer.muted),
        ("lock", lambda layer: layer.locked),
        ("invert", lambda layer: layer.gain == -1),
    ],
)
def test_actions_edit_the_selected_layer_and_undo(
    decomposed: MainWindow, action: str, check: Callable[[object], bool]
) -> None:
    decomposed.layers.select(LAYER)
    before = decomposed.document.stack
    decomposed.actions_table[action].trigger()
    assert check(decomposed.document.layer(LAYER))
    decomposed.actions_table["undo"].trigger()
    assert decomposed.document.stack == before
    decomposed.actions_table["redo"].trigger()
    assert check(decomposed.document.layer(LAYER))


def test_reset_all(decomposed: MainWindow) -> None:
    decomposed.layers.set_gain(LAYER, 2)
    decomposed.layers.set_opacity("branch-1", 0.5)
    decomposed.layers.toggle_solo("base")
    decomposed.actions_table["reset_all"].trigger()
    assert decomposed.document.stack.is_untouched
    assert decomposed.view.solo_layer_id is None


def test_select_and_move_by_keys(decomposed: MainWindow) -> None:
    decomposed.layers.select("base")
    decomposed.actions_table["select_above"].trigger()
    assert decomposed.view.selected_layer_id == "branch-1"
    decomposed.actions_table["raise"].trigger()
    assert [x.id for x in decomposed.document.stack.layers][:3] == ["base", "branch-2", "branch-1"]
    assert decomposed.view.selected_layer_id == "branch-1"
    decomposed.actions_table["lower"].trigger()
    decomposed.actions_table["select_below"].trigger()
    assert decomposed.view.selected_layer_id == "base"


def test_rows_move_as_drag_and_drop_asks(decomposed: MainWindow) -> None:
    model = decomposed.layer_panel.model
    spies = QSignalSpy(model.modelReset), QSignalSpy(model.layoutChanged)
    widget = decomposed.layer_panel.row("branch-1")
    assert model.moveRow(model.index(0).parent(), 3, model.index(0).parent(), 1)
    assert [model.layer(row).id for row in range(5)] == ["residual", "branch-1", "branch-3", "branch-2", "base"]
    assert [x.id for x in reversed(decomposed.document.stack.layers)][1] == "branch-1"
    assert decomposed.layer_panel.list.indexWidget(model.index(1)) is widget
    assert (spies[0].count(), spies[1].count()) == (0, 1)
    assert not model.moveRow(model.index(0).parent(), 2, model.index(0).parent(), 3)


def test_gain_does_not_rebuild_rows(decomposed: MainWindow) -> None:
    model = decomposed.layer_panel.model
    resets, changes = QSignalSpy(model.modelReset), QSignalSpy(model.dataChanged)
    decomposed.layers.set_gain(LAYER, 2)
    assert (resets.count(), changes.count()) == (0, 1)


class PaintCount(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_a_gain_repaints_only_its_row(decomposed: MainWindow, qtbot: QtBot) -> None:
    rows = [PaintCount(decomposed.layer_panel.row(layer_id)) for layer_id in (LAYER, "branch-1", "base")]
    # Pictures of the layers come a moment later, into all rows.
    thumbnail = decomposed.layer_panel.row(LAYER)._thumbnail
    qtbot.waitUntil(lambda: not thumbnail.pixmap().isNull() and decomposed.canvas.is_sharp)
    rows[0].count = 0
    decomposed.layer_panel.row(LAYER).update()
    qtbot.waitUntil(lambda: rows[0].count > 0)
    QApplication.processEvents()
    for row in rows:
        row.count = 0
    decomposed.layers.set_gain(LAYER, 2)
    qtbot.waitUntil(lambda: rows[0].count > 0)
    QApplication.processEvents()
    assert [row.count > 0 for row in rows] == [True, False, False]


def test_rename_in_place(decomposed: MainWindow, qtbot: QtBot) -> None:
    decomposed.layers.select(LAYER)
    decomposed.actions_table["rename"].trigger()
    edit = decomposed.layer_panel.row(LAYER)._name_edit
    assert edit.isVisible()
    edit.setText("Fur")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert decomposed.document.layer(LAYER).name == "Fur"
    assert not edit.isVisible()
    decomposed.actions_table["rename"].trigger()
    edit.setText("Feathers")
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert decomposed.document.layer(LAYER).name == "Fur"


def test_opacity_of_the_selected_layer(decomposed: MainWindow) -> None:
    decomposed.layers.select(LAYER)
    _drag(decomposed.layer_panel._opacity, 0.9, 0.5)
    assert 0.4 < decomposed.document.layer(LAYER).opacity < 0.6
    assert _labels(decomposed) == ("Opacity of Branch 2",)
    field = decomposed.layer_panel._opacity_value
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "25")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert decomposed.document.layer(LAYER).opacity == pytest.approx(0.25)


def test_letter_keys_in_the_list_are_the_windows(decomposed: MainWindow, qtbot: QtBot) -> None:
    decomposed.layers.select(LAYER)
    decomposed.layer_panel.list.setFocus()
    QTest.keyClick(decomposed.layer_panel.list, Qt.Key.Key_V)
    assert not decomposed.document.layer(LAYER).visible


def test_thumbnails_arrive(decomposed: MainWindow, qtbot: QtBot) -> None:
    row = decomposed.layer_panel.row(LAYER)
    qtbot.waitUntil(lambda: not row._thumbnail.pixmap().isNull())
    assert row._thumbnail.pixmap().deviceIndependentSize().width() == 42


def test_history_panel_goes_back_and_forth(decomposed: MainWindow) -> None:
    history = decomposed._panels["history"]
    for gain in (2, 3):
        decomposed.layers.set_gain(LAYER, gain)
    assert [history.list.item(row).text() for row in range(3)] == ["Opened", *["Gain of Branch 2"] * 2]
    history.go_to(0)
    assert decomposed.document.stack.is_untouched
    history.go_to(2)
    assert decomposed.document.layer(LAYER).gain == 3


def test_the_first_click_into_a_value_selects_it_and_enter_leaves_it(decomposed: MainWindow) -> None:
    row = decomposed.layer_panel.row(LAYER)
    decomposed.activateWindow()
    QTest.mouseClick(row._value, Qt.MouseButton.LeftButton, pos=QPoint(6, 6))
    QTest.keyClicks(row._value, "x*2")
    QTest.keyClick(row._value, Qt.Key.Key_Return)
    assert decomposed.document.layer(LAYER).gain == 2
    assert not row._value.hasFocus()


def test_an_empty_residual_looks_empty(decomposed: MainWindow) -> None:
    decomposition = decomposed.document.decomposition
    assert decomposition is not None
    pictures = make_thumbnails(decomposition, 42, NeverCancelled())
    names = [layer.id for layer in decomposition.layers]
    view = Viewport(0.0, 0.0, 1.0, decomposition.photo.width, decomposition.photo.height)
    weights = np.eye(len(names), dtype=np.float32)
    strength = {name: float(np.std(decomposition.source.mix(weights[i], view))) for i, name in enumerate(names)}
    drawn = {name: float(np.std(pictures[name])) for name in names}
    factor = {name: drawn[name] / strength[name] for name in names if strength[name] > 0.002}
    strongest = max((name for name in names if name.startswith("branch")), key=lambda name: strength[name])
    assert drawn["residual"] <= strength["residual"] * factor[strongest] * 1.5 + 1.0


def test_the_topmost_branch_is_selected_at_first(decomposed: MainWindow) -> None:
    branches = [x.id for x in decomposed.document.stack.layers if x.kind is LayerKind.BRANCH]
    assert decomposed.view.selected_layer_id == branches[-1]


def test_the_base_is_shown_in_its_own_colour(decomposed: MainWindow) -> None:
    decomposition = decomposed.document.decomposition
    assert decomposition is not None
    view = Viewport(0.0, 0.0, 1.0, 1, 1)
    colour = decomposition.source.mix(np.eye(decomposition.source.count, dtype=np.float32)[0], view)[0, 0]
    drawn = make_thumbnails(decomposition, 42, NeverCancelled())["base"]
    np.testing.assert_allclose(drawn.reshape(-1, 3) / 255, np.broadcast_to(colour, (drawn.size // 3, 3)), atol=0.003)


def test_the_same_layers_made_again_keep_their_rows(decomposed: MainWindow) -> None:
    document = decomposed.document
    assert document.decomposition is not None
    row = decomposed.layer_panel.row(LAYER)
    document.edit_layer(LAYER, "Gain", gain=2.0)
    document.set_decomposition(document.decomposition)
    assert decomposed.layer_panel.row(LAYER) is row
    assert _slider(decomposed).factor == 1.0


def test_names_of_base_and_residual_are_italic_in_new_rows(decomposed: MainWindow) -> None:
    rules = [line for line in theme._SHEET.splitlines() if "italic" in line]
    decomposed.layer_panel.setStyleSheet("\n".join(rules))
    decomposed.layer_panel._renew_rows()
    for layer_id, is_italic in (("residual", True), ("base", True), (LAYER, False)):
        name = decomposed.layer_panel.row(layer_id)._name
        name.ensurePolished()
        assert name.font().italic() is is_italic


def test_rows_are_made_a_few_at_a_time(decomposed: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "_AT_A_TIME", 0.0)
    model = decomposed.layer_panel.model
    decomposed.layer_panel._renew_rows()
    rows = decomposed.layer_panel._row_widgets
    assert not rows
    decomposed.layer_panel._make_rows()
    assert len(rows) == 1
    qtbot.waitUntil(lambda: len(rows) == model.rowCount())
    assert all(decomposed.layer_panel.list.indexWidget(model.index(n)) is not None for n in range(model.rowCount()))


def test_a_row_that_is_asked_for_is_there(decomposed: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "_AT_A_TIME", 0.0)
    decomposed.layer_panel._renew_rows()
    assert _slider(decomposed).factor == 1.0
