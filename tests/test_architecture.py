"""The house rules: imports point down, heavy libraries stay out until needed, nothing grows too large."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bsgui"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    # PYTHONPATH: the copy must be found, and not the package that this environment has installed.
    return subprocess.run(
        [str(program), "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "PATH": "", "HOME": str(folder)},
        check=False,
    )


def test_the_import_rules_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def copied_package(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "bsgui", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("room", "statement", "contract"),
    [
        ("ui", "import torch", "torch only in engine"),
        ("ui", "def later():\n    from bsgui.engine import network", "never meet"),
        (
            "core",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from PySide6 import QtCore",
            "Qt only in ui",
        ),
        ("core", "import threading", "core is pixels"),
        ("tasks", "from bsgui.imageio import atomic", "Layers point down"),
        ("engine", "from bsgui.ui import theme", "Layers point down"),
        ("imageio", "import safetensors", "torch only in engine"),
    ],
)
def test_a_forbidden_import_breaks_its_rule(copied_package: Path, room: str, statement: str, contract: str) -> None:
    (copied_package / "bsgui" / room / "intruder.py").write_text(statement + "\n")
    result = lint_imports(copied_package)
    assert result.returncode == 1, result.stdout + result.stderr
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(contract in line for line in broken), result.stdout


def test_a_room_without_a_place_breaks_the_rules(copied_package: Path) -> None:
    (copied_package / "bsgui" / "attic").mkdir()
    (copied_package / "bsgui" / "attic" / "__init__.py").touch()
    result = lint_imports(copied_package)
    assert result.returncode != 0
    assert "attic" in result.stdout + result.stderr


def imported_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*{{x.partition('.')[0] for x in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines()[-1].split())


HEAVY = {"torch", "cv2", "numpy", "PIL", "PySide6", "pyqtgraph", "safetensors"}


@pytest.mark.parametrize("arguments", ["--help", "--version", "decompose --help", "recombine --help", "train --help"])
def test_asking_for_help_loads_nothing_heavy(arguments: str) -> None:
    run = f"from bsgui.cli import main\ntry:\n    main({arguments.split()!r})\nexcept SystemExit:\n    pass"
    assert not HEAVY & imported_after(run)


@pytest.mark.parametrize("command", ["models", "recombine nowhere --out x.png", "verify nowhere"])
def test_commands_without_a_network_load_neither_torch_nor_qt(command: str) -> None:
    run = f"from bsgui.cli import main\nmain({command.split()!r})"
    assert not {"torch", "PySide6"} & imported_after(run)


@pytest.mark.parametrize("module", ["ui.main_window", "app", "tasks.latest", "imageio.read_photo"])
def test_the_window_comes_up_without_what_is_slow_to_import(module: str) -> None:
    assert not {"torch", "pyqtgraph"} & imported_after(f"import bsgui.{module}")


def test_pyside_reads_no_sources_of_what_is_imported_after_it() -> None:
    code = "import bsgui.app, builtins; print(builtins.__import__.__name__)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() != ["__feature_import__"]


@pytest.mark.parametrize("path", TESTS, ids=lambda x: str(x.relative_to(ROOT)))
def test_tests_wait_for_events_and_not_for_time(path: Path) -> None:
    if path == Path(__file__):
        return
    found = re.findall(r"\bsleep\(|qtbot\.wait\(|QTest\.qWait\(", path.read_text(encoding="utf-8"))
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=lambda x: str(x.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES_OF_A_FILE
    too_long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
    assert not too_long
    assert path.name != "utils.py"
