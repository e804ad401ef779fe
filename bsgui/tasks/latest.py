"""One thread that owns the model, and one pending request: the latest wins."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from bsgui.core.decomposition import Decomposition
from bsgui.core.requests import Decomposer, DecomposeRequest, Progress

from .background import make_room
from .cancel import CancelSource
from .outcomes import Cancelled, Outcome, Previewed, Progressed, Started, Superseded, outcome_of

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Ticket:
    id: int
    request: DecomposeRequest
    wants_previews: bool = False
    cancel: CancelSource = field(default_factory=CancelSource)


class LatestWinsWorker:
    """Runs decompositions one at a time on its own thread.

    The thread starts with :meth:`prepare` or the first request and makes the decomposer there, so that heavy imports
    happen off the GUI thread. A factory that fails is tried again with the next request.

    Every submitted request gets exactly one last outcome: Finished, Cancelled, Failed or Superseded. Only those
    that began get a Started, and no request gets anything after its last outcome.

    Args:
        decomposer_factory: makes the engine; called on the worker thread.
        notify: takes the outcomes; called on the worker thread, never under a lock, so it may call back.
        name: of the thread, for debuggers.

    Thread: all methods may be called from any thread.
    """

    def __init__(
        self,
        decomposer_factory: Callable[[], Decomposer],
        notify: Callable[[Outcome[Decomposition]], None],
        name: str = "decompose",
    ) -> None:
        self._factory = decomposer_factory
        self._notify = notify
        self._name = name
        self._ids = itertools.count(1)
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._pending: _Ticket | None = None
        self._running: _Ticket | None = None
        self._dropped: list[Cancelled | Superseded] = []
        self._closed = False
        self._is_early = False

    def submit(self, request: DecomposeRequest, wants_previews: bool = False) -> int:
        """Ask for a decomposition; cancels the running one and replaces the pending one.

        Args:
            request: what is asked for.
            wants_previews: somebody waits for a first picture: Previewed outcomes come before the last one.

        Returns:
            The id that the outcomes of this request carry.

        Raises:
            RuntimeError: the worker has been closed.
        """
        with self._wake:
            if self._closed:
                raise RuntimeError("submit() after close()")
            ticket = _Ticket(next(self._ids), request, wants_previews)
            if self._pending is not None:
                self._dropped.append(Superseded(self._pending.id))
            self._pending = ticket
            if self._running is not None:
                self._running.cancel.cancel()
            self._start_thread()
            self._wake.notify()
            return ticket.id

    def prepare(self) -> None:
        """Make the decomposer while nothing is asked for yet; what fails now is told when it fails again."""
        with self._wake:
            if not self._closed and self._thread is None:
                self._is_early = True
                self._start_thread()

    @property
    def is_preparing(self) -> bool:
        """Whether the decomposer is being made before the first request."""
        with self._wake:
            return self._is_early

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name)
            self._thread.start()

    def cancel(self) -> None:
        """Cancel whatever is running or pending; the worker stays ready for the next request."""
        with self._wake:
            self._cancel_everything()
            self._wake.notify()

    @property
    def is_busy(self) -> bool:
        """Whether a request is running or pending."""
        with self._wake:
            return self._running is not None or self._pending is not None

    def close(self, timeout: float | None = None) -> bool:
        """Cancel everything and wait for the thread to end; outcomes still arrive meanwhile.

        Args:
            timeout: seconds to wait at most; None waits as long as the engine takes to its next check.

        Returns:
            Whether the thread has ended. Closing again waits again.
        """
        with self._wake:
            self._closed = True
            self._cancel_everything()
            self._wake.notify()
            thread = self._thread
        if thread is None:
            return True
        thread.join(timeout)
        return not thread.is_alive()

    def _cancel_everything(self) -> None:
        if self._pending is not None:
            self._dropped.append(Cancelled(self._pending.id))
            self._pending = None
        if self._running is not None:
            self._running.cancel.cancel()

    def _work(self) -> None:
        make_room()
        decomposer: Decomposer | None = None
        if self.is_preparing:
            decomposer = self._made_early()

        def decompose(ticket: _Ticket) -> Decomposition:
            nonlocal decomposer
            if decomposer is None:
                decomposer = self._factory()
            ticket.cancel.raise_if_cancelled()
            show = partial(self._preview, ticket) if ticket.wants_previews else None
            return decomposer.decompose(ticket.request, partial(self._progress, ticket), ticket.cancel, show)

        while True:
            ticket, dropped = self._wait()
            for outcome in dropped:
                self._tell(outcome)
            if ticket is not None:
                self._run(ticket, decompose)
            elif not dropped:
                return

    def _made_early(self) -> Decomposer | None:
        try:
            return self._factory()
        except Exception:
            _logger.exception("%s could not be prepared; the first request will try again", self._name)
            return None
        finally:
            with self._wake:
                self._is_early = False

    def _wait(self) -> tuple[_Ticket | None, list[Cancelled | Superseded]]:
        """Wait for a request or outcomes of dropped ones; neither means that the worker was closed."""
        with self._wake:
            self._wake.wait_for(lambda: self._pending is not None or self._dropped or self._closed)
            ticket, self._pending = self._pending, None
            dropped, self._dropped = self._dropped, []
            self._running = ticket
            return ticket, dropped

    def _run(self, ticket: _Ticket, decompose: Callable[[_Ticket], Decomposition]) -> None:
        self._tell(Started(ticket.id))
        outcome = outcome_of(ticket.id, lambda: decompose(ticket), ticket.cancel)
        with self._wake:
            self._running = None
            if ticket.cancel.cancelled:
                # A cancel() that came between the last check and here: from now on none can.
                outcome = Cancelled(ticket.id)
        self._tell(outcome)

    def _progress(self, ticket: _Ticket, progress: Progress) -> None:
        if not ticket.cancel.cancelled:
            self._tell(Progressed(ticket.id, progress))

    def _preview(self, ticket: _Ticket, decomposition: Decomposition) -> None:
        if not ticket.cancel.cancelled:
            self._tell(Previewed(ticket.id, decomposition))

    def _tell(self, outcome: Outcome[Decomposition]) -> None:
        try:
            self._notify(outcome)
        except Exception:
            # A listener's bug must not end the thread that every later request needs.
            _logger.exception("the listener of %s failed on %r", self._name, outcome)
