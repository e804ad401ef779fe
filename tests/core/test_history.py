import pytest

from bsgui.core.document import Document
from bsgui.core.history import History
from bsgui.core.layers import LayerStack, edit_layer
from tests.fixtures import make_decomposition, make_photo


def test_undo_and_redo_walk_the_states() -> None:
    history = History(0)
    for state in (1, 2, 3):
        assert history.record(f"to {state}", state)
    assert (history.undo(), history.undo(), history.state) == (True, True, 1)
    assert (history.undo_label, history.redo_label) == ("to 1", "to 2")
    assert (history.redo(), history.state) == (True, 2)
    history.record("aside", 9)
    assert (history.redo(), history.state) == (False, 9)


def test_a_drag_is_one_entry_and_a_new_drag_another() -> None:
    history = History(0)
    for state in (1, 2, 3):
        history.record("Gain", state, merge_key="drag-1")
    history.record("Gain", 4, merge_key="drag-2")
    assert (history.undo(), history.state) == (True, 3)
    assert (history.undo(), history.state) == (True, 0)
    assert not history.undo()


def test_a_drag_after_an_undo_is_an_entry_of_its_own() -> None:
    history = History(0)
    history.record("Gain", 1, merge_key="a")
    history.record("Gain", 2, merge_key="b")
    history.undo()
    history.record("Gain", 3, merge_key="a")
    history.undo()
    assert history.state == 1


def test_no_op_edits_are_dropped_and_the_list_is_bounded() -> None:
    history = History(0, limit=3)
    assert not history.record("nothing", 0)
    for state in range(1, 10):
        history.record("step", state)
    assert [history.undo() for _ in range(4)] == [True, True, True, False]
    assert history.state == 6


def test_clean_means_equal_to_what_was_saved() -> None:
    history = History(0)
    history.record("step", 1)
    history.mark_clean()
    history.record("step", 2)
    assert not history.is_clean
    history.undo()
    assert history.is_clean


@pytest.fixture
def document() -> Document:
    document = Document()
    document.open_photo(make_photo())
    document.set_decomposition(make_decomposition(document.photo))
    return document


def test_every_edit_can_be_undone(document: Document) -> None:
    before = document.stack
    document.edit_layer("branch-1", "Gain", gain=2.0)
    document.edit_layer("branch-1", "Hide", visible=False)
    document.undo()
    assert document.layer("branch-1").gain == 2.0
    assert document.layer("branch-1").visible
    document.undo()
    assert document.stack == before


def test_a_failing_edit_changes_nothing(document: Document) -> None:
    def fail(stack: LayerStack) -> LayerStack:
        edit_layer(stack, "branch-1", gain=2.0)
        raise RuntimeError("no")

    before, label = document.stack, document.history.undo_label
    with pytest.raises(RuntimeError):
        document.edit("Fail", fail)
    assert (document.stack, document.history.undo_label) == (before, label)


def test_a_second_decomposition_can_be_undone_and_the_first_cannot(document: Document) -> None:
    first = document.decomposition
    assert document.history.undo_label == ""
    document.edit_layer("branch-1", "Gain", gain=2.0)
    document.set_decomposition(make_decomposition(document.photo, seed=1), "Decompose with seed 1")
    seen = []
    document.decomposition_changed.connect(lambda: seen.append(document.decomposition))
    document.undo()
    assert document.decomposition is first
    assert document.layer("branch-1").gain == 2.0
    assert seen == [first]


def test_opening_another_photo_forgets_everything(document: Document) -> None:
    document.edit_layer("branch-1", "Gain", gain=2.0)
    document.open_photo(make_photo(seed=5))
    assert document.decomposition is None
    assert len(document.stack) == 0
    document.undo()
    assert len(document.stack) == 0


def test_events_tell_what_changed(document: Document) -> None:
    heard: list[str] = []
    for name in ("photo_changed", "decomposition_changed", "stack_changed", "history_changed"):
        getattr(document, name).connect(lambda name=name: heard.append(name))
    document.edit_layer("branch-1", "Gain", gain=2.0)
    assert heard == ["stack_changed", "history_changed"]
    heard.clear()
    document.edit_layer("branch-1", "Gain", gain=2.0)
    assert heard == []


def test_previews_are_no_steps_and_end_with_the_layers() -> None:
    document, photo = Document(), make_photo()
    document.open_photo(photo)
    kept, preview = make_decomposition(photo), make_decomposition(photo, seed=1)
    document.set_decomposition(kept)
    events: list[str] = []
    for name in ("decomposition_changed", "content_changed", "stack_changed", "history_changed"):
        getattr(document, name).connect(lambda name=name: events.append(name))
    document.preview_content(preview)
    document.preview_content(preview)
    assert events == ["content_changed"]
    assert (document.decomposition, document.kept_decomposition) == (preview, kept)
    document.edit_layer("branch-1", "Gain", gain=2.0)
    document.undo()
    assert (document.decomposition, document.kept_decomposition) == (preview, kept)
    assert document.history.is_clean
    document.preview_content(None)
    assert document.decomposition is kept
    document.preview_content(preview)
    document.set_decomposition(make_decomposition(photo, seed=2))
    assert document.decomposition is document.kept_decomposition
    document.preview_content(preview)
    document.undo()
    assert document.decomposition is kept


def test_replaced_content_keeps_the_stack_and_is_one_step() -> None:
    document, photo = Document(), make_photo()
    document.open_photo(photo)
    kept, other = make_decomposition(photo), make_decomposition(photo, seed=1)
    document.set_decomposition(kept)
    document.edit_layer("branch-1", "Gain", gain=2.0)
    stack = document.stack
    document.preview_content(make_decomposition(photo, seed=2))
    document.replace_content(other, "Adapt")
    assert (document.decomposition, document.stack) == (other, stack)
    assert document.history.undo_label == "Adapt"
    document.undo()
    assert (document.decomposition, document.stack) == (kept, stack)
    document.redo()
    assert document.decomposition is other


def test_content_of_other_layers_is_refused() -> None:
    document, photo = Document(), make_photo()
    document.open_photo(photo)
    with pytest.raises(ValueError, match="other layers"):
        document.preview_content(make_decomposition(photo))
    document.set_decomposition(make_decomposition(photo))
    for strange in (make_decomposition(make_photo(seed=1)), make_decomposition(photo, branches=4)):
        with pytest.raises(ValueError, match="other layers"):
            document.preview_content(strange)
        with pytest.raises(ValueError, match="other layers"):
            document.replace_content(strange, "Adapt")
