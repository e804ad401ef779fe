from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, at work in a checkout of its own where nothing is installed."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = []\n[project]\nname = "x"\n[tool.a]\nb = 1\n')
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "bsgui-setup.json")
    return module


@pytest.fixture
def steps(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in place of doing it."""
    done: list[str] = []

    def make() -> None:
        done.append("venv")
        bootstrap.VENV.mkdir(exist_ok=True)

    monkeypatch.setattr(bootstrap, "make_venv", make)
    monkeypatch.setattr(bootstrap, "venv_works", lambda: bootstrap.VENV.exists())
    monkeypatch.setattr(bootstrap, "install_torch", lambda: done.append("torch"))
    monkeypatch.setattr(
        bootstrap, "pip", lambda *arguments: done.append(arguments[-1].removeprefix(str(bootstrap.ROOT)))
    )
    return done


def test_the_second_time_nothing_is_done(bootstrap: ModuleType, steps: list[str]) -> None:
    bootstrap.set_up(dev=True)
    assert steps == ["venv", "torch", "[dev]"]
    bootstrap.set_up(dev=True)
    bootstrap.set_up(dev=False)
    assert len(steps) == 3


def test_tools_of_development_come_when_they_are_needed_and_stay(bootstrap: ModuleType, steps: list[str]) -> None:
    bootstrap.set_up(dev=False)
    assert steps[-1] == ""
    bootstrap.set_up(dev=True)
    assert steps[-1] == "[dev]"
    bootstrap.STAMP.write_text(json.dumps({"requirements": "older", "dev": True}))
    bootstrap.set_up(dev=False)
    assert steps[-1] == "[dev]"


def test_only_requirements_count(bootstrap: ModuleType) -> None:
    before = bootstrap.requirements_digest()
    project = bootstrap.ROOT / "pyproject.toml"
    project.write_text(project.read_text().replace("b = 1", "b = 2"))
    assert bootstrap.requirements_digest() == before
    project.write_text(project.read_text().replace('"x"', '"x"\ndependencies = ["numpy"]'))
    assert bootstrap.requirements_digest() != before


def test_a_damaged_stamp_means_setting_up_again(bootstrap: ModuleType, steps: list[str]) -> None:
    bootstrap.set_up(dev=False)
    bootstrap.STAMP.write_text("[")
    bootstrap.set_up(dev=False)
    assert steps.count("torch") == 2


def test_a_full_disk_is_noticed_before_anything_is_fetched(
    bootstrap: ModuleType, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "BYTES_NEEDED", 1 << 62)
    with pytest.raises(bootstrap.SetupError, match="not enough space"):
        bootstrap.set_up(dev=False)
    assert not steps


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: … NewConnectionError(…)\nERROR: No matching distribution found for numpy", "no network"),
        (
            "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)\n"
            "ERROR: No matching distribution found for torch==2.13.0\n",
            "pip finds no torch==2.13.0",
        ),
        ("ERROR: Failed building wheel for x\n", "Failed building wheel for x"),
    ],
)
def test_trouble_with_pip_becomes_one_sentence(bootstrap: ModuleType, output: str, sentence: str) -> None:
    assert sentence in bootstrap.explain_pip(output)


def test_without_ensurepip_and_rights_the_line_to_type_is_said(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "succeeds", lambda *command: False)
    monkeypatch.setattr(bootstrap, "can_apt", lambda: False)
    with pytest.raises(bootstrap.SetupError, match=r"type: sudo apt-get install python3\.\d+-venv"):
        bootstrap.make_venv()


def test_without_ensurepip_apt_gets_it(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(bootstrap, "succeeds", lambda *command: bool(installed))
    monkeypatch.setattr(bootstrap, "can_apt", lambda: True)
    monkeypatch.setattr(bootstrap, "apt_install", lambda packages: bool(installed.extend(packages) or True))
    bootstrap.make_venv()
    assert installed == [f"python3.{sys.version_info[1]}-venv"]


def test_an_environment_that_runs_is_never_cleared(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []

    def record(*command: str) -> bool:
        commands.append(command)
        return False

    monkeypatch.setattr(bootstrap, "succeeds", record)
    monkeypatch.setattr(bootstrap, "venv_works", lambda: True)
    monkeypatch.setattr(bootstrap, "can_apt", lambda: False)
    with pytest.raises(bootstrap.SetupError):
        bootstrap.make_venv()
    assert commands
    assert not any("--clear" in command for command in commands)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux needs libraries from the system")
def test_missing_system_libraries_are_named_in_one_line(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "loads", lambda library: library != "libxcb-cursor.so.0")
    monkeypatch.setattr(bootstrap, "can_apt", lambda: False)
    with pytest.raises(bootstrap.SetupError, match="libxcb-cursor0"):
        bootstrap.get_system_libraries()


def test_a_torch_that_is_new_enough_stays(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(bootstrap, "pip", lambda *command: commands.append(command))
    monkeypatch.setattr(bootstrap, "is_reachable", lambda url: True)
    monkeypatch.setattr(bootstrap, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(bootstrap, "torch_version", lambda: (2, 11))
    bootstrap.install_torch()
    assert not commands
    monkeypatch.setattr(bootstrap, "torch_version", lambda: (0,))
    bootstrap.install_torch()
    assert commands == [("install", bootstrap.TORCH, "--extra-index-url", bootstrap.CPU_WHEELS)]
    monkeypatch.setattr(bootstrap, "has_nvidia_gpu", lambda: True)
    bootstrap.install_torch()
    assert commands[-1] == ("install", bootstrap.TORCH)


def test_the_script_says_how_it_is_used() -> None:
    result = subprocess.run([sys.executable, str(SCRIPT), "what"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "bootstrap.py test" in result.stdout
