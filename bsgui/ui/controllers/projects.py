"""Between the document and project files: what is kept, and what comes back. Thread: any; no widgets."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bsgui.core.decomposition import Provenance
from bsgui.core.layers import LayerStack
from bsgui.core.photo import Photo
from bsgui.core.requests import DecomposeSettings
from bsgui.imageio.project_file import (
    Project,
    Recovery,
    drop_recovery,
    read_recoveries,
    save_project,
    write_recovery,
)
from bsgui.imageio.read_photo import read_photo
from bsgui.imageio.stored_layers import StoredLayers
from bsgui.imageio.write_image import write_image

_KEY = "document"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The document at one moment.

    Attributes:
        photo, provenance, settings, stack: see :class:`~bsgui.core.document.Document`.
        path: the project file it belongs to, or None.
        adapted: the layers, where photo and settings alone do not give them again.
    """

    photo: Photo
    provenance: Provenance
    settings: DecomposeSettings
    stack: LayerStack
    path: Path | None
    adapted: StoredLayers | None = None

    def project(self, photo_path: Path, photo_sha256: str) -> Project:
        """What a project file says about it."""
        settings, model = self.settings, self.provenance.model_sha256
        photo = str(photo_path.absolute())
        return Project(photo, photo_sha256, settings, model, self.stack, self.path, self.adapted)


def save_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a project file; a pasted picture, which has no file yet, is written beside it as PNG.

    Raises:
        ExportError: no space, no permission.
    """
    photo = snapshot.photo
    if photo.path is not None:
        save_project(path, snapshot.project(photo.path, photo.sha256))
        return
    picture = path.with_name(f"{path.stem}_photo.png")
    save_project(path, snapshot.project(picture, _write_pasted(picture, photo)))


class RecoveryFile:
    """The recovery file of this process, and for a pasted picture the picture itself."""

    def __init__(self) -> None:
        self._file: Path | None = None
        self._pasted: tuple[Photo, str] | None = None

    def keep(self, snapshot: Snapshot | None) -> None:
        """Write the file anew; None removes it.

        Raises:
            ExportError: no space, no permission.
        """
        if snapshot is None:
            self._drop()
        elif snapshot.photo.path is not None:
            self._file = write_recovery(snapshot.project(snapshot.photo.path, snapshot.photo.sha256), _KEY)
        else:
            self._keep_pasted(snapshot)

    def _keep_pasted(self, snapshot: Snapshot) -> None:
        # The first file tells where the picture belongs: beside it.
        self._file = self._file or write_recovery(snapshot.project(Path("pasted.png"), ""), _KEY)
        picture = _picture_of(self._file)
        if self._pasted is None or self._pasted[0] is not snapshot.photo:
            self._pasted = (snapshot.photo, _write_pasted(picture, snapshot.photo))
        write_recovery(snapshot.project(picture, self._pasted[1]), _KEY)

    def _drop(self) -> None:
        if self._file is not None:
            _drop_with_picture(self._file)
        self._file = self._pasted = None


@dataclass(frozen=True, eq=False)
class Recovered:
    """Unsaved work that a crash has left."""

    recovery: Recovery

    @property
    def photo_name(self) -> str:
        """For people."""
        pasted = _picture_of(self.recovery.file)
        path = Path(self.recovery.project.photo_path)
        return "Pasted image" if path == pasted else path.name

    @property
    def when(self) -> str:
        """When it was kept, local time."""
        return f"{datetime.fromtimestamp(self.recovery.seconds).astimezone():%d %B, %H:%M}"

    def discard(self) -> None:
        """Forget it."""
        _drop_with_picture(self.recovery.file)


def find_recovered() -> list[Recovered]:
    """What crashes have left, latest first."""
    return [Recovered(recovery) for recovery in read_recoveries()]


def _write_pasted(picture: Path, photo: Photo) -> str:
    write_image(picture, photo.samples, photo.alpha, overwrite=True)
    return read_photo(picture).sha256


def _picture_of(recovery_file: Path) -> Path:
    return recovery_file.with_suffix(".png")


def _drop_with_picture(recovery_file: Path) -> None:
    drop_recovery(recovery_file)
    with suppress(OSError):
        _picture_of(recovery_file).unlink()
