"""From a picture's own colours to sRGB, with littleCMS (through Pillow)."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from .icc_matrix import MatrixProfile, parse_matrix_profile

_STRIP_PIXELS = 1 << 18
# 52 nodes a side: 5 apart, so that every node is an exact 8-bit value.
_NODES, _NODE_STEP = 52, 5
# littleCMS rounds to 8 bits, and its own sRGB curve and matrix are rounded as well.
_SAME_COLOUR = 1.5


class ProfileError(Exception):
    """The profile is damaged or does not fit the picture."""


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The picture as sRGB, mode "RGB"; untouched if the profile changes nothing.

    Args:
        image: mode L, RGB, CMYK or LAB.
        profile: the bytes of the ICC profile that describes it.

    Raises:
        ProfileError: the profile cannot be used.
    """
    transform = _transform(profile, image.mode)
    if transform is None:
        return image
    return _apply(transform, image)


def deep_to_srgb(samples: NDArray[np.uint16], profile: bytes) -> NDArray[np.uint16]:
    """16-bit RGB samples as sRGB, gradation kept: (H, W, 3) uint16, a new array if anything changes.

    Profiles of curves and a matrix are applied as such, if that agrees with littleCMS. For all others littleCMS is
    asked for a table of 52 x 52 x 52 colours; between them the table is interpolated trilinearly, so the result has
    16-bit steps and lies within about one 8-bit step of what littleCMS itself would say.

    Raises:
        ProfileError: the profile cannot be used.
    """
    if not is_for_colour(profile):
        return _deep_grey_to_srgb(samples, profile)
    transform = _transform(profile, "RGB")
    if transform is None:
        return samples
    nodes = np.asarray(_apply(transform, _node_image()))
    matrix = parse_matrix_profile(profile)
    if matrix is not None and _agrees(matrix, nodes):
        return matrix.to_srgb(samples)
    table = nodes.reshape(_NODES, _NODES, _NODES, 3).astype(np.float32)
    result = np.empty_like(samples)
    rows = max(1, _STRIP_PIXELS // samples.shape[1])
    for start in range(0, len(samples), rows):
        result[start : start + rows] = _interpolate(table, samples[start : start + rows])
    return result


def is_for_colour(profile: bytes) -> bool:
    """Whether the profile describes RGB."""
    return profile[16:20] == b"RGB "


def _deep_grey_to_srgb(samples: NDArray[np.uint16], profile: bytes) -> NDArray[np.uint16]:
    """Grey samples, the same in every channel, through the curve of a grey profile."""
    transform = _transform(profile, "L")
    if transform is None:
        return samples
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    values = np.asarray(_apply(transform, ramp))[0, :, 1] * 257.0
    curve = np.rint(np.interp(np.arange(65536) / 257, np.arange(256), values)).astype(np.uint16)
    return curve[samples]


def _agrees(matrix: MatrixProfile, nodes: NDArray[np.uint8]) -> bool:
    ours = matrix.to_srgb(np.asarray(_node_image()).astype(np.uint16) * 257)
    return float(np.abs(ours / 257 - nodes).max()) <= _SAME_COLOUR


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """A picture of mode "LAB" (D50) as sRGB."""
    return _apply(ImageCms.buildTransform(ImageCms.createProfile("LAB"), _srgb(), "LAB", "RGB"), image)


def _apply(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted


@lru_cache(maxsize=1)
def _srgb() -> Any:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform from the profile to sRGB; None if it leaves every colour within one step of where it was."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        transform = ImageCms.buildTransform(source, _srgb(), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
        if mode in ("RGB", "L") and _is_identity(transform, mode):
            return None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        raise ProfileError(str(error)) from error
    return transform


def _is_identity(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    # Most profiles are one of the many spellings of sRGB; leaving those pixels alone is both faster and exact.
    grid = _node_image() if mode == "RGB" else Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    before = np.asarray(grid.convert("RGB")).astype(np.int16)
    after = np.asarray(_apply(transform, grid)).astype(np.int16)
    return int(np.abs(after - before).max()) <= 1


@lru_cache(maxsize=1)
def _node_image() -> Image.Image:
    axis = np.arange(_NODES, dtype=np.uint8) * np.uint8(_NODE_STEP)
    nodes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    return Image.fromarray(nodes.reshape(_NODES, _NODES * _NODES, 3))


def _interpolate(table: NDArray[np.float32], samples: NDArray[np.uint16]) -> NDArray[np.uint16]:
    position = samples.astype(np.float32) * np.float32((_NODES - 1) / 65535)
    lower = np.minimum(position.astype(np.int32), _NODES - 2)
    r, g, b = np.moveaxis(position - lower, -1, 0)[..., None]
    flat = table.reshape(-1, 3)
    corner = (lower[..., 0] * _NODES + lower[..., 1]) * _NODES + lower[..., 2]
    total = np.zeros(samples.shape, np.float32)
    for step in range(8):
        dr, dg, db = step >> 2, step >> 1 & 1, step & 1
        weight = (r if dr else 1 - r) * (g if dg else 1 - g) * (b if db else 1 - b)
        total += weight * flat[corner + (dr * _NODES + dg) * _NODES + db]
    return np.asarray(np.rint(total * np.float32(257)), dtype=np.uint16)
