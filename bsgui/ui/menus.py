"""Menu bar, toolbar and recent files, made from the action table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QToolButton

from .actions import Actions

_MENUS = {
    "&File": "open open_stack RECENT - save save_as - export export_composite - close_photo - preferences - quit",
    "&Edit": "undo redo - copy paste",
    "&Layer": "decompose reseed frame adapt finish cancel - visible solo mute lock - rename tint mask filter style "
    "invert reset reset_all show_all - raise lower select_above select_below",
    "&View": "look_composite look_grey look_magnitude look_signed - before split clipping - "
    "zoom_in zoom_out zoom_fit zoom_actual",
    "&Window": "PANELS - hide_panels full_screen reset_panels - laboratory playback",
    "&Help": "shortcuts models - log_folder about",
}
_TOOLBAR = (
    "open save export - undo redo - frame - look_composite look_grey look_magnitude look_signed - before split "
    "clipping - zoom_out zoom_in zoom_fit zoom_actual"
)
LAYER_MENU = "visible solo mute lock - rename tint mask filter style invert reset - raise lower - reset_all show_all"
LAYER_BUTTONS = "raise lower visible tint mask filter style invert reset"


class RecentMenu(QMenu):
    """The files opened last."""

    def __init__(self, open_path: Callable[[Path], object], forget: Callable[[], object]) -> None:
        super().__init__("Open &Recent")
        self._open_path, self._forget = open_path, forget

    def show_paths(self, paths: Sequence[str]) -> None:
        """List these paths, newest first."""
        self.clear()
        for number, path in enumerate(paths, 1):
            mnemonic = f"&{number} " if number < 10 else ""
            action = self.addAction(f"{mnemonic}{Path(path).name.replace('&', '&&')}")
            action.setToolTip(path)
            action.triggered.connect(lambda _=False, path=path: self._open_path(Path(path)))
        self.addSeparator()
        self.addAction("&Clear List").triggered.connect(lambda: self._forget())
        self.setToolTipsVisible(True)
        self.setEnabled(bool(paths))


def fill_menu_bar(window: QMainWindow, actions: Actions, recent: QMenu, panels: Sequence[QAction]) -> None:
    """Make all menus."""
    for title, ids in _MENUS.items():
        menu = window.menuBar().addMenu(title)
        for action_id in ids.split():
            if action_id == "-":
                menu.addSeparator()
            elif action_id == "RECENT":
                menu.addMenu(recent)
            elif action_id == "PANELS":
                menu.addActions(list(panels))
            else:
                menu.addAction(actions[action_id])


def make_toolbar(window: QMainWindow, actions: Actions) -> QToolBar:
    """The slim bar with what is needed most; "before" is for as long as it is held."""
    bar = QToolBar("Toolbar", window)
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(18, 18))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for action in actions.some(*_TOOLBAR.split()):
        if action is None:
            bar.addSeparator()
            continue
        bar.addAction(action)
        button = bar.widgetForAction(action)
        if isinstance(button, QToolButton):
            button.setAccessibleName(action.text().replace("&", ""))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return bar
