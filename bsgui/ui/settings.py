"""What the program remembers between starts: one frozen value, kept as JSON."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QIODevice, QObject, QSaveFile, Signal

VERSION = 1
RECENT_LIMIT = 12

_log = logging.getLogger(__name__)

THEMES = ("system", "dark", "light")
DEVICES = ("auto", "cpu", "cuda", "mps")
DEPTHS = (16, 8)


@dataclass(frozen=True)
class Settings:
    """The preferences.

    Attributes:
        theme: one of ``THEMES``.
        device: one of ``DEVICES``; what new decompositions are asked to run on.
        auto_decompose: whether a photo is taken apart as soon as it is open.
        model: id of the model that was chosen last; "" leaves the choice to the program.
        export_folder: where exports go; "" for beside the photo.
        export_depth: bits a sample of exported layers, 16 or 8.
        max_megapixels: larger photos are refused before they are decoded.
        recent: paths opened last, newest first.
    """

    theme: str = "dark"
    device: str = "auto"
    auto_decompose: bool = True
    model: str = ""
    export_folder: str = ""
    export_depth: int = 16
    max_megapixels: int = 200
    recent: tuple[str, ...] = ()


_CHOICES: dict[str, tuple[Any, ...]] = {"theme": THEMES, "device": DEVICES, "export_depth": DEPTHS}


def settings_from_json(data: Any) -> Settings:
    """Settings from a parsed JSON value; whatever is missing or makes no sense gets its default."""
    if not isinstance(data, dict):
        return Settings()
    good = {x.name: data[x.name] for x in fields(Settings) if x.name in data and _makes_sense(x.name, data[x.name])}
    if "recent" in good:
        good["recent"] = tuple(good["recent"])[:RECENT_LIMIT]
    return Settings(**good)


def _makes_sense(name: str, value: Any) -> bool:
    if name == "recent":
        return isinstance(value, list) and all(isinstance(path, str) for path in value)
    if name == "max_megapixels":
        return type(value) is int and 1 <= value <= 10_000
    if name in _CHOICES:
        return value in _CHOICES[name]
    return type(value) is type(getattr(Settings(), name))


class SettingsStore(QObject):
    """The settings and their file. Thread: GUI.

    Args:
        path: the JSON file; need not exist.

    Signals:
        changed(Settings): some preference changed.
    """

    changed = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._unknown: dict[str, Any] = {}
        self._value = self._read()

    @property
    def value(self) -> Settings:
        """The present settings."""
        return self._value

    def update(self, **changes: Any) -> None:
        """Change some fields, save, and tell; a file that cannot be written is logged, not fatal."""
        value = replace(self._value, **changes)
        if value != self._value:
            self._value = value
            self._write()
            self.changed.emit(value)

    def remember_recent(self, path: Path) -> None:
        """Put a path first in the list of recent files."""
        first = str(path.absolute())
        others = [x for x in self._value.recent if x != first]
        self.update(recent=(first, *others)[:RECENT_LIMIT])

    def forget_recent(self, path: Path | None = None) -> None:
        """Take one path, or with None all, off the list of recent files."""
        kept = () if path is None else tuple(x for x in self._value.recent if x != str(path))
        self.update(recent=kept)

    def _read(self) -> Settings:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("settings %s not read, using defaults: %s", self._path, error)
            return Settings()
        settings = settings_from_json(data)
        if isinstance(data, dict):
            # Keys of a later version survive a visit by this one.
            self._unknown = {k: v for k, v in data.items() if k not in asdict(settings) and k != "version"}
        return settings

    def _write(self) -> None:
        text = json.dumps({"version": VERSION, **self._unknown, **asdict(self._value)}, indent=2, ensure_ascii=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _log.warning("settings folder %s not made: %s", self._path.parent, error)
            return
        # QSaveFile writes beside the file, syncs and renames: never half a file.
        file = QSaveFile(str(self._path))
        done = file.open(QIODevice.OpenModeFlag.WriteOnly) and file.write(text.encode()) >= 0 and file.commit()
        if not done:
            _log.warning("settings %s not written: %s", self._path, file.errorString())
