"""What each action of the table does, said in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog

from .canvas.view_state import Look
from .late_import import LateImport

if TYPE_CHECKING:
    from .lab.laboratory import Laboratory
    from .main_window import MainWindow

Slots = dict[str, Callable[..., object]]


class Commands:
    """The slots of the window's actions, by action id."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._laboratory: Laboratory | None = None
        self._plots = LateImport("pyqtgraph", window)
        self._plots.done.connect(self._show_in_laboratory)
        self._wanted: Callable[[Laboratory], None] | None = None

    @property
    def slots(self) -> Slots:
        """All of them."""
        return {**self._files(), **self._layers(), **self._view(), **self._window_and_help()}

    def _files(self) -> Slots:
        window = self._window
        return {
            "open": window.opener.ask_photo,
            "open_stack": window.opener.ask_stack,
            "save": window.project.save,
            "save_as": window.project.save_as,
            "export": window.exporter.export_stack,
            "export_composite": window.exporter.export_composite,
            "close_photo": self._close_photo,
            "preferences": self._show_preferences,
            "quit": window.close,
            "undo": window.document.undo,
            "redo": window.document.redo,
            "copy": window.copier.copy,
            "paste": window.opener.paste,
        }

    def _layers(self) -> Slots:
        window, layers = self._window, self._window.layers
        return {
            "decompose": lambda: window.decompose_panel.ask(),
            "reseed": self._reseed,
            "frame": lambda on: setattr(window.frames, "is_active", on),
            "adapt": window.adapt.adapt,
            "finish": window.adapt.finish,
            "cancel": window.cancel_work,
            "visible": layers.toggle_visible,
            "solo": layers.toggle_solo,
            "mute": layers.toggle_muted,
            "lock": layers.toggle_locked,
            "rename": lambda: window.layer_panel.rename_selected(),
            "tint": lambda: window.layer_panel.edit_tint(),
            "mask": lambda: window.layer_panel.edit_mask(),
            "filter": lambda: window.layer_panel.edit_filter(),
            "style": lambda: window.layer_panel.edit_style(),
            "invert": layers.invert,
            "reset": layers.reset,
            "reset_all": layers.reset_all,
            "show_all": layers.show_all,
            "raise": lambda: layers.move_by(+1),
            "lower": lambda: layers.move_by(-1),
            "select_above": lambda: layers.select_neighbour(+1),
            "select_below": lambda: layers.select_neighbour(-1),
        }

    def _view(self) -> Slots:
        canvas, view = self._window.canvas, self._window.view
        return {
            "look_composite": lambda: setattr(view, "look", Look.COMPOSITE),
            "look_grey": lambda: setattr(view, "look", Look.GREY),
            "look_magnitude": lambda: setattr(view, "look", Look.MAGNITUDE),
            "look_signed": lambda: setattr(view, "look", Look.SIGNED),
            "before": lambda on: setattr(view, "before", on),
            "split": self._set_split,
            "clipping": lambda on: setattr(view, "shows_clipping", on),
            "zoom_in": canvas.zoom_in,
            "zoom_out": canvas.zoom_out,
            "zoom_fit": canvas.fit,
            "zoom_actual": lambda: canvas.actual_size(),
        }

    def _window_and_help(self) -> Slots:
        window, services = self._window, self._window.services
        return {
            "full_screen": self._set_full_screen,
            "hide_panels": lambda on: window.docks.hide_all(on),
            "reset_panels": lambda: window.docks.arrange(),
            "laboratory": lambda: self._open_laboratory(lambda laboratory: laboratory.show()),
            "playback": lambda: self._open_laboratory(lambda laboratory: laboratory.show_playback()),
            "shortcuts": self._show_shortcuts,
            "models": self._show_models,
            "log_folder": lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(services.log_folder))),
            "about": self._show_about,
        }

    def _close_photo(self) -> None:
        if self._window.project.may_close():
            self._window.document.open_photo(None)

    def _reseed(self) -> None:
        self._window.decompose_panel.draw_seed()
        self._window.decompose_panel.ask()

    def _set_split(self, on: bool) -> None:
        if on != (self._window.view.split is not None):
            self._window.view.toggle_split()

    def _set_full_screen(self, on: bool) -> None:
        state = self._window.windowState()
        full = Qt.WindowState.WindowFullScreen
        self._window.setWindowState(state | full if on else state & ~full)

    def _open_laboratory(self, show: Callable[[Laboratory], None]) -> None:
        # Who never opens it never waits for pyqtgraph, and who does is not kept waiting by a window that stands still.
        self._wanted = show
        if self._plots.is_done:
            self._show_in_laboratory()
        else:
            self._plots.start()

    def _show_in_laboratory(self) -> None:
        if self._wanted is None or not self._window.isVisible():
            return
        if self._laboratory is None:
            from .lab.laboratory import Laboratory

            services, report = self._window.services, self._window.crashes.report
            self._laboratory = Laboratory(services.race_factory, report, self._window, services.recordings)
        self._wanted(self._laboratory)

    # Dialogs are imported when they are wanted: the window is up sooner.

    def _show_preferences(self) -> None:
        from .dialogs.preferences import PreferencesDialog

        self._show(PreferencesDialog(self._window.services.settings, self._window))

    def _show_shortcuts(self) -> None:
        from .dialogs.shortcuts import ShortcutsDialog

        self._show(ShortcutsDialog(self._window))

    def _show_models(self) -> None:
        from .dialogs.models import ModelsDialog

        services = self._window.services
        self._show(ModelsDialog(services.cards, services.model_problems, services.model_folders, self._window))

    def _show_about(self) -> None:
        from .dialogs.about import AboutDialog

        self._show(AboutDialog(self._window.services.cards, self._window))

    @staticmethod
    def _show(dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
