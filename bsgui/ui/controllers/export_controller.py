"""Exporting: asks, writes on a thread of its own from frozen inputs so that editing goes on, and tells the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from bsgui.core.document import Document
from bsgui.core.errors import ExportError
from bsgui.core.manifest import Manifest
from bsgui.core.requests import CancelToken, ProgressCallback
from bsgui.imageio.folder_swap import check_is_free
from bsgui.imageio.write_image import write_image
from bsgui.imageio.write_stack import write_stack
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import LatestJob
from bsgui.ui.dialogs.export import ExportDialog, ExportPlan
from bsgui.ui.panels.notices import NoticeAction, NoticeStack
from bsgui.ui.rendering import render_composite
from bsgui.ui.settings import SettingsStore

_IMAGE_FILTER = "PNG (*.png);;TIFF (*.tif *.tiff);;JPEG (*.jpg *.jpeg);;WebP (*.webp)"


class ExportController(QObject):
    """Writes stacks and composites of the document. Thread: GUI.

    Signals:
        busy_changed(bool): an export runs.
        progressed(Progress): how far it is.
    """

    busy_changed = Signal(bool)
    progressed = Signal(object)

    def __init__(
        self,
        document: Document,
        settings: SettingsStore,
        notices: NoticeStack,
        report_bug: Callable[[str, str], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._settings, self._notices = document, settings, notices
        self._report_bug, self._window = report_bug, window
        self._job = LatestJob("export", self)
        self._job.progressed.connect(self.progressed.emit)
        self._job.finished.connect(self._on_finished)
        self._job.failed.connect(self._on_failed)
        self._job.stopped.connect(self._on_stopped)
        self.is_busy = False

    def export_stack(self) -> None:
        """Ask for folder and options, and export."""
        photo = self._document.photo
        if photo is None or self._document.decomposition is None or self._refuse_second():
            return
        dialog = ExportDialog(
            photo, self._document.stack, self._folder(), self._settings.value.export_depth, self._window
        )
        if dialog.exec():
            self.start(dialog.plan)

    def start(self, plan: ExportPlan) -> None:
        """Export; asks before replacing what is in the folder."""
        decomposition, stack = self._document.decomposition, self._document.stack
        if decomposition is None or self._refuse_rough():
            return
        try:
            overwrite = self._overwrite(plan.folder)
        except ExportError as error:
            self._notices.error(error.user_message, error.detail)
            return
        if overwrite is None:
            return
        plan = replace(plan, options=replace(plan.options, overwrite=overwrite))

        def work(report: ProgressCallback, cancel: CancelToken) -> tuple[str, Path]:
            manifest = write_stack(decomposition, stack, plan.folder, plan.options, report, cancel)
            return _sentence(manifest, plan.folder), plan.folder

        self._begin(work)

    def export_composite(self) -> None:
        """Ask for a file, and write the picture as it is blended."""
        photo = self._document.photo
        if photo is None or self._document.decomposition is None or self._refuse_second():
            return
        start = self._folder() / f"{photo.stem}_composite.png"
        # The dialog asks before replacing a file.
        chosen, kind = QFileDialog.getSaveFileName(self._window, "Export Composite", str(start), _IMAGE_FILTER)
        if chosen:
            self.start_composite(_with_suffix(Path(chosen), kind))

    def start_composite(self, path: Path) -> None:
        """Write the picture as it is blended, replacing what is there."""
        decomposition, stack = self._document.decomposition, self._document.stack
        if decomposition is None or self._refuse_rough():
            return

        def work(report: ProgressCallback, cancel: CancelToken) -> tuple[str, Path]:
            picture = render_composite(decomposition, stack, report, cancel)
            write_image(path, picture, alpha=decomposition.photo.alpha, overwrite=True)
            return f"“{path.name}” was written.", path.parent

        self._begin(work)

    def cancel(self) -> None:
        """Stop the export; nothing of it stays."""
        self._job.request_stop()

    def close(self, timeout: float) -> bool:
        """Cancel, and wait for the thread; whether it has ended."""
        return self._job.close(timeout)

    def _begin(self, work: Callable[[ProgressCallback, CancelToken], tuple[str, Path]]) -> None:
        self._job.run(work)
        self._set_busy(True)

    def _on_finished(self, result: tuple[str, Path]) -> None:
        sentence, folder = result
        self._set_busy(False)
        show = NoticeAction("Show in Folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))
        self._notices.info(sentence, actions=(show,))

    def _on_failed(self, failed: Failed) -> None:
        self._set_busy(False)
        if failed.is_bug:
            self._report_bug("The export failed.", failed.traceback)
        else:
            self._notices.error(failed.user_message, getattr(failed.error, "detail", ""))

    def _on_stopped(self) -> None:
        self._set_busy(False)
        self._notices.info("The export was cancelled; nothing was written.")

    def _set_busy(self, busy: bool) -> None:
        self.is_busy = busy
        self.busy_changed.emit(busy)

    def _refuse_second(self) -> bool:
        if self.is_busy:
            self._notices.info("An export is running; wait for it or cancel it first.")
        return self.is_busy or self._refuse_rough()

    def _refuse_rough(self) -> bool:
        if self._document.is_rough:
            self._notices.info("The layers are still being made: export them in a moment.")
        return self._document.is_rough

    def _overwrite(self, folder: Path) -> bool | None:
        """Whether an export that is there shall be replaced; None if the person says no.

        Raises:
            ExportError: something is there that is not an export.
        """
        try:
            check_is_free(folder, overwrite=False)
        except ExportError:
            check_is_free(folder, overwrite=True)
            return True if self._may_replace(folder) else None
        return False

    def _may_replace(self, folder: Path) -> bool:
        answer = QMessageBox.question(
            self._window,
            "Replace the Export?",
            f"“{folder}” is already there.\nReplace the export in it?",
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return answer == QMessageBox.StandardButton.Yes

    def _folder(self) -> Path:
        chosen = self._settings.value.export_folder
        if chosen:
            return Path(chosen)
        photo = self._document.photo
        return photo.path.absolute().parent if photo is not None and photo.path is not None else Path.home()


def _sentence(manifest: Manifest, folder: Path) -> str:
    files = len(manifest.layers)
    if manifest.encoding.depth == 8:
        return f"{files} layers were written as 8-bit previews to “{folder.name}”."
    return f"{files} layers were written to “{folder.name}”; recombined, max error {manifest.max_error_lsb:g}/255."


def _with_suffix(path: Path, kind: str) -> Path:
    if path.suffix.lower() in (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp"):
        return path
    first = kind.partition("*")[2].partition(")")[0].split()[0] if "*" in kind else ".png"
    return path.with_name(path.name + first)
