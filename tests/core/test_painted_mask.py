import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest

from bsgui.core import painted_mask
from bsgui.core.fields import FieldError, Fields
from bsgui.core.frame import Frame
from bsgui.core.last_seen import LastSeen
from bsgui.core.layers import edit_layer
from bsgui.core.mask import read_mask
from bsgui.core.painted_mask import PaintedMask, Stroke
from bsgui.core.sources import AffineLayers, PixelLayers
from bsgui.core.viewport import Viewport
from bsgui.core.weights import Weights
from tests.fixtures import make_decomposition, make_photo

LINE = Stroke(((30, 40), (90, 40)), 10, hardness=1.0)
SOFT = Stroke(((30, 40), (90, 40)), 20, hardness=0.0)
WHOLE = Viewport(0, 0, 1.0, 120, 80)


def at(mask: PaintedMask, *points: tuple[int, int], view: Viewport = WHOLE) -> list[float]:
    seen = mask.seen_in(view)
    return [float(seen[y, x]) for x, y in points]


def test_a_hard_stroke_covers_all_within_its_radius_and_nothing_beyond() -> None:
    mask = PaintedMask((LINE,))
    assert at(mask, (60, 40), (60, 32), (60, 47), (22, 40), (97, 40)) == pytest.approx([1] * 5)
    assert at(mask, (60, 28), (60, 52), (18, 40), (102, 40), (22, 32)) == [0] * 5
    assert at(PaintedMask((LINE,), inverted=True), (60, 40), (60, 28)) == pytest.approx([0, 1])


def test_a_soft_stroke_fades_from_its_middle_to_its_rim() -> None:
    falling = at(PaintedMask((SOFT,)), *((60, 40 + step) for step in range(0, 24, 2)))
    assert falling[0] > 0.9
    assert falling[5] == pytest.approx(0.5, abs=0.05)
    assert falling[10] < 0.03
    assert all(one >= next_one for one, next_one in pairwise(falling))


def test_a_dab_is_round() -> None:
    seen = PaintedMask((Stroke(((60.0, 40.0),), 15, 1.0),)).seen_in(WHOLE)
    assert seen.sum() == pytest.approx(np.pi * 15**2, rel=0.03)
    np.testing.assert_allclose(seen[25:55, 45:75], seen[25:55, 45:75].T, atol=0.05)


def test_strokes_lie_over_each_other_in_order() -> None:
    eraser = Stroke(((60, 40),), 6, 1.0, erases=True)
    assert at(PaintedMask((LINE, eraser)), (60, 40), (40, 40)) == pytest.approx([0, 1])
    assert at(PaintedMask((LINE, eraser, LINE)), (60, 40)) == pytest.approx([1])
    # The same twice is no more than once.
    np.testing.assert_allclose(PaintedMask((SOFT, SOFT)).seen_in(WHOLE), PaintedMask((SOFT,)).seen_in(WHOLE))


@pytest.mark.parametrize("stroke", [LINE, SOFT, Stroke(((5, 5), (60, 90), (130, -20)), 8, 0.4)])
def test_a_mask_is_the_same_at_every_scale_and_in_every_part(stroke: Stroke) -> None:
    mask = PaintedMask((stroke,))
    whole, double = mask.seen_in(WHOLE), mask.seen_in(Viewport(0, 0, 2.0, 240, 160))
    difference = np.abs(double.reshape(80, 2, 120, 2).mean((1, 3)) - whole)
    assert difference.max() < 0.3  # in single pixels of a hard edge
    assert difference.mean() < 0.01
    rows, columns = slice(20, 70), slice(10, 95)
    part = mask.seen_in(WHOLE.part(rows, columns))
    np.testing.assert_allclose(part, whole[rows, columns], atol=0.05)


def test_a_huge_soft_brush_is_drawn_on_a_coarse_grid_and_is_still_where_it_was() -> None:
    stroke = Stroke(((60, 40), (75, 40)), 30, 0.2)
    small, large = PaintedMask((stroke,)).seen_in(WHOLE), PaintedMask((stroke,)).seen_in(Viewport(0, 0, 8.0, 960, 640))
    np.testing.assert_allclose(large.reshape(80, 8, 120, 8).mean((1, 3)), small, atol=0.02)


def test_a_stroke_that_grows_is_drawn_as_if_it_had_been_drawn_at_once() -> None:
    path = tuple((20.0 + 4 * step, 40.0 + 10 * np.sin(step)) for step in range(20))
    for count in range(1, 20):
        PaintedMask((LINE, Stroke(path[:count], 5, 0.5))).seen_in(WHOLE)
    grown = PaintedMask((LINE, Stroke(path, 5, 0.5))).seen_in(WHOLE)
    fresh = PaintedMask((Stroke(LINE.points, 10, 1.0), Stroke(path, 5.0, 0.5))).seen_in(
        WHOLE.part(slice(1, 80), slice(1, 120))
    )
    np.testing.assert_allclose(grown[1:, 1:], fresh, atol=0.05)


