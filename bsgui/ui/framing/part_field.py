"""Which part of the photo is taken apart: a choice in the panel, and the tool's button."""

from __future__ import annotations

from collections import Counter

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from bsgui.core.frame import Subject
from bsgui.ui.described import described, icon_button

from .state import FrameState

_WHOLE, _FRAMED = 0, 1
_FIRST_SUBJECT = 2


class PartField(QWidget):
    """Whole photo, framed part, or one of the subjects that were found; choosing a part takes up the frame tool.

    Args:
        state: shown and changed.
    """

    def __init__(self, state: FrameState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.choice = described(
            QComboBox(),
            "Part",
            "What is taken apart: the whole photo, or a framed part of it; the rest stays in base and residual",
        )
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(8)
        self.choice.activated.connect(self._on_chosen)
        self.button = icon_button("frame", "Frame tool", "Frame a part of the photo on the canvas (F)", checkable=True)
        self.button.toggled.connect(lambda on: setattr(state, "is_active", on))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.choice, 1)
        row.addWidget(self.button)
        state.proposals_changed.connect(self._fill)
        state.changed.connect(self._show_choice)
        self._fill()

    def _fill(self) -> None:
        self.choice.clear()
        self.choice.addItems(["Whole photo", "Framed part", *subject_names(self._state.proposals)])
        self._show_choice()

    def _show_choice(self) -> None:
        frame, frames = self._state.frame, [subject.frame for subject in self._state.proposals]
        if frame is None:
            self.choice.setCurrentIndex(_WHOLE)
        else:
            self.choice.setCurrentIndex(_FIRST_SUBJECT + frames.index(frame) if frame in frames else _FRAMED)
        self.button.setChecked(self._state.is_active)

    def _on_chosen(self, index: int) -> None:
        state = self._state
        if index == _WHOLE:
            state.frame = None
        elif index >= _FIRST_SUBJECT:
            state.frame = state.proposals[index - _FIRST_SUBJECT].frame
        elif state.frame is None:
            state.frame_something()
        state.is_active = index != _WHOLE
        self._show_choice()


def subject_names(subjects: tuple[Subject, ...]) -> list[str]:
    """The names “Face”, or “Face 1”, “Face 2” from left to right where there are several."""
    counts = Counter(subject.kind for subject in subjects)
    names = []
    for subject in subjects:
        same = sorted(x.frame.x for x in subjects if x.kind == subject.kind)
        number = f" {same.index(subject.frame.x) + 1}" if counts[subject.kind] > 1 else ""
        names.append(f"{subject.kind.capitalize()}{number}")
    return names
