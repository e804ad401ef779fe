import cv2
import numpy as np
import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import Cancelled
from bsgui.core.layer_measures import GRID, measure_layers
from bsgui.core.photo import Photo
from bsgui.core.sources import PixelLayers
from bsgui.tasks.cancel import CancelSource
from tests.fixtures import layer_infos, make_decomposition, make_photo


def decomposition(*branches: np.ndarray) -> Decomposition:
    """Branches in full scale over a grey photo; the residual is not looked at."""
    height, width = branches[0].shape[:2]
    photo = Photo(np.full((height, width, 3), 128, np.uint8), "grey.png", "0" * 64)
    nothing = np.zeros((height, width, 3), np.int16)
    layers = tuple((x * 32640).astype(np.int16) for x in branches)
    return Decomposition(photo, layer_infos(len(branches)), PixelLayers(photo, (nothing, *layers, nothing)))


def noise(seed: int = 0, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, (side, side, 3))


def test_shares_correlation_and_cancellation() -> None:
    branch = noise()
    measures = measure_layers(decomposition(branch, -2 * branch, 0.5 * noise(1)))
    assert measures.shares == pytest.approx([1 / 5.25, 4 / 5.25, 0.25 / 5.25], abs=0.01)
    assert measures.correlation[0, 1] == pytest.approx(-1.0, abs=1e-3)
    assert abs(measures.correlation[0, 2]) < 0.05
    assert measures.redundancy == pytest.approx((1 + 2 * abs(measures.correlation[0, 2])) / 3, abs=0.02)
    assert measures.cancellation == pytest.approx(5.25 / 1.25, rel=0.03)


def test_fine_and_coarse_branches_are_in_their_bands() -> None:
    coarse = cv2.GaussianBlur(noise(side=128), (0, 0), 16) * 20
    measures = measure_layers(decomposition(noise(side=128), coarse))
    assert measures.bands[0].argmax() == 0
    assert measures.bands[1].argmax() >= 3
    assert measures.bands.sum(1) == pytest.approx(1.0)


def test_colour_place_and_polarity() -> None:
    grey = np.repeat(noise()[..., :1], 3, axis=2)
    corner = np.zeros((64, 64, 3))
    corner[:8, :8] = [0.4, 0.0, -0.4]
    measures = measure_layers(decomposition(grey, corner))
    assert measures.colours[0] == pytest.approx([1, 0, 0], abs=1e-3)
    assert measures.colours[1, 1:].sum() > 0.7
    assert measures.places.shape == (2, GRID, GRID)
    assert measures.places[1].argmax() == 0
    assert measures.skewness[1] > 2


def test_agrees_with_the_laboratory() -> None:
    torch = pytest.importorskip("torch")
    from bsgui.analysis.report.traits import traits

    branches = [noise(0), cv2.GaussianBlur(noise(1), (0, 0), 4) * 4]
    found = measure_layers(decomposition(*branches))
    pictures = torch.from_numpy(np.stack(branches).transpose(0, 3, 1, 2)).float()[None] * 2
    photo = pictures.sum(1)
    seen = traits(pictures, photo, photo.mean((2, 3), keepdim=True))
    bands = seen.bands[0] / seen.bands[0].sum(1, keepdims=True)
    assert found.correlation == pytest.approx(seen.correlation[0], abs=2e-3)
    assert found.bands == pytest.approx(bands, abs=2e-3)
    assert found.colours == pytest.approx(seen.colours[0] / seen.colours[0].sum(1, keepdims=True), abs=2e-3)
    assert found.skewness == pytest.approx(seen.skewness[0], abs=0.02)
    assert found.places == pytest.approx(seen.places[0], abs=2e-3)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 700), (1200, 5)])
def test_odd_photos_are_measured(width: int, height: int) -> None:
    measures = measure_layers(make_decomposition(make_photo(width, height)))
    for array in (measures.shares, measures.correlation, measures.bands, measures.colours, measures.places):
        assert np.isfinite(array).all()
    assert max(measures.width, measures.height) <= 256


def test_cancelling_stops() -> None:
    cancel = CancelSource()
    cancel.cancel()
    with pytest.raises(Cancelled):
        measure_layers(make_decomposition(), cancel)
