"""Adapting the model to the open photo: start, live preview, finish now, cancel. The training has its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from bsgui.core.decomposition import Decomposition
from bsgui.core.document import Document
from bsgui.core.requests import Adapter, AdaptRequest, CancelToken, ProgressCallback
from bsgui.core.styled_layers import StyledLayers, affine_layers
from bsgui.tasks.outcomes import Failed
from bsgui.ui.bridge import LatestJob
from bsgui.ui.panels.notices import NoticeStack

from .decompose_controller import DecomposeController

STEP_LABEL = "Adapt to This Photo"


class _Run:
    """One training, seen from both threads."""

    def __init__(self, request: AdaptRequest) -> None:
        self.request = request
        self.is_enough = threading.Event()


class AdaptController(QObject):
    """Trains the model on for the open photo, and shows the layers meanwhile. Thread: GUI.

    The person's gains, names and order stay: only what the layers hold changes, as one undoable step. Finishing keeps
    what was reached, cancelling brings back the layers as they were.

    Args:
        document: whose layers; shows previews, and gets the result.
        decompose: knows what the layers were made with; starting a decomposition ends the training.
        factory: makes the engine, on the training's thread, at the first use; None where there is none.
        notices: get what a person should know.
        report_bug: takes the title and the text of an unexpected failure.

    Signals:
        busy_changed(bool): a training runs.
        possible_changed(bool): whether :meth:`adapt` would do something; or :attr:`why_not` says something else.
        progressed(Progress): how much of the time has passed, and the fidelity so far.
        adapted(Decomposition): the document has got the adapted layers.
    """

    busy_changed = Signal(bool)
    possible_changed = Signal(bool)
    progressed = Signal(object)
    adapted = Signal(object)
    _previewed = Signal(object, object)

    def __init__(
        self,
        document: Document,
        decompose: DecomposeController,
        factory: Callable[[], Adapter] | None,
        notices: NoticeStack,
        report_bug: Callable[[str, str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._decompose, self._factory = document, decompose, factory
        self._notices, self._report_bug = notices, report_bug
        self._run: _Run | None = None
        self._told: tuple[bool, str] | None = None
        self._adapter: Adapter | None = None
        # A training that was cancelled ends with its step; the next one waits for it.
        self._one_at_a_time = threading.Lock()
        self._job = LatestJob("adapt", self)
        self._job.progressed.connect(self.progressed)
        self._job.finished.connect(self._on_finished)
        self._job.failed.connect(self._on_failed)
        self._previewed.connect(self._on_previewed, Qt.ConnectionType.QueuedConnection)
        document.decomposition_changed.connect(self._on_layers_changed)
        document.content_changed.connect(self._tell_possible)
        decompose.busy_changed.connect(self._on_decomposing)
        decompose.decomposed.connect(self._tell_possible)

    @property
    def is_busy(self) -> bool:
        """Whether a training runs."""
        return self._run is not None

    @property
    def is_possible(self) -> bool:
        """Whether there are layers that an installed model has made, and nothing else is being made of them."""
        decomposition = self._document.kept_decomposition
        if self._factory is None or decomposition is None or self._decompose.last_settings is None:
            return False
        if self.why_not:
            return False
        return affine_layers(decomposition.source) is not None and not self.is_busy and not self._decompose.is_busy

    @property
    def why_not(self) -> str:
        """What stands against adapting the layers there are; "" where nothing does that would have to be told."""
        decomposition = self._document.kept_decomposition
        if decomposition is None or not decomposition.provenance.styles:
            return ""
        # A project keeps the mix of two runs, not the runs.
        is_mixed = not isinstance(decomposition.source, StyledLayers)
        return "The project keeps these styles as they were mixed: choose one anew, and adapt then." if is_mixed else ""

    def adapt(self) -> None:
        """Start, if it is possible."""
        decomposition, settings = self._document.kept_decomposition, self._decompose.last_settings
        if not self.is_possible or decomposition is None or settings is None:
            return
        run = self._run = _Run(AdaptRequest(decomposition, settings.device))
        self._job.run(lambda report, cancel: self._train(run, report, cancel))
        self.busy_changed.emit(True)
        self._tell_possible()

    def finish(self) -> None:
        """End the training after its step, and keep what was reached."""
        if self._run is not None:
            self._run.is_enough.set()

    def cancel(self) -> None:
        """End the training; the layers are as they were before."""
        if self._run is not None:
            self._job.cancel()
            self._end()
            self._document.preview_content(None)

    def close(self, timeout: float) -> bool:
        """Cancel, and wait for the thread; whether it has ended."""
        self._run = None
        return self._job.close(timeout)

    def _train(self, run: _Run, report: ProgressCallback, cancel: CancelToken) -> Decomposition:
        with self._one_at_a_time:
            cancel.raise_if_cancelled()
            if self._adapter is None:
                assert self._factory is not None
                self._adapter = self._factory()
            return self._adapter.adapt(
                run.request, report, cancel, lambda layers: self._previewed.emit(run, layers), run.is_enough.is_set
            )

    def _on_previewed(self, run: _Run, decomposition: Decomposition) -> None:
        if run is self._run:
            self._document.preview_content(decomposition)

    def _on_finished(self, decomposition: Decomposition) -> None:
        run = self._end()
        if run is None:
            return
        before = run.request.decomposition
        if decomposition is before:
            self._document.preview_content(None)
            self._notices.info("The layers are as good as this model can make them: nothing was changed.")
            return
        self._document.replace_content(decomposition, STEP_LABEL)
        for note in decomposition.notes:
            self._notices.info(note)
        self._notices.info(
            f"Adapted in {decomposition.seconds.get('adapt', 0.0):.0f} s: without the residual "
            f"{before.psnr_without_residual_db:.1f} → {decomposition.psnr_without_residual_db:.1f} dB."
        )
        self.adapted.emit(decomposition)

    def _on_failed(self, failed: Failed) -> None:
        self._end()
        self._document.preview_content(None)
        if failed.is_bug:
            self._report_bug("The model could not be adapted.", failed.traceback)
        else:
            self._notices.error(failed.user_message, getattr(failed.error, "detail", ""))

    def _on_layers_changed(self) -> None:
        if self._run is not None and self._document.kept_decomposition is not self._run.request.decomposition:
            self.cancel()
        self._tell_possible()

    def _on_decomposing(self, busy: bool) -> None:
        if busy:
            self.cancel()
        self._tell_possible()

    def _end(self) -> _Run | None:
        run, self._run = self._run, None
        if run is not None:
            self.busy_changed.emit(False)
            self._tell_possible()
        return run

    def _tell_possible(self, *_: object) -> None:
        # Blending a style comes by here at every step of a drag.
        now = self.is_possible, self.why_not
        if now != self._told:
            self._told = now
            self.possible_changed.emit(self.is_possible)
