"""What the small commands of this package have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bsgui.core.errors import BsguiError


def exit_status(work: Callable[[], None]) -> int:
    """Do it; 0, or the status of what went wrong, which is told on stderr."""
    try:
        work()
    except BsguiError as error:
        sys.stderr.write(f"{error.user_message}\n")
        return error.exit_status
    return 0
