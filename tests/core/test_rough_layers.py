from __future__ import annotations

from dataclasses import replace

import pytest

from bsgui.core.document import Document
from tests.fixtures import make_decomposition, make_photo


@pytest.fixture
def document() -> Document:
    """With rough layers."""
    document, photo = Document(), make_photo(16, 12)
    document.open_photo(photo)
    document.show_rough(make_decomposition(photo, seed=1))
    return document


def test_real_layers_take_the_place_of_rough_ones_in_every_state(document: Document) -> None:
    assert document.photo is not None
    document.edit_layer("branch-1", "Gain", gain=2.0)
    real = make_decomposition(document.photo, seed=2)
    heard: list[str] = []
    document.content_changed.connect(lambda: heard.append("content"))
    document.decomposition_changed.connect(lambda: heard.append("layers"))
    document.refine(real)
    assert heard == ["content"]
    assert document.decomposition is real
    assert not document.is_rough
    assert document.layer("branch-1").gain == 2.0
    document.undo()
    assert document.decomposition is real
    assert document.layer("branch-1").gain == 1.0
    assert document.history.is_clean
    assert not document.history.undo_label


def test_whoever_is_told_of_rough_layers_can_see_that_they_are_rough() -> None:
    document, photo = Document(), make_photo(16, 12)
    document.open_photo(photo)
    heard: list[bool] = []
    document.decomposition_changed.connect(lambda: heard.append(document.is_rough))
    document.content_changed.connect(lambda: heard.append(document.is_rough))
    document.show_rough(make_decomposition(photo, seed=1))
    document.show_rough(make_decomposition(photo, seed=2))
    document.refine(make_decomposition(photo, seed=3))
    assert heard == [True, True, False]


def test_rough_layers_may_follow_each_other(document: Document) -> None:
    assert document.photo is not None
    document.edit_layer("branch-1", "Gain", gain=2.0)
    document.show_rough(make_decomposition(document.photo, seed=3))
    assert document.is_rough
    assert document.layer("branch-1").gain == 2.0


def test_rough_layers_never_replace_real_ones(document: Document) -> None:
    assert document.photo is not None
    real = make_decomposition(document.photo, seed=2)
    document.refine(real)
    document.show_rough(make_decomposition(document.photo, seed=3))
    assert document.decomposition is real
    with pytest.raises(ValueError, match="rough"):
        document.refine(make_decomposition(document.photo, seed=4))


def test_a_first_decomposition_after_rough_layers_cannot_be_undone(document: Document) -> None:
    assert document.photo is not None
    document.set_decomposition(make_decomposition(document.photo, seed=2))
    assert not document.is_rough
    assert not document.history.undo_label


def test_without_real_layers_the_photo_has_none_again(document: Document) -> None:
    photo = document.photo
    document.discard_rough()
    assert document.photo is photo
    assert document.decomposition is None
    assert len(document.stack) == 0
    document.discard_rough()


def test_layers_of_another_kind_are_refused(document: Document) -> None:
    decomposition = document.decomposition
    assert decomposition is not None
    with pytest.raises(ValueError, match="rough"):
        document.refine(replace(decomposition, layers=decomposition.layers[:-1]))
    assert document.is_rough
