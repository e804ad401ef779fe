from __future__ import annotations

from pathlib import Path

import pytest

from bsgui.imageio.model_store import ModelStore
from tests.tiny_model import write_tiny_model


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """A store with the model "tiny"."""
    return write_tiny_model(tmp_path)
