"""Which layer's mask the mask tool acts on, and whether it is in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from bsgui.core.document import Document
from bsgui.core.frame import SMALLEST_SIDE, Frame
from bsgui.core.layers import LayerKind, LayerState
from bsgui.core.mask import Mask
from bsgui.core.painted_mask import LEAST_RADIUS, MOST_STROKES, PaintedMask, Stroke
from bsgui.core.shaped_mask import MaskShape, ShapedMask
from bsgui.ui.canvas.view_state import ViewState
from bsgui.ui.controllers.layer_controller import LayerController

_USUAL_SHARE = 0.6
_USUAL_BRUSH = 0.06


@dataclass(frozen=True)
class Brush:
    """What the next stroke is painted with.

    Attributes:
        size: its diameter over the shorter side of what was taken apart.
        hardness: see :class:`~bsgui.core.painted_mask.Stroke`.
        erases: whether it takes paint away.
    """

    size: float = _USUAL_BRUSH
    hardness: float = 0.5
    erases: bool = False


LEAST_SIZE, MOST_SIZE = 0.002, 0.5


class MaskState(QObject):
    """The selected layer's mask, and the tool that changes it. Thread: GUI.

    Signals:
        changed(): the mask is another, or another layer's, or the tool was taken up or put down, or the brush changed.
        active_changed(bool): the tool was taken up or put down.
    """

    changed = Signal()
    active_changed = Signal(bool)

    def __init__(
        self, document: Document, view: ViewState, edits: LayerController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._edits = document, edits
        self._is_active, self._brush = False, Brush()
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

    @property
    def brush(self) -> Brush:
        """What the next stroke is painted with."""
        return self._brush

    @brush.setter
    def brush(self, brush: Brush) -> None:
        brush = replace(
            brush, size=min(max(brush.size, LEAST_SIZE), MOST_SIZE), hardness=min(max(brush.hardness, 0), 1)
        )
        if brush != self._brush:
            self._brush = brush
            self.changed.emit()

    @property
    def brush_radius(self) -> float:
        """Of the brush, photo pixels."""
        whole = self._taken_apart()
        side = min(whole.width, whole.height) if whole is not None else 0.0
        return max(LEAST_RADIUS, self._brush.size * side / 2)

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
        if isinstance(mask, ShapedMask):
            # What has left the photo could not be taken hold of any more.
            x, y = min(max(mask.frame.x, 0.0), photo.width), min(max(mask.frame.y, 0.0), photo.height)
            mask = replace(mask, frame=replace(mask.frame, x=x, y=y))
        self._edits.set_mask(layer.id, mask, gesture)

    def paint(self, before: PaintedMask, points: Sequence[tuple[float, float]], erases: bool, gesture: object) -> None:
        """Add a stroke to a mask as it was when the stroke began; one stroke is one undo step."""
        if len(before.strokes) < MOST_STROKES:
            stroke = Stroke(tuple(points), self.brush_radius, self._brush.hardness, erases)
            self.set_mask(replace(before, strokes=(*before.strokes, stroke)), gesture)

    def new_mask(self, shape: MaskShape) -> ShapedMask:
        """A mask in the middle of what was taken apart."""
        whole = self._taken_apart()
        assert whole is not None
        width, height = (max(SMALLEST_SIDE, _USUAL_SHARE * side) for side in (whole.width, whole.height))
        return ShapedMask(shape, replace(whole, width=width, height=height))

    def _taken_apart(self) -> Frame | None:
        """The framed part of the photo, or all of it."""
        photo, decomposition = self._document.photo, self._document.decomposition
        if photo is None:
            return None
        made_in = decomposition.provenance.frame if decomposition is not None else None
        return made_in or Frame.of_photo(photo.width, photo.height)

    def _on_stack(self) -> None:
        if self._document.decomposition is None:
            self.is_active = False
        self.changed.emit()
