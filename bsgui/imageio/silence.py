"""Keeping C libraries from writing to the person's terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Drop what is written to file descriptor 2 in the block.

    libtiff reports every oddity of a damaged file there, hundreds of lines for some, and offers Pillow no way to ask
    it not to; what matters arrives as an exception. The descriptor belongs to the whole process: keep the block
    short. Thread: one at a time; the caller has the lock.
    """
    try:
        kept = os.dup(2)
    except OSError:  # No terminal and no log: a windowed app.
        yield
        return
    try:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
