import csv
import io

import numpy as np
import pytest

from bsgui.core.recording import QuantizedMaps, recording_csv
from bsgui.core.viewport import Viewport
from tests.fixtures import make_layers, make_photo
from tests.recordings import make_recording


def test_quantized_maps_are_close_and_still_add_up() -> None:
    photo = make_photo()
    layers = make_layers(photo)
    quantized = QuantizedMaps.of(layers.shift_maps[0, 0, 0], layers.scale_maps[1:-1], layers.shift_maps[1:-1])
    again = quantized.layers(photo)
    spread = np.ptp(layers.scale_maps[1:-1], axis=(1, 2)).max()
    assert np.abs(again.scale_maps[1:-1] - layers.scale_maps[1:-1]).max() <= 0.51 * spread / 255
    total = again.show(np.ones(again.count, np.float32), Viewport.strip(photo.width, 0, photo.height))
    assert np.abs(total.astype(int) - photo.samples).max() <= 1


def test_flat_maps_are_kept_exactly() -> None:
    flat = np.full((2, 4, 4, 3), 0.25, np.float32)
    again = QuantizedMaps.of(np.zeros(3, np.float32), flat, -flat).layers(make_photo())
    assert np.array_equal(again.scale_maps[1:-1], flat)
    assert np.array_equal(again.shift_maps[1:-1], -flat)


def test_a_recording_goes_on_and_what_comes_later_is_replaced() -> None:
    recording = make_recording((0, 10, 40))
    other = make_recording((10,)).moments[0]
    again = recording.with_moment(other)
    assert list(again.steps) == [0, 10]
    assert again.moments[1] is other
    assert list(recording.before(10).steps) == [0]
    assert recording.course("bands").shape == (3, 3, 4)


def test_recordings_of_other_photos_or_networks_are_told_apart() -> None:
    recording = make_recording()
    assert recording.is_like(make_recording((5,)))
    assert not recording.is_like(make_recording(photos=1))
    assert not recording.is_like(make_recording(branches=4))


def test_the_table_has_a_row_a_moment_and_no_figure_for_what_is_unknown() -> None:
    rows = list(csv.DictReader(io.StringIO(recording_csv(make_recording()))))
    assert [row["step"] for row in rows] == ["0", "10", "40"]
    assert rows[0]["identity"] == ""
    assert float(rows[1]["identity"]) == 0.5
    assert float(rows[2]["fidelity_db"]) == 14
    assert sum(float(rows[2][f"band 1 Branch {k}"]) for k in (1, 2, 3)) == pytest.approx(1, abs=1e-4)
    assert float(rows[2]["correlation Branch 1 / Branch 3"]) == 0
