"""Other styles for single branches: choosing one lets the network run again, blending with it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from bsgui.core.decomposition import Decomposition
from bsgui.core.document import Document
from bsgui.core.fidelity import with_figures
from bsgui.core.model_card import ModelCard
from bsgui.core.requests import DecomposeSettings, settings_of
from bsgui.core.styled_layers import StyledLayers, TwoRuns, restyled, style_changes
from bsgui.core.styles import BranchStyle, Styles, branch_of, style_of, with_style, without_style
from bsgui.ui.bridge import LatestJob
from bsgui.ui.panels.notices import NoticeStack

from .adapt_controller import AdaptController
from .decompose_controller import DecomposeController

_FIGURES_DELAY_MS = 250
_COMPARED_SIDE = 256


class StyleController(QObject):
    """What a person does to the styles of branches. Thread: GUI.

    A style that is chosen is a request to the worker, and the result one step to undo. Its alpha then is live: the two
    runs' small maps are at hand. The figures of a blend (energy, fidelity) are measured when it has come to rest.

    Args:
        document: whose layers.
        decompose: runs the network.
        adapt: no style can be changed while it trains.
        cards: the installed models.
        notices: get what a person should know.

    Signals:
        changed(): some style, or whether styles can be chosen.
    """

    changed = Signal()

    def __init__(
        self,
        document: Document,
        decompose: DecomposeController,
        adapt: AdaptController,
        cards: Sequence[ModelCard],
        notices: NoticeStack,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._decompose, self._adapt, self._notices = document, decompose, adapt, notices
        self._cards: Mapping[str, ModelCard] = {card.id: card for card in cards}
        self._asked: tuple[Decomposition, DecomposeSettings] | None = None
        self._wanted: Styles = ()
        self._measuring = LatestJob("figures", self)
        self._measuring.finished.connect(document.update_figures)
        self._compared: TwoRuns | None = None
        self._changes: dict[int, float] = {}
        self._comparing = LatestJob("styles", self)
        self._comparing.finished.connect(self._on_compared)
        self._rest = QTimer(self, singleShot=True, interval=_FIGURES_DELAY_MS)
        self._rest.timeout.connect(self._measure)
        document.content_changed.connect(self._on_content_changed)
        document.decomposition_changed.connect(self._on_layers_changed)
        decompose.busy_changed.connect(self.changed)
        adapt.busy_changed.connect(self.changed)

    @property
    def is_waiting(self) -> bool:
        """Whether the network runs for a style that was chosen."""
        return self._pending is not None

    @property
    def card(self) -> ModelCard | None:
        """The model of the layers, if it is installed."""
        decomposition = self._document.kept_decomposition
        return None if decomposition is None else self._cards.get(decomposition.provenance.model)

    @property
    def own(self) -> tuple[str, int]:
        """Domain and seed of the photo's own style."""
        decomposition = self._document.kept_decomposition
        return ("", 0) if decomposition is None else (decomposition.provenance.domain, decomposition.provenance.seed)

    def why_not(self, layer_id: str) -> str:
        """Why a layer's style cannot be changed, for people; "" if it can."""
        if not branch_of(layer_id):
            return "Only the network’s branches have styles."
        if self._decompose.last_settings is None:
            return "These layers were read from files: no model can run again for other styles."
        if self.card is None:
            return "The model of these layers is not installed here."
        if self._adapt.is_busy:
            return "The model is being adapted: styles can be changed when it is done."
        if self._document.layer(layer_id).locked:
            return f"“{self._document.layer(layer_id).name}” is locked."
        return ""

    def refused(self, layer_id: str) -> bool:
        """Whether a layer's style cannot be changed; the person is told why."""
        reason = self.why_not(layer_id)
        if reason:
            self._notices.info(reason)
        return bool(reason)

    def style(self, layer_id: str) -> BranchStyle | None:
        """The other style of a layer, also one that is on its way; None where it has only the photo's own."""
        return style_of(self._styles, branch_of(layer_id))

    def change(self, layer_id: str) -> float | None:
        """How far a layer's other style is from its own, see :func:`style_changes`; None while nobody knows."""
        return self._changes.get(branch_of(layer_id)) if not self.is_waiting else None

    def choose(self, layer_id: str, domain: str, seed: int) -> None:
        """Another style for a branch; its alpha stays, or is 1 if it had none."""
        before = self.style(layer_id)
        style = BranchStyle(branch_of(layer_id), domain, seed, 1.0 if before is None else before.alpha)
        self._change(layer_id, with_style(self._styles, style), f"Style of {self._name(layer_id)}")

    def blend(self, layer_id: str, alpha: float, gesture: object = None) -> None:
        """How much of the other style there is, 0..1; changes of one gesture are one undo step."""
        before = self.style(layer_id)
        if before is not None:
            styles = with_style(self._styles, replace(before, alpha=min(max(alpha, 0.0), 1.0)))
            key = None if gesture is None else ("style", layer_id, gesture)
            self._change(layer_id, styles, f"Blend of {self._name(layer_id)}", key)

    def reset(self, layer_id: str) -> None:
        """Only the photo's own style for a layer."""
        if self.style(layer_id) is not None:
            styles = without_style(self._styles, branch_of(layer_id))
            self._change(layer_id, styles, f"Own Style of {self._name(layer_id)}")

    def close(self, timeout: float) -> bool:
        """Stop measuring; whether the thread has ended."""
        self._rest.stop()
        ended = self._measuring.close(timeout)
        return self._comparing.close(timeout) and ended

    # ---- changes -------------------------------------------------------------------------------------------

    @property
    def _styles(self) -> Styles:
        if self._pending is not None:
            return self._wanted
        decomposition = self._document.kept_decomposition
        return () if decomposition is None else decomposition.provenance.styles

    @property
    def _pending(self) -> tuple[Decomposition, DecomposeSettings] | None:
        """The layers that the worker is to restyle, and how; None when it does nothing, or something else."""
        asked = self._asked
        return asked if asked is not None and self._decompose.asked_settings is asked[1] else None

    def _change(self, layer_id: str, styles: Styles, label: str, merge_key: object = None) -> None:
        if not self.refused(layer_id) and styles != self._styles:
            self._apply(styles, label, merge_key)

    def _apply(self, styles: Styles, label: str, merge_key: object) -> None:
        decomposition, before = self._document.kept_decomposition, self._decompose.last_settings
        assert decomposition is not None
        assert before is not None
        live = _blended(decomposition, styles)
        if live is not None:
            self._give_up()
            self._document.change_content(live, label, merge_key)
            self._rest.start()
        elif self._pending is not None and _fit(styles, self._pending[1].styles):
            # The runs on their way will do: a drag must not start them anew with each step.
            self._wanted = styles
            self.changed.emit()
        else:
            self._wanted = styles
            settings = replace(settings_of(decomposition.provenance, before.device), styles=styles)
            self._asked = decomposition, settings
            self._decompose.change_content(settings, label, self._arrived)
            self.changed.emit()

    def _arrived(self, made: Decomposition) -> Decomposition:
        asked, wanted = self._asked, self._wanted
        self._asked = None
        if asked is not None and asked[0].provenance.adapted_steps:
            self._notices.info("The layers were made anew for the other style, without what adapting had added.")
        live = _blended(made, wanted)
        if live is None or wanted == made.provenance.styles:
            return made
        self._rest.start()
        return live

    def _give_up(self) -> None:
        """What is on its way is not wanted any more."""
        if self._pending is not None:
            self._decompose.cancel()
        self._asked = None

    def _on_layers_changed(self) -> None:
        if self._asked is not None and self._asked[0] is not self._document.kept_decomposition:
            self._give_up()
        self._on_content_changed()

    def _on_content_changed(self) -> None:
        self._compare()
        self.changed.emit()

    # ---- figures -------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        decomposition = self._document.kept_decomposition
        if decomposition is not None:
            self._measuring.run(lambda report, cancel: with_figures(decomposition, cancel))

    def _compare(self) -> None:
        decomposition = self._document.kept_decomposition
        source = None if decomposition is None else decomposition.source
        runs = source.runs if isinstance(source, StyledLayers) else None
        if runs is self._compared:
            return
        self._compared, self._changes = runs, {}
        if runs is None or decomposition is None:
            self._comparing.cancel()
        else:
            view = decomposition.subject_view(_COMPARED_SIDE)
            self._comparing.run(lambda report, cancel: style_changes(runs, view, cancel))

    def _on_compared(self, changes: dict[int, float]) -> None:
        self._changes = changes
        self.changed.emit()

    def _name(self, layer_id: str) -> str:
        return self._document.layer(layer_id).name


def _blended(decomposition: Decomposition, styles: Styles) -> Decomposition | None:
    return decomposition if styles == decomposition.provenance.styles else restyled(decomposition, styles)


def _fit(styles: Styles, asked: Styles) -> bool:
    """Whether the styles need no other runs than the ones that were asked for."""
    made = {(style.branch, style.domain, style.seed) for style in asked}
    return all((style.branch, style.domain, style.seed) in made for style in styles)
