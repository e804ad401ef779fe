"""The switch behind a cancel button."""

from __future__ import annotations

import threading

from bsgui.core.errors import Cancelled

from .background import give_way


class CancelSource:
    """A :class:`~bsgui.core.requests.CancelToken` that can be thrown once, from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` has been called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Ask the job to stop at its next check; calling it again changes nothing."""
        self._event.set()

    def raise_if_cancelled(self) -> None:
        """Raise :class:`~bsgui.core.errors.Cancelled` once :meth:`cancel` has been called.

        Between two steps is also the moment to let the window go first.
        """
        give_way()
        if self._event.is_set():
            raise Cancelled
