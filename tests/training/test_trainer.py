import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bsgui.core.errors import ModelError, PhotoReadError, UsageError
from bsgui.engine.checkpoint import load_generator
from bsgui.training.config import read_config
from bsgui.training.data import Pack, batches, load_pack, read_index
from bsgui.training.publish import main as publish_main
from bsgui.training.trainer import train_from_config


@pytest.fixture(autouse=True)
def _no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bsgui.training.trainer.autocast_type", lambda device: None)


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_generator(folder / "tiny.safetensors").state_dict()


def test_a_run_leaves_weights_checkpoint_log_and_sheet(config_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train_from_config(config_path, resume=False, out=out)
    assert load_generator(out / "tiny.safetensors").config.branches == 2
    assert (out / "sheet_000004.png").stat().st_size > 0
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 4]
    assert "critic" in log[-1]
    assert "critic" not in log[0]


def test_equal_seeds_give_equal_weights(config_path: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        train_from_config(config_path, resume=False, out=tmp_path / name)
    for key, value in weights_of(tmp_path / "one").items():
        torch.testing.assert_close(value, weights_of(tmp_path / "two")[key], rtol=0, atol=0)


def test_a_stopped_run_resumes_where_it_was(config_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    config_path.write_text(config_path.read_text().replace("steps = 4", "steps = 2"))
    train_from_config(config_path, resume=False, out=out)
    config_path.write_text(config_path.read_text().replace("steps = 2", "steps = 5"))
    train_from_config(config_path, resume=True, out=out)
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 4, 5]


def test_a_run_is_never_overwritten(config_path: Path, tmp_path: Path) -> None:
    train_from_config(config_path, resume=False, out=tmp_path / "run")
    with pytest.raises(UsageError, match="--resume"):
        train_from_config(config_path, resume=False, out=tmp_path / "run")


def test_a_damaged_checkpoint_is_refused(config_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "checkpoint.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="cannot be resumed"):
        train_from_config(config_path, resume=True, out=out)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("steps = 4", "steps = 0"),
        ("sizes = [16, 32]", "sizes = [17]"),
        ("batch = 2", "surprise = 2"),
        ("branches = 2", "branches = 0"),
        ("batch = 2", 'batch = 2\nviews = ["smell"]'),
        ("batch = 2", 'batch = 1\nviews = ["colour"]'),
        ("batch = 2", "batch = 2\nfrozen = [2]"),
        ("[network]", "[network"),
    ],
)
def test_wrong_configurations_are_refused(config_path: Path, old: str, new: str) -> None:
    config_path.write_text(config_path.read_text().replace(old, new, 1))
    with pytest.raises(UsageError):
        read_config(config_path)


def test_batches_have_the_sizes_and_domains_asked_for(pack_index: Path) -> None:
    pack = load_pack(Pack(pack_index, domain_column="species"), "train")
    stream = batches([pack], ["any", "cat"], [16, 32], 8, seed=3, any_share=0.0)
    small, large = next(stream), next(stream)
    assert small.photos.shape == (8, 3, 16, 16)
    assert large.photos.shape == (2, 3, 32, 32)
    assert set(small.domains.tolist()) == {0, 1}
    assert -1 <= small.photos.min() < 0 < small.photos.max() <= 1


def test_unknown_splits_columns_and_files_are_named(pack_index: Path) -> None:
    with pytest.raises(UsageError, match="split"):
        read_index(Pack(pack_index), "holiday")
    with pytest.raises(UsageError, match="column"):
        read_index(Pack(pack_index, domain_column="breed"), "train")
    with pytest.raises(PhotoReadError):
        read_index(Pack(pack_index.parent / "none.csv"), "train")
    (pack_index.parent / "0.png").unlink()
    with pytest.raises(PhotoReadError, match=r"0\.png"):
        load_pack(Pack(pack_index), "train")


def test_publish_writes_a_card_that_fits_the_weights(config_path: Path, tmp_path: Path) -> None:
    from bsgui.imageio.model_store import ModelStore

    run, models = tmp_path / "run", tmp_path / "models"
    models.mkdir()
    train_from_config(config_path, resume=False, out=run)
    assert publish_main([str(run), "--to", str(models)]) == 0
    card = ModelStore([models]).card("tiny")
    assert [branch.name for branch in card.branches] == ["One", "Two"]
    assert load_generator(models / "tiny.safetensors", card.sha256).config.domains == card.domains


def test_publish_refuses_a_card_without_all_names(config_path: Path, tmp_path: Path) -> None:
    train_from_config(config_path, resume=False, out=tmp_path / "run")
    short = tmp_path / "short.toml"
    short.write_text(config_path.read_text().replace('["One", "Two"]', '["One"]'))
    assert publish_main([str(tmp_path / "run"), "--to", str(tmp_path), "--config", str(short)]) == 2


