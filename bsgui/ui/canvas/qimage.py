"""The only door between arrays and QImage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


@dataclass(frozen=True, eq=False)
class PixelBuffer:
    """A QImage together with an array that writes into it. Keep the buffer as long as either is used.

    Do not copy ``image`` (Qt would share it and a later write would show in both); painting it is fine.

    Attributes:
        image: RGB888, device pixel ratio 1.
        pixels: (height, width, 3) uint8 over the image's own memory; rows may be padded.
    """

    image: QImage
    pixels: NDArray[np.uint8]

    @staticmethod
    def of_size(width: int, height: int) -> PixelBuffer:
        """A new buffer; what is in it is undefined.

        Raises:
            MemoryError: the system has not enough memory.
        """
        image = QImage(width, height, QImage.Format.Format_RGB888)
        if image.isNull():
            raise MemoryError(f"no room for an image of {width} × {height} pixels")
        stride = image.bytesPerLine()
        rows = np.frombuffer(image.bits(), np.uint8).reshape(height, stride)
        return PixelBuffer(image, rows[:, : width * 3].reshape(height, width, 3))


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with its own memory.

    Args:
        pixels: (H, W, 3) uint8, RGB; any strides.
    """
    height, width = pixels.shape[:2]
    buffer = PixelBuffer.of_size(width, height)
    buffer.pixels[:] = pixels
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
