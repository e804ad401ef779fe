"""What a person does to layers: every edit with its undo label, and solo and selection, which are only ways to look."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from bsgui.core.blend_mode import BlendMode
from bsgui.core.document import Document
from bsgui.core.errors import UsageError
from bsgui.core.layer_filter import LayerFilter
from bsgui.core.layers import (
    AS_IT_CAME,
    LayerKind,
    LayerStack,
    LayerState,
    edit_layer,
    move_layer,
    reset_layers,
)
from bsgui.core.mask import Mask
from bsgui.core.tint import Tint
from bsgui.ui.canvas.view_state import ViewState
from bsgui.ui.panels.notices import NoticeStack


class LayerController(QObject):
    """Edits of the document's layers, by id; ``None`` stands for the selected layer. Thread: GUI.

    An edit that a lock refuses becomes a notice.
    """

    def __init__(self, document: Document, view: ViewState, notices: NoticeStack, parent: QObject | None = None):
        super().__init__(parent)
        self._document, self._view, self._notices = document, view, notices
        document.decomposition_changed.connect(self._keep_selection)

    @property
    def selected(self) -> LayerState | None:
        """The selected layer, if there is one."""
        return next((x for x in self._document.stack.layers if x.id == self._view.selected_layer_id), None)

    def select(self, layer_id: str | None) -> None:
        """Make a layer the one that keys and single views act on."""
        self._view.selected_layer_id = layer_id

    def select_neighbour(self, step: int) -> None:
        """Go ``step`` layers up (positive) or down from the selected one."""
        layers = self._document.stack.layers
        if layers:
            place = min(max(self._place() + step, 0), len(layers) - 1)
            self.select(layers[place].id)

    def set_gain(self, layer_id: str, gain: float, gesture: object = None) -> None:
        """Set the factor on a layer; edits of one gesture are one undo step."""
        self._edit_layer(layer_id, f"Gain of {self._name(layer_id)}", _key("gain", layer_id, gesture), gain=gain)

    def set_opacity(self, layer_id: str, opacity: float, gesture: object = None) -> None:
        """Set a layer's opacity; edits of one gesture are one undo step."""
        label = f"Opacity of {self._name(layer_id)}"
        self._edit_layer(layer_id, label, _key("opacity", layer_id, gesture), opacity=opacity)

    def set_tint(self, layer_id: str, tint: Tint, gesture: object = None) -> None:
        """Colour a layer; edits of one gesture are one undo step."""
        self._edit_layer(layer_id, f"Tint of {self._name(layer_id)}", _key("tint", layer_id, gesture), tint=tint)

    def set_mask(self, layer_id: str, mask: Mask | None, gesture: object = None) -> None:
        """Say where a layer's settings count; edits of one gesture are one undo step."""
        self._edit_layer(layer_id, f"Mask of {self._name(layer_id)}", _key("mask", layer_id, gesture), mask=mask)

    def set_mode(self, layer_id: str, mode: BlendMode) -> None:
        """Say what of a layer counts."""
        self._edit_layer(layer_id, f"Mode of {self._name(layer_id)}", mode=mode)

    def set_filter(self, layer_id: str, layer_filter: LayerFilter | None, gesture: object = None) -> None:
        """Soften or sharpen a layer; edits of one gesture are one undo step."""
        label = f"Filter of {self._name(layer_id)}"
        self._edit_layer(layer_id, label, _key("filter", layer_id, gesture), filter=layer_filter)

    def rename(self, layer_id: str, name: str) -> None:
        """Give a layer another name; an empty one leaves the old."""
        self._edit_layer(layer_id, f"Rename {self._name(layer_id)}", name=name)

    def toggle_visible(self, layer_id: str | None = None) -> None:
        """Open or close the eye."""
        layer = self._layer(layer_id)
        if layer is not None:
            self._edit_layer(layer.id, f"{'Hide' if layer.visible else 'Show'} {layer.name}", visible=not layer.visible)

    def toggle_muted(self, layer_id: str | None = None) -> None:
        """Mute or unmute."""
        layer = self._layer(layer_id)
        if layer is not None:
            self._edit_layer(layer.id, f"{'Unmute' if layer.muted else 'Mute'} {layer.name}", muted=not layer.muted)

    def toggle_locked(self, layer_id: str | None = None) -> None:
        """Lock or unlock."""
        layer = self._layer(layer_id)
        if layer is not None:
            self._edit_layer(layer.id, f"{'Unlock' if layer.locked else 'Lock'} {layer.name}", locked=not layer.locked)

    def toggle_solo(self, layer_id: str | None = None) -> None:
        """Show one layer alone, or, if it is, everything as it was; nothing of the stack changes."""
        layer = self._layer(layer_id)
        if layer is not None:
            self._view.solo_layer_id = None if self._view.solo_layer_id == layer.id else layer.id

    def invert(self, layer_id: str | None = None) -> None:
        """Turn the sign of a layer's gain."""
        layer = self._layer(layer_id)
        if layer is not None:
            self._edit_layer(layer.id, f"Invert {layer.name}", gain=-layer.gain)

    def reset(self, layer_id: str | None = None) -> None:
        """A layer as it came: visible, unmuted, gain 1, opaque, untinted, unmasked, unfiltered."""
        layer = self._layer(layer_id)
        if layer is not None:
            self._edit_layer(layer.id, f"Reset {layer.name}", **AS_IT_CAME)

    def reset_all(self) -> None:
        """Every unlocked layer as it came, and solo ended."""
        self._view.solo_layer_id = None
        self._edit("Reset All Layers", reset_layers)

    def show_all(self) -> None:
        """Open every eye."""
        self._edit("Show All Layers", _all_visible)

    def move(self, layer_id: str, position: int) -> None:
        """Put a layer at a place counted from the bottom."""
        self._edit(f"Move {self._name(layer_id)}", lambda stack: move_layer(stack, layer_id, position))

    def move_by(self, step: int) -> None:
        """Move the selected layer up (positive) or down."""
        layer = self.selected
        if layer is not None:
            self.move(layer.id, self._place() + step)

    def _edit_layer(self, layer_id: str, label: str, merge_key: object = None, **changes: object) -> None:
        self._edit(label, lambda stack: edit_layer(stack, layer_id, **changes), merge_key)

    def _edit(self, label: str, change: Callable[[LayerStack], LayerStack], merge_key: object = None) -> None:
        try:
            self._document.edit(label, change, merge_key)
        except UsageError as error:
            self._notices.info(error.user_message)

    def _layer(self, layer_id: str | None) -> LayerState | None:
        return self.selected if layer_id is None else self._document.layer(layer_id)

    def _name(self, layer_id: str) -> str:
        return self._document.layer(layer_id).name

    def _place(self) -> int:
        ids = [layer.id for layer in self._document.stack.layers]
        return ids.index(self._view.selected_layer_id) if self._view.selected_layer_id in ids else len(ids) - 1

    def _keep_selection(self) -> None:
        """Other layers: keep what still exists, else start with the topmost branch, which is what people came for."""
        layers = self._document.stack.layers
        ids = [layer.id for layer in layers]
        if self._view.solo_layer_id not in ids:
            self._view.solo_layer_id = None
        if self._view.selected_layer_id not in ids:
            branches = [layer.id for layer in layers if layer.kind is LayerKind.BRANCH]
            self._view.selected_layer_id = next(reversed(branches or ids), None)


def _key(what: str, layer_id: str, gesture: object) -> object:
    return None if gesture is None else (what, layer_id, gesture)


def _all_visible(stack: LayerStack) -> LayerStack:
    for layer in stack.layers:
        stack = edit_layer(stack, layer.id, visible=True)
    return stack
