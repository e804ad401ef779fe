from __future__ import annotations

import gc

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from bsgui.ui.canvas.qimage import PixelBuffer, to_array, to_qimage


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (17, 2), (64, 48)])
def test_there_and_back(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    np.testing.assert_array_equal(to_array(to_qimage(pixels)), pixels)


def test_strided_arrays_are_copied_right() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)[::2, ::-3]
    np.testing.assert_array_equal(to_array(to_qimage(pixels)), pixels)


def test_the_image_owns_its_memory() -> None:
    pixels = np.full((50, 50, 3), 200, np.uint8)
    image = to_qimage(pixels)
    pixels[:] = 0
    del pixels
    gc.collect()
    assert image.pixelColor(49, 49) == QColor(200, 200, 200)


def test_what_is_drawn_is_in_the_image_in_its_place() -> None:
    buffer = PixelBuffer.of_size(7, 5)
    buffer.draw(np.zeros((5, 7, 3), np.uint8))
    buffer.draw(np.full((2, 3, 3), (1, 2, 3), np.uint8), top=3, left=4)
    assert buffer.image.pixelColor(6, 4) == buffer.image.pixelColor(4, 3) == QColor(1, 2, 3)
    assert buffer.image.pixelColor(3, 3) == buffer.image.pixelColor(4, 2) == QColor(0, 0, 0)


def test_images_with_alpha_or_palette_become_rgb() -> None:
    image = QImage(3, 2, QImage.Format.Format_ARGB32)
    image.fill(QColor(10, 20, 30, 255))
    np.testing.assert_array_equal(to_array(image), np.full((2, 3, 3), (10, 20, 30)))
    palette = QImage(3, 2, QImage.Format.Format_Indexed8)
    palette.setColorTable([QColor(1, 2, 3).rgb(), QColor(40, 50, 60).rgb()])
    palette.fill(1)
    np.testing.assert_array_equal(to_array(palette), np.full((2, 3, 3), (40, 50, 60)))


def test_a_null_image_is_refused() -> None:
    with pytest.raises(ValueError, match="null"):
        to_array(QImage())


def test_buffers_of_any_size_are_drawn_in_the_same_memory() -> None:
    memory = np.empty(4 * 6 * 5, np.uint8)
    rng = np.random.default_rng(0)
    for width, height in ((6, 5), (3, 4), (1, 7)):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        buffer = PixelBuffer.in_memory(memory, width, height)
        buffer.draw(pixels)
        np.testing.assert_array_equal(to_array(buffer.image), pixels)
    with pytest.raises(ValueError, match="reshape"):
        PixelBuffer.in_memory(memory, 6, 6)
