from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bsgui.core.alignment import MEAN_LANDMARKS, face_frame
from bsgui.core.errors import ModelError, UsageError
from bsgui.core.frame import Frame, Subject
from bsgui.engine.finder_decoding import Candidate, overlap, peaks
from bsgui.engine.finder_network import KINDS, LOOK_SIZE, SIZE_UNIT, FinderNetworks
from bsgui.engine.finder_weights import load_finder, load_installed_finder
from bsgui.training.finder.__main__ import main
from bsgui.training.finder.backgrounds import drawn, load_backgrounds
from bsgui.training.finder.config import read_finder_config
from bsgui.training.finder.evaluate import make_exam
from bsgui.training.finder.heads import load_heads
from bsgui.training.finder.lessons import NOTHING, SCENE_SIZE, UNKNOWN, look_lesson, mark, scene_lesson
from bsgui.training.finder.losses import look_loss, proposal_loss
from bsgui.training.finder.overlays import overlay, sheet
from bsgui.training.finder.scenes import PlacedHead, Scene, SceneMaker, scatter
from bsgui.training.finder.scoring import Examined, choose_thresholds, false_alarms, figures
from bsgui.training.finder.trainer import FinderState, rate_share, train_finder

_SETTINGS = """
name = "tiny"
steps = {steps}
minutes = {minutes}
scenes = 2
looks = 4
save_every = 1
log_every = 2
mine_at = [2]
mined_scenes = 4
heads = ["faces/index.csv", "pets/index.csv"]
[backgrounds]
train = ["empty"]
val = ["empty"]
test = ["empty"]
[card]
name = "Finder"
description = "For tests."
licence = "CC0"
data = ["drawn"]
known_failures = []
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces (two eyes, a mouth), cats and dogs (discs with other ears), a background; all splits."""
    folder = tmp_path_factory.mktemp("finder-data")
    for pack in ("faces", "pets", "empty"):
        (folder / pack).mkdir()
    points = " ".join(f"{x:.1f}" for x in (MEAN_LANDMARKS * 64).ravel())
    faces, pets = [], []
    for split in ("train", "val", "test"):
        faces.append({"file": f"{split}.png", "split": split, "landmarks5": points})
        _write(folder / "faces" / f"{split}.png", _drawn_head("face"))
        for kind in ("cat", "dog"):
            pets.append({"file": f"{kind}-{split}.png", "split": split, "species": kind})
            _write(folder / "pets" / f"{kind}-{split}.png", _drawn_head(kind))
    _write_index(folder / "faces" / "index.csv", faces)
    _write_index(folder / "pets" / "index.csv", pets)
    _write(folder / "empty" / "clouds.png", drawn(200, np.random.default_rng(0)))
    return folder


@pytest.fixture(scope="module")
def maker(data: Path) -> SceneMaker:
    config = read_finder_config(_config(data))
    heads = load_heads(config.heads, "train")
    return SceneMaker(heads, load_backgrounds(config.backgrounds["train"], heads), 1)


def _config(data: Path, steps: int = 4, minutes: float = 0.0) -> Path:
    path = data / f"config-{steps}-{minutes}.toml"
    path.write_text(_SETTINGS.format(steps=steps, minutes=minutes))
    return path


def _drawn_head(kind: str) -> np.ndarray:
    picture = np.full((64, 64, 3), 90, np.uint8)
    cv2.circle(picture, (32, 32), 22, (150, 180, 220), -1)
    for x, y in MEAN_LANDMARKS[:2] * 64:
        cv2.circle(picture, (round(x), round(y)), 3, (10, 10, 10), -1)
    if kind == "face":
        cv2.line(picture, (25, 48), (39, 48), (30, 30, 160), 2)
    else:
        ears = (6, 8) if kind == "cat" else (10, 40)
        cv2.circle(picture, ears, 6, (60, 60, 60), -1)
        cv2.circle(picture, (63 - ears[0], ears[1]), 6, (60, 60, 60), -1)
    return picture


def _write(path: Path, picture: np.ndarray) -> None:
    assert cv2.imwrite(str(path), picture)


def _write_index(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _scene(*heads: Candidate, size: int = SCENE_SIZE, inside: tuple[int, int, int, int] | None = None) -> Scene:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (size, size, 3), np.uint8)
    placed = tuple(PlacedHead(x, _landmarks(x)) for x in heads)
    return Scene(picture, placed, inside or (0, 0, size, size))


def _landmarks(square: Candidate) -> np.ndarray:
    matrix = Frame.square(square.x, square.y, square.side, square.angle).to_photo
    return MEAN_LANDMARKS @ matrix[:, :2].T + matrix[:, 2]