def test_publish_hands_on_the_roles_of_branches(config_path: Path, tmp_path: Path) -> None:
    from bsgui.imageio.model_store import ModelStore

    train_from_config(config_path, resume=False, out=tmp_path / "run")
    for roles, status in (('["light", "feature"]', 0), ('["light"]', 2), ('["light", "glow"]', 2)):
        config = tmp_path / "roles.toml"
        names = 'branches = ["One", "Two"]'
        config.write_text(config_path.read_text().replace(names, f"{names}\nroles = {roles}"))
        assert publish_main([str(tmp_path / "run"), "--to", str(tmp_path), "--config", str(config)]) == status
    assert [branch.role for branch in ModelStore([tmp_path]).card("tiny").branches] == ["light", "feature"]


def test_a_run_starts_from_other_weights(config_path: Path, tmp_path: Path) -> None:
    train_from_config(config_path, resume=False, out=tmp_path / "first")
    start = f'start = "{(tmp_path / "first/tiny.safetensors").as_posix()}"\nrate = 0.0\n'
    config_path.write_text(start + config_path.read_text())
    train_from_config(config_path, resume=False, out=tmp_path / "second")
    for key, value in weights_of(tmp_path / "first").items():
        torch.testing.assert_close(weights_of(tmp_path / "second")[key], value, rtol=0, atol=1e-6)


def test_weights_of_another_shape_are_no_start(config_path: Path, tmp_path: Path) -> None:
    train_from_config(config_path, resume=False, out=tmp_path / "first")
    start = f'start = "{(tmp_path / "first/tiny.safetensors").as_posix()}"\n'
    config_path.write_text(start + config_path.read_text().replace("widths = [4, 4]", "widths = [4, 8]"))
    with pytest.raises(ModelError, match="another shape"):
        train_from_config(config_path, resume=False, out=tmp_path / "second")


def test_squares_are_cut_from_photos_of_any_size(pack_index: Path) -> None:
    cv2.imwrite(str(pack_index.parent / "0.png"), np.full((40, 90, 3), 200, np.uint8))
    with pytest.raises(PhotoReadError, match="same size"):
        load_pack(Pack(pack_index), "train")
    pack = load_pack(Pack(pack_index, domain="any", squares=3, side=24), "train")
    assert pack.photos.shape == (24, 24, 24, 3)
    assert len(pack.domains) == len(pack.files) == 24
    assert (pack.photos[:3] == 200).all()
    again = load_pack(Pack(pack_index, domain="any", squares=3, side=24), "train")
    assert (pack.photos == again.photos).all()


def test_views_take_turns_and_a_run_with_them_resumes(config_path: Path, tmp_path: Path) -> None:
    views = 'views = ["light", "markings"]\n'
    config_path.write_text(
        views + config_path.read_text().replace("steps = 4", "steps = 2").replace("batch = 2", "batch = 8")
    )
    train_from_config(config_path, resume=False, out=tmp_path / "run")
    config_path.write_text(config_path.read_text().replace("steps = 2", "steps = 4"))
    train_from_config(config_path, resume=True, out=tmp_path / "run")
    log = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    # Two sizes: each view gets its turn at both.
    assert ["factors_light" in line for line in log] == [True, True, False, False]
    assert ["subjects_markings" in line for line in log] == [False, False, True, True]


def test_frozen_branches_stay_and_the_others_learn(config_path: Path, tmp_path: Path) -> None:
    text = config_path.read_text()
    config_path.write_text(text.replace("steps = 4", "steps = 1"))
    train_from_config(config_path, resume=False, out=tmp_path / "start")
    start = tmp_path / "start/tiny.safetensors"
    config_path.write_text(f"frozen = [1]\nstart = {str(start)!r}\naverage = 0.5\n" + text)
    train_from_config(config_path, resume=False, out=tmp_path / "run")
    before, after = (load_generator(file).state_dict() for file in (start, tmp_path / "run/tiny.safetensors"))
    moved = {name: (value - after[name]).abs() for name, value in before.items()}
    stacked = [value.chunk(2) for name, value in moved.items() if not name.startswith("mapping.")]
    assert max(float(frozen.max()) for _, frozen in stacked) == 0
    assert sum(float(free.sum()) for free, _ in stacked) > 0
    assert max(float(value.max()) for name, value in moved.items() if name.startswith("mapping.")) == 0


def test_a_branch_learns_alone_and_its_run_resumes(config_path: Path, tmp_path: Path) -> None:
    text = config_path.read_text().replace("branches = 2", "branches = 1").replace('branches = ["One", "Two"]', "")
    config_path.write_text(text.replace("steps = 4", "steps = 2"))
    train_from_config(config_path, resume=False, out=tmp_path / "run")
    config_path.write_text(text)
    train_from_config(config_path, resume=True, out=tmp_path / "run")
    log = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert len(log) == 4
    assert all(math.isfinite(value) for line in log for value in line.values())
