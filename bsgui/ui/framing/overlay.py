"""The frame over the canvas: a box to move, resize and turn while the tool is in hand, else a thin outline."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent

from bsgui.core.frame import Frame, Subject
from bsgui.ui.canvas.painting import logical
from bsgui.ui.canvas.view import CanvasView
from bsgui.ui.theme import current_theme

from . import painting
from .box_overlay import BoxOverlay, Drag, size_note
from .handles import Handle
from .state import FrameState, Search


class FrameOverlay(BoxOverlay):
    """Shows a :class:`FrameState` over a canvas.

    Args:
        canvas: what it lies over, follows and covers.
        state: the frame and the proposals; changed by mouse and keys while the tool is in hand.

    Signals:
        decompose_wanted(): Return, or a double click: the frame is as the person wants it.

    Thread: GUI.
    """

    decompose_wanted = Signal()

    def __init__(self, canvas: CanvasView, state: FrameState) -> None:
        super().__init__(canvas)
        self._state = state
        self.setAccessibleName(self.tr("Frame"))
        self.setAccessibleDescription(
            self.tr("Arrow keys move the frame, with Ctrl they turn and resize it; Return decomposes, Esc removes it.")
        )
        canvas.document.decomposition_changed.connect(self._show_state)
        state.changed.connect(self._show_state)
        state.active_changed.connect(self._on_active)
        self._show_state()

    @property
    def _box(self) -> Frame | None:
        return self._state.frame

    def _set_box(self, box: Frame | None, gesture: object = None) -> None:
        self._state.frame = box

    @property
    def _is_in_hand(self) -> bool:
        return self._state.is_active

    def _escape(self) -> None:
        self._state.frame = None
        self._state.is_active = False

    def _finish(self) -> None:
        if self._state.frame is not None:
            self._state.is_active = False
            self.decompose_wanted.emit()

    # ---- proposals -----------------------------------------------------------------------------------------

    def _proposal_at(self, at: QPointF) -> Subject | None:
        """The smallest proposal there that is not the frame already."""
        here = [x for x in self._other_proposals() if x.frame.contains(*self._to_photo(at))]
        return min(here, key=lambda x: x.frame.width, default=None)

    def _other_proposals(self) -> list[Subject]:
        return [x for x in self._state.proposals if x.frame != self._state.frame]

    @property
    def _outline(self) -> Frame | None:
        """What is outlined while the tool is put down: the next frame, or that of the layers there are."""
        decomposition = self._canvas.document.decomposition
        return self._state.frame or (decomposition.provenance.frame if decomposition else None)

    # ---- showing -------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        self.setGeometry(self._canvas.rect())
        has_photo = self._canvas.document.photo is not None
        self.setVisible(has_photo and (self._state.is_active or self._outline is not None))
        self._show_cursor()
        self.update()

    def _on_active(self, active: bool) -> None:
        self._take_up(active)
        self._show_state()
        (self if active else self._canvas).setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Box, veil, handles and proposals; or the outline alone."""
        placement = self._canvas.placement
        if placement is None:
            return
        painter = QPainter(self)
        if self._state.is_active:
            self._paint_tool(painter, logical(placement.visible, self.devicePixelRatioF()))
        elif self._outline is not None:
            decomposition = self._canvas.document.decomposition
            is_done = decomposition is not None and decomposition.provenance.frame == self._outline
            painting.paint_outline(painter, self._polygon(self._outline), alpha=150, dashed=not is_done)

    def _paint_tool(self, painter: QPainter, photo: QRectF) -> None:
        theme, frame, room = current_theme(), self._state.frame, QRectF(self.rect())
        if frame is not None:
            box = self._polygon(frame)
            painting.paint_veil(painter, photo, box)
            painting.paint_core(painter, self._polygon(frame.core))
            painting.paint_outline(painter, box)
        painting.paint_hint(painter, self._hints(), room, self._tool_rect, theme)
        hot = self._proposal_at(self._pointer) if self._pointer is not None and self._drag is None else None
        for proposal in self._other_proposals():
            name = proposal.kind.capitalize()
            painting.paint_proposal(painter, self._polygon(proposal.frame), name, proposal is hot, theme)
        if frame is not None:
            self._paint_box(painter, frame, size_note(frame))

    def _hints(self) -> list[str]:
        search = {
            Search.RUNNING: self.tr("Looking for faces, cats and dogs…   "),
            Search.DONE: "" if self._state.proposals else self.tr("No face, cat or dog was found.   "),
        }.get(self._state.search, "")
        short = self.tr("Return decomposes · Esc removes")
        drags = self.tr("Drag to move, resize or turn (Shift: 15°), or draw a new frame")
        return [f"{search}{drags} · {short}", search + short, short]

    # ---- pointer -------------------------------------------------------------------------------------------

    def _click(self, drag: Drag, at: QPointF) -> None:
        """A click on a proposal accepts it."""
        proposal = self._proposal_at(at)
        if proposal is not None and drag.handle in (None, Handle.INSIDE):
            self._state.frame = proposal.frame

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Inside the frame: decompose."""
        if event.button() == Qt.MouseButton.LeftButton and self._handle_at(event.position()) is Handle.INSIDE:
            self._drag = None
            self._finish()

    def _cursor_of(self, handle: Handle | None) -> Qt.CursorShape:
        assert self._pointer is not None
        if handle in (None, Handle.INSIDE) and self._drag is None and self._proposal_at(self._pointer) is not None:
            return Qt.CursorShape.PointingHandCursor
        return super()._cursor_of(handle)
