"""The steps of this document; a click goes back or forth to one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from bsgui.core.document import Document
from bsgui.ui.described import described
from bsgui.ui.theme import current_theme


class HistoryPanel(QWidget):
    """Lists what was done and, dimmed, what was undone. Row 0 is how the document was opened."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.list = described(QListWidget(), "History")
        self.list.setToolTip("Click a step to go back or forth to it")
        self.list.itemClicked.connect(lambda item: self.go_to(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self.go_to(self.list.row(item)))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.list)
        document.history_changed.connect(self._show)
        self._show()

    def go_to(self, row: int) -> None:
        """Undo or redo until the document is as after step ``row``."""
        distance = row - len(self._document.history.undo_labels)
        for _ in range(abs(distance)):
            (self._document.redo if distance > 0 else self._document.undo)()

    def _show(self) -> None:
        history = self._document.history
        done, undone = history.undo_labels, history.redo_labels
        labels = ["Opened", *done, *undone] if self._document.photo is not None else []
        common = len(_while_equal(self._texts(), labels))
        while self.list.count() > common:
            self.list.takeItem(common)
        self.list.addItems(labels[common:])
        for row in range(self.list.count()):
            self._dim(self.list.item(row), row > len(done))
        self.list.setCurrentRow(len(done) if labels else -1)

    def _texts(self) -> list[str]:
        return [self.list.item(row).text() for row in range(self.list.count())]

    @staticmethod
    def _dim(item: QListWidgetItem, dim: bool) -> None:
        item.setData(Qt.ItemDataRole.ForegroundRole, QColor(current_theme().disabled) if dim else None)


def _while_equal(first: list[str], second: list[str]) -> list[str]:
    equal = []
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        equal.append(one)
    return equal
