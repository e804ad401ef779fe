from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bsgui.core.errors import UsageError
from bsgui.core.recording import Recording
from bsgui.core.viewport import Viewport
from bsgui.engine.checkpoint import load_generator
from bsgui.engine.network import BranchedGenerator
from bsgui.imageio.recording import FILE_NAME, read_recording
from bsgui.training.config import read_config
from bsgui.training.record_plan import RecordPlan, usual_steps
from bsgui.training.recorder import Recorder
from bsgui.training.trainer import train_from_config


@pytest.fixture(autouse=True)
def _no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bsgui.training.trainer.autocast_type", lambda device: None)


def train(config_path: Path, out: Path, steps: int = 4, record: str = "", resume: bool = False) -> Recording:
    text = config_path.read_text().split("\n[record]")[0]
    lines = [f"steps = {steps}" if line.startswith("steps =") else line for line in text.splitlines()]
    config_path.write_text("\n".join(lines) + f"\n[record]\n{record}\n")
    train_from_config(config_path, resume=resume, out=out)
    return read_recording(out)


def test_a_run_is_recorded_from_before_the_first_step_to_the_last(config_path: Path, tmp_path: Path) -> None:
    recording = train(config_path, tmp_path / "run", record='steps = [0, 2, 3]\ntitle = "Tiny"\nbranches = ["A", "B"]')
    assert list(recording.steps) == [0, 2, 3, 4]
    assert (recording.title, recording.branches, recording.size) == ("Tiny", ("A", "B"), 16)
    assert recording.course("shares").sum(1) == pytest.approx(np.ones(4), abs=1e-4)
    assert recording.course("bands").sum(1) == pytest.approx(np.ones((4, 3)), abs=1e-4)
    # Two validation photos: too few to tell how well branches are told apart.
    assert np.isnan(recording.course("identity")).all()
    assert np.isfinite(recording.course("fidelity_db")).all()


def test_its_layers_are_those_of_the_weights_and_add_up_to_the_photo(config_path: Path, tmp_path: Path) -> None:
    recording = train(config_path, tmp_path / "run")
    first, last = (recording.moments[k].maps[0].layers(recording.photos[0].photo) for k in (0, -1))
    photo = recording.photos[0].photo
    view = Viewport.strip(photo.width, 0, photo.height)
    everything = last.show(np.ones(last.count, np.float32), view)
    assert np.abs(everything.astype(int) - photo.samples).max() <= 1
    assert np.abs(first.scale_maps - last.scale_maps).max() > 0.001
    assert recording.title == "Tiny"
    assert (
        recording.description == "2 branches, 4 steps of 2 photos of 16 and 32 pixels. Measured on 2 validation photos."
    )
    assert photo.name == "Chelsea the cat"
    assert "CC0" in recording.photos[0].credit


def test_recording_changes_nothing_in_the_run(config_path: Path, tmp_path: Path) -> None:
    train(config_path, tmp_path / "one")
    with pytest.raises(Exception, match="no such file"):
        train(config_path, tmp_path / "two", record="is_on = false")
    one, two = (load_generator(tmp_path / name / "tiny.safetensors").state_dict() for name in ("one", "two"))
    assert all((one[key] == two[key]).all() for key in one)
    assert not (tmp_path / "two" / FILE_NAME).exists()


def test_a_resumed_run_goes_on_with_its_recording(config_path: Path, tmp_path: Path) -> None:
    train(config_path, tmp_path / "run", 2, "steps = [0, 1, 2]")
    recording = train(config_path, tmp_path / "run", 4, "steps = [0, 1, 3]", resume=True)
    # The second step was recorded as the end of the first piece, and stays.
    assert list(recording.steps) == [0, 1, 2, 3, 4]
    assert np.all(np.diff([moment.seconds for moment in recording.moments]) >= 0)


def test_a_network_that_has_diverged_is_not_recorded(config_path: Path, tmp_path: Path) -> None:
    recorder = Recorder(read_config(config_path), tmp_path)
    network = BranchedGenerator(read_config(config_path).network).eval().requires_grad_(False)
    recorder.note(network, 0, 0.0)
    network.head.weight.fill_(float("nan"))
    recorder.note(network, 4, 1.0)
    assert list(read_recording(tmp_path).steps) == [0]


def test_what_another_run_left_is_not_gone_on_with(config_path: Path, tmp_path: Path) -> None:
    train(config_path, tmp_path / "run", 2, "steps = [0, 1]")
    (tmp_path / "run" / "checkpoint.safetensors").unlink()
    assert list(train(config_path, tmp_path / "run", 3, "steps = [0]").steps) == [0, 3]


def test_usual_steps_are_dense_early_and_few_in_all() -> None:
    assert usual_steps(400) == (0, 10, 20, 40, 80, 120, 200, 300, 400)
    assert usual_steps(0) == (0,)
    assert len(usual_steps(3000)) <= 25
    assert len(usual_steps(1_000_000)) < 90
    plan = RecordPlan()
    assert [plan.includes(step, 1050) for step in (0, 5, 10, 1000, 1050)] == [True, False, True, True, True]
    assert not RecordPlan(is_on=False).includes(0, 10)


@pytest.mark.parametrize(
    "wrong", ["steps = [-1]", "measured = 0", "surprise = 1", "steps = 3", "photos = [{}]", 'branches = ["A"]']
)
def test_a_wrong_plan_is_refused(config_path: Path, wrong: str) -> None:
    config_path.write_text(config_path.read_text() + f"\n[record]\n{wrong}\n")
    with pytest.raises(UsageError):
        read_config(config_path)


def test_photos_of_a_plan_are_relative_to_the_configuration(config_path: Path) -> None:
    config_path.write_text(config_path.read_text() + '\n[[record.photos]]\nfile = "a/b.png"\ncredit = "me"\n')
    photo = read_config(config_path).record.photos[0]
    assert photo.file == str(config_path.parent / "a" / "b.png")
    assert photo.credit == "me"
