"""A slider for a factor: click anywhere sets, double-click resets, wheel and arrows step, marks catch the handle."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from bsgui.ui.theme import current_theme

_UNITS = 1000
_STEP = 0.05
_HANDLE = 5.5
_CATCH_PIXELS = 4
_GESTURE_MS = 800


class FactorSlider(QAbstractSlider):
    """Sets a factor between two bounds. Shift steps ten times as far, Ctrl a tenth; Shift-dragging is fine too.

    Args:
        low, high: the bounds.
        neutral: where a double-click goes.
        marks: values with a mark that catches the handle.

    Signals:
        edited(value, gesture): a person changed the value; ``gesture`` is equal during one drag, or one run of wheel
            or key steps, so that it can be one undo step.
        grabbed(): a person took hold of it.
    """

    edited = Signal(float, object)
    grabbed = Signal()

    def __init__(
        self, low: float, high: float, neutral: float, marks: tuple[float, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._neutral, self._marks = neutral, marks
        self._exact = neutral
        self._gesture: object = None
        self._drag_from: tuple[float, float] | None = None
        self._gesture_end = QTimer(self, singleShot=True, interval=_GESTURE_MS)
        self._gesture_end.timeout.connect(self._end_gesture)
        self.wheel_needs_focus = True
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setRange(round(low * _UNITS), round(high * _UNITS))
        self.setSingleStep(round(_STEP * _UNITS))
        self.setPageStep(round(10 * _STEP * _UNITS))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_factor(neutral)

    @property
    def factor(self) -> float:
        """The value on show."""
        return self._exact

    def show_factor(self, factor: float) -> None:
        """Show a value; nobody is told."""
        self._exact = factor
        self.setValue(round(factor * _UNITS))
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough to aim at, as high as a line of text."""
        return QSize(120, max(20, self.fontMetrics().height() + 4))

    def minimumSizeHint(self) -> QSize:
        """Half as wide."""
        return QSize(60, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold: the value goes where the pointer is."""
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._begin_gesture()
        self.grabbed.emit()
        self._drag_from = (event.position().x(), self._exact)
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._edit(self._caught(self._factor_at(event.position().x())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag; with Shift a tenth as fast."""
        if self._drag_from is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            start, value = self._drag_from
            self._edit(value + (event.position().x() - start) / self._track().width() * self._span() / 10)
        else:
            self._edit(self._caught(self._factor_at(event.position().x())))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go. The gesture lives on a moment: a double-click belongs to the press before it."""
        self._drag_from = None
        self._gesture_end.start()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to neutral."""
        self._edit(self._neutral)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step, if this slider is the one in use; else the list scrolls."""
        if self.wheel_needs_focus and not self.hasFocus():
            event.ignore()
            return
        self._step(event.angleDelta().y() / 120, event.modifiers())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step, Delete resets, Home and End go to the bounds."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
        places = {
            Qt.Key.Key_Home: self.minimum() / _UNITS,
            Qt.Key.Key_End: self.maximum() / _UNITS,
            Qt.Key.Key_Delete: self._neutral,
            Qt.Key.Key_Backspace: self._neutral,
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._step(steps[key], event.modifiers())
        elif key in places:
            self._keep_gesture()
            self._edit(places[key])
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A thin track, marks, a bar from zero to the value, and a round handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track, middle = self._track(), self.height() / 2
        text = self.palette().color(QPalette.ColorRole.Text)
        painter.setPen(Qt.PenStyle.NoPen)
        self._paint_track(painter, track, middle)
        painter.setBrush(_faded(text, 0.45))
        for mark in self._marks:
            painter.drawRect(QRectF(self._x_of(mark) - 0.5, middle - 5, 1, 10))
        self._paint_value(painter, middle, text)

    def _paint_track(self, painter: QPainter, track: QRectF, middle: float) -> None:
        painter.setBrush(_faded(self.palette().color(QPalette.ColorRole.Text), 0.22))
        painter.drawRoundedRect(QRectF(track.left(), middle - 1.5, track.width(), 3), 1.5, 1.5)

    def _paint_bar(self, painter: QPainter, middle: float, x: float) -> None:
        zero = self._x_of(max(0.0, self.minimum() / _UNITS))
        painter.drawRoundedRect(QRectF(min(zero, x), middle - 1.5, abs(x - zero), 3), 1.5, 1.5)

    def _paint_value(self, painter: QPainter, middle: float, text: QColor) -> None:
        colour = self._colour(text)
        x = self._x_of(self._exact)
        painter.setBrush(colour)
        self._paint_bar(painter, middle, x)
        if self.hasFocus():
            painter.setPen(QPen(QColor(current_theme().focus), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(x, middle), _HANDLE + 2.5, _HANDLE + 2.5)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Base), 1))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x, middle), _HANDLE, _HANDLE)

    def _colour(self, text: QColor) -> QColor:
        """Grey at rest, so that the layers that were changed stand out."""
        if not self.isEnabled():
            return _mixed(text, self.palette().color(QPalette.ColorRole.Base), 0.65)
        if self._exact < 0:
            return QColor(current_theme().negative)
        if abs(self._exact - self._neutral) < 1e-9:
            return _mixed(text, self.palette().color(QPalette.ColorRole.Base), 0.3)
        return QColor(current_theme().positive)

    def _track(self) -> QRectF:
        margin = _HANDLE + 3
        return QRectF(margin, 0, max(1.0, self.width() - 2 * margin), self.height())

    def _span(self) -> float:
        return (self.maximum() - self.minimum()) / _UNITS

    def _x_of(self, factor: float) -> float:
        track = self._track()
        return track.left() + (factor - self.minimum() / _UNITS) / self._span() * track.width()

    def _factor_at(self, x: float) -> float:
        track = self._track()
        value = self.minimum() / _UNITS + (x - track.left()) / track.width() * self._span()
        # Two decimals: what the field beside shows is what is set.
        return round(value, 2)

    def _caught(self, factor: float) -> float:
        near = _CATCH_PIXELS / self._track().width() * self._span()
        return next((mark for mark in self._marks if abs(mark - factor) < near), factor)

    def _step(self, steps: float, modifiers: Qt.KeyboardModifier) -> None:
        self._keep_gesture()
        size = _STEP
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            size *= 10
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            size /= 10
        self._edit(round(self._exact + steps * size, 3))

    def _edit(self, factor: float) -> None:
        bounded = min(max(factor, self.minimum() / _UNITS), self.maximum() / _UNITS)
        self.show_factor(bounded)
        self.edited.emit(bounded, self._gesture)

    def _begin_gesture(self) -> None:
        self._gesture_end.stop()
        self._gesture = object()

    def _keep_gesture(self) -> None:
        """Wheel and key steps close together are one gesture."""
        if self._gesture is None:
            self._gesture = object()
        self._gesture_end.start()

    def _end_gesture(self) -> None:
        self._gesture = None


def _faded(colour: QColor, alpha: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(alpha)
    return faded


def _mixed(first: QColor, second: QColor, share: float) -> QColor:
    return QColor.fromRgbF(
        first.redF() * (1 - share) + second.redF() * share,
        first.greenF() * (1 - share) + second.greenF() * share,
        first.blueF() * (1 - share) + second.blueF() * share,
    )
