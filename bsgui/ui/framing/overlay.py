"""The frame over the canvas: a box to move, resize and turn while the tool is in hand, else a thin outline."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QCursor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

from bsgui.core.frame import Frame, Subject
from bsgui.ui.canvas.painting import logical
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.theme import current_theme

from . import painting
from .handles import CORNERS, SIDES, Handle, Point, dragged, handle_at, place, scaled, spanned, turned
from .state import FrameState, Search

_REACH, _STALK = 9.0, 26.0
_NUDGE_DEGREES = 1.0
_NUDGE_FACTOR = 1.02
_FAST = 10
_KEYS = Qt.Key
_SHAPES = Qt.CursorShape
# Eighths of a turn from the right, clockwise; a handle's cursor follows the frame's angle.
_RESIZE = (_SHAPES.SizeHorCursor, _SHAPES.SizeFDiagCursor, _SHAPES.SizeVerCursor, _SHAPES.SizeBDiagCursor)


@dataclass
class _Drag:
    """What is held since the button went down; no handle: a new frame is drawn."""

    handle: Handle | None
    start: Point
    pressed: QPointF
    before: Frame | None
    has_moved: bool = False


class FrameOverlay(QWidget):
    """Lies over a canvas and shows a :class:`FrameState` there; what it does not use goes on to the canvas.

    Args:
        canvas: what it lies over, follows and covers.
        state: the frame and the proposals; changed by mouse and keys while the tool is in hand.

    Signals:
        decompose_wanted(): Return, or a double click: the frame is as the person wants it.

    Thread: GUI.
    """

    decompose_wanted = Signal()

    def __init__(self, canvas: CanvasView, state: FrameState) -> None:
        super().__init__(canvas)
        self._canvas, self._state = canvas, state
        self._drag: _Drag | None = None
        self._pointer: QPointF | None = None
        self._space_is_down = False
        self.setAccessibleName(self.tr("Frame"))
        self.setAccessibleDescription(
            self.tr("Arrow keys move the frame, with Ctrl they turn and resize it; Return decomposes, Esc removes it.")
        )
        self.setMouseTracking(True)
        canvas.installEventFilter(self)
        canvas.view_changed.connect(self.update)
        canvas.document.decomposition_changed.connect(self._show_state)
        state.changed.connect(self._show_state)
        state.active_changed.connect(self._on_active)
        self._show_state()

    # ---- what is where -------------------------------------------------------------------------------------

    def _to_widget(self, at: Point) -> QPointF:
        placement, ratio = self._canvas.placement, self.devicePixelRatioF()
        assert placement is not None
        x, y = placement.to_canvas(*at)
        return QPointF(x / ratio, y / ratio)

    def _to_photo(self, at: QPointF) -> Point:
        placement, ratio = self._canvas.placement, self.devicePixelRatioF()
        assert placement is not None
        return placement.to_photo(at.x() * ratio, at.y() * ratio)

    def _polygon(self, frame: Frame) -> QPolygonF:
        return QPolygonF([self._to_widget((float(x), float(y))) for x, y in frame.corners])

    @property
    def _tool_rect(self) -> QRectF:
        """What box and turning handle take up."""
        frame = self._state.frame
        if frame is None:
            return QRectF()
        turn = self._to_widget(place(frame, Handle.TURN, _STALK * self._photo_pixels))
        return (
            self._polygon(frame)
            .boundingRect()
            .united(QRectF(turn.x() - _REACH, turn.y() - _REACH, 2 * _REACH, 2 * _REACH))
        )

    @property
    def _photo_pixels(self) -> float:
        """Photo pixels to one of the widget's."""
        return self.devicePixelRatioF() / self._canvas.state.zoom

    def _handle_at(self, at: QPointF) -> Handle | None:
        frame, step = self._state.frame, self._photo_pixels
        return handle_at(frame, self._to_photo(at), _REACH * step, _STALK * step) if frame else None

    def _proposal_at(self, at: QPointF) -> Subject | None:
        """The smallest proposal there that is not the frame already."""
        here = [x for x in self._other_proposals() if x.frame.contains(*self._to_photo(at))]
        return min(here, key=lambda x: x.frame.width, default=None)

    def _other_proposals(self) -> list[Subject]:
        return [x for x in self._state.proposals if x.frame != self._state.frame]

    @property
    def _outline(self) -> Frame | None:
        """What is outlined while the tool is put down: the next frame, or that of the layers there are."""
        decomposition = self._canvas.document.decomposition
        return self._state.frame or (decomposition.provenance.frame if decomposition else None)

    # ---- showing -------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the canvas."""
        if watched is self._canvas and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        return super().eventFilter(watched, event)

    def _show_state(self) -> None:
        self.setGeometry(self._canvas.rect())
        has_photo = self._canvas.document.photo is not None
        self.setVisible(has_photo and (self._state.is_active or self._outline is not None))
        self._show_cursor()
        self.update()

    def _on_active(self, active: bool) -> None:
        self._drag, self._space_is_down = None, False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not active)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if active else Qt.FocusPolicy.NoFocus)
        self._show_state()
        (self if active else self._canvas).setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Box, veil, handles and proposals; or the outline alone."""
        placement = self._canvas.placement
        if placement is None:
            return
        painter = QPainter(self)
        if self._state.is_active:
            self._paint_tool(painter, logical(placement.visible, self.devicePixelRatioF()))
        elif self._outline is not None:
            decomposition = self._canvas.document.decomposition
            is_done = decomposition is not None and decomposition.provenance.frame == self._outline
            painting.paint_outline(painter, self._polygon(self._outline), alpha=150, dashed=not is_done)

    def _paint_tool(self, painter: QPainter, photo: QRectF) -> None:
        theme, frame, room = current_theme(), self._state.frame, QRectF(self.rect())
        if frame is not None:
            box = self._polygon(frame)
            painting.paint_veil(painter, photo, box)
            painting.paint_core(painter, self._polygon(frame.core))
            painting.paint_outline(painter, box)
        painting.paint_hint(painter, self._hints(), room, self._tool_rect, theme)
        hot = self._proposal_at(self._pointer) if self._pointer is not None and self._drag is None else None
        for proposal in self._other_proposals():
            name = proposal.kind.capitalize()
            painting.paint_proposal(painter, self._polygon(proposal.frame), name, proposal is hot, theme)
        if frame is not None:
            stalk = _STALK * self._photo_pixels
            grips = [self._to_widget(place(frame, handle, stalk)) for handle in (*CORNERS, *SIDES)]
            turn, top = (self._to_widget(place(frame, x, stalk)) for x in (Handle.TURN, Handle.TOP))
            painting.paint_handles(painter, grips, turn, top, theme)
            painting.paint_note(painter, _size_note(frame), self._polygon(frame).boundingRect(), room, theme)

    def _hints(self) -> list[str]:
        search = {
            Search.RUNNING: self.tr("Looking for faces, cats and dogs…   "),
            Search.DONE: "" if self._state.proposals else self.tr("No face, cat or dog was found.   "),
        }.get(self._state.search, "")
        short = self.tr("Return decomposes · Esc removes")
        drags = self.tr("Drag to move, resize or turn (Shift: 15°), or draw a new frame")
        return [f"{search}{drags} · {short}", search + short, short]

    # ---- pointer -------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the frame, or begin a new one; the middle button and Space leave it to the canvas to pan."""
        if event.button() != Qt.MouseButton.LeftButton or self._space_is_down:
            event.ignore()
            return
        at = event.position()
        self._drag = _Drag(self._handle_at(at), self._to_photo(at), at, self._state.frame)

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

    def _move_to(self, drag: _Drag, event: QMouseEvent) -> None:
        special = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        at = self._to_photo(event.position())
        if drag.handle is None or drag.before is None:
            self._state.frame = spanned(drag.start, at, special)
        else:
            self._state.frame = dragged(drag.before, drag.handle, drag.start, at, special)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; a click on a proposal accepts it."""
        drag, self._drag = self._drag, None
        if drag is None:
            event.ignore()
            return
        proposal = self._proposal_at(event.position())
        if not drag.has_moved and proposal is not None and drag.handle in (None, Handle.INSIDE):
            self._state.frame = proposal.frame
        self._show_cursor()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Inside the frame: decompose."""
        if event.button() == Qt.MouseButton.LeftButton and self._handle_at(event.position()) is Handle.INSIDE:
            self._finish()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer."""
        self._pointer = None
        self.update()
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No release of Space will come."""
        self._space_is_down = False
        super().focusOutEvent(event)

    def _show_cursor(self) -> None:
        if not self._state.is_active or self._pointer is None or self._canvas.placement is None:
            return
        handle = self._drag.handle if self._drag is not None else self._handle_at(self._pointer)
        if self._space_is_down:
            shape = _SHAPES.OpenHandCursor
        elif handle in (None, Handle.INSIDE) and self._drag is None and self._proposal_at(self._pointer) is not None:
            shape = _SHAPES.PointingHandCursor
        elif handle is None:
            shape = _SHAPES.CrossCursor
        elif handle is Handle.INSIDE:
            shape = _SHAPES.SizeAllCursor
        else:
            shape = _SHAPES.PointingHandCursor if handle is Handle.TURN else self._resize_cursor(handle)
        self.setCursor(QCursor(shape))

    def _resize_cursor(self, handle: Handle) -> Qt.CursorShape:
        assert self._state.frame is not None
        along, down = handle.value
        eighths = round((math.atan2(down, along) + self._state.frame.angle) / (math.pi / 4))
        return _RESIZE[eighths % 4]

    # ---- keys ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, turn and resize; decompose; remove. Other keys are the canvas's."""
        key = event.key()
        if key == _KEYS.Key_Space:
            self._space_is_down = True
            self._show_cursor()
        elif key == _KEYS.Key_Escape:
            self._escape()
            return
        elif key in (_KEYS.Key_Return, _KEYS.Key_Enter) and not event.modifiers() & ~_KEYPAD:
            self._finish()
            return
        elif self._nudge(event):
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End of Space."""
        if event.key() == _KEYS.Key_Space and not event.isAutoRepeat():
            self._space_is_down = False
            self._show_cursor()
        super().keyReleaseEvent(event)

    def _escape(self) -> None:
        if self._drag is not None:
            self._state.frame, self._drag = self._drag.before, None
            return
        self._state.frame = None
        self._state.is_active = False

    def _finish(self) -> None:
        self._drag = None
        if self._state.frame is not None:
            self._state.is_active = False
            self.decompose_wanted.emit()

    def _nudge(self, event: QKeyEvent) -> bool:
        """Arrow keys: a pixel of the screen, or of the photo if that is more; with Ctrl a degree, or two per cent."""
        steps = {
            _KEYS.Key_Left: (-1, 0),
            _KEYS.Key_Right: (1, 0),
            _KEYS.Key_Up: (0, -1),
            _KEYS.Key_Down: (0, 1),
        }
        frame = self._state.frame
        if event.key() not in steps or frame is None:
            return False
        times = _FAST if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        x, y = (times * step for step in steps[_KEYS(event.key())])
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._state.frame = scaled(turned(frame, math.radians(_NUDGE_DEGREES * x)), _NUDGE_FACTOR**-y)
        else:
            step = max(1.0, self._photo_pixels)
            self._state.frame = dragged(frame, Handle.INSIDE, (0.0, 0.0), (x * step, y * step), False)
        return True


_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def _size_note(frame: Frame) -> str:
    degrees = round(math.degrees(frame.angle))
    turn = f" · {degrees}°".replace("-", "−") if degrees else ""
    return f"{round(frame.width)} × {round(frame.height)} px{turn}"
