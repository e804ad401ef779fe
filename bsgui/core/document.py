"""What is open: a photo, its decomposition, and the stack with its history. Knows nothing of windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .decomposition import Decomposition
from .events import Event
from .history import History
from .layers import LayerStack, LayerState, edit_layer
from .photo import Photo
from .sources import LayerSource


@dataclass(frozen=True, eq=False)
class DocumentState:
    """One undoable state. A new decomposition is an entry like any edit; it keeps the old one alive.

    Two states are equal when they show the same stack of the same layers, whatever is known about these.
    """

    decomposition: Decomposition | None
    stack: LayerStack

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DocumentState):
            return NotImplemented
        return self._source is other._source and self.stack == other.stack

    def __hash__(self) -> int:
        return hash((id(self._source), self.stack))

    @property
    def _source(self) -> LayerSource | None:
        return None if self.decomposition is None else self.decomposition.source


_EMPTY = DocumentState(None, LayerStack(()))


class Document:
    """The open document. Thread: one, the GUI thread in the app.

    Events:
        photo_changed(): another photo was opened; everything else was reset.
        decomposition_changed(): other layers; the stack changed with them.
        content_changed(): the same layers hold other pixels, for now or as a step; see :meth:`preview_content` and
            :meth:`change_content`.
        figures_changed(): the content has been measured; see :meth:`update_figures` and :meth:`change_content`.
        stack_changed(): some layer's settings, order or name changed.
        history_changed(): undo/redo availability or labels changed.
    """

    def __init__(self) -> None:
        self.photo: Photo | None = None
        self._history: History[DocumentState] = History(_EMPTY)
        self._preview: Decomposition | None = None
        self._rough: LayerSource | None = None
        self.photo_changed: Event[[]] = Event()
        self.decomposition_changed: Event[[]] = Event()
        self.content_changed: Event[[]] = Event()
        self.figures_changed: Event[[]] = Event()
        self.stack_changed: Event[[]] = Event()
        self.history_changed: Event[[]] = Event()

    @property
    def decomposition(self) -> Decomposition | None:
        """The layers' content, a preview of it while there is one, or None before the first decomposition."""
        return self._preview or self._history.state.decomposition

    @property
    def kept_decomposition(self) -> Decomposition | None:
        """The layers' content without any preview: what undo, projects and recovery go by."""
        return self._history.state.decomposition

    @property
    def stack(self) -> LayerStack:
        """The layer stack; empty before the first decomposition."""
        return self._history.state.stack

    @property
    def history(self) -> History[DocumentState]:
        """Undo labels and the clean mark; change it through the document only."""
        return self._history

    def open_photo(self, photo: Photo | None) -> None:
        """Show another photo (None closes): no layers yet, empty history."""
        self.photo, self._preview, self._rough = photo, None, None
        self._history = History(_EMPTY)
        self.photo_changed.emit()
        self._tell_of_layers()

    def open_decomposition(self, decomposition: Decomposition, stack: LayerStack | None = None) -> None:
        """Show a photo that comes with layers (an opened stack or project): empty history."""
        self.photo, self._preview, self._rough = decomposition.photo, None, None
        self._history = History(DocumentState(decomposition, stack or decomposition.initial_stack()))
        self.photo_changed.emit()
        self._tell_of_layers()

    def set_decomposition(self, decomposition: Decomposition, label: str = "Decompose") -> None:
        """Replace the layers of the open photo.

        The first decomposition of a photo cannot be undone (there is nothing to go back to); later ones can.
        """
        first = self.kept_decomposition is None or self.is_rough
        self._preview = self._rough = None
        if first:
            self._begin(decomposition)
        else:
            self._history.record(label, DocumentState(decomposition, decomposition.initial_stack()))
            self._tell_of_layers()

    def _begin(self, decomposition: Decomposition) -> None:
        self._history = History(DocumentState(decomposition, decomposition.initial_stack()))
        self._tell_of_layers()

    def _tell_of_layers(self) -> None:
        self.decomposition_changed.emit()
        self.stack_changed.emit()
        self.history_changed.emit()

    @property
    def is_rough(self) -> bool:
        """Whether the layers only stand in for those that are still being made; see :meth:`show_rough`."""
        kept = self.kept_decomposition
        return kept is not None and kept.source is self._rough

    def show_rough(self, decomposition: Decomposition) -> None:
        """Show and edit the open photo's first layers before they are what they will be; then :meth:`refine` them.

        Rough layers may follow each other. Does nothing where there are real ones.
        """
        # Known to be rough before anybody is told of them.
        if self.kept_decomposition is None:
            self._rough = decomposition.source
            self._begin(decomposition)
        elif self.is_rough and _are_same_layers(decomposition, self.kept_decomposition):
            self._put_in_place(decomposition, decomposition.source)

    def refine(self, decomposition: Decomposition) -> None:
        """Put the real layers in place of the rough ones, in every state: no step, and edits and undo stay as they are.

        Raises:
            ValueError: its layers are not those of the document, or these are not rough.
        """
        if not self.is_rough or not _are_same_layers(decomposition, self.kept_decomposition):
            raise ValueError("there are no rough layers of this kind")
        self._put_in_place(decomposition, None)

    def _put_in_place(self, decomposition: Decomposition, still_rough: LayerSource | None) -> None:
        rough, self._rough = self._rough, still_rough

        def refined(state: DocumentState) -> DocumentState:
            return DocumentState(decomposition, state.stack) if state._source is rough else state

        self._history.map(refined)
        self.content_changed.emit()
        self.figures_changed.emit()

    def discard_rough(self) -> None:
        """The layers that were to come do not: the photo has none again."""
        if self.is_rough:
            self.open_photo(self.photo)

    def preview_content(self, decomposition: Decomposition | None) -> None:
        """Show other pixels in the same layers for now, or with None the kept ones again; no step, nothing to undo.

        Edits go on meanwhile. A preview also ends with the next change of the layers themselves.

        Raises:
            ValueError: its layers are not those of the document.
        """
        if decomposition is not None and not _are_same_layers(decomposition, self.kept_decomposition):
            raise ValueError("a preview of other layers")
        if decomposition is not self._preview:
            self._preview = decomposition
            self.content_changed.emit()

    def replace_content(self, decomposition: Decomposition, label: str) -> None:
        """Give the layers other pixels as one undoable step; gains, names and order stay as the person has set them.

        Raises:
            ValueError: its layers are not those of the document.
        """
        if not _are_same_layers(decomposition, self.kept_decomposition):
            raise ValueError("the content of other layers")
        self._preview = None
        self._history.record(label, DocumentState(decomposition, self.stack))
        self.decomposition_changed.emit()
        self.history_changed.emit()

    def change_content(self, decomposition: Decomposition, label: str, merge_key: object = None) -> None:
        """Like :meth:`replace_content`, for steps as small as those of a drag: the layers themselves stay.

        Args:
            decomposition: the same layers with other pixels; a layer more or less is one with or without other styles,
                and the others keep what the person has set.
            label: for the undo menu.
            merge_key: see :meth:`History.record`.

        Raises:
            ValueError: it is of another photo, or there are no layers.
        """
        before = self.kept_decomposition
        if before is None or before.photo is not decomposition.photo:
            raise ValueError("the content of other layers")
        self._preview = None
        if not _are_same_layers(decomposition, before):
            self._history.record(label, DocumentState(decomposition, decomposition.fitted_stack(self.stack)), merge_key)
            self._tell_of_layers()
            return
        self._history.record(label, DocumentState(decomposition, self.stack), merge_key)
        self.content_changed.emit()
        if before.layers != decomposition.layers:
            self.figures_changed.emit()
        self.history_changed.emit()

    def update_figures(self, measured: Decomposition) -> None:
        """What was found out about layers that the document holds, or held: no step, and nothing becomes unsaved.

        Args:
            measured: with the very source of those layers; its figures take the place of theirs in all states.
        """

        def with_figures(state: DocumentState) -> DocumentState:
            same = state.decomposition is not None and state.decomposition.source is measured.source
            return DocumentState(measured, state.stack) if same else state

        self._history.map(with_figures)
        self.figures_changed.emit()

    def edit(self, label: str, change: Callable[[LayerStack], LayerStack], merge_key: object = None) -> None:
        """Apply a pure edit to the stack; if it raises, nothing has changed.

        Args:
            label: for the undo menu.
            change: ``LayerStack -> LayerStack``.
            merge_key: see :meth:`History.record`.
        """
        state = DocumentState(self.kept_decomposition, change(self.stack))
        if self._history.record(label, state, merge_key):
            self.stack_changed.emit()
            self.history_changed.emit()

    def edit_layer(self, layer_id: str, label: str, merge_key: object = None, **changes: object) -> None:
        """Shorthand for :meth:`edit` with :func:`~bsgui.core.layers.edit_layer`."""
        self.edit(label, lambda stack: edit_layer(stack, layer_id, **changes), merge_key)

    def layer(self, layer_id: str) -> LayerState:
        """The settings of one layer."""
        return self.stack[layer_id]

    def undo(self) -> None:
        """Take the last step back, if any."""
        self._travel(self._history.undo)

    def redo(self) -> None:
        """Do the last undone step again, if any."""
        self._travel(self._history.redo)

    def mark_clean(self) -> None:
        """The present state is saved."""
        self._history.mark_clean()
        self.history_changed.emit()

    def _travel(self, step: Callable[[], bool]) -> None:
        before = self.kept_decomposition
        if step():
            if self.kept_decomposition is not before:
                self._preview = None
                self.decomposition_changed.emit()
            self.stack_changed.emit()
            self.history_changed.emit()


def _are_same_layers(one: Decomposition, other: Decomposition | None) -> bool:
    if other is None or one.photo is not other.photo:
        return False
    return [layer.id for layer in one.layers] == [layer.id for layer in other.layers]
