"""Writing one picture: PNG, TIFF, JPEG or WebP, by the name's suffix."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageCms

from bsgui.core.errors import ExportError, OutOfMemory
from bsgui.core.photo import Samples

from .atomic import atomic_write, os_reason
from .png_writer import PngWriter

_STRIP_ROWS = 64
_JPEG_SIDE, _WEBP_SIDE = 65535, 16383
WRITABLE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp")
"""What :func:`write_image` writes; PNG and TIFF keep 16 bits, JPEG and WebP have 8."""


def write_image(path: Path, samples: Samples, alpha: Samples | None = None, overwrite: bool = False) -> None:
    """Write a picture, all or nothing. It is tagged as sRGB, but for 16-bit TIFF, where that is what readers assume.

    JPEG is written at quality 95 without colour subsampling and drops transparency; WebP is lossless. 16-bit
    samples are rounded to 8 where the format has no more. Thread: any.

    Args:
        path: its suffix decides the format.
        samples: (H, W, 3) uint8 or uint16, RGB.
        alpha: (H, W) of the same dtype, not premultiplied, or None.
        overwrite: replace a file that is there.

    Raises:
        ExportError: there already, unknown suffix, too large for the format, no space, no permission.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITABLE_SUFFIXES:
        raise ExportError(f"“{path.name}” cannot be written: use one of {', '.join(WRITABLE_SUFFIXES)}.")
    if not overwrite and os.path.lexists(path):
        raise ExportError(f"“{path}” is there already.")
    if path.is_dir():
        raise ExportError(f"“{path}” is a folder.")
    _check_sides(path, samples.shape, {".jpg": _JPEG_SIDE, ".jpeg": _JPEG_SIDE, ".webp": _WEBP_SIDE}.get(suffix))
    try:
        with atomic_write(path) as file:
            _write(file, suffix, samples, alpha)
    except OSError as error:
        raise ExportError(f"“{path}” could not be written: {os_reason(error)}.", repr(error)) from error
    except MemoryError as error:
        raise OutOfMemory(f"There is not enough memory to write “{path.name}”.") from error


def _check_sides(path: Path, shape: tuple[int, ...], limit: int | None) -> None:
    if limit is not None and max(shape[:2]) > limit:
        raise ExportError(
            f"“{path.name}” cannot be written: {path.suffix[1:].upper()} has at most {limit} pixels a side."
        )


def _write(file: BinaryIO, suffix: str, samples: Samples, alpha: Samples | None) -> None:
    if suffix == ".png":
        _write_png(file, samples, alpha)
    elif suffix in (".tif", ".tiff"):
        _write_tiff(file, samples, alpha)
    else:
        colour = Image.fromarray(_in_8_bits(samples))
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        if suffix == ".webp":
            if alpha is not None:
                colour.putalpha(Image.fromarray(_in_8_bits(alpha)))
            colour.save(file, "WEBP", lossless=True, exact=True, icc_profile=profile)
        else:
            colour.save(file, "JPEG", quality=95, subsampling=0, icc_profile=profile)


def _write_png(file: BinaryIO, samples: Samples, alpha: Samples | None) -> None:
    height, width = samples.shape[:2]
    channels = 3 if alpha is None else 4
    writer = PngWriter(file, width, height, samples.dtype.itemsize * 8, channels)
    for start in range(0, height, _STRIP_ROWS):
        rows: Any = samples[start : start + _STRIP_ROWS]
        writer.write(rows if alpha is None else np.dstack([rows, alpha[start : start + _STRIP_ROWS]]))
    writer.close()


def _write_tiff(file: BinaryIO, samples: Samples, alpha: Samples | None) -> None:
    if samples.dtype == np.uint8:
        colour = Image.fromarray(samples)
        if alpha is not None:
            colour.putalpha(Image.fromarray(alpha))
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        colour.save(file, "TIFF", compression="tiff_adobe_deflate", icc_profile=profile)
        return
    # Pillow has no 16-bit colour.
    stored: Any = samples if alpha is None else np.dstack([samples, alpha])
    order = cv2.COLOR_RGB2BGR if alpha is None else cv2.COLOR_RGBA2BGRA
    done, encoded = cv2.imencode(".tiff", cv2.cvtColor(stored, order), [cv2.IMWRITE_TIFF_COMPRESSION, 8])
    if not done:
        raise OSError("the TIFF encoder failed")
    file.write(encoded.data)


def _in_8_bits(samples: Samples) -> Samples:
    if samples.dtype == np.uint8:
        return samples
    # 65535 = 255 * 257; in strips this needs no wide copy of the picture.
    result = np.empty(samples.shape, np.uint8)
    for start in range(0, len(samples), _STRIP_ROWS):
        rows = samples[start : start + _STRIP_ROWS].astype(np.uint32)
        result[start : start + _STRIP_ROWS] = (rows + 128) // 257
    return result
