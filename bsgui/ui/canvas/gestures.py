"""Mouse, wheel, pinch and keys on the canvas, turned into movements of the view."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent

from .view_state import ViewState

_ZOOM_PER_NOTCH = 2 ** (1 / 3)
_NOTCH = 120.0
_KEY_STEP = 48.0
_PAGE_FACTOR = 6.0
_SPLIT_REACH = 8.0
_MODIFIERS = Qt.KeyboardModifier


class Movable(Protocol):
    """What gestures need of the canvas. Positions are logical widget pixels."""

    state: ViewState

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the picture with the hand."""
        ...

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom, keeping the point ``at`` where it is."""
        ...

    def zoom_in(self) -> None:
        """One stop."""
        ...

    def zoom_out(self) -> None:
        """One stop."""
        ...

    def fit(self) -> None:
        """Show the whole photo."""
        ...

    def actual_size(self, at: QPointF | None = None) -> None:
        """Show at 100 %."""
        ...

    def split_distance(self, at: QPointF) -> float | None:
        """How far from the split line; None without one."""
        ...

    def drag_split_to(self, at: QPointF) -> None:
        """Put the split line there."""
        ...

    def setCursor(self, cursor: Qt.CursorShape) -> None:
        """The pointer's shape."""
        ...


class Gestures:
    """The state of a gesture under way. Each method returns whether it used the event. Thread: GUI."""

    def __init__(self, canvas: Movable) -> None:
        self._canvas = canvas
        self._grip: QPointF | None = None
        self._drags_split = False
        self._space_is_down = False

    def press(self, event: QMouseEvent) -> bool:
        """Take hold of the picture, or of the split line."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return False
        left = event.button() == Qt.MouseButton.LeftButton
        self._drags_split = left and not self._space_is_down and self._is_at_split(event.position())
        self._grip = event.position()
        self._show_cursor(event.position())
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Pan or drag the split line, if something is held."""
        at = event.position()
        if self._grip is None:
            self._show_cursor(at)
            return False
        if self._drags_split:
            self._canvas.drag_split_to(at)
        else:
            self._canvas.pan_by(at.x() - self._grip.x(), at.y() - self._grip.y())
        self._grip = at
        return True

    def release(self, event: QMouseEvent) -> bool:
        """Let go."""
        if self._grip is None:
            return False
        self._grip, self._drags_split = None, False
        self._show_cursor(event.position())
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        """Switch between the whole photo and 100 % at the pointer."""
        if event.button() != Qt.MouseButton.LeftButton or self._is_at_split(event.position()):
            return False
        if self._canvas.state.fits:
            self._canvas.actual_size(event.position())
        else:
            self._canvas.fit()
        return True

    def wheel(self, event: QWheelEvent) -> bool:
        """Zoom at the pointer; two fingers on a touch pad pan, unless Ctrl is held."""
        is_pad = event.device().type() == QInputDevice.DeviceType.TouchPad
        control = bool(event.modifiers() & _MODIFIERS.ControlModifier)
        if is_pad and not control and not event.pixelDelta().isNull():
            self._canvas.pan_by(event.pixelDelta().x(), event.pixelDelta().y())
            return True
        delta = event.angleDelta()
        if event.modifiers() & _MODIFIERS.ShiftModifier:
            turn = (delta.x() or delta.y()) / _NOTCH
            self._canvas.pan_by(turn * _KEY_STEP, 0)
            return True
        # Some systems turn Alt + wheel into a horizontal movement.
        notches = (delta.y() or delta.x()) / _NOTCH
        self._canvas.zoom_to(self._canvas.state.zoom * _ZOOM_PER_NOTCH**notches, event.position())
        return True

    def pinch(self, event: QNativeGestureEvent) -> bool:
        """Pinch zooms; a double tap with two fingers fits or shows 100 %."""
        if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._canvas.zoom_to(self._canvas.state.zoom * (1 + event.value()), event.position())
            return True
        if event.gestureType() == Qt.NativeGestureType.SmartZoomNativeGesture:
            if self._canvas.state.fits:
                self._canvas.actual_size(event.position())
            else:
                self._canvas.fit()
            return True
        return False

    def key_press(self, event: QKeyEvent) -> bool:
        """All keys of the canvas: pan, zoom, hold the photo, clipping, split line, brightness of layer looks."""
        key = event.key()
        if event.modifiers() & (_MODIFIERS.AltModifier | _MODIFIERS.MetaModifier):
            return False
        if event.modifiers() & _MODIFIERS.ControlModifier:
            return self._zoom_key(key)
        if key in (Qt.Key.Key_Space, Qt.Key.Key_Backslash, Qt.Key.Key_B):
            if not event.isAutoRepeat():
                self._hold_key(key, True)
            return True
        step = _KEY_STEP * (_PAGE_FACTOR if event.modifiers() & _MODIFIERS.ShiftModifier else 1)
        moves = {
            Qt.Key.Key_Left: (step, 0.0),
            Qt.Key.Key_Right: (-step, 0.0),
            Qt.Key.Key_Up: (0.0, step),
            Qt.Key.Key_Down: (0.0, -step),
        }
        if key in moves:
            self._canvas.pan_by(*moves[Qt.Key(key)])
            return True
        return self._toggle_key(key)

    def key_release(self, event: QKeyEvent) -> bool:
        """The end of a held key."""
        if event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Backslash, Qt.Key.Key_B):
            return False
        if not event.isAutoRepeat():
            self._hold_key(event.key(), False)
        return True

    def let_go(self) -> None:
        """End everything that is held: the canvas lost the keyboard, so no release will come."""
        self._grip, self._drags_split = None, False
        self._hold_key(Qt.Key.Key_Space, False)
        self._canvas.state.before = False

    def _zoom_key(self, key: int) -> bool:
        actions = {
            Qt.Key.Key_0: self._canvas.fit,
            Qt.Key.Key_1: self._canvas.actual_size,
            Qt.Key.Key_Plus: self._canvas.zoom_in,
            Qt.Key.Key_Equal: self._canvas.zoom_in,
            Qt.Key.Key_Minus: self._canvas.zoom_out,
        }
        if key not in actions:
            return False
        actions[Qt.Key(key)]()
        return True

    def _toggle_key(self, key: int) -> bool:
        if key == Qt.Key.Key_O:
            self._canvas.state.shows_clipping = not self._canvas.state.shows_clipping
        elif key == Qt.Key.Key_Y:
            self._canvas.state.toggle_split()
        elif key == Qt.Key.Key_BracketLeft:
            self._canvas.state.boost /= 2
        elif key == Qt.Key.Key_BracketRight:
            self._canvas.state.boost *= 2
        else:
            return False
        return True

    def _hold_key(self, key: int, is_down: bool) -> None:
        if key == Qt.Key.Key_Space:
            self._space_is_down = is_down
            self._canvas.setCursor(Qt.CursorShape.OpenHandCursor if is_down else Qt.CursorShape.ArrowCursor)
        else:
            self._canvas.state.before = is_down

    def _is_at_split(self, at: QPointF) -> bool:
        distance = self._canvas.split_distance(at)
        return distance is not None and distance <= _SPLIT_REACH

    def _show_cursor(self, at: QPointF) -> None:
        shapes = Qt.CursorShape
        if self._drags_split or (self._grip is None and not self._space_is_down and self._is_at_split(at)):
            across = self._canvas.state.split_orientation == Qt.Orientation.Horizontal
            self._canvas.setCursor(shapes.SplitHCursor if across else shapes.SplitVCursor)
        elif self._grip is not None:
            self._canvas.setCursor(shapes.ClosedHandCursor)
        else:
            self._canvas.setCursor(shapes.OpenHandCursor if self._space_is_down else shapes.ArrowCursor)


def is_pinch(event: QEvent) -> bool:
    """Whether an event is one for :meth:`Gestures.pinch`."""
    return event.type() == QEvent.Type.NativeGesture
