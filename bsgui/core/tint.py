"""The tint of a layer: what its red, green and blue are multiplied by, to colour it without making it brighter."""

from __future__ import annotations

import colorsys
import re

from .errors import UsageError
from .fields import Fields

Tint = tuple[float, float, float]
"""Factors on red, green and blue; of a grey layer they leave the luma as it is."""

NO_TINT: Tint = (1.0, 1.0, 1.0)

# ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)
TINT_MAX = 1 / min(_LUMA)
"""The largest factor there is: that on blue of pure blue."""

_HEX = re.compile(r"#?([0-9a-fA-F]{6})\Z")


def tint_of(hue: float, strength: float) -> Tint:
    """The tint of a hue.

    Args:
        hue: degrees: 0 is red, 120 green, 240 blue.
        strength: 0 is none, 1 leaves nothing of the opposite colour.
    """
    return tint_of_colour(*colorsys.hsv_to_rgb(hue % 360 / 360, min(max(strength, 0.0), 1.0), 1.0))


def tint_of_colour(red: float, green: float, blue: float) -> Tint:
    """The tint that gives a grey layer this colour. Raises UsageError for black, which has none."""
    luma = sum(weight * value for weight, value in zip(_LUMA, (red, green, blue), strict=True))
    if luma <= 0:
        raise UsageError("Black is no tint: it has no hue.")
    # Six decimals: what a file holds is what was set.
    return round(red / luma, 6), round(green / luma, 6), round(blue / luma, 6)


def tint_of_text(text: str) -> Tint:
    """A tint from a colour like "#ffb070". Raises UsageError for anything else."""
    match = _HEX.match(text.strip())
    if match is None:
        raise UsageError(f"“{text}” is no colour: give six hexadecimal digits, as in #ffb070.")
    red, green, blue = (value / 255 for value in bytes.fromhex(match[1]))
    return tint_of_colour(red, green, blue)


def colour_of(tint: Tint) -> tuple[float, float, float]:
    """The brightest colour of a tint, for people: (red, green, blue), the largest 1; white for none."""
    most = max(tint)
    if most <= 0:
        return NO_TINT
    red, green, blue = (max(value, 0.0) / most for value in tint)
    return red, green, blue


def hue_and_strength(tint: Tint) -> tuple[float, float]:
    """What :func:`tint_of` was given; the hue of no tint is 0."""
    hue, strength, _ = colorsys.rgb_to_hsv(*colour_of(tint))
    return hue * 360, strength


def read_tint(fields: Fields, name: str) -> Tint:
    """A tint of a manifest or project; none where it is missing, as in older files. Raises FieldError."""
    red, green, blue = fields.numbers(name, 3, 0.0, TINT_MAX + 1e-6, NO_TINT)
    return red, green, blue
