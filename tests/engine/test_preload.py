"""What happens once a process, when torch is first imported: in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def output_of(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there the import itself loads the libraries")
def test_libraries_are_loaded_without_importing_torch_and_then_work() -> None:
    code = (
        "import sys; from bsgui.engine.preload import preload_torch; print(preload_torch(), 'torch' in sys.modules);"
        "import torch; print((torch.ones(2, 2) @ torch.ones(2, 2)).sum().item()); print(preload_torch())"
    )
    assert output_of(code).split() == ["True", "False", "8.0", "True"]


def test_the_collector_waits_during_the_import_and_goes_on() -> None:
    code = (
        "import gc, sys; from bsgui.engine.preload import quiet_imports\n"
        "with quiet_imports():\n    import torch; print(gc.isenabled())\n"
        "print(gc.isenabled())\n"
        "try:\n    with quiet_imports(): raise ValueError\nexcept ValueError: pass\n"
        "with quiet_imports(): print(gc.isenabled())"
    )
    assert output_of(code).split() == ["False", "True", "True"]


def test_an_import_that_fails_leaves_the_collector_on() -> None:
    code = (
        "import gc; from bsgui.engine.preload import quiet_imports\n"
        "try:\n    with quiet_imports(): import nowhere_at_all\nexcept ImportError: pass\n"
        "print(gc.isenabled())"
    )
    assert output_of(code).split() == ["True"]


def test_nobody_looks_at_what_is_imported_quietly_and_then_everybody_does_again() -> None:
    code = (
        "import builtins; from PySide6 import QtCore; from bsgui.engine.preload import quiet_imports\n"
        "watched = builtins.__import__\n"
        "with quiet_imports(): print(builtins.__import__ is watched)\n"
        "print(builtins.__import__ is watched)\n"
        "try:\n    with quiet_imports(): import nowhere_at_all\nexcept ImportError: pass\n"
        "print(builtins.__import__ is watched)"
    )
    assert output_of(code).split() == ["False", "True", "True"]


def test_adapting_needs_no_scipy() -> None:
    assert output_of("import sys, bsgui.training.adapt; print('scipy' in sys.modules)").split() == ["False"]
