"""The window: puts the parts together and passes on what only a window hears of. The logic is in the controllers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QMainWindow, QWidget

from bsgui.core.document import Document
from bsgui.core.model_choice import needs_search

from .action_state import ActionState
from .actions import Actions
from .canvas.histogram import HistogramPanel
from .canvas.navigator import Navigator
from .canvas.view import CanvasView
from .commands import Commands
from .controllers.adapt_controller import AdaptController
from .controllers.copying import Copier
from .controllers.crash_reporter import CrashReporter
from .controllers.decompose_controller import DecomposeController
from .controllers.exactness import ExactnessProbe
from .controllers.export_controller import ExportController
from .controllers.frame_controller import FrameController
from .controllers.layer_controller import LayerController
from .controllers.model_controller import ModelController
from .controllers.open_controller import OpenController
from .controllers.opening import OpenedProject
from .controllers.project_controller import ProjectController
from .controllers.projects import Recovered
from .controllers.recovery_controller import RecoveryController
from .controllers.style_controller import StyleController
from .framing.overlay import FrameOverlay
from .framing.state import FrameState
from .layers.panel import LayerPanel
from .layers.thumbnails import Thumbnails
from .masking.brush_overlay import BrushOverlay
from .masking.overlay import MaskOverlay
from .masking.state import MaskState
from .menus import LAYER_BUTTONS, LAYER_MENU, RecentMenu, fill_menu_bar, make_toolbar
from .panels.analysis_panel import AnalysisPanel
from .panels.busy_bar import BusyBar
from .panels.decompose_panel import DecomposePanel
from .panels.docks import Docks
from .panels.empty_state import EmptyState
from .panels.history_panel import HistoryPanel
from .panels.notices import NoticeStack
from .panels.status_bar import StatusBar
from .services import Services
from .settings import Settings

_SECONDS_TO_CLOSE = 5.0
_THUMBNAIL_SIDE = 42
# The window is painted and answers by then; milliseconds.
_PREPARES_AFTER = 250

_log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """One document, the canvas, the panels. Thread: GUI; made after the QApplication."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self.document = Document()
        self._recovered: Recovered | None = None
        self.crashes = CrashReporter(services.log_folder, self)
        self._make_centre()
        self._make_controllers()
        self._make_panels()
        self._make_bars()
        self._connect()
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.setMinimumSize(720, 480)
        self.docks = Docks(self, self._panels)
        fill_menu_bar(self, self.actions_table, self._recent_menu, self.docks.toggles)
        self._restore_geometry()
        self._show_settings(services.settings.value)
        self._show_document()

    # ---- parts ---------------------------------------------------------------------------------------------

    def _make_centre(self) -> None:
        self.notices = NoticeStack()
        self.canvas = CanvasView(self.document)
        self.frames = FrameState(self)
        self.frame_overlay = FrameOverlay(self.canvas, self.frames)
        self.view = self.canvas.state
        self.empty = EmptyState(self.services.samples)
        centre = QWidget()
        # All three share one cell: the notices lie over the canvas, which never moves because of them.
        grid = QGridLayout(centre)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.canvas, 0, 0)
        grid.addWidget(self.empty, 0, 0)
        grid.addWidget(self.notices, 0, 0, Qt.AlignmentFlag.AlignTop)
        self.setCentralWidget(centre)

    def _make_controllers(self) -> None:
        document, notices, settings = self.document, self.notices, self.services.settings
        report = self.crashes.report
        self.layers = LayerController(document, self.view, notices, self)
        self.masks = MaskState(document, self.view, self.layers, self)
        self.mask_overlay = MaskOverlay(self.canvas, self.masks)
        self.brush_overlay = BrushOverlay(self.canvas, self.masks)
        # One tool at a time.
        self.masks.active_changed.connect(self._on_mask_tool)
        self.frames.active_changed.connect(self._on_frame_tool)
        self.decompose = DecomposeController(document, self.services.decomposer_factory, notices, report, self)
        self.adapt = AdaptController(document, self.decompose, self.services.adapter_factory, notices, report, self)
        self.styles = StyleController(document, self.decompose, self.adapt, self.services.cards, notices, self)
        finder = self.services.finder_factory
        self.framing = FrameController(document, self.frames, self.decompose, finder, report, self)
        self.project = ProjectController(document, self.decompose, settings, notices, report, self)
        self.opener = OpenController(document, settings, notices, self.project.may_close, report, self)
        self.exporter = ExportController(document, settings, notices, report, self)
        self.recovery = RecoveryController(self.project, document, notices, self)
        self.copier = Copier(document, notices, self)
        self.thumbnails = Thumbnails(document, _THUMBNAIL_SIDE, self.devicePixelRatioF(), self)
        self.probe = ExactnessProbe(document, self)

    def _make_panels(self) -> None:
        commands = Commands(self)
        self.actions_table = Actions(self, commands.slots)
        self.actions_table["laboratory"].setVisible(self.services.race_factory is not None)
        self.layer_panel = LayerPanel(
            self.document,
            self.view,
            self.layers,
            self.styles,
            self.masks,
            self.actions_table.some(*LAYER_MENU.split()),
            [x for x in self.actions_table.some(*LAYER_BUTTONS.split()) if x is not None],
        )
        self._make_decompose_panel()
        self.histogram = HistogramPanel(self.canvas)
        self.analysis = AnalysisPanel(self.document)
        self._panels: dict[str, QWidget] = {
            "layers": self.layer_panel,
            "decompose": self.decompose_panel,
            "histogram": self.histogram,
            "navigator": Navigator(self.canvas),
            "history": HistoryPanel(self.document),
            "analysis": self.analysis,
        }
        self._action_state = ActionState(
            self.actions_table,
            self.document,
            self.view,
            (self.decompose, self.models),
            self.adapt,
            self.frames,
            self.decompose_panel.has_model,
            self,
        )

    def _make_decompose_panel(self) -> None:
        services, settings = self.services, self.services.settings.value
        automatic = services.finder_factory is not None and needs_search(services.cards)
        self.decompose_panel = DecomposePanel(services.cards, self.frames, settings.device, automatic)
        self.decompose_panel.show_model(settings.model)
        self.models = ModelController(
            self.document,
            self.decompose_panel,
            services.cards,
            self.frames,
            self.framing.search,
            self.decompose,
            self,
        )

    def _make_bars(self) -> None:
        self._recent_menu = RecentMenu(self.opener.open_path, self.services.settings.forget_recent)
        self.addToolBar(make_toolbar(self, self.actions_table))
        self.opening_bar, self.export_bar = BusyBar("Opening"), BusyBar("Exporting")
        self.status_line = StatusBar(self.document, self.view, self.probe, (self.opening_bar, self.export_bar))
        self.setStatusBar(self.status_line)

    def _connect(self) -> None:
        self.decompose_panel.wanted.connect(self.models.decompose)
        self.decompose_panel.model_chosen.connect(lambda model: self.services.settings.update(model=model))
        self.models.busy_changed.connect(self.decompose_panel.show_busy)
        self.models.progressed.connect(self.decompose_panel.show_progress)
        self.frame_overlay.decompose_wanted.connect(self.decompose_panel.ask)
        self.decompose_panel.cancel_wanted.connect(self.cancel_work)
        self.decompose_panel.adapt_wanted.connect(self.adapt.adapt)
        self.decompose_panel.finish_wanted.connect(self.adapt.finish)
        self.adapt.possible_changed.connect(
            lambda possible: self.decompose_panel.show_adaptable(possible, self.adapt.why_not)
        )
        self.adapt.busy_changed.connect(self.decompose_panel.show_adapting)
        self.adapt.progressed.connect(self.decompose_panel.show_progress)
        self.decompose.busy_changed.connect(self.decompose_panel.show_busy)
        self.decompose.progressed.connect(self.decompose_panel.show_progress)
        self.decompose.decomposed.connect(self._on_decomposed)
        self.opener.busy_changed.connect(self.opening_bar.show_busy)
        self.opening_bar.cancel_wanted.connect(self.opener.cancel)
        self.opener.photo_opened.connect(self._on_photo_opened)
        self.opener.project_opened.connect(self._on_project_opened)
        self.exporter.busy_changed.connect(self.export_bar.show_busy)
        self.exporter.progressed.connect(self.export_bar.show_progress)
        self.export_bar.cancel_wanted.connect(self.exporter.cancel)
        self.empty.open_wanted.connect(self.opener.ask_photo)
        self.empty.path_wanted.connect(self.opener.open_path)
        self.thumbnails.ready.connect(self.layer_panel.show_thumbnails)
        self.recovery.wanted.connect(self.opener.recover)
        self.canvas.pixel_hovered.connect(self.status_line.show_readout)
        self.services.settings.changed.connect(self._show_settings)
        self.document.photo_changed.connect(self._show_document)
        self.document.history_changed.connect(self._show_title)
        self.project.path_changed.connect(self._show_title)

    # ---- reactions -----------------------------------------------------------------------------------------

    def _on_photo_opened(self) -> None:
        # A project that was open may have needed another one.
        self.decompose_panel.show_model(self.services.settings.value.model)
        if self.services.settings.value.auto_decompose:
            self.decompose_panel.ask()

    def _on_project_opened(self, opened: OpenedProject) -> None:
        self.decompose_panel.show_settings(opened.settings)
        self._recovered = opened.recovered
        self.project.expect(opened.photo, opened.path)
        if opened.decomposition is None:
            self.decompose.decompose(opened.settings, opened.stack, opened.recovered is not None)
        else:
            self.decompose.restore(opened.decomposition, opened.settings, opened.stack, opened.recovered is not None)

    def _on_decomposed(self) -> None:
        self.project.on_decomposed()
        recovered, self._recovered = self._recovered, None
        if recovered is not None:
            self.recovery.forget(recovered)

    def _on_mask_tool(self, on: bool) -> None:
        if on:
            self.frames.is_active = False

    def _on_frame_tool(self, on: bool) -> None:
        if on:
            self.masks.is_active = False

    def cancel_work(self) -> None:
        """Stop the decomposition or the training that runs; the layers are as before."""
        self.models.cancel()
        self.decompose.cancel()
        self.adapt.cancel()

    def _show_settings(self, settings: Settings) -> None:
        self._recent_menu.show_paths(settings.recent)
        self.empty.show_recent(settings.recent)
        self.decompose_panel.show_device(settings.device)

    def _show_document(self) -> None:
        there = self.document.photo is not None
        self.empty.setVisible(not there)
        self.decompose_panel.show_photo(there)
        self._show_title()

    def _show_title(self) -> None:
        photo = self.document.photo
        name = self.project.path.name if self.project.path is not None else photo.name if photo is not None else ""
        self.setWindowTitle(f"{name}[*] – bsgui" if name else "bsgui")
        self.setWindowModified(not self.document.history.is_clean)

    # ---- what only a window hears of -----------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and pictures are welcome."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        if self.opener.open_mime(event.mimeData(), "Dropped image"):
            event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Before and after also when the canvas has not the focus."""
        self._hold_before(event, True) or super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End of before and after."""
        self._hold_before(event, False) or super().keyReleaseEvent(event)

    def _hold_before(self, event: QKeyEvent, on: bool) -> bool:
        if event.key() not in (Qt.Key.Key_Backslash, Qt.Key.Key_B) or event.modifiers():
            return False
        if not event.isAutoRepeat():
            self.view.before = on
        return True

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, then stop all background work; the window is gone meanwhile."""
        if not self.project.may_close():
            event.ignore()
            return
        self._geometry().setValue("geometry", self.saveGeometry())
        self._geometry().setValue("state", self.saveState())
        self.hide()
        self._close_threads()
        super().closeEvent(event)

    def _close_threads(self) -> None:
        self.canvas.shutdown()
        parts: tuple[Callable[[float], bool], ...] = (
            self.opener.close,
            self.exporter.close,
            self.copier.close,
            self.thumbnails.close,
            self.probe.close,
            self.analysis.stop,
            self.styles.close,
            self.project.close,
            self.recovery.close,
            self.adapt.close,
            self.framing.close,
            self.decompose.close,
        )
        deadline = time.monotonic() + _SECONDS_TO_CLOSE
        for close in parts:
            close(0.0)  # First cancel everything, so that it all ends at the same time.
        ended = [close(max(0.0, deadline - time.monotonic())) for close in parts]
        if not all(ended):
            _log.warning("some background work had not ended after %.0f s", _SECONDS_TO_CLOSE)

    def _geometry(self) -> QSettings:
        return QSettings("bsgui", "bsgui")

    def _restore_geometry(self) -> None:
        geometry, state = self._geometry().value("geometry"), self._geometry().value("state")
        if geometry is not None:
            self.restoreGeometry(geometry)
        if state is not None:
            self.restoreState(state)

    def start(self, path: Path | None) -> None:
        """What happens once the window is up: open what was asked for, and look for what a crash has left."""
        if self.decompose_panel.has_model:
            QTimer.singleShot(_PREPARES_AFTER, self, self.decompose.prepare)
        self.recovery.search()
        if path is not None:
            self.opener.open_path(path)
