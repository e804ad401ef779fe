"""The only door between arrays and QImage."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

# A pixel is a number of 32 bits, alpha first, in the machine's own order.
assert sys.byteorder == "little"
_RGB32 = cv2.COLOR_RGB2BGRA


@dataclass(frozen=True, eq=False)
class PixelBuffer:
    """A QImage that can be drawn into. Keep the buffer as long as the image is used.

    Do not copy ``image`` (Qt would share it and what is drawn later would show in both); painting it is fine.

    Attributes:
        image: RGB32, which Qt paints without converting it; device pixel ratio 1.
    """

    image: QImage
    _memory: NDArray[np.uint8]

    @staticmethod
    def of_size(width: int, height: int) -> PixelBuffer:
        """A new buffer; what is in it is undefined.

        Raises:
            MemoryError: the system has not enough memory.
        """
        image = QImage(width, height, QImage.Format.Format_RGB32)
        if image.isNull():
            raise MemoryError(f"no room for an image of {width} × {height} pixels")
        return PixelBuffer(image, np.frombuffer(image.bits(), np.uint8).reshape(height, width, 4))

    @staticmethod
    def in_memory(memory: NDArray[np.uint8], width: int, height: int) -> PixelBuffer:
        """A buffer at the beginning of some memory; what is in it is what was there.

        Args:
            memory: (n,), n at least ``4 * width * height``; belongs to the buffer until there is a newer one in it.
            width: pixels.
            height: pixels.
        """
        pixels = memory[: 4 * width * height].reshape(height, width, 4)
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        return PixelBuffer(image, pixels)

    def draw(self, pixels: NDArray[np.uint8], top: int = 0, left: int = 0) -> None:
        """Put a picture (h, w, 3) uint8, RGB, in its place in the image. Thread: any, in places of its own."""
        height, width = pixels.shape[:2]
        cv2.cvtColor(pixels, _RGB32, dst=self._memory[top : top + height, left : left + width])


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with its own memory.

    Args:
        pixels: (H, W, 3) uint8, RGB; any strides.
    """
    height, width = pixels.shape[:2]
    buffer = PixelBuffer.of_size(width, height)
    buffer.draw(np.ascontiguousarray(pixels))
    return buffer.image


def to_array(image: QImage) -> NDArray[np.uint8]:
    """The pixels of any QImage as a new (H, W, 3) uint8 array, RGB; alpha is dropped.

    Raises:
        ValueError: the image is null.
    """
    if image.isNull():
        raise ValueError("a null image has no pixels")
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3).copy()
