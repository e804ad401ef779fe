"""``bsgui [PHOTO|STACK]``: open the window, or say in one sentence why there can be none."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Mapping

from bsgui.core.errors import PhotoReadError, UsageError

# Platforms of Qt that draw without a display server.
_NO_SERVER_NEEDED = ("offscreen", "minimal", "minimalegl", "vnc", "eglfs", "linuxfb", "vkkhrdisplay")


def open_window(arguments: argparse.Namespace) -> int:
    """Open the window, with a photo or stack in it if one was named.

    Returns:
        The app's exit status.

    Raises:
        UsageError: there is no display, or Qt's system libraries are missing.
        PhotoReadError: there is nothing at the path.
    """
    path = arguments.path
    if path is not None and not path.exists():
        raise PhotoReadError(f"{path}: there is no such file or folder (nor such a command: see bsgui --help).")
    if not has_display(os.environ, sys.platform):
        photo = path or "PHOTO"
        raise UsageError(f"There is no display to open a window on; try: bsgui decompose {photo} --out layers")
    try:
        from bsgui.app import main as run_app
    except ImportError as error:
        if error.name is not None and not error.name.startswith("PySide6"):
            raise
        raise UsageError(
            f"Qt cannot start, a system library is missing ({error}); python3 packaging/bootstrap.py run gets it."
        ) from error
    return run_app([] if path is None else [str(path)])


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Whether Qt will find something to draw on; only Linux and its relatives may lack a display."""
    if platform in ("win32", "darwin"):
        return True
    if environment.get("QT_QPA_PLATFORM", "").partition(":")[0] in _NO_SERVER_NEEDED:
        return True
    if environment.get("WAYLAND_DISPLAY"):
        return True
    display = environment.get("DISPLAY", "")
    return bool(display) and x_server_answers(display)


def x_server_answers(display: str) -> bool:
    """Whether a local X server takes connections; Qt would end the process with a core dump if none does.

    A display on another machine, or one named in an unusual way, counts as answering: Qt may try.
    """
    host, _, number = display.rpartition(":")
    screen = number.partition(".")[0]
    if host not in ("", "unix") or not screen.isdigit():
        return True
    path = f"/tmp/.X11-unix/X{screen}"
    # The leading zero byte is Linux's name space of sockets without files.
    local = any(_connects(socket.AF_UNIX, address) for address in (path, f"\0{path}"))
    return local or _connects(socket.AF_INET, ("127.0.0.1", 6000 + int(screen)))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(address)
    except (OSError, OverflowError):
        return False
    return True
