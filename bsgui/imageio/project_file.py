"""Projects: which photo, how it is taken apart, and every layer's settings; a small JSON file without pixels.

A photo, a model and the settings give the same layers again, so that is all there is to keep, unless the model was
adapted to the photo: then the layers' small maps are kept too, about a megabyte. The same file, written by itself
into the state folder after edits, brings them back after a crash.
"""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bsgui.core.blend_mode import MODES, PLAIN
from bsgui.core.errors import BsguiError, ExportError
from bsgui.core.fields import FieldError, Fields
from bsgui.core.frame import read_frame
from bsgui.core.layer_filter import read_filter
from bsgui.core.layers import GAIN_MAX, GAIN_MIN, LayerKind, LayerStack, LayerState
from bsgui.core.manifest import MAX_LAYERS
from bsgui.core.mask import read_mask
from bsgui.core.requests import DecomposeSettings
from bsgui.core.styles import read_styles
from bsgui.core.tint import read_tint

from .atomic import atomic_write, os_reason
from .resource_paths import user_state_folder
from .stored_layers import MAX_TEXT, StoredLayers, stored_layers

SUFFIX = ".bsgui"
SCHEMA, VERSION = "bsgui-project", 1

_MAX_BYTES = (4 << 20) + 2 * MAX_TEXT
_MAX_SIDE = 1 << 20
_NO_LAYERS = LayerStack(())
_DEVICES = ("auto", "cpu", "cuda", "mps")


class ProjectError(BsguiError):
    """A project could not be read: not there, not a project, damaged, of a later version."""

    exit_status = 3


@dataclass(frozen=True)
class Project:
    """What a project file holds.

    Attributes:
        photo_path: the photo, absolute; "" for a pasted picture, which cannot be found again.
        photo_sha256: of the photo's file, to tell whether it is still the same.
        settings: how it was taken apart, or None if it has not been.
        model_sha256: of the model's weights then; "" if unknown.
        stack: the layers' settings; empty without a decomposition.
        path: where the project was read from or last saved; None for one that never was. Not stored in the file.
        adapted: the layers themselves, where the model was adapted to the photo; else None.
    """

    photo_path: str
    photo_sha256: str = ""
    settings: DecomposeSettings | None = None
    model_sha256: str = ""
    stack: LayerStack = _NO_LAYERS
    path: Path | None = None
    adapted: StoredLayers | None = None


@dataclass(frozen=True)
class Recovery:
    """Unsaved work of a process that is gone.

    Attributes:
        file: where it is kept; see :func:`drop_recovery`.
        project: the work; its path is the project file it belongs to, if it was ever saved.
        seconds: when it was kept, Unix time.
    """

    file: Path
    project: Project
    seconds: float


def save_project(path: Path, project: Project) -> None:
    """Write a project, all or nothing; replaces the file that is there. Thread: any; a few milliseconds.

    Raises:
        ExportError: no space, no permission, no such folder.
    """
    _save(path, _to_json(project, path.parent))


def load_project(path: Path) -> Project:
    """Read a project. The photo is looked for where it was, then where it lay relative to the project.

    Raises:
        ProjectError: see there.
    """
    return _from_json(path, _load(path))


def write_recovery(project: Project, key: str) -> Path:
    """Keep unsaved work where the next start finds it; each key of this process has one file. Thread: any.

    Args:
        project: the work.
        key: which of this process's documents; letters, digits and hyphens.

    Raises:
        ExportError: no space, no permission.
    """
    folder = _recovery_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"“{folder}” could not be made: {os_reason(error)}.", repr(error)) from error
    path = folder / f"{os.getpid()}-{key}{SUFFIX}"
    data = _to_json(project, folder)
    process = {"id": os.getpid(), "started": _process_start(os.getpid()) or 0.0}
    _save(path, {**data, "process": process, "seconds": time.time(), "saved_as": str(project.path or "")})
    return path


def read_recoveries() -> list[Recovery]:
    """The work that processes left which did not end properly, latest first; running processes keep theirs.

    Files that cannot be read are skipped: there is nothing a person could do about them.
    """
    found = []
    with suppress(OSError):
        for path in sorted(_recovery_folder().glob(f"*{SUFFIX}")):
            with suppress(ProjectError):
                found += _recovery(path)
    return sorted(found, key=lambda x: -x.seconds)


def drop_recovery(file: Path) -> None:
    """Forget one recovery: the work was saved, recovered or declined. Does nothing if it is gone already."""
    with suppress(OSError):
        file.unlink()


def _recovery_folder() -> Path:
    return user_state_folder() / "recovery"


def _recovery(path: Path) -> list[Recovery]:
    data = _load(path)
    try:
        fields = Fields(data)
        process = fields.object("process")
        process_id, started = process.whole("id", 0, 1 << 40), process.number("started", 0, 1e12)
        seconds, saved_as = fields.number("seconds", 0, 1e12), fields.text("saved_as", "")
    except FieldError as error:
        raise ProjectError(f"“{path.name}” is damaged: {error}.") from error
    # Process ids are given out again; the start time tells whether it is the same process.
    running = _process_start(process_id)
    if running is not None and abs(running - started) < 2:
        return []
    project = replace(_from_json(path, data), path=Path(saved_as) if saved_as else None)
    return [Recovery(path, project, seconds)]


