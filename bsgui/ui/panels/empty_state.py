"""What the canvas shows while nothing is open: a way in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from bsgui.ui.described import described, text_button
from bsgui.ui.layers.elided_label import ElidedLabel

from .icon_label import IconLabel

_MOST_RECENT = 6


class EmptyState(QWidget):
    """A heading, two buttons, the hint to drop a photo, and what was open last.

    Signals:
        open_wanted(): the person wants the file dialog.
        path_wanted(Path): the person wants this file.
    """

    open_wanted = Signal()
    path_wanted = Signal(object)

    def __init__(self, samples: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples = samples
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addStretch(3)
        column.addWidget(IconLabel("layers", 64), alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(_line("Take a photo apart", 1.7, True), alignment=Qt.AlignmentFlag.AlignHCenter)
        hint = _line("Open one, drop it here, or paste it with Ctrl+V.", 1.0, False)
        column.addWidget(hint, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        column.addLayout(self._buttons())
        column.addSpacing(8)
        column.addLayout(self._recent)
        column.addStretch(4)

    def show_recent(self, paths: Sequence[str]) -> None:
        """List the files opened last that still exist."""
        while self._recent.count():
            widget = self._recent.takeAt(0).widget()  # type: ignore[union-attr]
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        there = [Path(path) for path in paths][:_MOST_RECENT]
        if there:
            self._recent.addWidget(_line("Recent", 0.95, False), alignment=Qt.AlignmentFlag.AlignHCenter)
        for path in there:
            self._recent.addWidget(self._recent_button(path), alignment=Qt.AlignmentFlag.AlignHCenter)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        opener = described(QPushButton("Open Photo…"), "Open a photo", "Open a photo (Ctrl+O)")
        opener.setProperty("primary", True)
        opener.clicked.connect(self.open_wanted)
        row.addWidget(opener)
        for path in self._samples[:1]:
            sample = described(QPushButton("Try the Sample Photo"), "Try the sample photo", f"Open {path.name}")
            sample.clicked.connect(lambda _=False, path=path: self.path_wanted.emit(path))
            row.addWidget(sample)
        row.addStretch(1)
        return row

    def _recent_button(self, path: Path) -> QToolButton:
        button = text_button(path.name.replace("&", "&&"), str(path))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setMaximumWidth(420)
        button.clicked.connect(lambda: self.path_wanted.emit(path))
        return button


def _line(text: str, size: float, bold: bool) -> QLabel:
    label = QLabel(text) if bold else ElidedLabel(text)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * size)
    font.setBold(bold)
    label.setFont(font)
    return label
