"""Projects: save, save as, and the question about unsaved changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from bsgui.core.decomposition import Decomposition
from bsgui.core.document import Document
from bsgui.core.errors import BsguiError
from bsgui.core.photo import Photo
from bsgui.core.requests import settings_of
from bsgui.imageio.stored_layers import StoredLayers
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import LatestJob
from bsgui.ui.panels.notices import NoticeStack
from bsgui.ui.settings import SettingsStore

from .decompose_controller import DecomposeController
from .opening import PROJECT_SUFFIX
from .projects import Snapshot, save_snapshot

_Button = QMessageBox.StandardButton


class ProjectController(QObject):
    """Knows which project file belongs to the document. Thread: GUI; writing happens off it.

    Signals:
        path_changed(): the document has got another project file, or none.
        saved(): the project file is written.
    """

    path_changed = Signal()
    saved = Signal()

    def __init__(
        self,
        document: Document,
        decompose: DecomposeController,
        settings: SettingsStore,
        notices: NoticeStack,
        report_bug: Callable[[str, str], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._decompose, self._settings = document, decompose, settings
        self._notices, self._report_bug, self._window = notices, report_bug, window
        self.path: Path | None = None
        self._expected: tuple[Photo, Path] | None = None
        self._stored: tuple[Decomposition, StoredLayers | None] | None = None
        self._saving: tuple[Snapshot, Path, object] | None = None
        self._job = LatestJob("save", self)
        self._job.finished.connect(self._on_saved)
        self._job.failed.connect(self._on_failed)
        document.photo_changed.connect(self._forget_path)

    @property
    def snapshot(self) -> Snapshot | None:
        """All that must be kept to make the document again; None if it is empty or its layers came from files."""
        photo, decomposition = self._document.photo, self._document.kept_decomposition
        settings = self._decompose.last_settings
        if photo is None or decomposition is None or settings is None:
            return None
        # After an undo the layers may be those of an earlier seed: their provenance knows it.
        settings = settings_of(decomposition.provenance, settings.device)
        if self._stored is None or self._stored[0] is not decomposition:
            # Kept, because packing the maps for the file takes a while, and the file is written after every edit.
            self._stored = decomposition, StoredLayers.of(decomposition)
        stack, adapted = self._document.stack, self._stored[1]
        return Snapshot(photo, decomposition.provenance, settings, stack, self.path, adapted)

    def expect(self, photo: Photo, path: Path | None) -> None:
        """The photo of this project file is open; once it has its layers, the file belongs to the document."""
        self._expected = None if path is None else (photo, path)

    def on_decomposed(self) -> None:
        """The document has got layers: those of a project that was opened, perhaps."""
        expected, self._expected = self._expected, None
        if expected is not None and expected[0] is self._document.photo:
            self.adopt(expected[1])

    def adopt(self, path: Path) -> None:
        """The document was opened from this project file."""
        self.path = path
        self.path_changed.emit()

    def save(self) -> None:
        """Save to the project's file; ask for one if there is none."""
        if self.path is None:
            self.save_as()
        else:
            self._save(self.path)

    def save_as(self) -> None:
        """Ask for a file, and save."""
        path = self._ask_path()
        if path is not None:
            self._save(path)

    def may_close(self) -> bool:
        """Whether the document may be replaced: nothing is unsaved, or the person has decided."""
        if self._document.decomposition is None or self._document.history.is_clean:
            return True
        name = self._document.photo.name if self._document.photo is not None else ""
        if self.snapshot is None:
            answer = self._ask(f"The edits of “{name}” are in no file yet.", "Export the layers to keep them.", False)
        else:
            answer = self._ask(f"Save the edits of “{name}”?", "They are lost otherwise.", True)
        if answer == _Button.Save:
            return self._save_now()
        return answer == _Button.Discard

    def close(self, timeout: float) -> bool:
        """Wait for a file that is being written; whether it is done."""
        return self._job.wait(timeout)

    def _save(self, path: Path) -> None:
        snapshot = self.snapshot
        if snapshot is None:
            self._notices.info("These layers were read from files; keep your edits with File ▸ Export Layers.")
            return
        self._saving = (snapshot, path, self._document.history.state)
        self._job.run(lambda report, cancel: save_snapshot(path, snapshot))

    def _save_now(self) -> bool:
        """Before the document goes away: here and now, so that a failure keeps it open."""
        path, snapshot = self.path or self._ask_path(), self.snapshot
        if path is None or snapshot is None:
            return False
        try:
            save_snapshot(path, snapshot)
        except BsguiError as error:
            self._notices.error(error.user_message, error.detail)
            return False
        self._settings.remember_recent(path)
        self._document.mark_clean()
        self.saved.emit()
        return True

    def _on_saved(self) -> None:
        saving, self._saving = self._saving, None
        if saving is None or saving[0].photo is not self._document.photo:
            return
        self.adopt(saving[1])
        self._settings.remember_recent(saving[1])
        if self._document.history.state == saving[2]:
            self._document.mark_clean()
        self._notices.info(f"“{saving[1].name}” was saved.")
        self.saved.emit()

    def _on_failed(self, failed: Failed) -> None:
        self._saving = None
        if failed.is_bug:
            self._report_bug("The project could not be saved.", failed.traceback)
        else:
            self._notices.error(failed.user_message, getattr(failed.error, "detail", ""))

    def _ask_path(self) -> Path | None:
        photo = self._document.photo
        if photo is None:
            return None
        folder = photo.path.absolute().parent if photo.path is not None else Path.home()
        start = self.path or folder / f"{photo.stem}{PROJECT_SUFFIX}"
        kind = f"bsgui projects (*{PROJECT_SUFFIX})"
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save Project", str(start), kind)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == PROJECT_SUFFIX else path.with_name(path.name + PROJECT_SUFFIX)

    def _ask(self, question: str, why: str, can_save: bool) -> int:
        box = QMessageBox(QMessageBox.Icon.Question, "Unsaved Edits", question, parent=self._window)
        box.setInformativeText(why)
        buttons = _Button.Discard | _Button.Cancel
        box.setStandardButtons(buttons | _Button.Save if can_save else buttons)
        box.setDefaultButton(_Button.Save if can_save else _Button.Cancel)
        return box.exec()

    def _forget_path(self) -> None:
        self._stored = None
        if self.path is not None:
            self.path = None
            self.path_changed.emit()
