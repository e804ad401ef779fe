"""Importing torch without holding up the window.

On a worker thread the import still stops all others for half a second: Python holds its lock while the system loads
and links 400 MB of code. A foreign function's call gives the lock away, so here the system's own loader is called, and
the import then finds the libraries loaded; what else is in the way, :mod:`bsgui.tasks.quick_imports` leaves out.
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bsgui.tasks.quick_imports import quick_imports, unwatched_imports

_log = logging.getLogger(__name__)
# In the order in which torch itself loads them; neither calls Python, so no lock is needed.
_LIBRARIES = {"libtorch_global_deps": os.RTLD_GLOBAL, "libtorch_cpu": os.RTLD_LOCAL} if os.name == "posix" else {}


@contextmanager
def quiet_imports() -> Iterator[None]:
    """A block that imports torch, or what needs it, while the window is used. Thread: a worker's."""
    if "torch" in sys.modules:
        with unwatched_imports():
            yield
    else:
        with quick_imports():
            preload_torch()
            yield


def preload_torch() -> bool:
    """Load what is slow to load of torch, without importing it; does nothing where that cannot be done.

    Thread: any; the others go on meanwhile.

    Returns:
        Whether the libraries are loaded.
    """
    if "torch" in sys.modules:
        return True
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None or not _LIBRARIES:
        return False
    folder, suffix = Path(found.origin).parent / "lib", ".dylib" if sys.platform == "darwin" else ".so"
    return all(_load(folder / f"{name}{suffix}", mode) for name, mode in _LIBRARIES.items())


def _load(path: Path, mode: int) -> bool:
    # ctypes.CDLL(path) would hold the lock; a call through it does not.
    loader = getattr(ctypes.CDLL(None), "dlopen", None)
    if loader is None or not path.exists():
        return False
    loader.restype, loader.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    loaded = loader(os.fsencode(path), os.RTLD_NOW | mode) is not None
    if not loaded:
        _log.info("%s could not be loaded beforehand; the import will say why, if it matters", path)
    return loaded
