"""From worker threads to the GUI thread: the one place where outcomes hop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from bsgui.core.requests import CancelToken, ProgressCallback
from bsgui.tasks.background import ask_for_room
from bsgui.tasks.job import Job
from bsgui.tasks.outcomes import Cancelled, Failed, Finished, Outcome, Previewed, Progressed, Started, Superseded

_ROOM = 0.06


class OutcomeBridge(QObject):
    """Turns outcomes into signals on the GUI thread, and drops those of requests nobody waits for any more.

    Create it on the GUI thread. A run may finish while it is being cancelled; whatever arrives with an id other
    than the followed one is stale.

    Signals:
        started(): the followed request runs.
        progressed(Progress): how far it is.
        previewed(object): what its result will look like.
        finished(object): its result.
        failed(Failed): it raised.
        stopped(): it was cancelled or superseded.
    """

    started = Signal()
    progressed = Signal(object)
    previewed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    stopped = Signal()
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._followed: int | None = None
        # Queued also from the GUI thread itself, so that an outcome never arrives before follow() was called.
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, outcome: Outcome[Any]) -> None:
        """Send an outcome over. Thread: any."""
        self._arrived.emit(outcome)

    def follow(self, request_id: int | None) -> None:
        """From now on deliver only this request's outcomes (None: nobody's). Thread: GUI."""
        self._followed = request_id

    @property
    def is_following(self) -> bool:
        """Whether a request is waited for."""
        return self._followed is not None

    def _deliver(self, outcome: Outcome[Any]) -> None:
        if outcome.request_id != self._followed:
            return
        if not isinstance(outcome, Started | Progressed):
            # What a result changes in the window is painted in the next turns.
            ask_for_room(_ROOM)
        if isinstance(outcome, Started):
            self.started.emit()
        elif isinstance(outcome, Progressed):
            self.progressed.emit(outcome.progress)
        elif isinstance(outcome, Previewed):
            self.previewed.emit(outcome.result)
        else:
            self._followed = None
            self._tell_end(outcome)

    def _tell_end(self, outcome: Finished[Any] | Failed | Cancelled | Superseded) -> None:
        if isinstance(outcome, Finished):
            self.finished.emit(outcome.result)
        elif isinstance(outcome, Failed):
            self.failed.emit(outcome)
        else:
            self.stopped.emit()


class LatestJob(OutcomeBridge):
    """Runs jobs one after the other; starting one cancels the one before, whose outcome is then stale.

    Thread: GUI.
    """

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._jobs: list[Job[Any]] = []

    def run(self, work: Callable[[ProgressCallback, CancelToken], Any]) -> None:
        """Start ``work(report, cancel)`` on a thread of its own."""
        self.cancel()
        self._jobs = [job for job in self._jobs if job.is_running]
        job: Job[Any] = Job(work, self.post, self._name)
        self._jobs.append(job)
        self.follow(job.id)
        job.start()

    def cancel(self) -> None:
        """Ask what runs to stop, and forget it: neither finished nor stopped will be told."""
        self.follow(None)
        for job in self._jobs:
            job.cancel()

    def request_stop(self) -> None:
        """Ask what runs to stop, and hear of it by ``stopped``."""
        for job in self._jobs:
            job.cancel()

    def close(self, timeout: float) -> bool:
        """Cancel, and wait for the threads, each at most ``timeout`` seconds; whether all have ended."""
        self.cancel()
        return all(job.join(timeout) for job in self._jobs)

    def wait(self, timeout: float) -> bool:
        """Let what runs end by itself, each job at most ``timeout`` seconds; whether all have ended."""
        return all(job.join(timeout) for job in self._jobs)
