"""The layer stack as a Qt list, top layer first: a thin adapter that owns nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QPixmap

from bsgui.core.decomposition import LayerInfo
from bsgui.core.document import Document
from bsgui.core.layers import LayerKind, LayerState

Index = QModelIndex | QPersistentModelIndex

_NO_PARENT = QModelIndex()


class LayerListModel(QAbstractListModel):
    """The document's layers as rows, top first.

    A changed setting is a ``dataChanged`` of its row, another order a ``layoutChanged``, a layer more or less a row
    inserted or removed; only where all layers are others, or of other kinds, the model is reset. Moving a row asks
    ``move(layer_id, position from the bottom)``; the document answers with its own event.

    Signals:
        infos_changed: the rows are the same, but what is in the layers is new.
    """

    infos_changed = Signal()

    def __init__(self, document: Document, move: Callable[[str, int], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._move = move
        self._rows: list[LayerState] = []
        self._kinds: dict[str, LayerKind] = {}
        self._thumbnails: Mapping[str, QPixmap] = {}
        document.decomposition_changed.connect(self._replace)
        document.stack_changed.connect(self._refresh)
        self._reset()

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        """Number of layers."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name, thumbnail and spoken description of a row."""
        if not index.isValid():
            return None
        layer = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return layer.name
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnails.get(layer.id)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{layer.name}, gain {layer.gain:.2f}, {'visible' if layer.visible else 'hidden'}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be dragged; they can be dropped between rows only."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        """Layers move; they are not copied."""
        return Qt.DropAction.MoveAction

    def moveRows(
        self, sourceParent: Index, sourceRow: int, count: int, destinationParent: Index, destinationChild: int
    ) -> bool:
        """Move one row before another, as Qt's drag and drop asks; the change comes back from the document."""
        if count != 1 or not 0 <= sourceRow < len(self._rows) or not 0 <= destinationChild <= len(self._rows):
            return False
        row = destinationChild if destinationChild < sourceRow else destinationChild - 1
        if row == sourceRow:
            return False
        self._move(self._rows[sourceRow].id, len(self._rows) - 1 - row)
        return True

    def layer(self, row: int) -> LayerState:
        """The settings of the layer in a row."""
        return self._rows[row]

    def info(self, row: int) -> LayerInfo:
        """What the layer in a row is."""
        decomposition = self._document.decomposition
        assert decomposition is not None
        return decomposition.layers[self._rows[row].source]

    def row_of(self, layer_id: str | None) -> int:
        """The row of a layer, or -1."""
        return next((row for row, layer in enumerate(self._rows) if layer.id == layer_id), -1)

    def show_thumbnails(self, thumbnails: Mapping[str, QPixmap]) -> None:
        """Pictures by layer id."""
        self._thumbnails = thumbnails
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), [Qt.ItemDataRole.DecorationRole])

    def _replace(self) -> None:
        # Layers that are still there keep their rows: widgets are the dearest thing here.
        before, self._kinds = self._kinds, self._kinds_now()
        kept = before.keys() & self._kinds.keys()
        if kept and all(before[x] is self._kinds[x] for x in kept):
            self._refresh()
            self.infos_changed.emit()
        else:
            self._reset()

    def _reset(self) -> None:
        self.beginResetModel()
        self._rows = list(reversed(self._document.stack.layers))
        self._kinds = self._kinds_now()
        self.endResetModel()

    def _kinds_now(self) -> dict[str, LayerKind]:
        decomposition = self._document.decomposition
        layers = self._document.stack.layers
        return {layer.id: decomposition.layers[layer.source].kind for layer in layers} if decomposition else {}

    def _refresh(self) -> None:
        before, after = {layer.id: layer for layer in self._rows}, list(reversed(self._document.stack.layers))
        by_id = {layer.id: layer for layer in after}
        self._rows = [by_id.get(layer.id, layer) for layer in self._rows]
        self._remove_others(by_id)
        self._insert_missing(after)
        if [x.id for x in self._rows] != [x.id for x in after]:
            self._reorder(after)
        for row, layer in enumerate(after):
            if layer != before.get(layer.id, layer):
                self.dataChanged.emit(self.index(row), self.index(row))

    def _remove_others(self, kept: Mapping[str, LayerState]) -> None:
        for row in reversed(range(len(self._rows))):
            if self._rows[row].id not in kept:
                self.beginRemoveRows(_NO_PARENT, row, row)
                del self._rows[row]
                self.endRemoveRows()

    def _insert_missing(self, wanted: list[LayerState]) -> None:
        present = {layer.id for layer in self._rows}
        for row, layer in enumerate(wanted):
            if layer.id not in present:
                self.beginInsertRows(_NO_PARENT, row, row)
                self._rows.insert(row, layer)
                self.endInsertRows()

    def _reorder(self, after: list[LayerState]) -> None:
        self.layoutAboutToBeChanged.emit()
        row_after = {layer.id: row for row, layer in enumerate(after)}
        persistent = self.persistentIndexList()
        ids = [self._rows[index.row()].id for index in persistent]
        by_id = {layer.id: layer for layer in self._rows}
        self._rows = [by_id[layer.id] for layer in after]
        self.changePersistentIndexList(persistent, [self.index(row_after[x]) for x in ids])
        self.layoutChanged.emit()
