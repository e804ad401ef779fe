"""What can be opened, and reading it. Thread: any; nothing here touches a widget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bsgui.core.decomposition import Decomposition
from bsgui.core.layers import LayerStack
from bsgui.core.photo import Photo
from bsgui.core.requests import CancelToken, DecomposeSettings, ProgressCallback
from bsgui.imageio.limits import ReadLimits
from bsgui.imageio.open_stack import open_stack
from bsgui.imageio.project_file import SUFFIX, Project, ProjectError, load_project
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.read_stack import is_stack

from .projects import Recovered

_FORMATS = "jpg jpeg png tif tiff webp bmp gif avif jp2 ppm pgm tga"
PROJECT_SUFFIX = SUFFIX
PHOTO_SUFFIXES = tuple(f".{x}" for x in (*_FORMATS.split(), *_FORMATS.upper().split()))


@dataclass(frozen=True, eq=False)
class OpenedStack:
    """Layers read from an exported folder, with the settings in its manifest."""

    decomposition: Decomposition
    stack: LayerStack


@dataclass(frozen=True, eq=False)
class OpenedProject:
    """A project's photo, and what to do with it.

    Attributes:
        photo: the photo.
        settings: how to take it apart.
        stack: what to lay over the layers then.
        path: the project file; None for recovered work that was never saved.
        recovered: where the work was kept, if it comes from a crash; it is unsaved then.
        warning: what is not as it was when the project was saved, or "".
        decomposition: the layers, where the project keeps them; else they are to be made.
    """

    photo: Photo
    settings: DecomposeSettings
    stack: LayerStack
    path: Path | None
    recovered: Recovered | None = None
    warning: str = ""
    decomposition: Decomposition | None = None


Opened = Photo | OpenedStack | OpenedProject


def read_any(path: Path, limits: ReadLimits, report: ProgressCallback, cancel: CancelToken) -> Opened:
    """Read a photo, an exported stack (its folder or manifest) or a project.

    Raises:
        BsguiError: it cannot be read; the sentence names it and the reason.
    """
    if path.suffix.lower() == PROJECT_SUFFIX:
        return _opened(load_project(path), path, limits)
    # A folder without a manifest is better refused as a stack than as a photo.
    if path.is_dir() or is_stack(path):
        return OpenedStack(*open_stack(path, limits, report, cancel))
    return read_photo(path, limits)


def read_recovered(recovered: Recovered, limits: ReadLimits) -> Opened:
    """Read the photo of work that a crash has left.

    Raises:
        BsguiError: the photo cannot be read.
    """
    project = recovered.recovery.project
    return _opened(project, project.path, limits, recovered)


def _opened(
    project: Project, path: Path | None, limits: ReadLimits, recovered: Recovered | None = None
) -> Photo | OpenedProject:
    if not project.photo_path:
        name = path.name if path is not None else "the recovered work"
        raise ProjectError(f"“{name}” cannot be opened: its photo was pasted and is in no file.")
    photo = read_photo(Path(project.photo_path), limits)
    if project.settings is None:
        return photo
    changed = bool(project.photo_sha256) and project.photo_sha256 != photo.sha256
    warning = f"“{photo.name}” is not the same file as when the project was saved: its layers will differ."
    # Maps that were fitted to another picture would only spoil this one: its layers are made anew.
    layers = None if changed or project.adapted is None else project.adapted.decomposition(photo)
    return OpenedProject(photo, project.settings, project.stack, path, recovered, warning if changed else "", layers)
