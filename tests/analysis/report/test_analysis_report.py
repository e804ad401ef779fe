"""From photos to the report: a tiny network, a handful of photos."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bsgui.analysis.realism import realism_scores
from bsgui.analysis.report.analysis import Analysis, AnalysisRequest, analyze
from bsgui.analysis.report.files import write_analysis
from bsgui.core.errors import ExportError, ModelError, UsageError
from bsgui.engine.checkpoint import file_sha256, save_weights
from bsgui.engine.network import BranchedGenerator, NetworkConfig
from bsgui.imageio.model_store import ModelStore
from tests.fixtures import make_card, make_photo

CONFIG = NetworkConfig(branches=3, widths=(4, 8), latent=4, mapping=8, style=8, domains=("any", "cat"))


def write_weights(path: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    save_weights(BranchedGenerator(CONFIG), path)
    return path


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """12 photos to test on and 12 others, of two species, half of them with masks."""
    with (tmp_path / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "split", "species", "mask"])
        for number in range(24):
            name = f"{number}.png"
            samples = make_photo(40, 32, seed=number).samples.copy()
            if number % 2:
                samples[..., 2] //= 4
            assert cv2.imwrite(str(tmp_path / name), samples)
            mask = np.zeros((32, 40), np.uint8)
            mask[8:20, 10:24] = 255
            assert cv2.imwrite(str(tmp_path / f"mask{number}.png"), mask)
            has_mask = number % 4 < 2
            kind = "cat" if number % 2 else "dog"
            split = "test" if number < 12 else "train"
            writer.writerow([name, split, kind, f"mask{number}.png" if has_mask else ""])
    return tmp_path / "index.csv"


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """A store with the model “tiny”."""
    folder = tmp_path / "models"
    folder.mkdir()
    weights = write_weights(folder / "tiny.safetensors")
    card = {**make_card("tiny").to_json(), "sha256": file_sha256(weights), "config": CONFIG.to_json()}
    (folder / "tiny.json").write_text(json.dumps(card))
    return ModelStore((folder,))


@pytest.fixture
def run(index: Path, store: ModelStore) -> Callable[..., Analysis]:
    def run(**changes: object) -> Analysis:
        options: dict[str, object] = {"model": "tiny", "photos": index, "size": 32, "styles": 1, **changes}
        return analyze(AnalysisRequest(**options), store)  # type: ignore[arg-type]

    return run


class _References(HTMLParser):
    """Collects whatever a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "iframe", "object", "embed", "base"):
            self.found.append(tag)
        for key, value in attrs:
            if key in ("src", "href", "srcset", "data", "action") and not (value or "").startswith("data:"):
                self.found.append(f"{tag} {key}={value}")
            if key.startswith("on"):
                self.found.append(f"{tag} {key}")


def test_everything_is_measured_and_the_page_stands_alone(run: Callable[..., Analysis], tmp_path: Path) -> None:
    analysis = run(against=("untrained",), command="bsgui analyze --model <tiny>")
    model, wavelet, untrained = analysis.findings
    assert (model.name, wavelet.name, untrained.name) == ("tiny", "Wavelet", "Untrained")
    assert set(model.headline) == set(untrained.headline)
    assert {"identity", "semantic", "decision", "stability_styles"} <= set(model.headline)
    assert set(model.headline) - set(wavelet.headline) == {"stability_styles", "roles_kept"}
    for found in analysis.findings:
        for estimate in (*found.headline.values(), *found.tables.values()):
            assert np.isfinite(estimate.value).all()
            assert (estimate.low <= estimate.high).all()
    assert model.tables["shares"].value.sum() == pytest.approx(1.0)
    assert model.tables["confusion"].value.sum(1) == pytest.approx(1.0)
    assert wavelet.headline["fidelity_db"].value > 100
    page = write_analysis(tmp_path / "out", analysis)
    text = page.read_text(encoding="utf-8")
    references = _References()
    references.feed(text)
    assert references.found == []
    assert "url(" not in text
    assert "@import" not in text
    assert "&lt;tiny&gt;" in text
    assert text.count("<figcaption>") == text.count("<figure>") > 12
    assert len(re.findall(r"data:image/png;base64,", text)) == 4 * (3 + 7 + 3 + 2 * 3)
    data = json.loads((tmp_path / "out" / "analysis.json").read_text(encoding="utf-8"))
    assert data["photos"] == 12
    assert data["kind"]["fitted_on"] == 12
    assert set(data["differences"]) == {"Wavelet", "Untrained"}
    assert data["differences"]["Wavelet"]["fidelity_db"]["differs"]


