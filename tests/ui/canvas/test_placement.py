from __future__ import annotations

import numpy as np
import pytest

from bsgui.ui.canvas.placement import Placement, clamp_centre, clamp_zoom, fit_zoom
from bsgui.ui.canvas.view_state import ZOOM_MAX


def test_at_100_percent_views_are_pixel_aligned_wherever_the_centre_is() -> None:
    placement = Placement((801, 600), (4000, 3000), 1.0, (1234.56, 789.01))
    assert placement.viewport(placement.visible).is_pixel_aligned


@pytest.mark.parametrize("zoom", [0.03, 0.31, 1.0, 7.7, 32.0])
def test_coordinates_go_there_and_back(zoom: float) -> None:
    placement = Placement((800, 600), (4000, 3000), zoom, (1200.0, 900.0))
    there = placement.to_canvas(*placement.to_photo(123.0, 456.0))
    np.testing.assert_allclose(there, (123.0, 456.0))


def test_zooming_keeps_the_point_under_the_pointer() -> None:
    before = Placement((800, 600), (4000, 3000), 0.5, (1200.0, 900.0))
    after = Placement((800, 600), (4000, 3000), 3.0, before.zoomed(3.0, (100.0, 500.0)))
    np.testing.assert_allclose(after.to_photo(100, 500), before.to_photo(100, 500), atol=0.5)


@pytest.mark.parametrize("photo", [(1, 1), (2, 3000), (20_000, 8), (12_000, 9000)])
def test_every_photo_fits_and_has_a_visible_pixel(photo: tuple[int, int]) -> None:
    zoom = fit_zoom((1440, 900), photo, 16)
    placement = Placement((1440, 900), photo, zoom, (photo[0] / 2, photo[1] / 2))
    visible = placement.visible
    assert visible == placement.photo_rect
    assert visible.left >= 15
    assert visible.top >= 15
    view = placement.viewport(visible)
    assert (view.width, view.height) == (visible.width, visible.height)


def test_zoom_limits_give_way_only_to_fitting() -> None:
    assert clamp_zoom(100, 0.5) == ZOOM_MAX
    assert clamp_zoom(0.001, 0.5) == 1 / 32
    assert clamp_zoom(0.001, 0.01) == 0.01


def test_the_centre_stays_in_reach() -> None:
    assert clamp_centre((-500, 9000), (800, 600), (4000, 3000), 1.0) == (0.0, 3000.0)
    assert clamp_centre((3, 2900), (800, 600), (100, 3000), 1.0) == (50.0, 2900.0)


def test_coarse_views_cover_what_fine_ones_do() -> None:
    placement = Placement((801, 603), (4000, 3000), 0.37, (2000.0, 1500.0))
    fine, coarse = placement.viewport(placement.visible), placement.viewport(placement.visible, 4)
    assert (coarse.x, coarse.y) == (fine.x, fine.y)
    assert coarse.width * 4 >= fine.width > (coarse.width - 1) * 4
    assert coarse.scale * 4 == fine.scale
