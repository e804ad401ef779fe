"""Taking the open photo apart: request, progress, cancel, result. The worker owns the model; this owns the worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from bsgui.core.decomposition import Decomposition
from bsgui.core.document import Document
from bsgui.core.layers import LayerStack
from bsgui.core.requests import Decomposer, DecomposeRequest, DecomposeSettings
from bsgui.core.styled_layers import in_own_style
from bsgui.tasks.latest import LatestWinsWorker
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import OutcomeBridge
from bsgui.ui.panels.notices import NoticeStack


class DecomposeController(QObject):
    """Runs decompositions of the document's photo, the latest request wins. Thread: GUI.

    Args:
        document: gets the result.
        factory: makes the engine; called on the worker thread, at the first request.
        notices: get what a person should know.
        report_bug: takes the title and the text of an unexpected failure.

    Signals:
        busy_changed(bool): a decomposition runs or waits.
        progressed(Progress): how far it is.
        decomposed(DecomposeSettings): the document has got the layers that these settings gave.
    """

    busy_changed = Signal(bool)
    progressed = Signal(object)
    decomposed = Signal(object)

    def __init__(
        self,
        document: Document,
        factory: Callable[[], Decomposer],
        notices: NoticeStack,
        report_bug: Callable[[str, str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._notices, self._report_bug = document, notices, report_bug
        self._bridge = OutcomeBridge(self)
        self._worker = LatestWinsWorker(factory, self._bridge.post)
        self._request: DecomposeRequest | None = None
        self._put: Callable[[Decomposition], None] = self._put_new
        self._arriving: DecomposeSettings | None = None
        self._bridge.progressed.connect(self._on_progressed)
        self._bridge.previewed.connect(self._on_previewed)
        self._bridge.finished.connect(self._on_finished)
        self._bridge.failed.connect(self._on_failed)
        self._bridge.stopped.connect(self._on_stopped)
        document.photo_changed.connect(self._on_photo_changed)
        self.last_settings: DecomposeSettings | None = None
        """What the present layers were made with; None for layers that were read from files."""

    @property
    def is_busy(self) -> bool:
        """Whether a result is waited for."""
        return self._request is not None

    @property
    def is_preparing(self) -> bool:
        """Whether the engine is being made though nothing was asked for."""
        return self._worker.is_preparing

    def prepare(self) -> None:
        """Have the engine made on its thread, while the person looks for a photo."""
        self._worker.prepare()

    @property
    def asked_settings(self) -> DecomposeSettings | None:
        """The very settings of the request whose result is waited for."""
        return None if self._request is None else self._request.settings

    def decompose(self, settings: DecomposeSettings, stack: LayerStack | None = None, recovered: bool = False) -> None:
        """Ask for the open photo's layers.

        Args:
            settings: what decides them.
            stack: edits to lay over the result, from a project; they are the new document's clean state.
            recovered: the edits were never saved: they are one undoable step instead.
        """
        document = self._document
        is_first = stack is None and (document.kept_decomposition is None or document.is_rough)
        self._ask(settings, partial(self._put_new, stack=stack, recovered=recovered), is_first)

    def change_content(
        self, settings: DecomposeSettings, label: str, adjust: Callable[[Decomposition], Decomposition]
    ) -> None:
        """Ask for other pixels in the layers there are: gains, names and order stay, and it is one step to undo.

        Args:
            settings: the ones of the present layers, with other styles.
            label: for the undo menu.
            adjust: what has been asked for meanwhile and needs no network; called with the result.
        """

        def put(made: Decomposition) -> None:
            if self._document.is_rough:
                self._document.refine(in_own_style(made))
            self._document.change_content(adjust(made), label)

        self._ask(settings, put)

    def restore(
        self, decomposition: Decomposition, settings: DecomposeSettings, stack: LayerStack, recovered: bool = False
    ) -> None:
        """Show layers of the open photo that a project has kept; see :meth:`decompose`."""
        self.cancel()
        self._arrive(decomposition, settings, partial(self._put_new, stack=stack, recovered=recovered))

    def cancel(self) -> None:
        """Stop; the layers there are stay."""
        if self.is_busy:
            self._worker.cancel()
            self._bridge.follow(None)
            self._end_with_nothing()

    def close(self, timeout: float) -> bool:
        """Cancel, and wait for the worker; whether it has ended."""
        self._bridge.follow(None)
        self._request = None
        return self._worker.close(timeout)

    def _on_progressed(self, progress: object) -> None:
        self.progressed.emit(progress)

    def _on_previewed(self, decomposition: Decomposition) -> None:
        request = self._request
        if request is not None and decomposition.photo is self._document.photo:
            self._document.show_rough(decomposition)
            self.last_settings = request.settings

    def _on_finished(self, decomposition: Decomposition) -> None:
        request, put = self._request, self._put
        self._end()
        if request is not None and decomposition.photo is self._document.photo:
            self._arrive(decomposition, request.settings, put)

    def _ask(
        self, settings: DecomposeSettings, put: Callable[[Decomposition], None], wants_previews: bool = False
    ) -> None:
        photo = self._document.photo
        if photo is None:
            return
        was_busy = self.is_busy
        self._request, self._put = DecomposeRequest(photo, settings), put
        self._bridge.follow(self._worker.submit(self._request, wants_previews))
        if not was_busy:
            self.busy_changed.emit(True)

    def _arrive(
        self,
        decomposition: Decomposition,
        settings: DecomposeSettings,
        put: Callable[[Decomposition], None],
    ) -> None:
        self.last_settings = self._arriving = settings
        put(decomposition)
        self._arriving = None
        for note in decomposition.notes:
            self._notices.info(note)
        self.decomposed.emit(settings)

    def _put_new(
        self,
        decomposition: Decomposition,
        stack: LayerStack | None = None,
        recovered: bool = False,
    ) -> None:
        if stack is None and self._document.is_rough and _same_layers(decomposition, self._document.stack):
            self._document.refine(decomposition)
        elif stack is None:
            self._document.set_decomposition(decomposition)
        elif recovered:
            self._document.open_decomposition(decomposition)
            self._document.edit("Recover Edits", lambda _: decomposition.fitted_stack(stack))
        else:
            self._document.open_decomposition(decomposition, decomposition.fitted_stack(stack))

    def _on_failed(self, failed: Failed) -> None:
        self._end_with_nothing()
        if failed.is_bug:
            self._report_bug("The photo could not be taken apart.", failed.traceback)
        else:
            self._notices.error(failed.user_message, getattr(failed.error, "detail", ""))

    def _on_stopped(self) -> None:
        self._end_with_nothing()

    def _end_with_nothing(self) -> None:
        self._end()
        self._document.discard_rough()

    def _end(self) -> None:
        if self._request is not None:
            self._request = None
            self.busy_changed.emit(False)

    def _on_photo_changed(self) -> None:
        if self._request is not None and self._document.photo is not self._request.photo:
            self.cancel()
        # Layers that were read from files, and photos without layers, were not made with any.
        self.last_settings = self._arriving


def _same_layers(decomposition: Decomposition, stack: LayerStack) -> bool:
    return {layer.id for layer in decomposition.layers} == {layer.id for layer in stack.layers}
