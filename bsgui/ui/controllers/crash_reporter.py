"""Bugs go to the log and to a dialog with a report; one dialog at a time."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from bsgui.ui.dialogs.crash import CrashDialog, bug_report

_log = logging.getLogger(__name__)


class CrashReporter(QObject):
    """Takes unexpected exceptions from any thread and shows them on the GUI thread.

    Args:
        log_folder: shown in the dialog.
    """

    _reported = Signal(str, str)

    def __init__(self, log_folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log_folder = log_folder
        self.dialog: CrashDialog | None = None
        self._reported.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def report(self, title: str, details: str) -> None:
        """Log a bug and show its report. Thread: any."""
        _log.error("%s\n%s", title, details)
        self._reported.emit(title, details)

    def install(self) -> None:
        """Take over what would otherwise go to the terminal: ``sys.excepthook`` and ``threading.excepthook``."""
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )

    def _on_exception(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            sys.__excepthook__(kind, error, where)
            return
        self.report(f"Unexpected {kind.__name__}.", "".join(traceback.format_exception(kind, error, where)))

    def _show(self, title: str, details: str) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            # More of the same would bury the first report, which is the one that matters.
            return
        self.dialog = CrashDialog(title, bug_report(title, details), self._log_folder, QApplication.activeWindow())
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.destroyed.connect(self._forget)
        self.dialog.open()

    def _forget(self) -> None:
        self.dialog = None
