"""Profiles made of three curves and a matrix (Adobe RGB, Display P3, ProPhoto…), applied to 16-bit pictures.

littleCMS through Pillow works on 8 bits only; these profiles are simple enough to apply at full depth.

Source: ICC.1:2022, 10.6 curveType, 10.18 parametricCurveType, F.3 matrix/TRC model; IEC 61966-2-1 (sRGB).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

_LEVELS = 65536
_FINE = 1 << 20
_STRIP_PIXELS = 1 << 16
# From XYZ (D50, the profile connection space) to linear sRGB, Bradford-adapted.
_XYZ_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


@dataclass(frozen=True)
class MatrixProfile:
    """How samples become sRGB.

    Attributes:
        curves: (3, 65536) float32: from sample to linear light, per channel.
        matrix: (3, 3) from the profile's linear RGB to linear sRGB.
    """

    curves: NDArray[np.float32]
    matrix: NDArray[np.float64]

    def to_srgb(self, samples: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """(H, W, 3) uint16 as sRGB: a new array; colours outside sRGB are clipped."""
        result = np.empty_like(samples)
        encode = _srgb_encoding()
        rows = max(1, _STRIP_PIXELS // samples.shape[1])
        for start in range(0, len(samples), rows):
            strip = samples[start : start + rows]
            linear = cv2.merge([np.take(curve, strip[..., k]) for k, curve in enumerate(self.curves)])
            steps = cv2.transform(linear, self.matrix * (_FINE - 1))
            np.clip(steps, 0, _FINE - 1, out=steps)
            np.take(encode, np.rint(steps, out=steps).astype(np.intp), out=result[start : start + rows])
        return result


def parse_matrix_profile(profile: bytes) -> MatrixProfile | None:
    """The curves and matrix of an ICC profile; None if it is of another kind, or damaged."""
    try:
        tags = _tags(profile)
        if profile[16:20] != b"RGB " or profile[20:24] != b"XYZ " or b"A2B0" in tags:
            return None
        curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
        columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (KeyError, struct.error, ValueError, IndexError):
        return None
    matrix = _XYZ_TO_SRGB @ np.array(columns).T
    if not (np.isfinite(curves).all() and np.isfinite(matrix).all()):
        return None
    return MatrixProfile(curves.astype(np.float32), matrix)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * k) for k in range(min(count, 100)))
    return {name: profile[start : start + size] for name, start, size in entries}


def _xyz(tag: bytes) -> tuple[float, ...]:
    return tuple(x / 65536 for x in struct.unpack_from(">3i", tag, 8))


def _curve(tag: bytes) -> Curve:
    """A tone curve at every 16-bit sample: (65536,), 0..1."""
    x: Curve = np.linspace(0, 1, _LEVELS)
    with np.errstate(all="ignore"):
        return np.clip(_parametric(tag, x) if tag[:4] == b"para" else _sampled(tag, x), 0, 1)


def _sampled(tag: bytes, x: Curve) -> Curve:
    if tag[:4] != b"curv":
        raise ValueError("not a curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return x
    if count == 1:
        (gamma,) = struct.unpack_from(">H", tag, 12)
        gamma_curve: Curve = np.power(x, gamma / 256)
        return gamma_curve
    values = np.frombuffer(tag, ">u2", count, 12) / 65535
    return np.interp(x, np.linspace(0, 1, count), values)


def _parametric(tag: bytes, x: Curve) -> Curve:
    (kind,) = struct.unpack_from(">H", tag, 8)
    given = [value / 65536 for value in struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)]
    g, a, b, c, d, e, f = (given + 7 * [0.0])[:7]
    power: Curve = np.power(x if kind == 0 else np.maximum(a * x + b, 0), g)
    if kind == 0:
        return power
    if kind in (1, 2):
        # Below -b / a, where a x + b is negative, the curve is the constant c (0 for kind 1).
        return np.asarray(power + c, dtype=np.float64)
    return np.asarray(np.where(x >= d, power + e, c * x + f), dtype=np.float64)


def _srgb_encoding() -> NDArray[np.uint16]:
    """From linear light to 16-bit sRGB, in steps fine enough for the steep foot of the curve."""
    linear = np.linspace(0, 1, _FINE)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(encoded * 65535), dtype=np.uint16)
