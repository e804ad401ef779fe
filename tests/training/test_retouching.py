"""Photos without what was drawn on them, and training with both."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bsgui.analysis.semantic.annotations import Annotation, Stroke, read_annotations
from bsgui.core.errors import UsageError
from bsgui.training.config import read_config
from bsgui.training.data import Batch, batches, load_pack
from bsgui.training.retouching import RETOUCHERS, without_features, without_hair, without_markings, without_whiskers
from bsgui.training.trainer import train_from_config
from bsgui.training.views import VIEWS

SIDE = 128
SPOT = np.array([[50, 50], [74, 50], [74, 74], [50, 74]], float)
EYE = np.array([[80, 40], [92, 40], [92, 52], [80, 52]], float)
DRAWINGS = Path("models/drawings/animals")


def _drawing(**changes: object) -> Annotation:
    whisker = Stroke(np.array([[20.0, 100.5], [110.0, 100.5]]), 2)
    fields = {"strokes": {"whiskers": (whisker,)}, "regions": {"spots": (SPOT,), "eyes": (EYE,)}} | changes
    return Annotation("pets/1.png", "train", SIDE, SIDE, "T", absent=frozenset(), **fields)  # type: ignore[arg-type]


def _photo() -> np.ndarray:
    """Coat with hair, a dark spot with the same hair, a black eye beside it, and a white whisker."""
    hair = np.random.default_rng(0).normal(0, 12, (SIDE, SIDE, 1))
    photo = np.clip(np.array([150, 120, 90]) + hair, 0, 255)
    photo[50:74, 50:74] *= 0.4
    photo[40:52, 80:92] = 5
    photo[100, 20:110] = 250
    return photo.astype(np.uint8)


def test_a_marking_takes_the_tone_of_the_coat_and_keeps_its_hair() -> None:
    photo = _photo()
    clean = without_markings(photo, _drawing()).astype(float)
    inside, coat = clean[54:70, 54:70], photo[5:40, 5:40].astype(float)
    np.testing.assert_allclose(inside.mean((0, 1)), coat.mean((0, 1)), atol=8)
    assert inside.std(axis=(0, 1)).mean() > 0.5 * coat.std(axis=(0, 1)).mean()
    # What is no marking stays, to the last pixel.
    far = np.ones((SIDE, SIDE), bool)
    far[44:80, 44:80] = False
    assert (clean[far] == photo[far]).all()


def test_no_eye_bleeds_into_the_coat() -> None:
    photo = _photo()
    photo[40:86, 76:90] = 5
    beside = _drawing(regions={"spots": (SPOT,), "eyes": (np.array([[75, 38], [92, 38], [92, 88], [75, 88]], float),)})
    right = without_markings(photo, beside)[54:70, 66:72].mean()
    unknown = _drawing(regions={"spots": (SPOT,)})
    assert right > without_markings(photo, unknown)[54:70, 66:72].mean() + 10
    assert right > 100


def test_a_whisker_is_painted_over_from_its_sides() -> None:
    photo = _photo()
    clean = without_whiskers(photo, _drawing())
    assert abs(clean[100, 25:105].mean() - photo[110:120, 25:105].mean()) < 12
    assert (clean[:97] == photo[:97]).all()
    assert (clean[104:] == photo[104:]).all()


def test_a_coat_without_hair_keeps_its_borders_its_whiskers_and_all_around_it() -> None:
    photo = _photo()
    photo[:, 110:] = np.array([30, 60, 30]) + np.random.default_rng(1).normal(0, 12, (SIDE, 18, 1))
    coat = np.array([[0, 0], [110, 0], [110, SIDE], [0, SIDE]], float)
    smooth = without_hair(photo, _drawing(regions={"spots": (SPOT,), "eyes": (EYE,), "fur": (coat,)})).astype(float)
    inside = (slice(10, 40), slice(10, 40))
    assert smooth[inside].std(axis=(0, 1)).mean() < 0.4 * photo[inside].std(axis=(0, 1)).mean()
    np.testing.assert_allclose(smooth[inside].mean((0, 1)), photo[inside].mean((0, 1)), atol=2)
    # The border of a marking is as steep as before,
    assert smooth[56:68, 46:48].mean() - smooth[56:68, 51:53].mean() > 0.9 * (150 + 120 + 90) / 3 * 0.6
    # a whisker as bright, a background as rough, and an eye as it was.
    assert smooth[100, 30:100].mean() > 225
    assert (smooth[:, 114:] == photo[:, 114:]).all()
    assert (smooth[42:50, 82:90] == photo[42:50, 82:90]).all()


def test_eyes_are_painted_over_and_nothing_else() -> None:
    photo = _photo()
    blind = without_features(photo, _drawing()).astype(float)
    assert blind[40:52, 80:92].mean() > 0.6 * photo[5:40, 5:40].mean()
    away = np.ones((SIDE, SIDE), bool)
    away[36:56, 76:96] = False
    assert (blind[away] == photo[away]).all()
    assert not RETOUCHERS["features"].can_use(_drawing(regions={"spots": (SPOT,)}))


def test_whiskers_that_nobody_drew_stay_in_a_coat_without_hair() -> None:
    photo = _photo()
    coat = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], float)
    smooth = without_hair(photo, _drawing(strokes={}, regions={"fur": (coat,)})).astype(float)
    assert smooth[100, 30:100].mean() > 0.85 * photo[100, 30:100].mean()


def test_a_coat_is_used_only_where_its_markings_are_known() -> None:
    coat = {"fur": (SPOT,)}
    assert not RETOUCHERS["fur"].can_use(_drawing(regions=coat))
    assert RETOUCHERS["fur"].can_use(_drawing(regions=coat | {"spots": (EYE,)}))
    unmarked = Annotation("pets/1.png", "train", SIDE, SIDE, "T", {}, coat, frozenset({"spots"}))  # type: ignore[arg-type]
    assert RETOUCHERS["fur"].can_use(unmarked)
    assert not RETOUCHERS["markings"].can_use(unmarked)


def test_views_show_what_was_drawn_and_paint_where_nothing_was() -> None:
    photos = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 1.2 - 0.6
    retouched = photos[0].clone()
    retouched[:, 20:30, 20:30] = 0.9
    batch = Batch(photos, torch.tensor([0, 0]), view="markings", retouched=[retouched, None])
    one, other = VIEWS["markings"](batch, torch.Generator().manual_seed(0))
    changed = (one[0] - other[0]).abs().amax(0)
    assert changed[20:30, 20:30].min() > 0.02
    changed[20:30, 20:30] = 0
    assert changed.max() < 1e-5
    # Another camera sees them: not the photos themselves, but both alike.
    assert (other[0] - photos[0]).abs().mean() > 0.01
    assert (one[1] - other[1]).abs().max() > 0.05


def test_what_is_dark_for_want_of_light_is_in_both_views() -> None:
    photos = torch.full((1, 3, 64, 64), 0.2)
    retouched = photos[0].clone()
    retouched[:, 20:30, 20:30] = 0.9
    batch, shaded = Batch(photos, torch.tensor([0]), view="markings", retouched=[retouched]), 0
    for seed in range(20):
        one, other = VIEWS["markings"](batch, torch.Generator().manual_seed(seed))
        changed = (one - other).abs()
        assert changed[..., 20:30, 20:30].min() > 0.02
        changed[..., 20:30, 20:30] = 0
        assert changed.max() < 1e-5
        shaded += bool((one[:, 0, 32:].amax() - one[:, 0, 32:].amin()) > 0.02)
    assert 5 < shaded < 18


@pytest.fixture
def drawn_config(config_path: Path, pack_index: Path, tmp_path: Path) -> Path:
    """The tiny training with views of two photos that a square was drawn on."""
    for number in (1, 2):
        drawing = {
            "photo": f"pack/{number}.png", "split": "train", "width": 32, "height": 32, "annotator": "T",
            "regions": {"spots": [[[8, 8], [20, 8], [20, 20], [8, 20]]]}, "absent": [],
        }  # fmt: skip
        (tmp_path / "drawings").mkdir(exist_ok=True)
        (tmp_path / "drawings" / f"{number}.json").write_text(json.dumps(drawing))
    text = config_path.read_text().replace("sizes = [16, 32]", "sizes = [32]")
    pack = f'[[data]]\nindex = {str(pack_index)!r}\nviews = ["markings"]\ndrawings = "drawings"\n[losses]\nheld = 1.0\n'
    config_path.write_text(
        'views = ["markings", ""]\nleads = { markings = 1 }\n' + text.replace("[card]", pack + "[card]")
    )
    return config_path


def test_a_pack_with_drawings_has_the_photos_that_were_drawn_on(drawn_config: Path) -> None:
    config = read_config(drawn_config)
    plain, drawn = (load_pack(pack, "train") for pack in config.data)
    assert [file.name for file in drawn.files] == ["1.png", "2.png"]
    assert drawn.retouched is not None
    assert (drawn.retouched != drawn.photos)[:, 8:20, 8:20].any()
    assert plain.retouched is None
    stream = batches([plain, drawn], ["any"], [32], 2, seed=0, views=["markings", ""])
    with_drawings, without = next(stream), next(stream)
    assert all(other is not None for other in with_drawings.retouched)
    assert all(other is None for other in without.retouched)


def test_training_with_drawings_holds_the_leader_to_them(drawn_config: Path, tmp_path: Path) -> None:
    train_from_config(drawn_config, resume=False, out=tmp_path / "run")
    log = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert ["missed_markings" in line for line in log] == [True, False, True, False]
    assert {line["leader_markings"] for line in log if "leader_markings" in line} == {1}


@pytest.mark.parametrize("views", ['["colour"]', '["markings", "whiskers"]', "[]"])
def test_drawings_are_of_what_one_view_is_about(drawn_config: Path, views: str) -> None:
    text = drawn_config.read_text().replace('views = ["markings"]\ndrawings', f"views = {views}\ndrawings")
    drawn_config.write_text(text)
    with pytest.raises(UsageError, match="drawings"):
        read_config(drawn_config)


def test_shipped_drawings_are_of_training_photos_each_once() -> None:
    from tests.analysis.semantic.test_annotated_animals import split_of

    drawings = read_annotations(DRAWINGS)
    assert len({drawing.photo for drawing in drawings}) == len(drawings) > 200
    assert all(drawing.split == "train" == split_of(drawing.photo) for drawing in drawings)
    assert sum(drawing.has("spots") for drawing in drawings) > 150
    assert sum(drawing.has("whiskers") for drawing in drawings) > 120
