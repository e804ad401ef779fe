from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from bsgui.core.frame import Frame, Subject
from bsgui.ui.framing.part_field import PartField, subject_names
from bsgui.ui.framing.state import FrameState, Search

LEFT = Subject("face", 0.8, Frame.square(20, 30, 16))
RIGHT = Subject("face", 0.9, Frame.square(70, 30, 16))
CAT = Subject("cat", 0.7, Frame.square(50, 30, 20))


@pytest.fixture
def state() -> FrameState:
    state = FrameState()
    state.open_photo((100, 60))
    return state


def test_without_a_photo_there_is_nothing_to_frame() -> None:
    state = FrameState()
    state.is_active = True
    assert not state.is_active
    state.frame_something()
    assert state.frame is None


def test_the_tool_begins_with_a_square_in_the_middle(state: FrameState) -> None:
    state.is_active = True
    assert state.frame == Frame.square(50, 30, 42)


def test_the_most_certain_subject_is_framed_when_it_is_found(state: FrameState) -> None:
    state.is_active = True
    state.show_search(Search.DONE, (RIGHT, LEFT))
    assert state.frame == RIGHT.frame


def test_a_frame_of_ones_own_is_not_replaced_by_what_is_found(state: FrameState) -> None:
    state.is_active = True
    state.frame = own = Frame(40, 20, 30, 20)
    state.show_search(Search.DONE, (RIGHT,))
    assert state.frame == own


def test_what_is_found_while_the_tool_is_put_down_is_framed_at_its_next_use(state: FrameState) -> None:
    state.show_search(Search.DONE, (RIGHT,))
    assert state.frame is None
    state.is_active = True
    assert state.frame == RIGHT.frame


def test_the_last_frame_comes_back(state: FrameState) -> None:
    own = Frame(40, 20, 30, 20)
    state.frame = own
    state.frame = None
    state.show_search(Search.DONE, (RIGHT,))
    state.is_active = True
    assert state.frame == own


def test_the_middle_stays_in_the_photo(state: FrameState) -> None:
    state.frame = Frame(-30, 90, 40, 40)
    assert state.frame == Frame(0, 60, 40, 40)


def test_another_photo_forgets_everything(state: FrameState) -> None:
    state.show_search(Search.DONE, (RIGHT,))
    state.is_active = True
    state.open_photo((10, 10))
    assert (state.frame, state.is_active, state.proposals, state.search) == (None, False, (), Search.NOT_BEGUN)
    state.is_active = True
    assert state.frame == Frame.square(5, 5, 8)


def test_signals_come_once_and_only_for_changes(qtbot: QtBot, state: FrameState) -> None:
    heard = list[object]()
    state.frame_changed.connect(heard.append)
    own = Frame(40, 20, 30, 20)
    state.frame = own
    state.frame = Frame(40, 20, 30, 20)
    state.frame = None
    assert heard == [own, None]


def test_names_count_from_the_left() -> None:
    assert subject_names((RIGHT, LEFT, CAT)) == ["Face 2", "Face 1", "Cat"]


def choices(field: PartField) -> list[str]:
    return [field.choice.itemText(row) for row in range(field.choice.count())]


@pytest.fixture
def field(qtbot: QtBot, state: FrameState) -> PartField:
    field = PartField(state)
    qtbot.addWidget(field)
    return field


def choose(field: PartField, name: str) -> None:
    row = choices(field).index(name)
    field.choice.setCurrentIndex(row)
    field.choice.activated.emit(row)


def test_the_panel_offers_what_was_found(field: PartField, state: FrameState) -> None:
    assert choices(field) == ["Whole photo", "Framed part"]
    state.show_search(Search.DONE, (RIGHT, CAT))
    assert choices(field) == ["Whole photo", "Framed part", "Face", "Cat"]
    assert field.choice.currentText() == "Whole photo"


def test_choosing_a_part_frames_it(field: PartField, state: FrameState) -> None:
    state.show_search(Search.DONE, (RIGHT, CAT))
    choose(field, "Cat")
    assert (state.frame, state.is_active) == (CAT.frame, True)
    assert field.button.isChecked()
    state.frame = Frame(40, 20, 30, 20)
    assert field.choice.currentText() == "Framed part"
    choose(field, "Whole photo")
    assert (state.frame, state.is_active) == (None, False)
    choose(field, "Framed part")
    assert (state.frame, state.is_active) == (Frame(40, 20, 30, 20), True)


def test_the_button_is_the_tool(field: PartField, state: FrameState) -> None:
    field.button.click()
    assert state.is_active
    field.button.click()
    assert not state.is_active
    assert state.frame is not None  # The frame stays; Esc or “Whole photo” removes it.
    assert field.choice.currentText() == "Framed part"
