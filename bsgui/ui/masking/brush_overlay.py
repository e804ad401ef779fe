"""The brush over the canvas: paints the selected layer's mask, and takes paint away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent

from bsgui.core.painted_mask import MOST_POINTS, MOST_STROKES, PaintedMask
from bsgui.ui.canvas.painting import logical
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.framing.painting import paint_hint
from bsgui.ui.framing.tool_overlay import ToolOverlay
from bsgui.ui.theme import current_theme

from .painting import paint_brush, paint_painted
from .state import MaskState

_SIZE_STEP = 2**0.25
_HARDNESS_STEP = 0.1
# A path is noted at points so far apart, over the brush's radius and in pixels of the screen.
_SPACING, _LEAST_SPACING = 0.1, 1.0


@dataclass
class _Stroke:
    """What is being painted.

    Attributes:
        before: the mask when it began.
        erases: whether it takes away.
        points: where it has been, photo pixels.
        gesture: equal for all that belongs to it.
    """

    before: PaintedMask
    erases: bool
    points: list[tuple[float, float]]
    gesture: object = field(default_factory=object)


class BrushOverlay(ToolOverlay):
    """Shows and changes a painted mask of a :class:`MaskState`.

    Args:
        canvas: what it lies over, follows and covers.
        state: the mask, and the brush.

    Thread: GUI.
    """

    def __init__(self, canvas: CanvasView, state: MaskState) -> None:
        super().__init__(canvas)
        self._state = state
        self._stroke: _Stroke | None = None
        self._last: tuple[float, float] | None = None
        self.setAccessibleName(self.tr("Mask brush"))
        self.setAccessibleDescription(
            self.tr("Drag to paint the mask; brackets change the brush, X paints or erases, Return puts the tool down.")
        )
        state.changed.connect(self._show_in_hand)
        state.active_changed.connect(self._on_active)
        self._show_in_hand()

    @property
    def _mask(self) -> PaintedMask | None:
        mask = self._state.mask
        return mask if isinstance(mask, PaintedMask) else None

    @property
    def _is_in_hand(self) -> bool:
        layer = self._state.layer
        return self._state.is_active and self._mask is not None and layer is not None and not layer.locked

    def _let_go_or_escape(self) -> None:
        if self._stroke is None:
            self._state.is_active = False
            return
        stroke, self._stroke = self._stroke, None
        self._state.set_mask(stroke.before, stroke.gesture)

    def _finish(self) -> None:
        self._stroke = None
        self._state.is_active = False

    # ---- pointer -------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, with Shift in a straight line from the last; Alt erases."""
        mask = self._mask
        if event.button() != Qt.MouseButton.LeftButton or self._space_is_down or mask is None:
            event.ignore()
            return
        at = self._to_photo(event.position())
        held = event.modifiers()
        is_straight = bool(held & Qt.KeyboardModifier.ShiftModifier) and self._last is not None
        erases = self._state.brush.erases != bool(held & Qt.KeyboardModifier.AltModifier)
        self._stroke = _Stroke(mask, erases, [self._last, at] if is_straight and self._last is not None else [at])
        self._paint_stroke()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke; else show where it would begin."""
        self._pointer = event.position()
        self._show_cursor()
        self.update()
        if self._stroke is None:
            event.ignore()  # The canvas tells the pixel under the pointer, or pans.
            return
        (x, y), (last_x, last_y) = self._to_photo(event.position()), self._stroke.points[-1]
        apart = max(_SPACING * self._state.brush_radius, _LEAST_SPACING * self._photo_pixels)
        if abs(x - last_x) + abs(y - last_y) >= apart:
            self._stroke.points.append((round(x, 2), round(y, 2)))
            self._paint_stroke()
            if len(self._stroke.points) == MOST_POINTS:
                self._go_on_with_another()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The stroke is done."""
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            event.ignore()
            return
        self._last = stroke.points[-1]
        self.update()

    def _paint_stroke(self) -> None:
        assert self._stroke is not None
        self._state.paint(self._stroke.before, self._stroke.points, self._stroke.erases, self._stroke.gesture)

    def _go_on_with_another(self) -> None:
        """A path has its limits; a gesture has none."""
        assert self._stroke is not None
        if self._mask is not None:
            self._stroke = replace(self._stroke, before=self._mask, points=self._stroke.points[-1:])

    # ---- keys ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Change the brush; Delete takes the mask away; else as for every tool."""
        brush, key = self._state.brush, event.text()
        if key in ("[", "]"):
            self._state.brush = replace(brush, size=brush.size * (_SIZE_STEP if key == "]" else 1 / _SIZE_STEP))
        elif key in ("{", "}"):
            step = _HARDNESS_STEP if key == "}" else -_HARDNESS_STEP
            self._state.brush = replace(brush, hardness=round(brush.hardness + step, 2))
        elif event.key() == Qt.Key.Key_X and not event.modifiers():
            self._state.brush = replace(brush, erases=not brush.erases)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._stroke is None:
            self._state.set_mask(None)
            self._state.is_active = False
        else:
            super().keyPressEvent(event)

    # ---- showing -------------------------------------------------------------------------------------------

    def _on_active(self, active: bool) -> None:
        self._take_up(active)
        self._stroke = self._last = None
        self._show_in_hand()

    def _show_cursor(self) -> None:
        if self._is_in_hand:
            # The brush's own outline shows where it is.
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._space_is_down else Qt.CursorShape.BlankCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The brush; the mask as a veil while it is painted, and as long as it would not show in the picture."""
        placement, mask, layer = self._canvas.placement, self._mask, self._state.layer
        if placement is None or mask is None or layer is None or not self._is_in_hand:
            return
        painter = QPainter(self)
        if (self._stroke is not None or layer.is_untouched) and not placement.visible.is_empty:
            view = placement.viewport(placement.visible, 2)
            paint_painted(painter, mask.seen_in(view), logical(placement.visible, self.devicePixelRatioF()))
        if self._pointer is not None and not self._space_is_down:
            radius = self._state.brush_radius / self._photo_pixels
            paint_brush(painter, self._pointer, radius, self._state.brush.hardness, self._is_erasing)
        if self._stroke is None:
            paint_hint(painter, self._hints(), QRectF(self.rect()), QRectF(), current_theme())

    @property
    def _is_erasing(self) -> bool:
        return self._stroke.erases if self._stroke is not None else self._state.brush.erases

    def _hints(self) -> list[str]:
        if self._mask is not None and len(self._mask.strokes) >= MOST_STROKES:
            return [self.tr("The mask holds no more strokes: undo some, or take it away with Delete")]
        what = self.tr("erases") if self._state.brush.erases else self.tr("paints")
        short = self.tr("Drag {0} · X paints or erases · [ ] size · Return puts the tool down").format(what)
        long = self.tr(
            "Drag {0} (Alt: the other way; Shift: straight on) · X paints or erases · [ ] size · Shift+[ ] hardness · "
            "Return puts the tool down · Delete takes the mask away"
        ).format(what)
        return [long, short]
