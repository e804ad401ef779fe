from __future__ import annotations

import json
from pathlib import Path

import pytest

from bsgui.core.errors import ModelError
from bsgui.imageio.model_store import ModelStore, default_model_folders

CARD = {
    "name": "General", "description": "Any photo.", "domains": ["any"], "branches": [{"name": "Light"}],
    "size": 256, "min_size": 64, "max_size": 512, "sha256": "0" * 64, "licence": "MIT", "config": {},
}  # fmt: skip


def put_model(folder: Path, model_id: str, card: object = CARD, weights: bool = True) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{model_id}.json").write_text(card if isinstance(card, str) else json.dumps(card), encoding="utf-8")
    if weights:
        (folder / f"{model_id}.safetensors").write_bytes(b"weights")


def test_lists_models_by_id_and_gives_their_weights(tmp_path: Path) -> None:
    put_model(tmp_path, "general")
    put_model(tmp_path, "animals")
    store = ModelStore([tmp_path, tmp_path / "missing"])
    assert [card.id for card in store.cards()] == ["animals", "general"]
    assert store.problems == ()
    assert store.card("general").branches[0].name == "Light"
    assert store.weights_path("general") == tmp_path / "general.safetensors"


@pytest.mark.parametrize("card", ["{", "[]", '{"name": 1}', "[" * 100_000, json.dumps({**CARD, "branches": 3})])
def test_a_damaged_card_is_left_out_and_named(tmp_path: Path, card: str) -> None:
    put_model(tmp_path, "general")
    put_model(tmp_path, "broken", card)
    store = ModelStore([tmp_path])
    assert [x.id for x in store.cards()] == ["general"]
    assert len(store.problems) == 1
    assert "“broken”" in store.problems[0].user_message
    with pytest.raises(ModelError, match="broken"):
        store.card("broken")


def test_missing_weights_are_a_problem(tmp_path: Path) -> None:
    put_model(tmp_path, "general", weights=False)
    store = ModelStore([tmp_path])
    assert store.cards() == []
    assert "weights" in store.problems[0].user_message
    with pytest.raises(ModelError, match="weights"):
        store.weights_path("general")


def test_the_first_folder_wins(tmp_path: Path) -> None:
    put_model(tmp_path / "mine", "general", {**CARD, "name": "Mine"})
    put_model(tmp_path / "theirs", "general")
    assert ModelStore([tmp_path / "mine", tmp_path / "theirs"]).card("general").name == "Mine"


@pytest.mark.parametrize("model_id", ["../general", "/etc/passwd", "", "a/b", "..", "a\0b", "none"])
def test_unknown_and_hostile_ids_are_refused(tmp_path: Path, model_id: str) -> None:
    put_model(tmp_path, "general")
    with pytest.raises(ModelError, match="there is general"):
        ModelStore([tmp_path / "models", tmp_path]).card(model_id)


def test_default_folders_start_with_the_persons_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folders = default_model_folders()
    assert folders[0].name == "models"
    assert len(set(folders)) == len(folders) >= 3
