"""The photo as it was read: integer samples, so that exactness can be promised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8] | NDArray[np.uint16]
FloatImage = NDArray[np.float32]
TickImage = NDArray[np.int32]
Rendered = FloatImage | NDArray[np.uint8]
"""Full scale, signed parts included, or 8 bits, clipped."""

TICKS_PER_FULL_SCALE = 128 * 255
"""Integer unit of exported layers: 1/128 of an 8-bit step; 32640 ticks are white."""

OFFSET = 0.5
"""The backdrop, in full scale: ``photo = OFFSET + sum of signed layers``; all layers hidden is mid-grey."""

OFFSET_TICKS = TICKS_PER_FULL_SCALE // 2


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo, orientation applied, in sRGB.

    Attributes:
        samples: (H, W, 3) uint8 or uint16, RGB, sRGB-encoded, C-contiguous, read-only.
        name: what to call it: the file's name with suffix, or "Pasted image".
        sha256: hex digest of the file's bytes (of the samples when there is no file).
        path: where it was read from, or None.
        alpha: (H, W), dtype of ``samples``, or None; kept for the composite, never decomposed.
        notes: what reading changed, one short sentence each ("First of 8 frames.").
    """

    samples: Samples
    name: str
    sha256: str
    path: Path | None = None
    alpha: Samples | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        samples = self.samples
        if samples.ndim != 3 or samples.shape[2] != 3 or 0 in samples.shape:
            raise ValueError(f"photo samples must be (H, W, 3), not {samples.shape}")
        if samples.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"photo samples must be uint8 or uint16, not {samples.dtype}")
        object.__setattr__(self, "samples", _frozen(samples))
        if self.alpha is not None:
            object.__setattr__(self, "alpha", _frozen(self.alpha))

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.samples.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.samples.shape[1])

    @property
    def white(self) -> int:
        """The sample value of white: 255 or 65535."""
        return 255 if self.samples.dtype == np.uint8 else 65535

    @property
    def stem(self) -> str:
        """The name without its suffix, for the names of exported files."""
        return Path(self.name).stem or "photo"

    def rows_fs(self, start: int = 0, stop: int | None = None) -> FloatImage:
        """Rows ``start:stop`` as a new (h, W, 3) float32 array in full scale, 0..1."""
        return to_full_scale(self.samples[start:stop])

    def rows_ticks(self, start: int = 0, stop: int | None = None) -> TickImage:
        """Rows ``start:stop`` as a new (h, W, 3) int32 array in ticks, 0..32640.

        Exact for 8-bit photos; within half a tick (about 1/65280 of white) for 16-bit ones.
        """
        rows = self.samples[start:stop].astype(np.int32)
        if self.white == 255:
            return np.asarray(rows * 128, dtype=np.int32)
        return np.asarray((rows * TICKS_PER_FULL_SCALE + 32767) // 65535, dtype=np.int32)


def to_full_scale(samples: Samples) -> FloatImage:
    """Integer samples as float32 in full scale (1.0 is white); any shape."""
    white = 255.0 if samples.dtype == np.uint8 else 65535.0
    return np.multiply(samples, np.float32(1.0 / white), dtype=np.float32)


def to_uint8(image: FloatImage) -> NDArray[np.uint8]:
    """Full scale to 8 bits: clipped to 0..1, rounded to nearest; new array of the same shape."""
    quantized: NDArray[np.uint8] = _quantize(image, 255.0, cv2.CV_8U)
    return quantized


def to_uint16(image: FloatImage) -> NDArray[np.uint16]:
    """Full scale to 16 bits: clipped to 0..1, rounded to nearest; new array of the same shape."""
    quantized: NDArray[np.uint16] = _quantize(image, 65535.0, cv2.CV_16U)
    return quantized


def _quantize(image: FloatImage, white: float, depth: int) -> Any:
    # OpenCV rounds to nearest and saturates in one pass; its stubs do not know scalar operands.
    return cv2.multiply(image, (white,) * 4, dtype=depth)  # type: ignore[call-overload]


def _frozen(array: Samples) -> Samples:
    contiguous: Any = np.ascontiguousarray(array)
    if contiguous.flags.writeable:
        contiguous = contiguous.view()
        contiguous.flags.writeable = False
    frozen: Samples = contiguous
    return frozen