def _process_start(process_id: int) -> float | None:
    import psutil  # The window waits for no module that it comes up without.

    try:
        return float(psutil.Process(process_id).create_time())
    except (psutil.Error, OverflowError, ValueError):
        return None


def _save(path: Path, data: dict[str, Any]) -> None:
    text = json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False)
    try:
        with atomic_write(path) as file:
            file.write(text.encode("ascii"))
    except OSError as error:
        raise ExportError(f"“{path}” could not be written: {os_reason(error)}.", repr(error)) from error


def _load(path: Path) -> Any:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ProjectError(f"“{path.name}” is not a project file.")
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ProjectError(f"“{path.name}” could not be read: there is no such file.") from error
    except OSError as error:
        raise ProjectError(f"“{path.name}” could not be read: {os_reason(error)}.", repr(error)) from error
    if len(text) > _MAX_BYTES:
        raise ProjectError(f"“{path.name}” is too large to be a project file.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"“{path.name}” is not a project file.", repr(error)) from error


def _to_json(project: Project, folder: Path) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "photo": {
            "path": project.photo_path,
            "relative_path": _relative(project.photo_path, folder),
            "sha256": project.photo_sha256,
        },
        "settings": asdict(project.settings) if project.settings else None,
        "model_sha256": project.model_sha256,
        "layers": [{**asdict(layer), "kind": layer.kind.value} for layer in project.stack.layers],
        "adapted": project.adapted.json if project.adapted else None,
    }


def _relative(photo_path: str, folder: Path) -> str:
    if not photo_path:
        return ""
    try:
        return Path(os.path.relpath(photo_path, folder)).as_posix()
    except ValueError:  # Another drive.
        return ""


def _from_json(path: Path, data: Any) -> Project:
    try:
        fields = Fields(data)
        if fields.text("schema", "") != SCHEMA:
            raise ProjectError(f"“{path.name}” is not a project file.")
        if fields.whole("version", 1, 1 << 30) > VERSION:
            raise ProjectError(f"“{path.name}” was written by a later version of the program.")
        photo, settings = fields.object("photo"), fields.optional("settings")
        adapted = fields.optional("adapted")
        return Project(
            photo_path=_find_photo(photo.text("path", ""), photo.text("relative_path", ""), path.parent),
            photo_sha256=photo.sha256("sha256", ""),
            settings=_settings(settings) if settings else None,
            model_sha256=fields.sha256("model_sha256", ""),
            stack=_stack(fields.items("layers", 0, MAX_LAYERS, _layer)),
            path=path,
            adapted=stored_layers(adapted) if adapted else None,
        )
    except FieldError as error:
        raise ProjectError(f"“{path.name}” is damaged: {error}.") from error


def _find_photo(absolute: str, relative: str, folder: Path) -> str:
    if "\0" in absolute or "\0" in relative:
        raise FieldError("photo.path is no path")
    with suppress(OSError):
        if relative and not os.path.lexists(absolute) and (folder / relative).is_file():
            return os.path.normpath(folder / relative)
    return absolute


def _settings(fields: Fields) -> DecomposeSettings:
    return DecomposeSettings(
        model=fields.text("model", limit=255),
        domain=fields.text("domain", "", limit=255),
        seed=fields.whole("seed", 0, 1 << 63, 0),
        size=fields.whole("size", 1, _MAX_SIDE),
        device=fields.choice("device", _DEVICES, "auto"),
        styles=read_styles(fields, MAX_LAYERS),
        splits_light=fields.flag("splits_light", False),
        frame=read_frame(fields),
    )


def _layer(fields: Fields) -> LayerState:
    return LayerState(
        id=fields.text("id", limit=255),
        name=fields.text("name", limit=1024),
        kind=LayerKind(fields.choice("kind", tuple(kind.value for kind in LayerKind))),
        source=fields.whole("source", 0, MAX_LAYERS - 1),
        visible=fields.flag("visible", True),
        muted=fields.flag("muted", False),
        gain=fields.number("gain", GAIN_MIN, GAIN_MAX, 1.0),
        opacity=fields.number("opacity", 0, 1, 1.0),
        locked=fields.flag("locked", False),
        tint=read_tint(fields, "tint"),
        mask=read_mask(fields),
        mode=fields.choice("mode", MODES, PLAIN),
        filter=read_filter(fields),
    )


def _stack(layers: tuple[LayerState, ...]) -> LayerStack:
    if len({layer.id for layer in layers}) < len(layers):
        raise FieldError("two layers have the same id")
    if sorted(layer.source for layer in layers) != list(range(len(layers))):
        raise FieldError("layers must have the sources 0, 1, 2, …, each once")
    return LayerStack(layers)
