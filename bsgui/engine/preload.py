"""Importing torch without holding up the window.

On a worker thread the import still stops all others for half a second: Python holds its lock while the system loads
and links 400 MB of code, and whenever the garbage collector looks through the many objects that an import makes. A
foreign function's call gives the lock away, so here the system's own loader is called, and the import then finds the
libraries loaded; and the collector waits. PySide reads the source of every module that anybody imports, to see whether
it asks for one of PySide's own features, a quarter of torch's import; here it doesn't.
"""

from __future__ import annotations

import builtins
import ctypes
import gc
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_log = logging.getLogger(__name__)
# In the order in which torch itself loads them; neither calls Python, so no lock is needed.
_LIBRARIES = {"libtorch_global_deps": os.RTLD_GLOBAL, "libtorch_cpu": os.RTLD_LOCAL} if os.name == "posix" else {}
_one_at_a_time = threading.Lock()


@contextmanager
def quiet_imports() -> Iterator[None]:
    """A block that imports torch, or what needs it, while the window is used. Thread: a worker's."""
    with _one_at_a_time, _plain_imports():
        if "torch" in sys.modules:
            yield
            return
        preload_torch()
        was_on = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            # Modules live as long as the process: the collector need never look at them.
            gc.freeze()
            if was_on:
                gc.enable()


@contextmanager
def _plain_imports() -> Iterator[None]:
    watched = builtins.__import__
    # Where PySide keeps what it has replaced; modules with its features are bsgui.ui's affair, and there are none.
    builtins.__import__ = getattr(builtins, "__orig_import__", watched)
    try:
        yield
    finally:
        builtins.__import__ = watched


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