def _maps(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    cells = SCENE_SIZE // 4
    heat, shape = np.zeros((len(KINDS), cells, cells), np.float32), np.zeros((5, cells, cells), np.float32)
    heat_weight, shape_weight = np.ones((cells, cells), np.float32), np.zeros((cells, cells), np.float32)
    for head in scene.heads:
        mark(scene, head, heat, heat_weight, shape, shape_weight)
    return heat, heat_weight, shape, shape_weight


def test_what_is_marked_is_decoded_again() -> None:
    squares = [Candidate(40.3, 30.9, 36, 0.3, 0, 1.0), Candidate(95, 101, 24, -0.2, 2, 1.0)]
    heat, heat_weight, shape, shape_weight = _maps(_scene(*squares))
    logits = torch.logit(torch.from_numpy(heat), eps=1e-4)
    found = sorted(peaks(logits, torch.from_numpy(shape), 0.9, 10), key=lambda x: x.x)
    assert heat_weight.min() == 1
    for square, again in zip(squares, found, strict=True):
        assert (again.x, again.y) == pytest.approx((square.x, square.y), abs=1e-4)
        assert (again.side, again.angle) == pytest.approx((square.side, square.angle), rel=1e-4)
        assert again.kind == square.kind
    assert 0 < (shape_weight > 0).sum() < 40


@pytest.mark.parametrize(
    ("square", "inside", "counts"),
    [
        (Candidate(64, 64, 200, 0, 0, 1), None, True),  # Much too large here: to be kept silent about.
        (Candidate(64, 64, 65, 0, 0, 1), None, False),  # A little too large: either answer is right.
        (Candidate(64, 64, 14, 0, 0, 1), None, False),
        (Candidate(64, 64, 40, 0, 0, 1), (0, 0, 60, 128), False),  # Half of it lies beyond the edge.
    ],
)
def test_heads_of_other_sizes_or_hardly_seen_are_not_marked(
    square: Candidate, inside: tuple[int, int, int, int] | None, counts: bool
) -> None:
    heat, heat_weight, _, shape_weight = _maps(_scene(square, inside=inside))
    assert heat.max() == 0
    assert shape_weight.max() == 0
    assert bool(heat_weight[16, 16]) is counts


def test_equal_generators_make_equal_lessons(maker: SceneMaker) -> None:
    for lesson in (scene_lesson, look_lesson):
        first, second = (lesson(maker, 6, np.random.default_rng(3)) for _ in range(2))
        for name, value in vars(first).items():
            assert torch.equal(value, getattr(second, name)), name
    other = scene_lesson(maker, 6, np.random.default_rng(4))
    assert not torch.equal(other.pictures, scene_lesson(maker, 6, np.random.default_rng(3)).pictures)


def test_lessons_hold_heads_of_all_kinds_and_nothing(maker: SceneMaker) -> None:
    lesson = look_lesson(maker, 150, np.random.default_rng(0))
    assert lesson.pictures.shape == (150, 3, LOOK_SIZE, LOOK_SIZE)
    assert -1 <= float(lesson.pictures.min()) < float(lesson.pictures.max()) <= 1
    assert set(lesson.kinds.tolist()) == {0, 1, 2, NOTHING, UNKNOWN}
    scenes = scene_lesson(maker, 30, np.random.default_rng(0))
    assert {int(k) for k in (scenes.heat == 1).nonzero()[:, 1]} == {0, 1, 2}


def test_a_pasted_face_lies_where_it_is_said_to(maker: SceneMaker) -> None:
    square = Candidate(60.0, 70.0, 50.0, 0.25, 0, 1.0)
    for seed in range(40):
        scene = maker.scene(SCENE_SIZE, [square], np.random.default_rng(seed))
        head = scene.heads[0]
        if KINDS[head.square.kind] == "face":
            break
    framed = face_frame(head.landmarks)
    assert (framed.x, framed.y, framed.angle) == pytest.approx((60, 70, 0.25), abs=0.6)
    # The pupils are darker than the skin between them.
    grey = cv2.GaussianBlur(scene.picture, (0, 0), 1).mean(2)
    left, right = (grey[round(y), round(x)] for x, y in head.landmarks[:2])
    x, y = head.landmarks[:3].mean(0)
    assert max(left, right) < grey[round(y), round(x)]


def test_scattered_squares_hardly_overlap() -> None:
    squares = scatter(128, [40, 30, 20, 20], np.random.default_rng(0))
    assert len(squares) >= 2
    assert all(overlap(a, b) < 0.05 for a in squares for b in squares if a is not b)


def test_perfect_answers_cost_less(maker: SceneMaker) -> None:
    torch.manual_seed(0)
    networks = FinderNetworks()
    scenes = scene_lesson(maker, 4, np.random.default_rng(0))
    looks = look_lesson(maker, 12, np.random.default_rng(0))

    class Perfect(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
            if pictures.shape[-1] == SCENE_SIZE:
                return torch.logit(scenes.heat, eps=1e-5), scenes.shape
            kinds = torch.nn.functional.one_hot(looks.kinds.clamp(min=0), len(KINDS) + 1).float() * 9
            return kinds, looks.landmarks, looks.boxes

    for loss, network, lesson in ((proposal_loss, networks.proposals, scenes), (look_loss, networks.look, looks)):
        perfect, untrained = (loss(x, lesson)[0].detach() for x in (Perfect(), network))  # type: ignore[operator]
        assert perfect < 0.3 * untrained


def test_training_resumes_as_if_it_had_not_stopped(data: Path, tmp_path: Path) -> None:
    train_finder(_config(data), False, tmp_path / "whole")
    train_finder(_config(data, minutes=1e-6), False, tmp_path / "parts")
    with pytest.raises(UsageError, match="--resume"):
        train_finder(_config(data), False, tmp_path / "parts")
    train_finder(_config(data), True, tmp_path / "parts")
    config = read_finder_config(_config(data))
    whole, parts = FinderState(config), FinderState(config)
    whole.load(tmp_path / "whole" / "checkpoint.safetensors")
    parts.load(tmp_path / "parts" / "checkpoint.safetensors")
    assert whole.step == parts.step == 4
    for old, new in zip(whole.average.state_dict().values(), parts.average.state_dict().values(), strict=True):
        assert torch.equal(old, new)
    log = [json.loads(x) for x in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert [x["step"] for x in log] == [2, 4]
    load_finder(tmp_path / "whole" / "tiny.safetensors")


def test_a_damaged_checkpoint_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="resumed"):
        train_finder(_config(data), True, tmp_path)


def test_the_rate_rises_and_falls() -> None:
    assert rate_share(0, 1000) < 0.01
    assert rate_share(250, 1000) > rate_share(600, 1000) > rate_share(999, 1000) > 0


def test_the_command_trains_measures_and_publishes(data: Path, tmp_path: Path) -> None:
    config, run, models = str(_config(data, steps=1)), str(tmp_path / "run"), tmp_path / "models"
    models.mkdir()
    (tmp_path / "photos").mkdir()
    _write(tmp_path / "photos" / "face.png", _drawn_head("face"))
    assert main([config, "--out", run, "--publish", str(models)]) == 2
    assert main([config, "--out", run]) == 0
    assert main([config, "--out", run, "--evaluate", "--count", "3", "--photos", str(tmp_path / "photos")]) == 0
    assert (tmp_path / "run" / "sheets" / "photos_0.jpg").is_file()
    assert (tmp_path / "run" / "sheets" / "found.csv").read_text().startswith("photo,found,kinds\nface.png,")
    with (tmp_path / "run" / "log.jsonl").open("a") as log:
        log.write('{"step": 1, "seconds": 2.0}\n')
    assert main([config, "--out", run, "--publish", str(models)]) == 0
    networks, card = load_installed_finder([models])
    assert isinstance(networks, FinderNetworks)
    assert card["measures"]["composites"]["pictures"] == 3
    assert card["training"]["steps"] == 1


def test_cut_out_things_lie_on_plain_grounds(data: Path, tmp_path: Path) -> None:
    red = np.zeros((20, 30, 4), np.uint8)
    red[4:16, 5:25] = (0, 0, 255, 255)
    _write(tmp_path / "box.png", red)
    config = read_finder_config(_config(data))
    heads = load_heads(config.heads, "train")
    backgrounds = load_backgrounds(config.backgrounds["train"], heads, [tmp_path])
    pictures = [backgrounds.scattered(64, np.random.default_rng(seed)) for seed in range(30)]
    plain = [x for x in pictures if (x == 255).all(2).mean() > 0.3]
    assert len(plain) >= 3
    inked = [(x < 250).any(2).mean() for x in plain]
    assert 0.005 < min(inked) < max(inked) < 0.7
    drawn_on = [backgrounds.draw(64, np.random.default_rng(seed)) for seed in range(40)]
    assert any((x == 255).all(2).mean() > 0.3 for x in drawn_on)
    _write(tmp_path / "flat.png", red[..., :3])
    with pytest.raises(UsageError, match=r"flat\.png"):
        load_backgrounds(config.backgrounds["train"], heads, [tmp_path])


def test_training_goes_on_from_weights(data: Path, tmp_path: Path) -> None:
    train_finder(_config(data), False, tmp_path / "run")
    weights = tmp_path / "run" / "tiny.safetensors"
    state = FinderState(replace(read_finder_config(_config(data)), start=weights))
    fresh = FinderState(read_finder_config(_config(data)))
    old = fresh.networks.state_dict()
    moved = [k for k, v in state.networks.state_dict().items() if v.is_floating_point() and not torch.equal(v, old[k])]
    assert moved
    assert all(x.requires_grad for x in state.networks.parameters())


def test_exams_are_the_same_every_time(data: Path) -> None:
    config = read_finder_config(_config(data))
    first, second = make_exam(config, "val", 2), make_exam(config, "val", 2)
    assert all((a.picture == b.picture).all() for a, b in zip(first.scenes, second.scenes, strict=True))
    assert all((a == b).all() for a, b in zip(first.empty, second.empty, strict=True))


@pytest.mark.parametrize(
    "text", ["", "name = 1", "name = 'x'\nheads = []\n[backgrounds]", "name='x'\nheads=['a']\nwhat=1\n[backgrounds]"]
)
def test_a_wrong_configuration_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "finder.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"finder\.toml"):
        read_finder_config(path)


def test_figures_of_known_findings() -> None:
    heads = [Candidate(100, 100, 80, 0, 0, 1), Candidate(300, 300, 100, 0, 1, 1), Candidate(2, 2, 60, 0, 2, 1)]
    scene = _scene(*heads, size=400)
    points = tuple((float(x) + 2, float(y)) for x, y in _landmarks(heads[0]))
    found = (
        Subject("face", 0.9, Frame.square(102, 100, 80), points),
        Subject("dog", 0.8, Frame.square(300, 300, 110)),  # The cat.
        Subject("dog", 0.7, Frame.square(2, 2, 60)),  # Hardly seen: neither good nor bad.
        Subject("cat", 0.6, Frame.square(200, 60, 50)),  # Nothing is there.
        Subject("cat", 0.3, Frame.square(300, 80, 50)),  # Not sure enough.
    )
    got = figures([Examined(scene, found)], dict.fromkeys(KINDS, 0.5))
    assert got["heads"] == 2
    assert got["recall"] == 1.0
    assert got["precision"] == pytest.approx(2 / 3, abs=1e-3)
    assert got["recall_by_kind"] == {"face": 1.0, "cat": 1.0, "dog": 0.0}
    assert got["kinds_right"] == 0.5
    assert got["confusion"]["cat"] == {"face": 0, "cat": 0, "dog": 1}
    eyes = math.dist(points[0], points[1])
    assert got["landmark_error_over_eye_distance"]["median"] == pytest.approx(2 / eyes, abs=1e-3)
    assert got["side_error"]["p90"] == pytest.approx(math.log(1.1) * 0.9, abs=1e-3)
    assert figures([Examined(scene, found)], dict.fromkeys(KINDS, 0.85))["recall"] == 0.5


def test_false_alarms_and_the_threshold() -> None:
    head = Candidate(100, 100, 80, 0, 0, 1)
    good = Subject("face", 0.8, Frame.square(100, 100, 80), ((1.0, 1.0),) * 5)
    empty = [(Subject("cat", 0.6, Frame.square(9, 9, 9)),), (), (), ()]
    assert false_alarms(empty, dict.fromkeys(KINDS, 0.5)) == {
        "pictures": 4,
        "false_per_picture": 0.25,
        "pictures_with_false": 0.25,
    }
    chosen = choose_thresholds([Examined(_scene(head, size=200), (good,))], empty, 0.02)
    assert chosen["face"] == 0.8  # The highest that keeps the face.
    assert chosen["cat"] > 0.6


def test_overlays_show_frames_and_names() -> None:
    samples = np.full((600, 900, 3), 40000, np.uint16)
    subject = Subject("face", 0.9, Frame.square(300, 300, 200, 0.2), ((280.0, 280.0),) * 5)
    drawn_ = overlay(samples, [subject], "a.jpg")
    assert drawn_.shape == (320, 480, 3)
    assert (drawn_ == (60, 220, 60)).all(2).any()
    assert SIZE_UNIT > 0
    assert sheet([drawn_, drawn_[:100]], 1).shape == (640, 480, 3)
