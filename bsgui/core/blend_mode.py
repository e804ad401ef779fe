"""How a layer's signed content goes into the sum.

In other editors a mode mixes a layer with what lies below. Here a layer is a difference: a mode chooses what of the
difference counts, and needs to know nothing of other layers: sums still commute, and a stack can hold the result.
"""

from __future__ import annotations

from typing import Literal, get_args

BlendMode = Literal["add", "lighten", "darken", "luminosity", "colour"]
"""All of it; what brightens a channel, as *lighten* does elsewhere; what darkens one; its luma, in grey; its colour."""
MODES: tuple[BlendMode, ...] = get_args(BlendMode)
PLAIN: BlendMode = "add"