def many_strokes(seed: int = 3) -> PaintedMask:
    rng = np.random.default_rng(seed)
    strokes = []
    for number in range(9):
        path = rng.uniform(0, 600, 2) + rng.normal(0, 20, (12, 2)).cumsum(0)
        hardness = float(rng.uniform(0, 1))
        strokes.append(Stroke(tuple((float(x), float(y)) for x, y in path), 40, hardness, erases=number % 3 == 2))
    return PaintedMask(tuple(strokes))


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
def test_a_view_on_the_photos_grid_is_what_one_between_its_pixels_is(scale: float) -> None:
    mask = many_strokes()
    on_grid = Viewport(37 / scale, 250 / scale, scale, 400, 300)
    mask.seen_in(Viewport(30 / scale, 250 / scale, scale, 400, 300))  # It moves.
    # Within a hair of it, but drawn at once and not from tiles.
    beside = Viewport(37.01 / scale, 250.01 / scale, scale, 400, 300)
    difference = np.abs(mask.seen_in(on_grid) - mask.seen_in(beside))
    assert 0 < mask.seen_in(on_grid).mean() < 1
    assert difference.max() < 0.3  # in single pixels of a hard edge
    assert difference.mean() < 2e-4


def test_there_are_no_seams_between_the_parts_of_a_soft_stroke() -> None:
    mask = PaintedMask((Stroke(((300.0, 300.0), (420.0, 330.0)), 250, 0.0),))
    view = Viewport(101, 113, 1.0, 450, 400)
    mask.seen_in(Viewport(90, 113, 1.0, 450, 400))  # It moves.
    whole = mask.seen_in(view)
    steps = [np.abs(np.diff(whole, n=2, axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 0.005
    part = mask.seen_in(view.part(slice(100, 317), slice(59, 404)))
    np.testing.assert_allclose(part, whole[100:317, 59:404], atol=1e-6)


def test_after_a_movement_only_what_has_come_into_view_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[Viewport] = []
    paint = painted_mask._paint
    monkeypatch.setattr(painted_mask, "_paint", lambda *args: (painted.append(args[2]), paint(*args))[1])
    mask = many_strokes(seed=4)
    for start in (0, 5):
        mask.seen_in(Viewport(start, 0, 1.0, 500, 500))
    assert painted
    painted.clear()
    mask.seen_in(Viewport(7, 9, 1.0, 500, 500))
    assert not painted
    mask.seen_in(Viewport(100, 0, 1.0, 500, 500))
    assert all(view.x == 512 for view in painted)


def test_while_it_is_zoomed_nothing_is_painted_out_of_view(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[Viewport] = []
    paint = painted_mask._paint
    monkeypatch.setattr(painted_mask, "_paint", lambda *args: (painted.append(args[2]), paint(*args))[1])
    mask = many_strokes(seed=6)
    for scale in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        for strip in range(3):
            view = Viewport(0, 100 * strip / scale, scale, 400, 100)
            mask.seen_in(view)
            assert {*painted} <= {view}
            painted.clear()


def test_a_stroke_more_changes_only_the_tiles_that_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[Viewport] = []
    paint = painted_mask._paint
    mask, view = many_strokes(seed=5), Viewport(0, 0, 1.0, 768, 768)
    for seen in (Viewport(1, 0, 1.0, 768, 768), view):
        mask.seen_in(seen)
    monkeypatch.setattr(painted_mask, "_paint", lambda *args: (painted.append(args[2]), paint(*args))[1])
    more = PaintedMask((*mask.strokes, Stroke(((700.0, 700.0),), 20)))
    more.seen_in(Viewport(0, 9, 1.0, 50, 50))
    painted.clear()
    more.seen_in(view)
    assert [(tile.x, tile.y) for tile in painted] == [(512, 512)]


def test_what_is_out_of_view_costs_and_covers_nothing() -> None:
    far = PaintedMask((Stroke(((5e8, 5e8), (6e8, 5e8)), 50, 0.5),))
    assert not far.may_be_in(WHOLE)
    assert not far.seen_in(WHOLE).any()
    through = PaintedMask((Stroke(((-5e8, 40), (5e8, 40)), 5, 1.0),))
    assert at(through, (60, 40), (60, 60)) == pytest.approx([1, 0])


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("frame", [None, Frame(70, 45, 60, 50, 0.3)])
def test_a_painted_layer_is_as_it_is_set_where_it_is_painted(inverted: bool, frame: Frame | None) -> None:
    decomposition = make_decomposition(make_photo(width=140, height=90))
    photo, source = decomposition.photo, decomposition.source
    assert isinstance(source, AffineLayers)
    source = AffineLayers(photo, source.scale_maps, source.shift_maps, frame)
    mask = PaintedMask((Stroke(((40, 45), (90, 45)), 12, 0.7), Stroke(((60, 45),), 5, 1.0, erases=True)), inverted)
    stack = edit_layer(decomposition.initial_stack(), "branch-1", gain=0.25, tint=(1.0, 0.5, 0.0), mask=mask)
    stack = edit_layer(stack, "branch-2", gain=2.0, mask=mask)
    pixels = PixelLayers(photo, tuple(source.ticks(0, photo.height).astype(np.int16)))
    for view in (Viewport.strip(photo.width, 0, photo.height), Viewport(20, 30, 1.5, 90, 40)):
        expected = sum(
            weight.of(source.mix(one, view) - 0.5)
            for one, weight in zip(np.eye(source.count, dtype=np.float32), stack.weights().seen_in(view), strict=True)
        )
        np.testing.assert_allclose(source.mix(stack.weights(), view), expected + 0.5, atol=2e-5)
    strip = Viewport.strip(photo.width, 0, photo.height)
    np.testing.assert_allclose(pixels.mix(stack.weights(), strip), source.mix(stack.weights(), strip), atol=2e-4)


def test_nothing_is_painted_without_strokes() -> None:
    assert not PaintedMask(()).seen_in(WHOLE).any()
    assert PaintedMask((), inverted=True).seen_in(WHOLE).all()
    assert not PaintedMask(()).may_be_in(WHOLE)


def test_a_mask_without_paint_in_view_leaves_the_layer_as_it_came() -> None:
    decomposition = make_decomposition(make_photo(width=140, height=90))
    stack = edit_layer(decomposition.initial_stack(), "branch-1", gain=0.0, mask=PaintedMask((LINE,)))
    view = Viewport(0, 60, 1.0, 140, 30)
    untouched = decomposition.source.mix(np.ones(decomposition.source.count, np.float32), view)
    np.testing.assert_allclose(decomposition.source.mix(stack.weights(), view), untouched, atol=1e-5)


def test_a_mask_is_read_as_it_was_written() -> None:
    mask = PaintedMask((LINE, Stroke(((1.5, 2.5),), 3.25, 0.1, erases=True)), inverted=True)
    assert read_mask(Fields({"mask": json.loads(json.dumps(asdict(mask)))})) == mask


_DAB = {"points": [[1, 2]], "radius": 3}


@pytest.mark.parametrize(
    "mask",
    [
        {"strokes": "many"},
        {"strokes": [{"points": [], "radius": 3}]},
        {"strokes": [_DAB | {"points": [[1, 2, 3]]}]},
        {"strokes": [_DAB | {"points": [[1, float("nan")]]}]},
        {"strokes": [_DAB | {"points": [[1, 1e12]]}]},
        {"strokes": [_DAB | {"radius": 0}]},
        {"strokes": [_DAB | {"hardness": 2}]},
        {"strokes": [_DAB | {"erases": 1}]},
        {"strokes": [_DAB] * 1001},
        {"strokes": [_DAB], "inverted": "no"},
    ],
)
def test_strokes_that_make_no_sense_are_refused(mask: dict[str, object]) -> None:
    with pytest.raises(FieldError):
        read_mask(Fields({"mask": mask}))


def test_weights_know_what_is_painted() -> None:
    mask = PaintedMask((LINE,))
    channels = np.full((3, 3), 2, np.float32)
    weights = Weights(channels, (None, mask, PaintedMask((LINE,))))
    assert weights.painted == {mask: [1, 2]}
    assert weights.unpainted[:, 0].tolist() == [2, 1, 1]
    assert Weights(channels, (None, PaintedMask((LINE,), inverted=True), None)).unpainted[:, 0].tolist() == [2, 2, 2]


def test_threads_draw_masks_of_their_own_while_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painted_mask, "_last_seen", LastSeen(160 * WHOLE.width * WHOLE.height))
    mask, before = PaintedMask((LINE, SOFT)), PaintedMask((LINE, SOFT)).seen_in(WHOLE)

    def draw(number: int) -> bool:
        own = PaintedMask((*mask.strokes, Stroke(((float(number), 5.0),), 1, 1.0)))
        return bool((own.seen_in(WHOLE)[20:] == before[20:]).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(draw, range(400)))