def test_equal_requests_give_equal_figures(run: Callable[..., Analysis]) -> None:
    first, again = (run().to_json() for _ in range(2))
    del first["date"], again["date"]
    assert first == again


def test_a_weights_file_needs_no_card(run: Callable[..., Analysis], tmp_path: Path) -> None:
    weights = write_weights(tmp_path / "run.safetensors", seed=1)
    (found, *_) = run(model=str(weights), is_file=True, against=("tiny",)).findings
    assert found.facts["sha256"] == file_sha256(weights)
    assert found.branches == ("Branch 1", "Branch 2", "Branch 3")


def test_a_network_with_the_same_branches_in_another_order_is_recognized(
    run: Callable[..., Analysis], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    network = BranchedGenerator(CONFIG)
    order = [2, 0, 1]
    for key, value in network.state_dict().items():
        if not key.startswith("mapping"):
            value.copy_(value.unflatten(0, (3, -1))[order].flatten(0, 1))
    weights = tmp_path / "turned.safetensors"
    save_weights(network, weights)
    turned = run(against=(str(weights),)).findings[2]
    assert turned.partners.tolist() == [order.index(b) for b in range(3)]
    assert turned.partner_likeness.value == pytest.approx(1.0, abs=1e-3)


def test_one_branch_and_photos_of_one_colour_are_no_trouble(run: Callable[..., Analysis], tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    for number in range(8):
        assert cv2.imwrite(str(folder / f"{number}.png"), np.full((40, 40, 3), 20 * number, np.uint8))
    torch.manual_seed(0)
    weights = tmp_path / "one.safetensors"
    save_weights(BranchedGenerator(NetworkConfig(branches=1, widths=(4, 8), latent=4, mapping=8, style=8)), weights)
    analysis = run(model=str(weights), is_file=True, photos=folder)
    page = write_analysis(tmp_path / "out", analysis)
    assert "</html>" in page.read_text(encoding="utf-8")
    data = json.loads((tmp_path / "out" / "analysis.json").read_text(encoding="utf-8"))
    assert data["subjects"][0]["headline"]["redundancy"]["value"] is None


def test_a_folder_is_enough(run: Callable[..., Analysis], index: Path) -> None:
    folder = index.parent / "photos"
    folder.mkdir()
    for number in range(9):
        assert cv2.imwrite(str(folder / f"{number}.png"), make_photo(seed=number).samples)
    analysis = run(photos=folder, most=8)
    assert analysis.facts["photos"] == 8
    assert not analysis.facts["kind"]["fitted"]
    assert "decision" not in analysis.findings[0].headline


def test_realism_is_judged_on_demand(run: Callable[..., Analysis], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bsgui.analysis.report.analysis.realism_scores",
        lambda pictures, photos, seed: realism_scores(pictures, photos, seed, steps=2),
    )
    estimate = run(realism=True).findings[0].headline["realism_auc"]
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"model": "nobody"}, ModelError, "nobody"),
        ({"model": "nowhere.safetensors", "is_file": True}, ModelError, "nowhere.safetensors"),
        ({"against": ("tiny",)}, UsageError, "itself"),
        ({"domain": "dog"}, UsageError, "dog"),
        ({"size": 33}, UsageError, "multiple of 4"),
        ({"split": "holiday"}, UsageError, "holiday"),
        ({"most": 3}, UsageError, "at least 8"),
    ],
)
def test_wrong_requests_are_said_in_a_sentence(
    run: Callable[..., Analysis], changes: dict[str, object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        run(**changes)


def test_a_report_that_cannot_be_written_is_named(run: Callable[..., Analysis], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ExportError, match="file"):
        write_analysis(blocked, run())
