"""Edits survive a crash: a small file is written within a second of each edit, and offered at the next start."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from bsgui.core.document import Document
from bsgui.core.errors import BsguiError
from bsgui.ui.bridge import LatestJob
from bsgui.ui.panels.notices import NoticeAction, NoticeStack

from .project_controller import ProjectController
from .projects import Recovered, RecoveryFile, Snapshot, find_recovered

_DELAY_MS = 400

_log = logging.getLogger(__name__)


class RecoveryController(QObject):
    """Writes the recovery file while there are unsaved edits, and removes it when there are none. Thread: GUI.

    Args:
        project: gives what must be kept.
        document: whose edits.
        notices: get the offer.
    Signals:
        wanted(Recovered): the person wants this one back.
    """

    wanted = Signal(object)

    def __init__(
        self,
        project: ProjectController,
        document: Document,
        notices: NoticeStack,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project, self._document, self._notices = project, document, notices
        self._file = RecoveryFile()
        # One thread: files are written in the order of the edits.
        self._writer = ThreadPoolExecutor(1, "recovery")
        self._last: Future[None] | None = None
        self._closed = False
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.write)
        self._search = LatestJob("recoveries", self)
        self._search.finished.connect(self._offer)
        document.history_changed.connect(self._on_changed)

    def search(self) -> None:
        """Look for what a crash has left, and offer it."""
        self._search.run(lambda report, cancel: find_recovered())

    def write(self) -> None:
        """Bring the file up to date now; the writing itself happens on a thread."""
        self._timer.stop()
        snapshot = None if self._document.history.is_clean else self._project.snapshot
        if not self._closed:
            self._last = self._writer.submit(self._keep, snapshot)

    def close(self, timeout: float) -> bool:
        """An orderly end: nothing to recover."""
        self._timer.stop()
        if not self._closed:
            self._closed = True
            self._last = self._writer.submit(self._keep, None)
            self._writer.shutdown(wait=False)
        done = self._last is None or not wait([self._last], timeout).not_done
        return self._search.close(timeout) and done

    def _on_changed(self) -> None:
        # Not restarted by each edit: a drag of ten seconds is kept every 0.4 s too.
        if not self._timer.isActive():
            self._timer.start()

    def forget(self, recovered: Recovered) -> None:
        """Work that was left by a crash is in the document again: keep it as this process's, and drop the old file."""
        self.write()
        if not self._closed:
            self._last = self._writer.submit(recovered.discard)

    def _keep(self, snapshot: Snapshot | None) -> None:
        try:
            self._file.keep(snapshot)
        except BsguiError:
            # A full disk must not disturb the work; saving will say it.
            _log.exception("the recovery file could not be written")

    def _offer(self, found: Sequence[Recovered]) -> None:
        for recovered in found:
            self._notices.warning(
                f"bsgui did not close properly: unsaved edits of “{recovered.photo_name}” "
                f"from {recovered.when} can be recovered.",
                actions=(
                    NoticeAction("Recover", partial(self.wanted.emit, recovered)),
                    NoticeAction("Discard", recovered.discard),
                ),
            )
