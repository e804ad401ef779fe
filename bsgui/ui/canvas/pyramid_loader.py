"""Builds picture pyramids beside the GUI thread, and says when the picture can be drawn better."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from bsgui.core.pyramid import Pyramid
from bsgui.tasks.background import make_room


class _Build:
    """One thread over some pyramids; a newer build or the end of the canvas cancels it between two levels."""

    def __init__(self, pyramids: Sequence[Pyramid], loader: PyramidLoader) -> None:
        self.is_cancelled = threading.Event()
        self.pyramids = pyramids
        self._loader = loader
        self.thread = threading.Thread(target=self._run, name="bsgui-pyramids")

    @property
    def is_at_work(self) -> bool:
        """Whether it goes on, and will tell when it is through."""
        return self.thread.is_alive() and not self.is_cancelled.is_set()

    def _run(self) -> None:
        make_room()
        for pyramid in self.pyramids:
            pyramid.build(self.is_cancelled.is_set)
        if not self.is_cancelled.is_set():
            self._loader.built.emit()


class PyramidLoader(QObject):
    """At most one build at a time that matters; :meth:`close` waits for all that were started.

    Signals:
        built(): the pyramids asked for last are complete; arrives on the loader's thread.

    Thread: create and call on the GUI thread. It must have no parent, so that it outlives its threads.
    """

    built = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._builds: list[_Build] = []

    def load(self, pyramids: Sequence[Pyramid]) -> None:
        """Have these built; until then they answer at once, if coarsely. Forgets earlier ones."""
        missing = [pyramid for pyramid in pyramids if not pyramid.is_complete]
        if self._builds and self._builds[-1].pyramids == missing and self._builds[-1].is_at_work:
            return
        self._cancel()
        for pyramid in missing:
            pyramid.answer_at_once()
        if missing:
            build = _Build(missing, self)
            self._builds.append(build)
            build.thread.start()

    def close(self) -> None:
        """Cancel and wait: at most the time of one level, a third of a second for 100 megapixels."""
        self._cancel()
        for build in self._builds:
            build.thread.join()
        self._builds.clear()

    def _cancel(self) -> None:
        for build in self._builds:
            build.is_cancelled.set()
        self._builds = [build for build in self._builds if build.thread.is_alive()]
