"""Frames are made off the GUI thread, one at a time: while one is made, only the latest wish is remembered."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from bsgui.ui.bridge import LatestJob

from .playback_frame import FrameRequest, PlaybackFrame, render_frame


class FrameMaker(QObject):
    """Makes frames. A slider that is dragged gets as many as can be made, and the last one for sure.

    Signals:
        ready(PlaybackFrame): a frame.
        failed(Failed): a bug.

    Thread: GUI.
    """

    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: FrameRequest | None = None
        self._job = LatestJob("playback-frame", self)
        self._job.finished.connect(self._on_finished)
        self._job.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether a frame is being made."""
        return self._job.is_following

    def want(self, request: FrameRequest) -> None:
        """Ask for a frame; replaces a wish that has not been begun."""
        if self._job.is_following:
            self._wanted = request
        else:
            self._job.run(lambda report, cancel: render_frame(request, cancel))

    def forget(self) -> None:
        """What was asked for is not wanted any more."""
        self._wanted = None
        self._job.cancel()

    def close(self, timeout: float) -> bool:
        """Stop; whether the thread has ended."""
        self._wanted = None
        return self._job.close(timeout)

    def _on_finished(self, frame: PlaybackFrame) -> None:
        self._go_on()
        self.ready.emit(frame)

    def _on_failed(self, failed: object) -> None:
        self._go_on()
        self.failed.emit(failed)

    def _go_on(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self.want(wanted)
