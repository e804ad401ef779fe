"""Keeps the actions in step with the document and the view: enabled, checked, and what undo would take back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from bsgui.core.document import Document

from .actions import Actions, Needs
from .canvas.view_state import Look, ViewState
from .controllers.adapt_controller import AdaptController
from .controllers.decompose_controller import DecomposeController
from .controllers.model_controller import ModelController
from .framing.state import FrameState

_LOOKS = {
    Look.COMPOSITE: "look_composite",
    Look.GREY: "look_grey",
    Look.MAGNITUDE: "look_magnitude",
    Look.SIGNED: "look_signed",
}


class ActionState(QObject):
    """Listens, and updates the actions. Thread: GUI."""

    def __init__(
        self,
        actions: Actions,
        document: Document,
        view: ViewState,
        decomposing: Sequence[DecomposeController | ModelController],
        adapt: AdaptController,
        frames: FrameState,
        has_model: bool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._actions, self._document, self._view = actions, document, view
        self._decomposing, self._adapt, self._has_model = decomposing, adapt, has_model
        document.photo_changed.connect(self._enable)
        document.decomposition_changed.connect(self._enable)
        document.history_changed.connect(self._show_history)
        for part in decomposing:
            part.busy_changed.connect(self._enable)
        adapt.busy_changed.connect(self._enable)
        adapt.possible_changed.connect(self._enable)
        view.view_changed.connect(self._show_view)
        frames.active_changed.connect(actions["frame"].setChecked)
        self._enable()
        self._show_history()
        self._show_view()

    def _enable(self) -> None:
        present = Needs.NOTHING
        if self._document.photo is not None:
            present |= Needs.PHOTO
        if self._document.decomposition is not None:
            present |= Needs.LAYERS
        if self._has_model:
            present |= Needs.MODEL
        if self._adapt.is_busy or any(part.is_busy for part in self._decomposing):
            present |= Needs.BUSY
        if self._adapt.is_possible:
            present |= Needs.ADAPTABLE
        if self._adapt.is_busy:
            present |= Needs.ADAPTING
        self._actions.enable(present)

    def _show_history(self) -> None:
        history = self._document.history
        for action_id, verb, label in (("undo", "&Undo", history.undo_label), ("redo", "&Redo", history.redo_label)):
            action = self._actions[action_id]
            action.setText(f"{verb} {label.replace('&', '&&')}".rstrip())
            keys = action.shortcut().toString()
            action.setToolTip(f"{verb[1:]} {label}".rstrip() + f" ({keys})")
            action.setEnabled(bool(label))

    def _show_view(self) -> None:
        self._actions[_LOOKS[self._view.look]].setChecked(True)
        for action_id, on in (
            ("before", self._view.before),
            ("split", self._view.split is not None),
            ("clipping", self._view.shows_clipping),
        ):
            self._actions[action_id].setChecked(on)
