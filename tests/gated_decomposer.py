"""An engine that waits at a gate, so that tests decide when it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bsgui.core.decomposition import Decomposition, Provenance
from bsgui.core.requests import CancelToken, DecomposeRequest, Progress, ProgressCallback

from .fixtures import framed, make_decomposition, make_styled


@dataclass
class GatedDecomposer:
    """Takes any photo apart at random, once its gate is open; counts and remembers what it was asked."""

    gate: threading.Event = field(default_factory=threading.Event)
    running: threading.Event = field(default_factory=threading.Event)
    requests: list[DecomposeRequest] = field(default_factory=list)
    error: Exception | None = None
    early: bool = False
    """Show first layers, of another seed, before the gate."""

    def decompose(
        self,
        request: DecomposeRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] | None = None,
    ) -> Decomposition:
        """See the protocol."""
        self.requests.append(request)
        report(Progress(1, 2, "Running the network"))
        if self.early and show is not None:
            show(make_decomposition(request.photo, seed=request.settings.seed + 100))
        self.running.set()
        while not self.gate.wait(0.005):
            cancel.raise_if_cancelled()
        cancel.raise_if_cancelled()
        if self.error is not None:
            raise self.error
        asked = request.settings
        if asked.styles:
            made = make_styled(request.photo, asked.styles, seed=asked.seed)
        else:
            made = make_decomposition(request.photo, seed=asked.seed)
        provenance = Provenance(
            asked.model, "0" * 64, asked.domain, asked.seed, asked.size, 8, 8, "cpu, float32", styles=asked.styles
        )
        made = replace(made, provenance=provenance)
        return framed(made, asked.frame) if asked.frame else made
