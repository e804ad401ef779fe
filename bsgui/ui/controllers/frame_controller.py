"""Looking for subjects in the open photo, so that there are frames to propose."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from bsgui.core.document import Document
from bsgui.core.frame import Subject
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken, ProgressCallback, SubjectFinder
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import LatestJob
from bsgui.ui.framing.state import FrameState, Search

from .decompose_controller import DecomposeController


class FrameController(QObject):
    """Keeps the frame in step with the document, and has the photo searched. Thread: GUI.

    The search begins when the first layers are there, or when the frame tool is taken up before: it never delays the
    first picture.

    Args:
        document: whose photo.
        state: gets the proposals; the frame is forgotten with its photo.
        decompose: tells when the first layers are there.
        factory: makes the finder, on the search's thread, at the first search; None: nothing is ever proposed.
        report_bug: takes the title and the text of an unexpected failure.
    """

    def __init__(
        self,
        document: Document,
        state: FrameState,
        decompose: DecomposeController,
        factory: Callable[[], SubjectFinder] | None,
        report_bug: Callable[[str, str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._state = document, state
        self._factory, self._report_bug = factory, report_bug
        self._finder: SubjectFinder | None = None
        self._photo: Photo | None = None
        self._job = LatestJob("finder", self)
        self._job.finished.connect(self._on_found)
        self._job.failed.connect(self._on_failed)
        document.photo_changed.connect(self._on_photo_changed)
        state.active_changed.connect(self._on_active)
        decompose.decomposed.connect(self.search)
        decompose.busy_changed.connect(self._on_decomposing)

    def search(self, *_: object) -> None:
        """Look for subjects, unless they were looked for already."""
        photo = self._document.photo
        if photo is None or self._factory is None or self._state.search is not Search.NOT_BEGUN:
            return
        self._state.show_search(Search.RUNNING)
        self._job.run(lambda report, cancel: self._find(photo, report, cancel))

    def close(self, timeout: float) -> bool:
        """Cancel, and wait for the thread; whether it has ended."""
        return self._job.close(timeout)

    def _find(self, photo: Photo, report: ProgressCallback, cancel: CancelToken) -> tuple[Subject, ...]:
        if self._finder is None:
            assert self._factory is not None
            self._finder = self._factory()
        return self._finder.find(photo, cancel)

    def _on_photo_changed(self) -> None:
        photo = self._document.photo
        if photo is self._photo:
            return  # The same photo with other layers, as when a project is opened.
        self._photo = photo
        self._job.cancel()
        self._state.open_photo((photo.width, photo.height) if photo is not None else None)

    def _on_active(self, active: bool) -> None:
        if active:
            self.search()

    def _on_decomposing(self, busy: bool) -> None:
        if busy:
            self._state.is_active = False

    def _on_found(self, subjects: tuple[Subject, ...]) -> None:
        self._state.show_search(Search.DONE, subjects)

    def _on_failed(self, failed: Failed) -> None:
        self._state.show_search(Search.FAILED)
        if failed.is_bug:
            self._report_bug("The photo could not be searched for faces and animals.", failed.traceback)
