"""The panels: on the right layers, decomposing, histogram and navigator; on the left, when wanted, the analysis."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

_WIDTH = 330
# Below this, panels under the list would leave no room for the rows of a usual stack.
_LOW_WINDOW = 1000


class _NoTitle(QWidget):
    """Takes no room."""

    def sizeHint(self) -> QSize:
        return QSize(0, 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)


class Docks(QObject):
    """Makes the docks and arranges them, again when the window becomes low or tall.

    Args:
        window: owns them.
        panels: widget by id: "layers", "decompose", "histogram", "navigator", "history", "analysis".
    """

    _TITLES: Mapping[str, str] = {
        "layers": "Layers",
        "decompose": "Decompose",
        "histogram": "Histogram",
        "navigator": "Navigator",
        "history": "History",
        "analysis": "Analysis",
    }

    def __init__(self, window: QMainWindow, panels: Mapping[str, QWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._is_low = self._should_be_low()
        self._docks = {key: self._make(key, panel) for key, panel in panels.items()}
        self._hidden: list[QDockWidget] = []
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.arrange()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Rearrange once the window's height has crossed the limit; arrangements within one side of it are kept."""
        if watched is self._window and event.type() == QEvent.Type.Resize and self._should_be_low() != self._is_low:
            QTimer.singleShot(0, self, self._arrange_right)
        return super().eventFilter(watched, event)

    def _should_be_low(self) -> bool:
        return self._window.height() < _LOW_WINDOW

    def __getitem__(self, key: str) -> QDockWidget:
        return self._docks[key]

    @property
    def toggles(self) -> list[QAction]:
        """Menu entries that show and hide each panel."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def arrange(self) -> None:
        """Everything where it was at the first start; in a low window all but the layers share one place."""
        if "analysis" in self._docks:
            # It is tall and not for everybody: it has the left side, once it is asked for.
            self._place("analysis", Qt.DockWidgetArea.LeftDockWidgetArea, shown=False)
        self._arrange_right()

    def _place(self, key: str, side: Qt.DockWidgetArea, shown: bool) -> None:
        dock = self._docks[key]
        self._window.removeDockWidget(dock)
        dock.setFloating(False)
        self._window.addDockWidget(side, dock)
        dock.setVisible(shown)

    def _arrange_right(self) -> None:
        for key in [key for key in self._docks if key != "analysis"]:
            self._place(key, Qt.DockWidgetArea.RightDockWidgetArea, shown=True)
        low = self._is_low = self._should_be_low()
        lower = [dock for key, dock in self._docks.items() if key not in ("layers", "analysis")]
        first = lower[0] if low else lower[1]
        for dock in lower:
            if dock is not first and (low or dock is not lower[0]):
                self._window.tabifyDockWidget(first, dock)
        # Four tabs would not fit the width of a low window.
        self._docks["history"].setVisible(not low)
        first.raise_()
        self._show_titles()
        column = [self._docks["layers"], lower[0]] + ([] if low else [lower[1]])
        self._window.resizeDocks(column, [590, 240, 170][: len(column)], Qt.Orientation.Vertical)
        self._window.resizeDocks(column[:1], [_WIDTH], Qt.Orientation.Horizontal)

    def _show_titles(self) -> None:
        """A dock among tabs needs no title: its tab says it."""
        for dock in self._docks.values():
            tabbed = bool(self._window.tabifiedDockWidgets(dock)) and not dock.isFloating()
            has_title = not isinstance(dock.titleBarWidget(), _NoTitle)
            if tabbed and has_title:
                dock.setTitleBarWidget(_NoTitle())
            elif not tabbed and not has_title:
                dock.setTitleBarWidget(None)  # type: ignore[arg-type]

    def hide_all(self, hide: bool) -> None:
        """Hide all panels, or show those again that were there."""
        if hide:
            self._hidden = [dock for dock in self._docks.values() if not dock.isHidden()]
            for dock in self._hidden:
                dock.hide()
        else:
            for dock in self._hidden:
                dock.show()
            self._hidden = []

    def _make(self, key: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(self._TITLES[key], self._window)
        dock.setObjectName(key)
        dock.setWidget(panel)
        dock.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        dock.toggleViewAction().setToolTip(f"Show or hide {self._TITLES[key]}")
        dock.dockLocationChanged.connect(self._show_titles)
        dock.topLevelChanged.connect(self._show_titles)
        return dock
