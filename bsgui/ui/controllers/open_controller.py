"""Opening: whatever the person gives (dialog, drop, paste, command line, recent file) is read off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from bsgui.core.document import Document
from bsgui.core.photo import Photo
from bsgui.core.pyramid import Pyramid
from bsgui.core.requests import CancelToken, ProgressCallback
from bsgui.imageio.limits import ReadLimits
from bsgui.imageio.read_photo import photo_from_array
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import LatestJob
from bsgui.ui.canvas.qimage import to_array
from bsgui.ui.panels.notices import Notice, NoticeStack
from bsgui.ui.settings import SettingsStore

from .opening import (
    PHOTO_SUFFIXES,
    PROJECT_SUFFIX,
    Opened,
    OpenedProject,
    OpenedStack,
    read_any,
    read_recovered,
)
from .projects import Recovered


class OpenController(QObject):
    """Reads files and puts them into the document. While one is read, another may be asked for: the last one wins.

    Thread: GUI.

    Args:
        document: gets what was read; unchanged if it cannot be read.
        settings: limits, and the list of recent files.
        notices: get what went wrong, and what reading changed.
        may_close: asks about unsaved changes; False means stay.
        report_bug: takes the title and the text of an unexpected failure.
        window: parent of dialogs.

    Signals:
        busy_changed(bool): a file is being read.
        photo_opened(Photo): a photo without layers is in the document.
        project_opened(OpenedProject): its photo is in the document; its layers are still to be made.
        stack_opened(Path): layers read from files are in the document.
    """

    busy_changed = Signal(bool)
    photo_opened = Signal(object)
    project_opened = Signal(object)
    stack_opened = Signal(object)

    def __init__(
        self,
        document: Document,
        settings: SettingsStore,
        notices: NoticeStack,
        may_close: Callable[[], bool],
        report_bug: Callable[[str, str], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._settings, self._notices = document, settings, notices
        self._may_close, self._report_bug, self._window = may_close, report_bug, window
        self._path: Path | None = None
        self._refusal: Notice | None = None
        self._job = LatestJob("open", self)
        self._job.finished.connect(self._on_read)
        self._job.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether a file is being read."""
        return self._job.is_following

    def ask_photo(self) -> None:
        """The file dialog for photos and projects."""
        patterns = " ".join(f"*{suffix}" for suffix in (*PHOTO_SUFFIXES, PROJECT_SUFFIX))
        filters = f"Photos and projects ({patterns});;Projects (*{PROJECT_SUFFIX});;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open Photo", self._start_folder(), filters)
        if chosen:
            self.open_path(Path(chosen))

    def ask_stack(self) -> None:
        """The folder dialog for exported layers."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open Layer Stack", self._start_folder())
        if chosen:
            self.open_path(Path(chosen))

    def open_path(self, path: Path) -> None:
        """Read a photo, a stack's folder or manifest, or a project."""
        limits = self._limits
        self._read(path, lambda report, cancel: read_any(path, limits, report, cancel))

    def recover(self, recovered: Recovered) -> None:
        """Bring back what a crash has left."""
        limits = self._limits
        self._read(None, lambda report, cancel: read_recovered(recovered, limits))

    def paste(self) -> None:
        """Open what is on the clipboard: a file's address, or pixels."""
        data = QGuiApplication.clipboard().mimeData()
        if not self.open_mime(data, "Pasted image"):
            self._notices.info("There is no picture on the clipboard.")

    def open_mime(self, data: QMimeData, name: str) -> bool:
        """Open what was dropped or pasted; False if there is nothing that could be opened."""
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            if len(files) > 1:
                others = "the other was" if len(files) == 2 else f"{len(files) - 1} others were"
                self._notices.info(f"One photo at a time: “{files[0].name}” was opened, {others} not.")
            self.open_path(files[0])
            return True
        image = QImage(data.imageData()) if data.hasImage() else QImage()
        if image.isNull():
            return False
        self._open_pixels(image, name)
        return True

    def cancel(self) -> None:
        """Stop waiting for the file; what is open stays."""
        self._job.cancel()
        self._path = None
        self.busy_changed.emit(False)

    def close(self, timeout: float) -> bool:
        """Cancel, and wait for the thread; whether it has ended."""
        return self._job.close(timeout)

    def _open_pixels(self, image: QImage, name: str) -> None:
        # Converting takes a while for large pictures: on the thread. A QImage may be used there.
        self._read(None, lambda report, cancel: photo_from_array(to_array(image), name))

    def _read(self, path: Path | None, work: Callable[[ProgressCallback, CancelToken], Opened]) -> None:
        if self._may_close():
            self._path = path
            self._job.run(lambda report, cancel: _ready_to_show(work(report, cancel), cancel))
            self.busy_changed.emit(True)

    @property
    def _limits(self) -> ReadLimits:
        return ReadLimits(max_pixels=self._settings.value.max_megapixels * 1_000_000)

    def _on_read(self, read: tuple[Opened, Pyramid | None]) -> None:
        # The levels stay with whoever holds their pyramid: until the canvas does, that is here.
        (opened, _pyramid), (path, self._path) = read, (self._path, None)
        # What another file had against it is no news over this one.
        self._notices.withdraw(self._refusal)
        self.busy_changed.emit(False)
        if path is not None:
            # It is written to the disk: not in this turn, which ends with the first picture.
            QTimer.singleShot(0, self, lambda: self._settings.remember_recent(path))
        if isinstance(opened, OpenedStack):
            self._document.open_decomposition(opened.decomposition, opened.stack)
            self.stack_opened.emit(path)
        elif isinstance(opened, OpenedProject):
            self._document.open_photo(opened.photo)
            if opened.warning:
                self._notices.warning(opened.warning)
            self.project_opened.emit(opened)
        else:
            self._document.open_photo(opened)
            self.photo_opened.emit(opened)
        self._tell_notes(self._document.photo)

    def _tell_notes(self, photo: Photo | None) -> None:
        if photo is not None and photo.notes:
            self._notices.info(f"{photo.name}: {' '.join(photo.notes)}")

    def _on_failed(self, failed: Failed) -> None:
        path, self._path = self._path, None
        self.busy_changed.emit(False)
        if path is not None and not path.exists():
            self._settings.forget_recent(path)
        if failed.is_bug:
            self._report_bug("The file could not be opened.", failed.traceback)
        else:
            self._refusal = self._notices.error(failed.user_message, getattr(failed.error, "detail", ""))

    def _start_folder(self) -> str:
        recent = self._settings.value.recent
        return str(Path(recent[0]).parent) if recent else str(Path.home())


def _ready_to_show(opened: Opened, cancel: CancelToken) -> tuple[Opened, Pyramid | None]:
    """What was read, with its photo's pyramid: the window would draw its first picture from all the pixels, twice."""
    photo = opened if isinstance(opened, Photo) else opened.photo if isinstance(opened, OpenedProject) else None
    if photo is None:
        return opened, None

    def is_cancelled() -> bool:
        cancel.raise_if_cancelled()
        return False

    pyramid = Pyramid.of(photo.samples)
    pyramid.build(is_cancelled)
    return opened, pyramid
