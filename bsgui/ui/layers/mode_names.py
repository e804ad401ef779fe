"""Blend modes in words."""

from __future__ import annotations

from collections.abc import Mapping

from bsgui.core.blend_mode import BlendMode

MODE_NAMES: Mapping[BlendMode, tuple[str, str]] = {
    "add": ("Normal", "All of the layer"),
    "lighten": ("Lighten", "Only where and in which channels the layer brightens the picture"),
    "darken": ("Darken", "Only where and in which channels the layer darkens the picture"),
    "luminosity": ("Luminosity", "Only its brightness, without its colour"),
    "colour": ("Colour", "Only its colour, without its brightness"),
}
"""Name and explanation."""
