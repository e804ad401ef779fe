from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.requests import CancelToken, DecomposeRequest, Progress, ProgressCallback
from tests.fixtures import make_card, make_decomposition, make_photo


class FakeEngine:
    """Answers with random layers; ``before`` is called first and may raise."""

    def __init__(self) -> None:
        self.requests: list[DecomposeRequest] = []
        self.before: Callable[[DecomposeRequest, CancelToken], None] = lambda request, cancel: None

    def decompose(
        self,
        request: DecomposeRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] | None = None,
    ) -> Decomposition:
        self.requests.append(request)
        report(Progress(0, 1, "Running the network"))
        self.before(request, cancel)
        return make_decomposition(request.photo, seed=request.settings.seed)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the model “general” (its weights are no weights), known to all commands."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "general.json").write_text(json.dumps(make_card("general").to_json()))
    (folder / "general.safetensors").write_bytes(b"weights")
    for module in ("decompose", "models"):
        monkeypatch.setattr(f"bsgui.cli.{module}.default_model_folders", lambda: (folder,))
    return folder


@pytest.fixture
def engine(models: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    engine = FakeEngine()
    monkeypatch.setattr("bsgui.cli.decompose._make_engine", lambda store: engine)
    return engine


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with cat.png, dog.png (16 bits), sub/cat.png and broken.jpg."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name, depth in (("cat.png", 8), ("dog.png", 16), ("sub/cat.png", 8)):
        samples = make_photo(depth=depth, seed=len(name)).samples
        assert cv2.imwrite(str(folder / name), samples[..., ::-1])
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff not really")
    return folder
