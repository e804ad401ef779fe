"""When the program itself is wrong: what happened, as a report to copy. The window stays open."""

from __future__ import annotations

import platform
from pathlib import Path

from PySide6.QtCore import QUrl, qVersion
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from bsgui import __version__
from bsgui.ui.described import described


class CrashDialog(QDialog):
    """Shows a bug report.

    Args:
        title: one sentence: what did not work.
        report: see :func:`bug_report`.
        log_folder: where the log is.
    """

    def __init__(self, title: str, report: str, log_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something Went Wrong")
        self.resize(640, 420)
        self._log_folder = log_folder
        sentence = QLabel(
            f"<b>{title}</b><br>This is a fault in the program, not in what you did. Your edits are kept. The report "
            "below helps to mend it; it is in the log too."
        )
        sentence.setWordWrap(True)
        self.report = described(QPlainTextEdit(report, readOnly=True), "Report")
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy Report", QDialogButtonBox.ButtonRole.ActionRole)
        show = buttons.addButton("Show Log", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self.copy)
        show.clicked.connect(self._show_log)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(sentence)
        column.addWidget(self.report, 1)
        column.addWidget(buttons)

    def copy(self) -> None:
        """Put the report on the clipboard."""
        QGuiApplication.clipboard().setText(self.report.toPlainText())

    def _show_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_folder)))


def bug_report(title: str, traceback_text: str) -> str:
    """The traceback, with the versions that matter."""
    from importlib import metadata  # Slow to import, for what is hardly ever seen.

    versions = [f"bsgui {__version__}", f"Python {platform.python_version()}", f"Qt {qVersion()}"]
    for package in ("torch", "numpy", "opencv-python-headless"):
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{package} not installed")
    return f"{title}\n\n{', '.join(versions)}\n{platform.platform()}\n\n{traceback_text}"
