"""One piece of work on its own thread: an export, opening a photo, a check, thumbnails."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from bsgui.core.requests import CancelToken, Progress, ProgressCallback

from .background import make_room
from .cancel import CancelSource
from .outcomes import Cancelled, Outcome, Progressed, Started, outcome_of

T = TypeVar("T")

_logger = logging.getLogger(__name__)
_ids = itertools.count(1)


class Job(Generic[T]):
    """Runs one callable once, on its own thread, on frozen inputs.

    Args:
        work: ``work(report, cancel)``; asks ``cancel`` between steps, tells ``report`` how far it is.
        notify: takes Started, Progressed and then exactly one of Finished, Cancelled or Failed; called on the job's
            thread, never under a lock.
        name: of the thread, for debuggers.

    Attributes:
        id: what the outcomes carry as ``request_id``; unique among the jobs of this process.

    Thread: all methods may be called from any thread.
    """

    def __init__(
        self,
        work: Callable[[ProgressCallback, CancelToken], T],
        notify: Callable[[Outcome[T]], None],
        name: str = "job",
    ) -> None:
        self.id = next(_ids)
        self._work = work
        self._notify = notify
        self._cancel = CancelSource()
        self._end = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        """Begin; may be called once.

        Raises:
            RuntimeError: it was started before.
        """
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it has begun and its thread has not ended."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Ask the work to stop at its next check; the outcome will be Cancelled unless it has ended already."""
        with self._end:
            self._cancel.cancel()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end, at most ``timeout`` seconds; whether it has (or was never started)."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        make_room()
        self._tell(Started(self.id))
        outcome: Outcome[T] = outcome_of(self.id, lambda: self._work(self._progress, self._cancel), self._cancel)
        with self._end:
            if self._cancel.cancelled:
                outcome = Cancelled(self.id)
        self._tell(outcome)

    def _progress(self, progress: Progress) -> None:
        if not self._cancel.cancelled:
            self._tell(Progressed(self.id, progress))

    def _tell(self, outcome: Outcome[T]) -> None:
        try:
            self._notify(outcome)
        except Exception:
            # Telling failed, not the work: log it, and let the remaining outcomes through.
            _logger.exception("the listener of %s failed on %r", self._thread.name, outcome)
