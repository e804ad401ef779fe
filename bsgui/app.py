"""The composition root: the only place that knows the window and the engine."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from functools import cache
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

import bsgui.ui  # noqa: F401  First: after it PySide looks at no more imports.
from bsgui import __version__
from bsgui.tasks.quick_imports import quick_imports

with quick_imports():
    from bsgui.core.model_choice import preferred
    from bsgui.core.race import RaceConfig, RaceSession
    from bsgui.core.requests import Adapter, Decomposer, SubjectFinder
    from bsgui.engine.preload import quiet_imports
    from bsgui.imageio.model_store import ModelStore, default_model_folders
    from bsgui.imageio.resource_paths import APP_NAME, resource
    from bsgui.ui.icons import app_icon
    from bsgui.ui.main_window import MainWindow
    from bsgui.ui.services import Services
    from bsgui.ui.settings import SettingsStore
    from bsgui.ui.theme import apply_theme

_LOG_BYTES = 1 << 20
_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window.

    Args:
        argv: arguments without the program's name: at most one photo, stack or project; None for ``sys.argv``.

    Returns:
        The process's exit status.
    """
    arguments = _arguments(sys.argv[1:] if argv is None else argv)
    log_folder = _start_log()
    # A window that is asked to stop by Ctrl-C in its terminal stops; the recovery file keeps the edits.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([APP_NAME])
    app.setApplicationName(APP_NAME)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName(APP_NAME)
    app.setWindowIcon(app_icon())
    services = make_services(log_folder)
    apply_theme(app, services.settings.value.theme)
    services.settings.changed.connect(lambda settings: apply_theme(app, settings.theme))
    window = MainWindow(services)
    window.crashes.install()
    window.show()
    QTimer.singleShot(0, lambda: window.start(arguments.path))
    return app.exec()


def make_services(log_folder: Path) -> Services:
    """Settings, models and folders of this person; the engine only when it is first needed."""
    folders = default_model_folders()
    store = ModelStore(folders)
    cards = tuple(preferred(store.cards()))

    def decomposer() -> Decomposer:
        # torch takes a second to import: on the worker thread, while the window is already up.
        with quiet_imports():
            from bsgui.engine.decomposer import TorchDecomposer

        # A photo is searched as soon as it is open; what that needs is read before, or it would compete with painting.
        finder()
        return TorchDecomposer(store)

    def race(config: RaceConfig) -> RaceSession:
        with quiet_imports():
            from bsgui.analysis.race.training import Race

        return Race(config)

    def adapter() -> Adapter:
        with quiet_imports():
            from bsgui.training.adapt import PhotoAdapter

        return PhotoAdapter(store)

    @cache
    def finder() -> SubjectFinder:
        with quiet_imports():
            from bsgui.engine.finder import HeadFinder

        return HeadFinder().ready()

    return Services(
        decomposer_factory=decomposer,
        adapter_factory=adapter,
        settings=SettingsStore(Path(platformdirs.user_config_dir(APP_NAME, appauthor=False)) / "settings.json"),
        log_folder=log_folder,
        cards=cards,
        model_problems=tuple(x.user_message for x in store.problems),
        model_folders=folders,
        samples=_files("samples", ".jpg", ".jpeg", ".png", ".webp"),
        recordings=_files("recordings", ".safetensors"),
        race_factory=race,
        finder_factory=finder,
    )


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(APP_NAME, description="Take photos apart into layers that add up.")
    parser.add_argument("path", nargs="?", type=Path, help="a photo, a folder of exported layers, or a project")
    return parser.parse_args(argv)


def _files(name: str, *suffixes: str) -> tuple[Path, ...]:
    """The files of these kinds in a folder of the resources."""
    try:
        folder = resource(name)
    except FileNotFoundError:
        return ()
    return tuple(sorted(x for x in folder.iterdir() if x.suffix.lower() in suffixes))


def _start_log() -> Path:
    folder = Path(platformdirs.user_log_dir(APP_NAME, appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            folder / "bsgui.log", maxBytes=_LOG_BYTES, backupCount=3, encoding="utf-8"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    _log.info("bsgui %s starts", __version__)
    return folder
