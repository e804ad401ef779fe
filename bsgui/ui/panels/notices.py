"""Messages that don't block: short bars over the canvas, newest on top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QEnterEvent, QGuiApplication, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from bsgui.ui.described import icon_button, text_button

from .icon_label import IconLabel

_INFO_MS = 6000
_MOST = 4


class Level(Enum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_COLOURS = {Level.INFO: QColor(74, 144, 217), Level.WARNING: QColor(222, 160, 40), Level.ERROR: QColor(214, 72, 72)}
_SPOKEN = {Level.INFO: "Information", Level.WARNING: "Warning", Level.ERROR: "Error"}


@dataclass(frozen=True)
class NoticeAction:
    """A button in a notice; pressing it also closes the notice."""

    text: str
    slot: Callable[[], object]


class Notice(QWidget):
    """One message: a sentence, perhaps buttons, copyable details, and a cross.

    Signals:
        dismissed(): it is gone, and will be deleted.
    """

    dismissed = Signal()

    def __init__(self, level: Level, text: str, detail: str, actions: Sequence[NoticeAction]) -> None:
        super().__init__()
        self.level, self.text, self.detail = level, text, detail
        self.setAccessibleName(f"{_SPOKEN[level]}: {text}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._timer = QTimer(self, singleShot=True, interval=_INFO_MS)
        self._timer.timeout.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 6, 6)
        row.setSpacing(8)
        row.addWidget(IconLabel(level.value, 18))
        row.addWidget(self._sentence(), 1)
        for action in actions:
            row.addWidget(self._button(action))
        if detail or level is Level.ERROR:
            row.addWidget(self._copy_button())
        row.addWidget(self._cross())
        if level is Level.INFO and not actions:
            self._timer.start()

    def dismiss(self) -> None:
        """Take the notice away."""
        self._timer.stop()
        self.hide()
        self.dismissed.emit()
        self.deleteLater()

    def copy(self) -> None:
        """Put the sentence and the details on the clipboard."""
        QGuiApplication.clipboard().setText("\n\n".join(x for x in (self.text, self.detail) if x))

    def enterEvent(self, event: QEnterEvent) -> None:
        """Nobody takes away what is being read."""
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """The clock runs again once the pointer has left."""
        if self.level is Level.INFO and not self.findChildren(QPushButton):
            self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rounded bar, tinted by its level, with a stripe of the full colour."""
        colour = _COLOURS[self.level]
        base = self.palette().color(QPalette.ColorRole.Base)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(_mixed(base, colour, 0.55))
        painter.setBrush(_mixed(base, colour, 0.16))
        painter.drawRoundedRect(outline, 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(1, 1, 4, self.height() - 2), 2, 2)

    def _sentence(self) -> QLabel:
        sentence = QLabel(self.text)
        sentence.setWordWrap(True)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        sentence.setToolTip(self.detail)
        return sentence

    def _button(self, action: NoticeAction) -> QPushButton:
        button = QPushButton(action.text)
        button.clicked.connect(self.dismiss)
        button.clicked.connect(lambda: action.slot())
        return button

    def _copy_button(self) -> QToolButton:
        button = text_button("Copy", "Copy this message and its details")
        button.clicked.connect(self.copy)
        return button

    def _cross(self) -> QToolButton:
        cross = icon_button("close", "Dismiss this message")
        cross.clicked.connect(self.dismiss)
        return cross


class NoticeStack(QWidget):
    """The notices on show, over the top of the canvas. Only information goes away by itself. Thread: GUI."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._notices: list[Notice] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 12, 12, 0)
        self._column.setSpacing(6)

    @property
    def notices(self) -> list[Notice]:
        """What is on show, newest first."""
        return list(self._notices)

    def tell(self, level: Level, text: str, detail: str = "", actions: Sequence[NoticeAction] = ()) -> Notice:
        """Show a notice; one with the same sentence takes its place."""
        for old in self.notices:
            if old.text == text:
                old.dismiss()
        notice = Notice(level, text, detail, actions)
        notice.dismissed.connect(lambda: self._forget(notice))
        self._notices.insert(0, notice)
        self._column.insertWidget(0, notice)
        notice.show()
        for old in self.notices[_MOST:]:
            old.dismiss()
        return notice

    def info(self, text: str, detail: str = "", actions: Sequence[NoticeAction] = ()) -> Notice:
        """Something worth knowing; goes away by itself unless it has buttons."""
        return self.tell(Level.INFO, text, detail, actions)

    def warning(self, text: str, detail: str = "", actions: Sequence[NoticeAction] = ()) -> Notice:
        """Something is not as the person might think."""
        return self.tell(Level.WARNING, text, detail, actions)

    def error(self, text: str, detail: str = "", actions: Sequence[NoticeAction] = ()) -> Notice:
        """Something did not work."""
        return self.tell(Level.ERROR, text, detail, actions)

    def withdraw(self, notice: Notice | None) -> None:
        """Take a notice away that no longer matters, if the person has not done so."""
        if notice in self._notices:
            notice.dismiss()

    def _forget(self, notice: Notice) -> None:
        # Dismissed twice, by a button and the clock, it is forgotten once.
        if notice in self._notices:
            self._notices.remove(notice)

    def clear(self) -> None:
        """Take all notices away."""
        for notice in self.notices:
            notice.dismiss()


def _mixed(base: QColor, colour: QColor, share: float) -> QColor:
    return QColor.fromRgbF(
        base.redF() + (colour.redF() - base.redF()) * share,
        base.greenF() + (colour.greenF() - base.greenF()) * share,
        base.blueF() + (colour.blueF() - base.blueF()) * share,
    )
