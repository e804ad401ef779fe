"""What every test gets: no display needed, folders of its own, one compute thread, no thread left behind."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Qt, torch or platformdirs.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("BSGUI_TEST_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
_session_home = tempfile.TemporaryDirectory(prefix="bsgui-tests-")
_XDG = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
for _name in _XDG:
    os.environ[_name] = str(Path(_session_home.name) / _name.lower())

import pytest  # noqa: E402

from bsgui.core.decomposition import Decomposition  # noqa: E402
from bsgui.core.photo import Photo  # noqa: E402

from .fixtures import make_decomposition, make_photo  # noqa: E402

_SECONDS_TO_END = 5.0


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Fail the test that leaves a thread running; one that is about to end gets the time to."""
    before = set(threading.enumerate())
    yield
    # Threads of Qt's pool that once ran Python appear as dummies; Qt ends them.
    started = [x for x in threading.enumerate() if x not in before and not isinstance(x, threading._DummyThread)]
    for thread in started:
        thread.join(_SECONDS_TO_END)
    leaked = [x.name for x in started if x.is_alive()]
    if leaked:
        pytest.fail(f"threads left running: {', '.join(leaked)}")


@pytest.fixture(autouse=True)
def _isolated_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, recovery files and user models go to a fresh folder, and never come from the person's own."""
    home = tmp_path_factory.mktemp("home")
    for name in _XDG:
        monkeypatch.setenv(name, str(home / name.lower()))
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QSettings

        for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(form, QSettings.Scope.UserScope, str(home / "qt"))


@pytest.fixture
def tiny_photo() -> Photo:
    """48 × 32 pixels, 8 bits."""
    return make_photo()


@pytest.fixture
def tiny_photo_16() -> Photo:
    """48 × 32 pixels, 16 bits."""
    return make_photo(depth=16)


@pytest.fixture
def fake_decomposition(tiny_photo: Photo) -> Decomposition:
    """``tiny_photo`` as base, three random branches and residual."""
    return make_decomposition(tiny_photo)
