"""The configurations that come with the program can be read, and say what their models are."""

from pathlib import Path

import pytest

from bsgui.training.config import read_config

_MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.parametrize("name", ["animals", "faces", "general", "plain"])
def test_shipped_configuration_is_read(name: str) -> None:
    config = read_config(_MODELS / f"{name}.toml")
    assert config.name == name
    assert (config.textons is not None) == (config.network.octaves > 1) == (name != "plain")
