"""What the commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from bsgui.core.requests import Progress


def say(message: str) -> None:
    """Print one line for the person on stderr."""
    print(f"bsgui: {message}", file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print one JSON value as one line on stdout; infinities and NaN become null."""
    print(json.dumps(_finite(value), allow_nan=False), flush=True)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(x) for x in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drop what C libraries print on their own: the sentence about a damaged file is ours to say.

    Thread: the main thread, with no other one printing.
    """
    try:
        kept = os.dup(2)
    except OSError:  # There is no stderr at all.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr.flush()
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class ProgressBar:
    """A progress callback that draws a bar on a terminal, and nothing elsewhere.

    Args:
        title: what is being worked on.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # No thread that watches the bar.
            form = "{desc} {percentage:3.0f}% |{bar}| {elapsed}"
            self._bar = tqdm(desc=self._title, total=1, bar_format=form, leave=False, dynamic_ncols=True)
        return self

    def __call__(self, progress: Progress) -> None:
        """Show how far the work is."""
        if self._bar is None:
            return
        self._bar.total = max(progress.total, 1)
        self._bar.n = progress.done
        self._bar.set_description_str(f"{self._title}: {progress.stage}", refresh=False)
        self._bar.refresh()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
