"""The selected layer's shaped mask over the canvas: a box to move, resize and turn, and a veil while it is held."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QTransform

from bsgui.core.frame import Frame
from bsgui.core.shaped_mask import ShapedMask
from bsgui.ui.canvas.painting import logical
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.framing.box_overlay import BoxOverlay
from bsgui.ui.framing.painting import paint_hint, paint_outline
from bsgui.ui.theme import current_theme

from .painting import paint_feather, paint_mask
from .state import MaskState


class MaskOverlay(BoxOverlay):
    """Shows a :class:`MaskState` over a canvas, and changes it.

    Args:
        canvas: what it lies over, follows and covers.
        state: the mask.

    Thread: GUI.
    """

    def __init__(self, canvas: CanvasView, state: MaskState) -> None:
        super().__init__(canvas)
        self._state = state
        self.setAccessibleName(self.tr("Mask"))
        self.setAccessibleDescription(
            self.tr(
                "Arrow keys move the mask, with Ctrl they turn and resize it; Delete takes it away, Return puts the "
                "tool down."
            )
        )
        state.changed.connect(self._show_in_hand)
        state.active_changed.connect(self._on_active)
        self._show_in_hand()

    @property
    def _mask(self) -> ShapedMask | None:
        mask = self._state.mask
        return mask if isinstance(mask, ShapedMask) else None

    @property
    def _box(self) -> Frame | None:
        mask = self._mask
        return mask.frame if mask is not None else None

    def _set_box(self, box: Frame | None, gesture: object = None) -> None:
        mask = self._mask
        if mask is not None and box is not None:
            self._state.set_mask(replace(mask, frame=box), gesture)

    @property
    def _is_in_hand(self) -> bool:
        layer = self._state.layer
        return self._state.is_active and layer is not None and self._mask is not None and not layer.locked

    def _escape(self) -> None:
        self._state.is_active = False

    def _finish(self) -> None:
        self._state.is_active = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes the mask away; else as for every box."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._drag is None:
            self._state.set_mask(None)
            self._state.is_active = False
        else:
            super().keyPressEvent(event)

    # ---- showing -------------------------------------------------------------------------------------------

    def _on_active(self, active: bool) -> None:
        self._take_up(active)
        self._show_in_hand()
        if not active:
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Box, handles and feather; where the mask is, while it is held."""
        placement, mask = self._canvas.placement, self._mask
        if placement is None or mask is None or not self._is_in_hand:
            return
        painter = QPainter(self)
        box, to_widget = self._polygon(mask.frame), self._from_mask(mask.frame)
        if self._drag is not None:
            paint_mask(painter, mask, to_widget, logical(placement.visible, self.devicePixelRatioF()))
        paint_outline(painter, box, alpha=150 if mask.shape == "ellipse" else 235)
        paint_feather(painter, mask, to_widget)
        paint_hint(painter, self._hints(), QRectF(self.rect()), self._tool_rect, current_theme())
        self._paint_box(painter, mask.frame, self._note())

    def _from_mask(self, frame: Frame) -> QTransform:
        """From the mask's own coordinates, 0..1 along and down, to the widget's."""
        corners = frame.corners
        origin, along, down = (self._to_widget((float(x), float(y))) for x, y in (corners[0], corners[1], corners[3]))
        a, d = along - origin, down - origin
        return QTransform(a.x(), a.y(), d.x(), d.y(), origin.x(), origin.y())

    def _note(self) -> str:
        mask, layer = self._mask, self._state.layer
        assert mask is not None
        assert layer is not None
        if mask.shape == "gradient":
            what = self.tr("all below, nothing above") if mask.inverted else self.tr("all above, nothing below")
        else:
            what = self.tr("outside") if mask.inverted else self.tr("inside")
        return f"{layer.name}: {what}"

    def _hints(self) -> list[str]:
        short = self.tr("Return puts the tool down · Delete takes the mask away")
        return [f"{self.tr('Drag to move, resize or turn (Shift: 15°), or draw another')} · {short}", short]
