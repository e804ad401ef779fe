"""Pictures with more than 8 bits per sample: Pillow would cut them down to 8, so they are read otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from .float_colour import without_orientation

_BITS_PER_SAMPLE, _PLANAR_CONFIGURATION, _EXTRA_SAMPLES = 258, 284, 338
_PREMULTIPLIED, _PLANE_BY_PLANE = 1, 2
_PPM_HEADER = re.compile(rb"P([56])(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)\s")


@dataclass(frozen=True)
class DeepPixels:
    """(H, W, 3) uint16 RGB as stored, not turned and not in sRGB yet, and (H, W) uint16 alpha or None."""

    samples: NDArray[np.uint16]
    alpha: NDArray[np.uint16] | None


def is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether the picture has more bits per colour than Pillow would keep."""
    if image.format == "PNG":
        return data[24] == 16 and image.mode in ("RGB", "RGBA", "LA")
    if image.format == "TIFF":
        return image.mode in ("RGB", "RGBA", "RGBX", "RGBa", "CMYK", "LA") and max(_tiff_bits(image)) > 8
    if image.format == "PPM":
        header = _PPM_HEADER.match(data)
        return header is not None and int(header[4]) > 255
    if image.format == "JPEG2000":
        return image.mode in ("RGB", "RGBA", "LA") and _jpeg2000_bits(data) > 8
    return image.format == "AVIF" and _avif_bits(data) > 8


def deep_samples(image: Image.Image, data: bytes) -> DeepPixels | None:
    """The picture at its own depth; None where only 8 bits can be had.

    Raises:
        OSError: the file is truncated or damaged.
    """
    if image.format == "PPM":
        return _from_ppm(data)
    if image.format == "PNG" or (image.format == "TIFF" and _opencv_reads(image)):
        return _from_opencv(image, data)
    return None


def grey_from_integers(image: Image.Image, notes: list[str]) -> NDArray[np.uint16]:
    """A grey picture of 9 to 32 bits (modes "I", "I;16…") as (H, W) uint16."""
    values = np.asarray(image)
    bits = max(_tiff_bits(image)) if image.format == "TIFF" else 16
    if 8 < bits < 16:
        white = (1 << bits) - 1
        return np.asarray((values.astype(np.uint32) * 65535 + white // 2) // white, dtype=np.uint16)
    if values.dtype.itemsize == 2:
        return values.astype(np.uint16)
    low, high = int(values.min()), int(values.max())
    if low >= 0 and high <= 65535:
        return values.astype(np.uint16)
    notes.append(f"The values {low} to {high} were fitted to black to white.")
    span = max(high - low, 1)
    return np.asarray(np.rint((values.astype(np.float64) - low) * (65535 / span)), dtype=np.uint16)


def samples_from_floats(values: NDArray[np.float32], notes: list[str]) -> NDArray[np.uint16]:
    """Floats, (H, W) grey or (H, W, 3) RGB, as (H, W, 3) uint16: 1.0 is white, unless larger values show otherwise."""
    finite = np.isfinite(values)
    if not finite.all():
        count = int(values.size - np.count_nonzero(finite))
        notes.append(f"{count} values were not numbers or infinite: NaN became black, infinity white or black.")
    high = float(values[finite].max()) if finite.any() else 1.0
    white = next((scale for scale in (1.0, 255.0, 65535.0) if high <= scale), high)
    if white != 1.0:
        notes.append(f"The floating-point value {white:g} was taken as white.")
    return _scaled(values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=2), white)


def _scaled(values: NDArray[np.float32], white: float) -> NDArray[np.uint16]:
    scaled = values * np.float32(65535 / white)
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=65535, neginf=0)
    return np.asarray(np.rint(np.clip(scaled, 0, 65535, out=scaled), out=scaled), dtype=np.float32).astype(np.uint16)


def _from_opencv(image: Image.Image, data: bytes) -> DeepPixels | None:
    premultiplied = image.format == "TIFF" and _is_premultiplied(image)
    stored = without_orientation(data) if image.format == "TIFF" else data
    decoded: Any = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:
        raise OSError("image file is truncated or damaged")
    # Pillow gives the size of TIFFs as it will be once they are upright.
    same_size = sorted(decoded.shape[:2]) == sorted(image.size)
    if decoded.dtype != np.uint16 or decoded.ndim != 3 or not same_size:
        return None
    if decoded.shape[2] == 3:
        return DeepPixels(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), None)
    if decoded.shape[2] != 4:
        return None
    alpha = np.ascontiguousarray(decoded[..., 3])
    samples = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGB)
    return DeepPixels(_unmultiplied(samples, alpha) if premultiplied else samples, alpha)


def _unmultiplied(samples: Any, alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
    factor = np.float32(65535) / np.maximum(alpha, 1).astype(np.float32)
    return np.asarray(np.rint(np.minimum(samples * factor[..., None], np.float32(65535))), dtype=np.uint16)


def _from_ppm(data: bytes) -> DeepPixels:
    header = _PPM_HEADER.match(data)
    assert header is not None
    kind, width, height, white = (int(x) for x in header.groups())
    channels = 3 if kind == 6 else 1
    count = width * height * channels
    if len(data) - header.end() < 2 * count or not 255 < white < 65536:
        raise OSError("image file is truncated")
    values = np.frombuffer(data, ">u2", count, header.end()).reshape(height, width, channels)
    scaled = (np.minimum(values, white).astype(np.uint32) * 65535 + white // 2) // white
    return DeepPixels(np.ascontiguousarray(np.broadcast_to(scaled.astype(np.uint16), (height, width, 3))), None)


def _tiff_bits(image: Image.Image) -> tuple[int, ...]:
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    bits = image.tag_v2.get(_BITS_PER_SAMPLE, (1,))
    return tuple(bits) if isinstance(bits, tuple) else (int(bits),)


def _opencv_reads(image: Image.Image) -> bool:
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    # OpenCV takes the planes of a plane-by-plane TIFF for rows and returns garbage.
    by_planes = image.tag_v2.get(_PLANAR_CONFIGURATION, 1) == _PLANE_BY_PLANE
    return image.mode not in ("CMYK", "LA") and not by_planes


def _is_premultiplied(image: Image.Image) -> bool:
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    extra = image.tag_v2.get(_EXTRA_SAMPLES, ())
    return _PREMULTIPLIED in (extra if isinstance(extra, tuple) else (extra,))


def _jpeg2000_bits(data: bytes) -> int:
    size_marker = data.find(b"\xff\x4f\xff\x51")
    return (data[size_marker + 42] & 0x7F) + 1 if 0 <= size_marker < len(data) - 42 else 8


def _avif_bits(data: bytes) -> int:
    depths = data.find(b"pixi", 0, 4096)
    return data[depths + 9] if 0 <= depths < len(data) - 9 else 8
