"""A box over the canvas that can be drawn, moved, resized and turned: what the frame and the mask tools share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QApplication

from bsgui.core.frame import Frame
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.theme import current_theme

from . import painting
from .handles import CORNERS, SIDES, Handle, Point, dragged, handle_at, place, scaled, spanned, turned
from .tool_overlay import ToolOverlay

_REACH, _STALK = 9.0, 26.0
_NUDGE_DEGREES = 1.0
_NUDGE_FACTOR = 1.02
_FAST = 10
_KEYS = Qt.Key
_SHAPES = Qt.CursorShape
# Eighths of a turn from the right, clockwise; a handle's cursor follows the box's angle.
_RESIZE = (_SHAPES.SizeHorCursor, _SHAPES.SizeFDiagCursor, _SHAPES.SizeVerCursor, _SHAPES.SizeBDiagCursor)


@dataclass
class Drag:
    """What is held since the button went down; no handle: a new box is drawn.

    Attributes:
        handle: what is held.
        start: where, photo pixels.
        pressed: the same, widget pixels.
        before: the box then.
        gesture: equal for all that one drag does.
        has_moved: whether it was more than a click.
    """

    handle: Handle | None
    start: Point
    pressed: QPointF
    before: Frame | None
    gesture: object
    has_moved: bool = False


class BoxOverlay(ToolOverlay):
    """A tool that has a box: a tool says what its box is, and what becomes of one that a person has drawn.

    Args:
        canvas: what it lies over, follows and covers.

    Thread: GUI.
    """

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._drag: Drag | None = None

    # ---- what a tool says ----------------------------------------------------------------------------------

    @property
    def _box(self) -> Frame | None:
        """The box there is."""
        raise NotImplementedError

    def _set_box(self, box: Frame | None, gesture: object = None) -> None:
        """A person has made it so; one drag is one gesture."""
        raise NotImplementedError

    def _escape(self) -> None:
        """Esc, while nothing is held."""
        raise NotImplementedError

    # ---- what is where -------------------------------------------------------------------------------------

    def _polygon(self, frame: Frame) -> QPolygonF:
        return QPolygonF([self._to_widget((float(x), float(y))) for x, y in frame.corners])

    @property
    def _tool_rect(self) -> QRectF:
        """What box and turning handle take up."""
        box = self._box
        if box is None:
            return QRectF()
        turn = self._to_widget(place(box, Handle.TURN, _STALK * self._photo_pixels))
        around = QRectF(turn.x() - _REACH, turn.y() - _REACH, 2 * _REACH, 2 * _REACH)
        return self._polygon(box).boundingRect().united(around)

    def _handle_at(self, at: QPointF) -> Handle | None:
        box, step = self._box, self._photo_pixels
        return handle_at(box, self._to_photo(at), _REACH * step, _STALK * step) if box else None

    # ---- showing -------------------------------------------------------------------------------------------

    def _take_up(self, in_hand: bool) -> None:
        self._drag = None
        super()._take_up(in_hand)

    def _paint_box(self, painter: QPainter, box: Frame, note: str) -> None:
        """Handles, and a note below."""
        stalk, theme = _STALK * self._photo_pixels, current_theme()
        grips = [self._to_widget(place(box, handle, stalk)) for handle in (*CORNERS, *SIDES)]
        turn, top = (self._to_widget(place(box, x, stalk)) for x in (Handle.TURN, Handle.TOP))
        painting.paint_handles(painter, grips, turn, top, theme)
        painting.paint_note(painter, note, self._polygon(box).boundingRect(), QRectF(self.rect()), theme)

    # ---- pointer -------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the box, or begin a new one; the middle button and Space leave it to the canvas to pan."""
        if event.button() != Qt.MouseButton.LeftButton or self._space_is_down:
            event.ignore()
            return
        at = event.position()
        self._drag = Drag(self._handle_at(at), self._to_photo(at), at, self._box, object())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what is held; else show what could be."""
        self._pointer = event.position()
        if self._drag is None:
            self._show_cursor()
            self.update()
            event.ignore()  # The canvas tells the pixel under the pointer, or pans.
            return
        distance = (event.position() - self._drag.pressed).manhattanLength()
        self._drag.has_moved = self._drag.has_moved or distance >= QApplication.startDragDistance() / 2
        if self._drag.has_moved:
            self._move_to(self._drag, event)

    def _move_to(self, drag: Drag, event: QMouseEvent) -> None:
        special = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        at = self._to_photo(event.position())
        if drag.handle is None or drag.before is None:
            self._set_box(spanned(drag.start, at, special), drag.gesture)
        else:
            self._set_box(dragged(drag.before, drag.handle, drag.start, at, special), drag.gesture)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        drag, self._drag = self._drag, None
        if drag is None:
            event.ignore()
            return
        if not drag.has_moved:
            self._click(drag, event.position())
        self._show_cursor()
        self.update()

    def _click(self, drag: Drag, at: QPointF) -> None:
        """The button was pressed and let go at the same place."""

    def _show_cursor(self) -> None:
        if not self._is_in_hand or self._pointer is None or self._canvas.placement is None:
            return
        handle = self._drag.handle if self._drag is not None else self._handle_at(self._pointer)
        self.setCursor(QCursor(_SHAPES.OpenHandCursor if self._space_is_down else self._cursor_of(handle)))

    def _cursor_of(self, handle: Handle | None) -> Qt.CursorShape:
        if handle is None:
            return _SHAPES.CrossCursor
        if handle is Handle.INSIDE:
            return _SHAPES.SizeAllCursor
        return _SHAPES.PointingHandCursor if handle is Handle.TURN else self._resize_cursor(handle)

    def _resize_cursor(self, handle: Handle) -> Qt.CursorShape:
        assert self._box is not None
        along, down = handle.value
        eighths = round((math.atan2(down, along) + self._box.angle) / (math.pi / 4))
        return _RESIZE[eighths % 4]

    # ---- keys ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, turn and resize; else as for every tool."""
        if event.key() in (_KEYS.Key_Return, _KEYS.Key_Enter):
            self._drag = None
        if not self._nudge(event):
            super().keyPressEvent(event)

    def _let_go_or_escape(self) -> None:
        if self._drag is None:
            self._escape()
            return
        drag, self._drag = self._drag, None
        if drag.has_moved:
            self._set_box(drag.before, drag.gesture)

    def _nudge(self, event: QKeyEvent) -> bool:
        """Arrow keys: a pixel of the screen, or of the photo if that is more; with Ctrl a degree, or two per cent."""
        steps = {
            _KEYS.Key_Left: (-1, 0),
            _KEYS.Key_Right: (1, 0),
            _KEYS.Key_Up: (0, -1),
            _KEYS.Key_Down: (0, 1),
        }
        box = self._box
        if event.key() not in steps or box is None:
            return False
        times = _FAST if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        x, y = (times * step for step in steps[_KEYS(event.key())])
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._set_box(scaled(turned(box, math.radians(_NUDGE_DEGREES * x)), _NUDGE_FACTOR**-y))
        else:
            step = max(1.0, self._photo_pixels)
            self._set_box(dragged(box, Handle.INSIDE, (0.0, 0.0), (x * step, y * step), False))
        return True


def size_note(box: Frame) -> str:
    """A box in words: "640 × 640 px · 12°"."""
    degrees = round(math.degrees(box.angle))
    turn = f" · {degrees}°".replace("-", "−") if degrees else ""
    return f"{round(box.width)} × {round(box.height)} px{turn}"
