"""What lies over the canvas while a tool is in hand: follows it, and leaves it what the tool does not use."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from bsgui.ui.canvas.view import CanvasView

from .handles import Point

_KEYS = Qt.Key
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


class ToolOverlay(QWidget):
    """Lies over a canvas, as large as it; what it does not use goes on to the canvas.

    Args:
        canvas: what it lies over, follows and covers.

    Thread: GUI.
    """

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._pointer: QPointF | None = None
        self._space_is_down = False
        self.setMouseTracking(True)
        canvas.installEventFilter(self)
        canvas.view_changed.connect(self.update)

    # ---- what a tool says ----------------------------------------------------------------------------------

    @property
    def _is_in_hand(self) -> bool:
        """Whether mouse and keys act on the tool."""
        raise NotImplementedError

    def _let_go_or_escape(self) -> None:
        """Esc: take back what is held; put the tool down while nothing is."""
        raise NotImplementedError

    def _finish(self) -> None:
        """Return: all is as the person wants it."""
        raise NotImplementedError

    def _show_cursor(self) -> None:
        """Set the cursor for what is under the pointer."""
        raise NotImplementedError

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

    @property
    def _photo_pixels(self) -> float:
        """Photo pixels to one of the widget's."""
        return self.devicePixelRatioF() / self._canvas.state.zoom

    # ---- showing -------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the canvas."""
        if watched is self._canvas and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        return super().eventFilter(watched, event)

    def _take_up(self, in_hand: bool) -> None:
        """The tool was taken up or put down."""
        self._space_is_down = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not in_hand)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if in_hand else Qt.FocusPolicy.NoFocus)

    def _show_in_hand(self) -> None:
        """Be there while the tool is in hand; as it is taken up, on top, and keys act on it."""
        self.setGeometry(self._canvas.rect())
        was_in_hand = self.isVisible()
        self.setVisible(self._is_in_hand)
        if self.isVisible() and not was_in_hand:
            self.raise_()
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_cursor()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer."""
        self._pointer = None
        self.update()
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No release of Space will come."""
        self._space_is_down = False
        super().focusOutEvent(event)

    # ---- keys ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape; finish; Space lets the canvas pan. Other keys are the canvas's."""
        key = event.key()
        if key == _KEYS.Key_Escape:
            self._let_go_or_escape()
            return
        if key in (_KEYS.Key_Return, _KEYS.Key_Enter) and not event.modifiers() & ~_KEYPAD:
            self._finish()
            return
        if key == _KEYS.Key_Space:
            self._space_is_down = True
            self._show_cursor()
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End of Space."""
        if event.key() == _KEYS.Key_Space and not event.isAutoRepeat():
            self._space_is_down = False
            self._show_cursor()
        super().keyReleaseEvent(event)
