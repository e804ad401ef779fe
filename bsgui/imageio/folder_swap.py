"""A folder that appears whole or not at all, and never costs a file that is not an export's."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bsgui.core.errors import ExportError, StackReadError
from bsgui.core.manifest import Manifest

from .atomic import partial_name, sync_folder
from .stack_names import MANIFEST_NAME

_LEFT_BY_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}


@contextmanager
def replaced_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """An empty hidden folder beside ``folder`` that takes its place when the block ends well.

    If the block raises, it vanishes, and what was at ``folder`` is as it was.

    Args:
        folder: where the files shall be; parents are made.
        overwrite: whether an export that is there may be replaced. A folder that holds anything else never is.

    Raises:
        ExportError: something is in the way.
        OSError: no space, no permission. The caller translates it.
    """
    check_is_free(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(partial_name(folder.name))
    fresh.mkdir()
    try:
        yield fresh
        sync_folder(fresh)
        # What is there may have changed while the files were written.
        check_is_free(folder, overwrite)
        _put_in_place(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def check_is_free(folder: Path, overwrite: bool) -> None:
    """Raise unless an export may be written to ``folder``.

    Raises:
        ExportError: a file is there, or files that are not an export's, or an export and ``overwrite`` is off.
    """
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():
        raise ExportError(f"“{folder}” is there already and is not a folder.")
    present = {entry.name for entry in folder.iterdir()} - _LEFT_BY_FILE_MANAGERS
    if not present:
        return
    if not overwrite:
        raise ExportError(f"The folder “{folder}” is there already and is not empty.")
    strangers = present - _files_of_export(folder)
    if strangers:
        raise ExportError(
            f"The folder “{folder}” cannot be replaced: “{min(strangers)}” in it does not belong to an exported stack."
        )


def _files_of_export(folder: Path) -> set[str]:
    try:
        with (folder / MANIFEST_NAME).open("rb") as file:
            manifest = Manifest.from_json(json.loads(file.read(1 << 22)))
    except (OSError, ValueError, RecursionError, StackReadError):
        return set()
    composite = {manifest.composite.file} if manifest.composite else set()
    return {MANIFEST_NAME, *(layer.file for layer in manifest.layers)} | composite


def _put_in_place(fresh: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(fresh, folder)
        return
    old = folder.with_name(partial_name(folder.name))
    os.rename(folder, old)
    try:
        os.rename(fresh, folder)
    except OSError:
        with suppress(OSError):
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
