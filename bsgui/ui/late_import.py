"""A module that is imported beside the window, when something that needs it is first shown."""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, Signal


class LateImport(QObject):
    """Imports a module on a thread of its own, which ends with the program.

    Args:
        module: its full name; importing it must make no Qt objects.
        parent: Qt parent.

    Signals:
        done(): it can be used; or could not be imported, which whoever imports it next is told.

    Thread: GUI.
    """

    done = Signal()
    _arrived = Signal()

    def __init__(self, module: str, parent: QObject) -> None:
        super().__init__(parent)
        self._module = module
        self._is_under_way = False
        self._is_done = module in sys.modules
        self._arrived.connect(self._arrive, Qt.ConnectionType.QueuedConnection)

    @property
    def is_done(self) -> bool:
        """Whether the module is there."""
        return self._is_done

    def start(self) -> None:
        """Begin, unless it has begun."""
        if not self._is_under_way:
            self._is_under_way = True
            threading.Thread(target=self._run, name=f"import {self._module}", daemon=True).start()

    def _run(self) -> None:
        try:
            importlib.import_module(self._module)
        finally:
            # The window may be gone by now.
            with suppress(RuntimeError):
                self._arrived.emit()

    def _arrive(self) -> None:
        self._is_done = True
        self.done.emit()
