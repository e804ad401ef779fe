"""Undo and redo: a list of frozen states, not of inverse commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True)
class _Entry(Generic[S]):
    label: str
    state: S
    merge_key: object


class History(Generic[S]):
    """The states a document went through.

    Args:
        state: where it starts.
        limit: how many steps back are kept.
    """

    def __init__(self, state: S, limit: int = 200) -> None:
        self._state = state
        self._limit = limit
        self._undo: list[_Entry[S]] = []
        self._redo: list[_Entry[S]] = []
        self._saved: S = state

    @property
    def state(self) -> S:
        """The present state."""
        return self._state

    @property
    def undo_label(self) -> str:
        """What undo would take back, or ""."""
        return self._undo[-1].label if self._undo else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again, or ""."""
        return self._redo[-1].label if self._redo else ""

    @property
    def undo_labels(self) -> tuple[str, ...]:
        """What was done, oldest first."""
        return tuple(entry.label for entry in self._undo)

    @property
    def redo_labels(self) -> tuple[str, ...]:
        """What was undone, the next to be done again first."""
        return tuple(entry.label for entry in reversed(self._redo))

    @property
    def is_clean(self) -> bool:
        """Whether the present state equals the one last marked by :meth:`mark_clean`."""
        return self._state == self._saved

    def mark_clean(self) -> None:
        """Remember the present state as saved."""
        self._saved = self._state

    def record(self, label: str, state: S, merge_key: object = None) -> bool:
        """Go to ``state``; a step equal to the present state is dropped.

        Args:
            label: what was done, for the menu ("Gain of Fur").
            state: the new state.
            merge_key: consecutive steps with an equal, not-None key are one step: a drag is one entry.

        Returns:
            Whether the state changed.
        """
        if state == self._state:
            return False
        merges = merge_key is not None and self._undo and self._undo[-1].merge_key == merge_key and not self._redo
        if not merges:
            self._undo.append(_Entry(label, self._state, merge_key))
            del self._undo[: -self._limit]
        self._redo.clear()
        self._state = state
        return True

    def map(self, change: Callable[[S], S]) -> None:
        """Put other states in place of all there are, also the saved one; no step: for what is no edit."""
        self._state, self._saved = change(self._state), change(self._saved)
        for entries in (self._undo, self._redo):
            entries[:] = [replace(entry, state=change(entry.state)) for entry in entries]

    def undo(self) -> bool:
        """Go one step back; False when there is none."""
        return self._step(self._undo, self._redo)

    def redo(self) -> bool:
        """Go one step forward again; False when there is none."""
        return self._step(self._redo, self._undo)

    def _step(self, source: list[_Entry[S]], target: list[_Entry[S]]) -> bool:
        if not source:
            return False
        entry = source.pop()
        # The key goes: after an undo, a new drag must not merge into an old entry.
        target.append(_Entry(entry.label, self._state, None))
        self._state = entry.state
        return True
