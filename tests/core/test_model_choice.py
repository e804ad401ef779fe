from __future__ import annotations

from dataclasses import replace

import pytest

from bsgui.core.errors import ModelError
from bsgui.core.frame import Frame, Subject
from bsgui.core.model_card import ModelCard
from bsgui.core.model_choice import choose_model, needs_search, preferred
from tests.fixtures import make_card

GENERAL = make_card("general")
ANIMALS = replace(make_card("animals"), subjects=("cat", "dog"), domains=("any", "cat"))
FACES = replace(make_card("faces"), subjects=("face",), domains=("studio", "free"))
CARDS = (GENERAL, ANIMALS, FACES)
WHOLE = Frame.of_photo(900, 600)


def subject(kind: str, side: float = 300, score: float = 0.9, x: float = 450) -> Subject:
    return Subject(kind, score, Frame.square(x, 300, side))


@pytest.mark.parametrize(
    ("subjects", "model", "words"),
    [
        ([], "general", "no face or animal was found"),
        ([subject("cat")], "animals", "a cat was found (90 % sure)"),
        ([subject("dog")], "animals", "a dog was found"),
        ([subject("face")], "faces", "a face was found"),
        ([subject("face", score=0.95), subject("cat")], "faces", "(95 % sure)"),
        ([subject("horse")], "general", "a horse was found (90 % sure), and no model is made for it"),
        ([subject("cat", side=100)], "general", "a small cat was found (90 % sure): frame it"),
    ],
)
def test_the_model_for_what_was_found(subjects: list[Subject], model: str, words: str) -> None:
    choice = choose_model(CARDS, subjects, WHOLE)
    assert choice.card.id == model
    assert words in choice.reason


def test_what_fills_a_frame_counts_there_and_not_elsewhere() -> None:
    small = subject("cat", side=100)
    assert choose_model(CARDS, [small], small.frame).card is ANIMALS
    assert choose_model(CARDS, [small], Frame.square(100, 300, 120)).card is GENERAL


def test_a_single_model_is_the_choice() -> None:
    assert choose_model([ANIMALS], [], WHOLE).card is ANIMALS
    assert not needs_search([ANIMALS])


def test_a_search_is_needed_only_where_it_matters() -> None:
    assert needs_search(CARDS)
    assert not needs_search([GENERAL, make_card("plain")])


def test_the_general_model_is_offered_first() -> None:
    assert preferred([ANIMALS, FACES, GENERAL]) == [GENERAL, ANIMALS, FACES]


def test_subjects_of_a_card_come_from_its_file_and_may_be_missing() -> None:
    data = ANIMALS.to_json()
    assert ModelCard.from_json("animals", data).subjects == ("cat", "dog")
    del data["subjects"]
    assert ModelCard.from_json("animals", data).subjects == ()
    with pytest.raises(ModelError, match="damaged"):
        ModelCard.from_json("animals", {**data, "subjects": "cat"})
