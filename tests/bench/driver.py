"""The real window, driven by a benchmark: its own settings, real photos, nothing of it shown to anybody."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


def use_own_folders() -> Path:
    """A new folder that holds settings, caches and logs of this process; call it before anything of Qt is made."""
    folder = Path(tempfile.mkdtemp(prefix="bsgui-bench-"))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(folder / name.lower())
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return folder


class Driver:
    """The app as `bsgui` starts it. Made after :func:`use_own_folders`."""

    def __init__(self, folder: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from bsgui.app import make_services
        from bsgui.ui.main_window import MainWindow
        from bsgui.ui.theme import apply_theme

        self.folder = folder
        self.app = QApplication(["bench"])
        apply_theme(self.app, "dark")
        self.window = MainWindow(make_services(folder / "log"))
        self.window.show()
        self.window.start(None)
        self.app.processEvents()

    def until(self, is_true: Callable[[], bool], what: str, limit: float = 300.0) -> None:
        """Let the window live until something is so."""
        from PySide6.QtCore import QEventLoop

        end = time.perf_counter() + limit
        while not is_true():
            if time.perf_counter() > end:
                raise SystemExit(f"{what}: not within {limit:.0f} s")
            self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)

    @property
    def has_layers(self) -> bool:
        """Whether layers of the open photo are painted, coarse or sharp."""
        window = self.window
        return window.document.decomposition is not None and not window.canvas._is_stale

    @property
    def is_done(self) -> bool:
        """Whether the last layers that were asked for are painted sharp, and nothing else is being made."""
        window = self.window
        busy = window.opener.is_busy or window.models.is_busy or window.decompose.is_busy
        return not busy and window.document.kept_decomposition is not None and window.canvas.is_sharp


def leave() -> NoReturn:
    """End the process at once: nothing of it is to be kept."""
    sys.stdout.flush()
    os._exit(0)
