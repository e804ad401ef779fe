"""Which part of the photo the next decomposition takes, what was found in the photo, and whether the tool is on."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from PySide6.QtCore import QObject, Signal

from bsgui.core.frame import SMALLEST_SIDE, Frame, Subject

_USUAL_SHARE = 0.7


class Search(Enum):
    """How far looking for subjects is."""

    NOT_BEGUN = "not begun"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class FrameState(QObject):
    """The person's frame, and the frames that are proposed. Never part of a document or of undo.

    Thread: GUI.

    Signals:
        changed(): anything below changed.
        frame_changed(Frame | None): the frame is another.
        active_changed(bool): the tool was taken up or put down.
        proposals_changed(): other subjects were found, or the search has begun or ended.
    """

    changed = Signal()
    frame_changed = Signal(object)
    active_changed = Signal(bool)
    proposals_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._photo_size: tuple[int, int] | None = None
        self._frame: Frame | None = None
        self._last: Frame | None = None
        self._is_active = False
        self._awaits_proposal = False
        self._proposals: tuple[Subject, ...] = ()
        self._search = Search.NOT_BEGUN

    @property
    def frame(self) -> Frame | None:
        """What is taken apart next; None for the whole photo. Its middle stays in the photo."""
        return self._frame

    @frame.setter
    def frame(self, frame: Frame | None) -> None:
        self._awaits_proposal = False
        self._set_frame(frame)

    @property
    def is_active(self) -> bool:
        """Whether the tool is in hand; it has nothing to hold without a photo."""
        return self._is_active

    @is_active.setter
    def is_active(self, active: bool) -> None:
        active = active and self._photo_size is not None
        if active != self._is_active:
            self._is_active = active
            self.active_changed.emit(active)
            self.changed.emit()
        if active and self._frame is None:
            self.frame_something()

    @property
    def proposals(self) -> tuple[Subject, ...]:
        """What was found in the photo, the most certain first."""
        return self._proposals

    @property
    def search(self) -> Search:
        """How far looking for subjects is."""
        return self._search

    def open_photo(self, size: tuple[int, int] | None) -> None:
        """Forget all of the photo before; ``size`` is (width, height), photo pixels, None without a photo."""
        self._photo_size, self._last = size, None
        self.is_active = False
        self.frame = None
        self.show_search(Search.NOT_BEGUN)

    def show_search(self, search: Search, proposals: tuple[Subject, ...] = ()) -> None:
        """The search has begun, or has ended with these subjects."""
        if (search, proposals) == (self._search, self._proposals):
            return
        self._search, self._proposals = search, proposals
        if proposals and self._awaits_proposal and self._is_active:
            self.frame = proposals[0].frame
        self.proposals_changed.emit()
        self.changed.emit()

    def frame_something(self) -> None:
        """Frame what was framed last, or else what was found, or else the middle until something is found."""
        if self._photo_size is None:
            return
        if self._last is not None:
            self.frame = self._last
        elif self._proposals:
            self.frame = self._proposals[0].frame
        else:
            width, height = self._photo_size
            self._set_frame(Frame.square(width / 2, height / 2, max(SMALLEST_SIDE, _USUAL_SHARE * min(width, height))))
            self._awaits_proposal = True

    def _set_frame(self, frame: Frame | None) -> None:
        if frame is not None and self._photo_size is not None:
            width, height = self._photo_size
            frame = replace(frame, x=min(max(frame.x, 0.0), width), y=min(max(frame.y, 0.0), height))
        if frame == self._frame:
            return
        self._frame, self._last = frame, frame or self._last
        self.frame_changed.emit(frame)
        self.changed.emit()
