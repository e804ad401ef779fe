"""Modules that are imported beside the window."""

import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from bsgui.ui.late_import import LateImport


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that remembers which thread imported it."""
    (tmp_path / "slow_to_import.py").write_text("import threading\nby = threading.current_thread().name\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slow_to_import", raising=False)
    return "slow_to_import"


def test_a_module_is_imported_once_on_a_thread_of_its_own(qtbot: QtBot, module: str) -> None:
    owner = QObject()
    late = LateImport(module, owner)
    arrived: list[str] = []
    late.done.connect(lambda: arrived.append(threading.current_thread().name))
    assert not late.is_done
    with qtbot.waitSignal(late.done):
        late.start()
        late.start()
    assert late.is_done
    assert sys.modules[module].by == f"import {module}"
    assert arrived == [threading.current_thread().name]


def test_a_module_that_is_there_need_not_be_waited_for(module: str) -> None:
    __import__(module)
    assert LateImport(module, QObject()).is_done


def test_a_window_that_is_gone_is_not_told(module: str) -> None:
    owner = QObject()
    late = LateImport(module, owner)
    late.start()
    del late, owner
    for thread in threading.enumerate():
        if thread.name == f"import {module}":
            thread.join(5)
    assert module in sys.modules
