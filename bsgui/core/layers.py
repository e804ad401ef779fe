"""The layer stack: what the person has set for each layer, and pure edits of it.

An edit is a function ``LayerStack -> LayerStack``; undo keeps the states themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blend_mode import MODES, PLAIN, BlendMode
from .errors import UsageError
from .layer_filter import LayerFilter
from .mask import Mask
from .tint import NO_TINT, TINT_MAX, Tint
from .weights import Weights

GAIN_MIN, GAIN_MAX = -2.0, 3.0


class LayerKind(Enum):
    """What a layer holds."""

    BASE = "base"
    BRANCH = "branch"
    RESIDUAL = "residual"


@dataclass(frozen=True)
class LayerState:
    """The settings of one layer.

    Attributes:
        id: stable and unique in the stack: "base", "branch-1", …, "residual".
        name: what the person calls it.
        kind: base, branch or residual.
        source: index of the layer's content in :class:`~bsgui.core.decomposition.Decomposition`.
        visible: the eye; a hidden layer is left out of the picture and of "visible layers" exports.
        muted: contributes nothing for now, but stays a visible layer and keeps its gain.
        gain: factor on the signed content, -2..3; 1 leaves the photo as it was.
        opacity: 0..1, multiplies the gain.
        locked: edits other than visibility, muting and unlocking are refused.
        tint: factors on its red, green and blue.
        mode: what of the weighed content counts.
        mask: where gain, opacity, tint, mode and filter count; elsewhere the layer contributes as it came. None:
            everywhere.
        filter: what is done to its content before it is weighed; None for nothing.
    """

    id: str
    name: str
    kind: LayerKind
    source: int
    visible: bool = True
    muted: bool = False
    gain: float = 1.0
    opacity: float = 1.0
    locked: bool = False
    tint: Tint = NO_TINT
    mask: Mask | None = None
    mode: BlendMode = PLAIN
    filter: LayerFilter | None = None

    @property
    def weight(self) -> float:
        """The factor on the layer's content in the composite, but for its tint, where its mask is."""
        return self.gain * self.opacity if self.visible and not self.muted else 0.0

    @property
    def own_weights(self) -> NDArray[np.float32]:
        """The factors on the layer's channels, (3,) float32, where it is shown alone, whether visible or not."""
        return np.float32(self.gain * self.opacity) * np.array(self.tint, np.float32)

    @property
    def is_untouched(self) -> bool:
        """Whether the layer contributes exactly as it came."""
        return self.weight == 1.0 and self.tint == NO_TINT and self.mode == PLAIN and self.filter is None


@dataclass(frozen=True)
class LayerStack:
    """The layers from bottom (first) to top (last). Order is for people: sums commute."""

    layers: tuple[LayerState, ...]

    def __iter__(self) -> Iterator[LayerState]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, layer_id: str) -> LayerState:
        for layer in self.layers:
            if layer.id == layer_id:
                return layer
        raise UsageError(f"There is no layer called “{layer_id}”.")

    def weights(self, solo: str | None = None) -> Weights:
        """What each layer's content is multiplied by, indexed by ``LayerState.source``.

        Args:
            solo: id of a layer shown alone, at its own gain, whether visible or not.
        """
        channels = np.zeros((len(self.layers), 3), np.float32)
        masks: list[Mask | None] = [None] * len(self.layers)
        modes: list[BlendMode] = [PLAIN] * len(self.layers)
        filters: list[LayerFilter | None] = [None] * len(self.layers)
        for layer in self.layers:
            if layer.id == solo or (solo is None and layer.visible and not layer.muted):
                channels[layer.source], masks[layer.source] = layer.own_weights, layer.mask
                modes[layer.source], filters[layer.source] = layer.mode, layer.filter
        return Weights(channels, tuple(masks) if any(masks) else (), modes=tuple(modes), filters=tuple(filters))

    @property
    def is_untouched(self) -> bool:
        """Whether every layer contributes exactly as it came, so that the sum is the photo."""
        return all(layer.is_untouched for layer in self.layers)


_LOCKABLE = {"gain", "opacity", "name", "tint", "mask", "mode", "filter"}
AS_IT_CAME: dict[str, Any] = {
    "visible": True,
    "muted": False,
    "gain": 1.0,
    "opacity": 1.0,
    "tint": NO_TINT,
    "mask": None,
    "mode": PLAIN,
    "filter": None,
}
"""The settings that make a layer contribute as it came."""


def edit_layer(stack: LayerStack, layer_id: str, **changes: Any) -> LayerStack:
    """The stack with some fields of one layer changed; gain, opacity, tint and filter are clamped to their range.

    Raises:
        UsageError: unknown layer or mode, the layer is locked and the change is not one a lock allows, or a mask, a
            mode or a filter for base or residual, which lie under all that has no layer of its own.
    """
    layer = stack[layer_id]
    if layer.locked and _LOCKABLE & changes.keys():
        raise UsageError(f"“{layer.name}” is locked.")
    if changes.get("mask") is not None and layer.kind is not LayerKind.BRANCH:
        raise UsageError(f"“{layer.name}” cannot be masked: only branches can.")
    mode = changes.get("mode", PLAIN)
    if mode not in MODES:
        raise UsageError(f"There is no blend mode “{mode}”; there are {', '.join(MODES)}.")
    if mode != PLAIN and layer.kind is not LayerKind.BRANCH:
        raise UsageError(f"“{layer.name}” has no blend mode: only branches have.")
    if changes.get("filter") is not None:
        if layer.kind is not LayerKind.BRANCH:
            raise UsageError(f"“{layer.name}” cannot be filtered: only branches can.")
        changes["filter"] = changes["filter"].effective
    if "gain" in changes:
        changes["gain"] = float(min(max(changes["gain"], GAIN_MIN), GAIN_MAX))
    if "opacity" in changes:
        changes["opacity"] = float(min(max(changes["opacity"], 0.0), 1.0))
    if "tint" in changes:
        changes["tint"] = tuple(float(min(max(factor, 0.0), TINT_MAX)) for factor in changes["tint"])
    if "name" in changes:
        changes["name"] = changes["name"].strip() or layer.name
    return LayerStack(tuple(replace(x, **changes) if x.id == layer_id else x for x in stack.layers))


def move_layer(stack: LayerStack, layer_id: str, position: int) -> LayerStack:
    """The stack with one layer moved so that it ends at ``position``, counted from the bottom."""
    layer = stack[layer_id]
    others = [x for x in stack.layers if x.id != layer_id]
    position = min(max(position, 0), len(others))
    return LayerStack((*others[:position], layer, *others[position:]))


def show_only(stack: LayerStack, layer_ids: Sequence[str]) -> LayerStack:
    """The stack with just these layers visible.

    Raises:
        UsageError: one of the ids is unknown.
    """
    wanted = {stack[layer_id].id for layer_id in layer_ids}
    return LayerStack(tuple(replace(x, visible=x.id in wanted) for x in stack.layers))


def reset_layers(stack: LayerStack) -> LayerStack:
    """The stack with every unlocked layer as it came: visible, unmuted, at gain 1, without any other setting."""
    return LayerStack(tuple(x if x.locked else replace(x, **AS_IT_CAME) for x in stack.layers))
