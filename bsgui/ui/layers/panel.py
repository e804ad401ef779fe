"""The layer panel: mode, filter and opacity of the selected layer, the list, and buttons for what is done most."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCursor, QDrag, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bsgui.core.blend_mode import PLAIN
from bsgui.core.document import Document
from bsgui.core.layers import LayerKind
from bsgui.tasks.background import ask_for_room
from bsgui.ui.canvas.view_state import ViewState
from bsgui.ui.controllers.layer_controller import LayerController
from bsgui.ui.controllers.style_controller import StyleController
from bsgui.ui.described import described
from bsgui.ui.masking.state import MaskState

from .factor_slider import FactorSlider
from .filter_popover import FilterPopover
from .mask_popover import MaskPopover
from .mode_names import MODE_NAMES
from .model import Index, LayerListModel
from .row import LayerRow
from .row_delegate import RowDelegate
from .style_popover import StylePopover
from .tint_popover import TintPopover
from .value_edit import ValueEdit

# Widgets are slow to make; after so many seconds the rest of the window has its turn.
_AT_A_TIME = 0.008
# To make them, and to paint them in the next turn.
_ROOM = 0.04


class LayerListView(QListView):
    """The rows; leaves letter keys to the window's shortcuts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDropIndicatorShown(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Layers, top first")
        self.setMinimumHeight(90)

    def dataChanged(self, topLeft: Index, bottomRight: Index, roles: Sequence[int] = ()) -> None:
        """A row shows other settings. No row is larger for it: a list of Qt's lays out and paints all of them anew."""
        QAbstractItemView.dataChanged(self, topLeft, bottomRight, list(roles))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down select; everything else belongs to the window."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        """Drag a row with its picture: the delegate alone, which is what Qt would show, paints an empty ground."""
        index = self.currentIndex()
        if not index.isValid():
            return
        row = self.indexWidget(index)
        drag = QDrag(self)
        drag.setMimeData(self.model().mimeData([index]))
        drag.setPixmap(_faint(row.grab()))
        drag.setHotSpot(row.mapFromGlobal(QCursor.pos()))
        drag.exec(supportedActions, Qt.DropAction.MoveAction)

    def sizeHint(self) -> QSize:
        """Room for six rows, where there is room."""
        return QSize(320, 380)


class LayerPanel(QWidget):
    """Shows the document's layers and edits them through the controller.

    Args:
        document: the open document.
        view: selection and solo.
        edits: what buttons and sliders do.
        styles: the branches' styles.
        masks: the selected layer's mask.
        menu_actions: of the rows' context menu; None is a separator.
        button_actions: shown under the list.
    """

    def __init__(
        self,
        document: Document,
        view: ViewState,
        edits: LayerController,
        styles: StyleController,
        masks: MaskState,
        menu_actions: Sequence[QAction | None],
        button_actions: Sequence[QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._view, self._edits = document, view, edits
        self._styles, self._masks, self._menu_actions = styles, masks, menu_actions
        self._row_widgets: dict[str, LayerRow] = {}
        self._next_rows = QTimer(self, singleShot=True, interval=0)
        self.model = LayerListModel(document, edits.move, self)
        self.list = LayerListView()
        self.list.setModel(self.model)
        self._delegate = RowDelegate(self.list)
        self.list.setItemDelegate(self._delegate)
        self._lay_out(button_actions)
        self._connect()
        self._renew_rows()

    def row(self, layer_id: str) -> LayerRow:
        """The widgets of one layer."""
        if layer_id not in self._row_widgets:
            self._make_rows(all_at_once=True)
        return self._row_widgets[layer_id]

    def rename_selected(self) -> None:
        """Edit the selected layer's name in its row."""
        selected = self._view.selected_layer_id
        if selected is not None and self.model.row_of(selected) >= 0:
            self.list.scrollTo(self.list.currentIndex())
            self.row(selected).start_rename()

    def edit_style(self, layer_id: str | None = None) -> None:
        """Open the style of a layer, or with None of the selected one, at its row."""
        row = self._chosen_row(layer_id)
        if row is None or self._styles.refused(row.layer_id):
            return
        self.list.scrollTo(self.list.currentIndex())
        popover = StylePopover(row.layer_id, self._document.layer(row.layer_id).name, self._styles, self)
        popover.show_at(_on_screen(row), popover.domain)

    def edit_tint(self, layer_id: str | None = None) -> None:
        """Open the tint of a layer, or with None of the selected one, at its row."""
        row = self._chosen_row(layer_id)
        if row is not None:
            self.list.scrollTo(self.list.currentIndex())
            popover = TintPopover(row.layer_id, self._document, self._edits, self)
            popover.show_at(_on_screen(row), popover.strength)

    def edit_mask(self, layer_id: str | None = None) -> None:
        """Open the mask of a layer, or with None of the selected one, at its row."""
        row = self._chosen_row(layer_id)
        if row is not None:
            self.list.scrollTo(self.list.currentIndex())
            popover = MaskPopover(self._document.layer(row.layer_id).name, self._masks, self)
            popover.show_at(_on_screen(row), popover.shape_choice)

    def edit_filter(self, layer_id: str | None = None) -> None:
        """Open the filter of a layer, or with None of the selected one, at its row."""
        row = self._chosen_row(layer_id)
        if row is not None:
            self.list.scrollTo(self.list.currentIndex())
            popover = FilterPopover(row.layer_id, self._document, self._edits, self)
            popover.show_at(_on_screen(row), popover.amount)

    def _chosen_row(self, layer_id: str | None) -> LayerRow | None:
        """The row of a layer, or with None of the selected one; that layer is selected now."""
        chosen = self._view.selected_layer_id if layer_id is None else layer_id
        if chosen is None or self.model.row_of(chosen) < 0:
            return None
        self._edits.select(chosen)
        return self.row(chosen)

    def show_thumbnails(self, thumbnails: Mapping[str, QPixmap]) -> None:
        """Pictures by layer id."""
        self.model.show_thumbnails(thumbnails)

    def _lay_out(self, button_actions: Sequence[QAction]) -> None:
        self._opacity = FactorSlider(0.0, 1.0, 1.0, ())
        self._opacity.wheel_needs_focus = False
        self._opacity.setToolTip("Opacity of the selected layer: multiplies its gain. Double-click resets to 100 %.")
        self._opacity.setAccessibleName("Opacity of the selected layer")
        self._opacity_value = ValueEdit(0.0, 1.0, percent=True)
        self._opacity_value.setAccessibleName("Opacity of the selected layer, per cent")
        self._opacity_value.setToolTip("Opacity in per cent, or arithmetic with x as the old value.")
        self._mode = described(QComboBox(), "Mode of the selected layer", "What of the selected layer counts")
        for mode, (name, tip) in MODE_NAMES.items():
            self._mode.addItem(name, mode)
            self._mode.setItemData(self._mode.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self._mode)
        top.addWidget(QLabel("Opacity"))
        top.addWidget(self._opacity, 1)
        top.addWidget(self._opacity_value)
        bottom = QHBoxLayout()
        bottom.setSpacing(2)
        for action in button_actions:
            bottom.addWidget(_action_button(action))
        bottom.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addLayout(bottom)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _connect(self) -> None:
        self._next_rows.timeout.connect(self._make_rows)
        self.model.modelReset.connect(self._renew_rows)
        self.model.rowsInserted.connect(self._next_rows.start)
        self.model.rowsAboutToBeRemoved.connect(self._forget_rows)
        self.model.infos_changed.connect(self._show_infos)
        self.model.dataChanged.connect(self._refresh_rows)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self._opacity.edited.connect(self._set_opacity)
        self._opacity_value.committed.connect(self._set_opacity)
        self._mode.activated.connect(self._set_mode)
        self._view.view_changed.connect(self._show_view)
        self._document.stack_changed.connect(self._show_blending)
        self._document.figures_changed.connect(self._show_infos)
        self._styles.changed.connect(self._show_styles)

    def _renew_rows(self) -> None:
        # Not in this turn, in which the picture is drawn, too.
        self._row_widgets = {}
        self._next_rows.start()

    def _forget_rows(self, parent: QModelIndex, first: int, last: int) -> None:
        # The list deletes the widgets.
        for number in range(first, last + 1):
            self._row_widgets.pop(self.model.layer(number).id, None)

    def _make_rows(self, all_at_once: bool = False) -> None:
        """Make the rows that are missing, or as many as there is time for, and the others in the next turns."""
        began = time.perf_counter()
        ask_for_room(_ROOM)
        missing = [n for n in range(self.model.rowCount()) if self.model.layer(n).id not in self._row_widgets]
        for number in missing:
            self._make_row(number)
            if not all_at_once and time.perf_counter() - began > _AT_A_TIME:
                break
        if len(self._row_widgets) < self.model.rowCount():
            self._next_rows.start()
        self._show_styles()
        self._show_view()

    def _make_row(self, number: int) -> None:
        layer, index = self.model.layer(number), self.model.index(number)
        row = LayerRow(layer, self.model.info(number), self._edits)
        row.chosen.connect(self._edits.select)
        row.style_wanted.connect(self.edit_style)
        row.tint_wanted.connect(self.edit_tint)
        row.mask_wanted.connect(self.edit_mask)
        row.filter_wanted.connect(self.edit_filter)
        self._delegate.set_height(row.sizeHint().height())
        self.list.setIndexWidget(index, row)
        self._row_widgets[layer.id] = row
        self._refresh_rows(index, index)

    def _show_styles(self) -> None:
        for layer_id, row in self._row_widgets.items():
            row.show_style(self._styles.style(layer_id))

    def _show_infos(self) -> None:
        for number in range(self.model.rowCount()):
            row = self._row_widgets.get(self.model.layer(number).id)
            if row is not None:
                row.show_info(self.model.info(number))
        self._show_styles()

    def _refresh_rows(self, first: QModelIndex, last: QModelIndex) -> None:
        if not first.isValid():
            return
        for number in range(first.row(), last.row() + 1):
            layer = self.model.layer(number)
            row = self._row_widgets.get(layer.id)
            if row is not None:
                row.show_layer(layer)
                row.show_thumbnail(self.model.index(number).data(Qt.ItemDataRole.DecorationRole))

    def _on_current_changed(self, current: QModelIndex) -> None:
        if current.isValid():
            self._edits.select(self.model.layer(current.row()).id)

    def _show_view(self) -> None:
        selected, solo = self._view.selected_layer_id, self._view.solo_layer_id
        for layer_id, row in self._row_widgets.items():
            row.show_solo(layer_id == solo)
            row.show_selected(layer_id == selected)
        number = self.model.row_of(selected)
        if number >= 0 and self.list.currentIndex().row() != number:
            self.list.setCurrentIndex(self.model.index(number))
        self._show_blending()

    def _show_blending(self) -> None:
        layer = self._edits.selected
        for widget in (self._opacity, self._opacity_value):
            widget.setEnabled(layer is not None and not layer.locked)
            widget.show_factor(1.0 if layer is None else layer.opacity)
        self._mode.setCurrentIndex(self._mode.findData(PLAIN if layer is None else layer.mode))
        self._mode.setEnabled(layer is not None and not layer.locked and layer.kind is LayerKind.BRANCH)

    def _set_opacity(self, opacity: float, gesture: object = None) -> None:
        layer = self._edits.selected
        if layer is not None:
            self._edits.set_opacity(layer.id, opacity, gesture)

    def _set_mode(self) -> None:
        layer = self._edits.selected
        if layer is not None and self._mode.currentData() != layer.mode:
            self._edits.set_mode(layer.id, self._mode.currentData())

    def _show_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if not index.isValid():
            return
        self._edits.select(self.model.layer(index.row()).id)
        menu = QMenu(self)
        for action in self._menu_actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(place))


def _on_screen(row: QWidget) -> QRect:
    return QRect(row.mapToGlobal(QPoint(0, 0)), row.size())


def _faint(picture: QPixmap, opacity: float = 0.8) -> QPixmap:
    faint = QPixmap(picture.size())
    faint.setDevicePixelRatio(picture.devicePixelRatio())
    faint.fill(Qt.GlobalColor.transparent)
    painter = QPainter(faint)
    painter.setOpacity(opacity)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return faint


def _action_button(action: QAction) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setAccessibleName(action.text().replace("&", ""))
    return button
