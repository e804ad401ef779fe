"""A minimal observer, so that the core can tell the window without knowing Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Event(Generic[P]):
    """A list of callbacks, called in the order they were connected.

    Thread: the one that emits; documents live on the GUI thread.
    """

    def __init__(self) -> None:
        self._callbacks: list[Callable[P, None]] = []

    def connect(self, callback: Callable[P, None]) -> None:
        """Call ``callback`` at each :meth:`emit` from now on."""
        self._callbacks.append(callback)

    def disconnect(self, callback: Callable[P, None]) -> None:
        """Stop calling ``callback``; nothing happens if it was not connected."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    def emit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call every callback with these arguments."""
        for callback in tuple(self._callbacks):
            callback(*args, **kwargs)
