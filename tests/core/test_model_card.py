import pytest

from bsgui.core.errors import ModelError
from bsgui.core.model_card import ModelCard
from tests.fixtures import make_card


def test_a_card_survives_json() -> None:
    card = make_card()
    assert ModelCard.from_json("fake", card.to_json()) == card


@pytest.mark.parametrize("missing", ["name", "domains", "branches", "size", "sha256", "config"])
def test_a_card_without_a_field_is_damaged(missing: str) -> None:
    data = make_card().to_json()
    del data[missing]
    with pytest.raises(ModelError, match="fake"):
        ModelCard.from_json("fake", data)


@pytest.mark.parametrize("value", [None, [], "text", 3, {"branches": 5}])
def test_other_json_is_damaged(value: object) -> None:
    with pytest.raises(ModelError):
        ModelCard.from_json("fake", value)


def test_headlines_are_single_figures_and_medians() -> None:
    data = make_card().to_json()
    data["measures"] = {
        "test": {
            "model": "fake",
            "photos": 12,
            "fidelity_db": {"median": 35.0895, "low": 34.0},
            "branches": [{"name": "One"}],
            "identity": 0.996,
        },
        "psnr_db": 32.5,
    }
    headlines = ModelCard.from_json("fake", data).headline_measures()
    assert headlines == {"test": "photos 12, fidelity db 35.09, identity 0.996", "psnr_db": "32.5"}


def test_a_branch_may_be_called_light_or_feature() -> None:
    data = make_card().to_json()
    data["branches"][1]["role"] = "light"
    card = ModelCard.from_json("fake", data)
    assert [branch.role for branch in card.branches] == ["", "light", ""]
    assert ModelCard.from_json("fake", card.to_json()) == card


def test_another_role_is_refused() -> None:
    data = make_card().to_json()
    data["branches"][0]["role"] = "shadow"
    with pytest.raises(ModelError, match="fake"):
        ModelCard.from_json("fake", data)
