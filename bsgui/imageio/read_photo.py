"""The one door for photos: a file or pasted pixels in, a :class:`Photo` or one clear sentence out."""

from __future__ import annotations

import hashlib
import re
import stat
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from bsgui.core.errors import PhotoReadError
from bsgui.core.photo import Photo, Samples

from .atomic import os_reason
from .decode import DECODER_ERRORS, Decoded, TooManyPixels, decode, is_opaque
from .formats import looks_like_a_picture, unsupported_kind
from .limits import USUAL_LIMITS, ReadLimits, megapixels

_TRUNCATED = re.compile(r"truncated|not enough|unexpected end|read past|eof", re.IGNORECASE)
_PIXELS = re.compile(r"\((\d+) pixels\)")


def read_photo(path: Path, limits: ReadLimits = USUAL_LIMITS) -> Photo:
    """Read a photo: 8 or 16 bits per channel as stored, upright, in sRGB.

    The first picture is taken from files with several. Colours under transparency are kept. What was changed on
    the way is in ``Photo.notes``. Thread: any.

    Args:
        path: the file.
        limits: checked before the pixels are decoded.

    Raises:
        PhotoReadError: not there, not permitted, not a photo, too large, damaged, truncated.
    """
    data = _file_bytes(path, limits)
    decoded = _decoded(path.name, data, limits)
    return Photo(
        samples=decoded.samples,
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        path=path,
        alpha=decoded.alpha,
        notes=decoded.notes,
    )


def photo_from_array(samples: Samples, name: str) -> Photo:
    """A photo from pixels in memory, as from the clipboard.

    Args:
        samples: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8 or uint16; grey, RGB or RGBA, not premultiplied,
            sRGB-encoded; copied.
        name: what to call it.

    Raises:
        PhotoReadError: not such an array, or an empty one.
    """
    pixels = samples[..., None] if samples.ndim == 2 else samples
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape:
        raise PhotoReadError(f"“{name}” is not a picture: its shape is {samples.shape}.")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise PhotoReadError(f"“{name}” is not a picture of 8 or 16 bits per channel.", str(pixels.dtype))
    colour: Samples = np.array(np.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3)), order="C")
    alpha: Samples | None = None
    if pixels.shape[2] == 4:
        alpha = np.array(pixels[..., 3], samples.dtype)  # type: ignore[assignment]
    sha256 = hashlib.sha256(np.ascontiguousarray(samples).data).hexdigest()
    return Photo(colour, name, sha256, alpha=None if alpha is None or is_opaque(alpha) else alpha)


def _file_bytes(path: Path, limits: ReadLimits) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _refusal(path.name or str(path), "it is a folder")
        if not stat.S_ISREG(status.st_mode):
            # A pipe or a device could keep the reader waiting for ever.
            raise _refusal(path.name, "it is not a regular file")
        if status.st_size == 0:
            raise _refusal(path.name, "the file is empty")
        if status.st_size > limits.max_bytes:
            sizes = f"{status.st_size / 1e6:,.0f} MB where the limit is {limits.max_bytes / 1e6:,.0f} MB"
            raise _refusal(path.name, f"the file is too large, {sizes}")
        with path.open("rb") as file:
            return file.read(limits.max_bytes)
    except FileNotFoundError as error:
        raise _refusal(path.name, "there is no such file", error) from error
    except PermissionError as error:
        raise _refusal(path.name, "reading it is not permitted", error) from error
    except OSError as error:
        raise _refusal(path.name, os_reason(error), error) from error
    except ValueError as error:
        raise _refusal(path.name.replace("\0", "?"), "there is no such file", error) from error


def _decoded(name: str, data: bytes, limits: ReadLimits) -> Decoded:
    try:
        return decode(data, limits)
    except TooManyPixels as error:
        raise _refusal(name, _too_large(error.pixels, limits), error) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        count = _PIXELS.search(str(error))
        raise _refusal(name, _too_large(int(count[1]) if count else 0, limits), error) from error
    except MemoryError as error:
        raise _refusal(name, "there is not enough memory for it", error) from error
    except UnidentifiedImageError as error:
        raise _refusal(name, _why_unknown(data[:64]), error) from error
    except DECODER_ERRORS as error:
        truncated = isinstance(error, EOFError) or _TRUNCATED.search(str(error))
        raise _refusal(name, "the file is truncated" if truncated else "the file is damaged", error) from error


def _too_large(pixels: int, limits: ReadLimits) -> str:
    limit = f"the limit is {megapixels(limits.max_pixels)}"
    return f"it is too large, {megapixels(pixels)} where {limit}" if pixels else f"it is too large, {limit}"


def _why_unknown(head: bytes) -> str:
    kind = unsupported_kind(head)
    if kind:
        return f"{kind} are not supported"
    if looks_like_a_picture(head):
        return "the file is damaged"
    return "it is not a photo in a format that can be read"


def _refusal(name: str, reason: str, cause: Exception | None = None) -> PhotoReadError:
    return PhotoReadError(f"“{name}” could not be read: {reason}.", repr(cause) if cause else "")
