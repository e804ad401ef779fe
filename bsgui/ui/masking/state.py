"""Which layer's mask the mask tool acts on, and whether it is in hand."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from bsgui.core.document import Document
from bsgui.core.frame import SMALLEST_SIDE, Frame
from bsgui.core.layers import LayerKind, LayerState
from bsgui.core.mask import Mask, MaskShape
from bsgui.ui.canvas.view_state import ViewState
from bsgui.ui.controllers.layer_controller import LayerController

_USUAL_SHARE = 0.6


class MaskState(QObject):
    """The selected layer's mask, and the tool that changes it. Thread: GUI.

    Signals:
        changed(): the mask is another, or another layer's, or the tool was taken up or put down.
        active_changed(bool): the tool was taken up or put down.
    """

    changed = Signal()
    active_changed = Signal(bool)

    def __init__(
        self, document: Document, view: ViewState, edits: LayerController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._edits = document, edits
        self._is_active = False
        document.stack_changed.connect(self._on_stack)
        document.photo_changed.connect(lambda: setattr(self, "is_active", False))
        view.view_changed.connect(self.changed)

    @property
    def layer(self) -> LayerState | None:
        """The selected layer."""
        return self._edits.selected

    @property
    def mask(self) -> Mask | None:
        """Its mask."""
        layer = self.layer
        return layer.mask if layer is not None else None

    @property
    def is_active(self) -> bool:
        """Whether the tool is in hand; it has nothing to hold without a mask."""
        return self._is_active

    @is_active.setter
    def is_active(self, active: bool) -> None:
        active = active and self._document.decomposition is not None
        if active != self._is_active:
            self._is_active = active
            self.active_changed.emit(active)
            self.changed.emit()

    def why_not(self, layer: LayerState) -> str:
        """Why a layer's mask cannot be changed; "" if it can."""
        if layer.locked:
            return f"“{layer.name}” is locked."
        if layer.kind is not LayerKind.BRANCH:
            return "Only branches can be masked: base and residual lie under everything."
        return ""

    def set_mask(self, mask: Mask | None, gesture: object = None) -> None:
        """Give the selected layer another mask, or none; edits of one gesture are one undo step."""
        layer, photo = self.layer, self._document.photo
        if layer is None or photo is None:
            return
        if mask is not None:
            # What has left the photo could not be taken hold of any more.
            x, y = min(max(mask.frame.x, 0.0), photo.width), min(max(mask.frame.y, 0.0), photo.height)
            mask = replace(mask, frame=replace(mask.frame, x=x, y=y))
        self._edits.set_mask(layer.id, mask, gesture)

    def new_mask(self, shape: MaskShape) -> Mask:
        """A mask in the middle of what was taken apart."""
        photo, decomposition = self._document.photo, self._document.decomposition
        assert photo is not None
        made_in = decomposition.provenance.frame if decomposition is not None else None
        whole = made_in or Frame.of_photo(photo.width, photo.height)
        width, height = (max(SMALLEST_SIDE, _USUAL_SHARE * side) for side in (whole.width, whole.height))
        return Mask(shape, replace(whole, width=width, height=height))

    def _on_stack(self) -> None:
        if self._document.decomposition is None:
            self.is_active = False
        self.changed.emit()
