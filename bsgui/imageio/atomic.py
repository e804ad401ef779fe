"""Files appear whole or not at all: a temporary file beside the target, flushed, then renamed over it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """A binary file that replaces ``path`` when the block ends well, and vanishes when it raises.

    The temporary file lies in the same folder, so the rename never crosses file systems; the old file, if any,
    stays as it was until the new one is on the disk. Thread: any; two writers do not meet, the last one wins.

    Raises:
        OSError: no such folder, no space, no permission. The caller translates it.
    """
    partial = path.with_name(partial_name(path.name))
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    sync_folder(path.parent)


def partial_name(name: str) -> str:
    """A hidden, unused name for what is being written and will be called ``name``."""
    # Names are limited to 255 bytes on common file systems; the marks around the name take about 25.
    return f".{name[:50]}.{os.getpid()}-{secrets.token_hex(4)}.part"


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut, where the system can do that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def os_reason(error: OSError) -> str:
    """The system's reason in a few words, for the end of a sentence: "no space left on device"."""
    reason = error.strerror or str(error) or "it failed"
    return reason[:1].lower() + reason[1:]
