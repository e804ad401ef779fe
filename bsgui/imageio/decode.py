"""From the bytes of a picture to integer samples in sRGB, upright: every format, every pixel layout."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, TiffImagePlugin

from bsgui.core.photo import Samples

from . import icc
from .deep import deep_samples, grey_from_integers, is_deep, samples_from_floats
from .float_colour import FloatColour, decode_floats, recognise
from .formats import READABLE
from .limits import ReadLimits
from .silence import silent_stderr

DECODER_ERRORS: tuple[type[Exception], ...] = (
    OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    ArithmeticError, AssertionError, NotImplementedError, RuntimeError, struct.error, cv2.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
"""What the decoders raise over hostile files. Wide on purpose: this is the door, and a file is never our bug."""

_EXIF_IN_PNG = {"exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"}
_FRAMES_COUNTED_UP_TO = 64 << 20
_STRIP_PIXELS = 1 << 18
_pillow_is_set_up = Lock()


class TooManyPixels(Exception):
    """The picture has more pixels than the limit.

    Attributes:
        pixels: how many it has.
    """

    def __init__(self, pixels: int) -> None:
        super().__init__(f"{pixels} pixels")
        self.pixels = pixels


@dataclass(frozen=True)
class Decoded:
    """A picture's pixels.

    Attributes:
        samples: (H, W, 3) uint8 or uint16, sRGB, upright.
        alpha: (H, W) of the same dtype; None where everything is opaque.
        notes: what was changed on the way, short sentences.
    """

    samples: Samples
    alpha: Samples | None
    notes: tuple[str, ...]


def decode(data: bytes, limits: ReadLimits) -> Decoded:
    """The first picture in the file.

    Thread: any; one picture is decoded at a time, since Pillow's limits and Python's warning filters are global.

    Raises:
        TooManyPixels: found before anything is decoded.
        UnidentifiedImageError: none of the formats that are read.
        MemoryError: as it says.
        Exception: one of ``DECODER_ERRORS``.
    """
    quiet = silent_stderr() if data[:2] in (b"II", b"MM") else nullcontext()
    floats = recognise(data)
    if floats is not None:
        with _careful_pillow(limits), quiet:
            return _decode_float_colour(data, floats, limits)
    with _careful_pillow(limits), quiet, Image.open(BytesIO(data), formats=READABLE) as image:
        if image.width * image.height > limits.max_pixels:
            raise TooManyPixels(image.width * image.height)
        notes: list[str] = []
        profile = image.info.get("icc_profile")
        samples, alpha, upright = _pixels(image, data, profile if isinstance(profile, bytes) else b"", notes)
        turn = 1 if upright else _orientation(image, data)
        notes += _frames_note(image, len(data))
    if alpha is not None and is_opaque(alpha):
        alpha = None
    return Decoded(_turned(samples, turn), None if alpha is None else _turned(alpha, turn), tuple(notes))


def _decode_float_colour(data: bytes, picture: FloatColour, limits: ReadLimits) -> Decoded:
    if picture.width * picture.height > limits.max_pixels:
        raise TooManyPixels(picture.width * picture.height)
    values, notes = decode_floats(data, picture), list[str]()
    alpha = None if values.shape[2] == 3 else samples_from_floats(values[..., 3], notes)[..., 0]
    samples = _turned(
        _in_srgb(samples_from_floats(values[..., :3], notes), picture.profile, notes), picture.orientation
    )
    if alpha is None or is_opaque(alpha):
        return Decoded(samples, None, tuple(notes))
    return Decoded(samples, _turned(alpha, picture.orientation), tuple(notes))


def is_opaque(alpha: Samples) -> bool:
    """Whether nothing is transparent, so that the alpha says nothing."""
    return int(alpha.min()) == (255 if alpha.dtype == np.uint8 else 65535)


@contextmanager
def _careful_pillow(limits: ReadLimits) -> Iterator[None]:
    with _pillow_is_set_up, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Pillow warns over the limit and refuses at twice the limit; here the limit is the limit.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, limits.max_pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _pixels(image: Image.Image, data: bytes, profile: bytes, notes: list[str]) -> tuple[Samples, Samples | None, bool]:
    """Samples, alpha, and whether the orientation has been applied already."""
    if is_deep(image, data):
        deep = deep_samples(image, data)
        if deep is not None:
            return _in_srgb(deep.samples, profile, notes), deep.alpha, False
        notes.append("Reduced to 8 bits per channel.")
    _load(image, notes)
    # Pillow turns TIFFs upright while loading them, and nothing else.
    upright = image.format == "TIFF"
    if image.mode == "F":
        return samples_from_floats(np.asarray(image), notes), None, upright
    if image.mode == "I" or image.mode.startswith("I;16"):
        grey = grey_from_integers(image, notes)
        return _in_srgb(np.repeat(grey[..., None], 3, axis=2), profile, notes), _key_alpha(image, grey), upright
    alpha = None
    if image.mode in ("La", "RGBa") or image.has_transparency_data:
        image = image.convert("RGBA") if image.mode != "RGBA" else image
        alpha = np.asarray(image.getchannel("A"))
    return _samples(_rgb(image, profile, notes)), alpha, upright


def _samples(image: Image.Image) -> Samples:
    """The pixels of a picture of mode "RGB", strip by strip: Pillow holds Python's lock while it hands pixels over."""
    samples = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        samples[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return samples


def _load(image: Image.Image, notes: list[str]) -> None:
    try:
        image.load()
    except OSError as error:
        # Damage behind the pixels of a PNG, or in its last rows, comes up only after everything that can be had has
        # been decoded; the second call returns that. A file that just stops is refused like any other.
        if image.format != "PNG" or "image file is truncated" in str(error):
            raise
        image.load()
        notes.append("The file is damaged: part of the picture may be missing.")


def _rgb(image: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    """Any 8-bit picture as sRGB, mode "RGB"."""
    if image.mode == "LAB":
        return icc.lab_to_srgb(image)
    if image.mode == "LA":
        image = image.convert("L")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    if profile:
        if image.mode == "L" and icc.is_for_colour(profile):
            image = image.convert("RGB")
        try:
            image = icc.to_srgb(image, profile)
        except icc.ProfileError:
            notes.append("The colour profile is damaged or does not fit and was left out.")
    elif image.mode == "CMYK":
        notes.append("CMYK without a colour profile: colours are approximate.")
    return image if image.mode == "RGB" else image.convert("RGB")


def _in_srgb(samples: Samples, profile: bytes, notes: list[str]) -> Samples:
    if not profile:
        return samples
    try:
        return icc.deep_to_srgb(samples.astype(np.uint16, copy=False), profile)
    except icc.ProfileError:
        notes.append("The colour profile is damaged or does not fit and was left out.")
        return samples


def _key_alpha(image: Image.Image, grey: NDArray[np.uint16]) -> Samples | None:
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return None
    return np.where(grey == key, 0, 65535).astype(np.uint16)


def _orientation(image: Image.Image, data: bytes) -> int:
    """The EXIF (or XMP) orientation, 1 to 8; 1 where it is missing or nonsense."""
    # Pillow would decode a PNG to the end in search of it; a 16-bit one has not been decoded by Pillow.
    if image.format == "PNG" and not _EXIF_IN_PNG & image.info.keys() and b"eXIf" not in data:
        return 1
    with suppress(*DECODER_ERRORS):
        value: Any = image.getexif().get(ExifTags.Base.Orientation, 1)
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            value = image.tag_v2.get(ExifTags.Base.Orientation, value)
        return int(value) if int(value) in range(1, 9) else 1
    return 1


def _turned(pixels: Samples, orientation: int) -> Samples:
    """Pixels as stored, turned upright: EXIF orientation 1..8 says where row 0 and column 0 are."""
    if orientation in (5, 6, 7, 8):
        pixels = cv2.transpose(pixels)  # type: ignore[assignment]
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return pixels if flip is None else cv2.flip(pixels, flip)  # type: ignore[return-value]


def _frames_note(image: Image.Image, size: int) -> list[str]:
    """What to say about the pictures after the first; damage there is no reason to refuse the first."""
    with suppress(*DECODER_ERRORS):
        if not getattr(image, "is_animated", False) and getattr(image, "n_frames", 1) < 2:
            return []
        if size > _FRAMES_COUNTED_UP_TO:
            return ["The first of several pictures in the file."]
        return [f"The first of {image.n_frames} pictures in the file."]  # type: ignore[attr-defined]
    return []
