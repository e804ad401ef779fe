"""Where the files that come with the program are: in a checkout, an installed package, or a frozen app."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs

APP_NAME = "bsgui"


def program_folders() -> tuple[Path, ...]:
    """The folders that may hold ``resources/`` and ``models/``, best first.

    A frozen app unpacks to ``sys._MEIPASS``; a checkout has them beside the package; a wheel inside it.
    """
    package = Path(__file__).resolve().parent.parent
    frozen = getattr(sys, "_MEIPASS", None)
    places = [Path(frozen)] if frozen else []
    return (*places, package.parent, package)


def resource(name: str) -> Path:
    """A file or folder of ``resources/``, such as ``"samples/cat.jpg"``.

    Raises:
        FileNotFoundError: the program was installed without it; a bug in the packaging.
    """
    for folder in program_folders():
        path = folder / "resources" / name
        if path.exists():
            return path
    raise FileNotFoundError(f"resources/{name}")


def user_data_folder() -> Path:
    """The person's own folder for models and the like; it need not exist."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def user_state_folder() -> Path:
    """The person's folder for what the program remembers by itself; it need not exist."""
    return Path(platformdirs.user_state_dir(APP_NAME, appauthor=False))
