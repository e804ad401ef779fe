"""Set bsgui up in this checkout, then run or test it. Needs nothing but Python 3.11 or later.

    python3 packaging/bootstrap.py run [PHOTO|STACK]   open the app on a sample photo; without a display, decompose it
    python3 packaging/bootstrap.py test [ARGUMENT…]    run the tests (arguments go to pytest)
    python3 packaging/bootstrap.py check               what CI runs: tests, ruff, mypy, import rules
    python3 packaging/bootstrap.py setup [--dev]       only set up

Everything goes to .venv beside this checkout's pyproject.toml; on Debian and its relatives, Qt's system libraries are
installed with apt-get if they are missing and that is allowed. The second time nothing is installed, and no network
is needed.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "bsgui-setup.json"
SAMPLE = ROOT / "resources" / "samples" / "chelsea.png"
SAMPLE_LAYERS = ROOT / "build" / "sample-layers"

OLDEST_PYTHON = (3, 11)
TORCH = "torch==2.13.0"
OLDEST_TORCH = (2, 6)
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
BYTES_NEEDED = 4 << 30

# What Qt's Linux wheels load from the system, and the Debian package that has it.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FONT_PACKAGE = "fonts-dejavu-core"


class SetupError(Exception):
    """Something the person has to know; one sentence."""


def main(argv: list[str]) -> int:
    """Do one of the commands in the module's docstring; the exit status."""
    command, *rest = argv or ["--help"]
    actions = {"run": run, "test": test, "check": check, "setup": set_up_only}
    if command not in actions:
        print(__doc__)
        return 0 if command in ("-h", "--help") else 2
    try:
        return actions[command](rest)
    except SetupError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(arguments: list[str]) -> int:
    """Open the app on what was named or on the sample photo; decompose the sample where there is no display."""
    set_up(dev=False)
    if has_display():
        get_system_libraries()
        return call(python_of(VENV), "-m", "bsgui", *(arguments or [str(SAMPLE)]))
    photo = arguments[0] if arguments else str(SAMPLE)
    say(f"there is no display: the layers of {Path(photo).name} go to {SAMPLE_LAYERS}")
    return call(python_of(VENV), "-m", "bsgui", "decompose", photo, "--out", str(SAMPLE_LAYERS), "--overwrite")


def test(arguments: list[str]) -> int:
    """Run the tests; no display is needed."""
    set_up(dev=True)
    get_system_libraries()
    return call(python_of(VENV), "-m", "pytest", *arguments, QT_QPA_PLATFORM="offscreen")


def check(arguments: list[str]) -> int:
    """Run everything that CI runs, all of it even when something fails early."""
    set_up(dev=True)
    get_system_libraries()
    python = python_of(VENV)
    results = {
        "ruff": call(python, "-m", "ruff", "check"),
        "ruff format": call(python, "-m", "ruff", "format", "--check"),
        "mypy": call(python, "-m", "mypy"),
        "import rules": call(str(Path(python).with_name("lint-imports"))),
        "tests": call(python, "-m", "pytest", *arguments, QT_QPA_PLATFORM="offscreen"),
    }
    failed = [name for name, status in results.items() if status]
    say(f"failed: {', '.join(failed)}" if failed else "everything passed")
    return 1 if failed else 0


def set_up_only(arguments: list[str]) -> int:
    """Set up without starting anything."""
    set_up(dev="--dev" in arguments)
    get_system_libraries()
    say(f"ready: {python_of(VENV)} -m bsgui")
    return 0


def set_up(dev: bool) -> None:
    """Make or complete .venv, unless it already holds what pyproject.toml asks for."""
    if sys.version_info < OLDEST_PYTHON:
        continue_with_newer_python()
    wanted = {"requirements": requirements_digest(), "dev": dev}
    have = read_stamp()
    if have.get("requirements") == wanted["requirements"] and (have.get("dev") or not dev) and venv_works():
        return
    wanted["dev"] = dev or bool(have.get("dev"))
    if shutil.disk_usage(ROOT).free < BYTES_NEEDED and not venv_works():
        raise SetupError(f"there is not enough space on the disk of {ROOT}: {BYTES_NEEDED >> 30} GiB are needed.")
    make_venv()
    install_torch()
    say("installing bsgui and what it needs")
    pip("install", "--editable", f"{ROOT}[dev]" if wanted["dev"] else str(ROOT))
    STAMP.write_text(json.dumps(wanted))


def requirements_digest() -> str:
    """What decides the contents of .venv, as a digest: the project's table, not the settings of tools."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    text = json.dumps([project["build-system"], project["project"], TORCH, str(ROOT)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_stamp() -> dict[str, object]:
    """What the last completed set-up left, or nothing."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def continue_with_newer_python() -> None:
    """Start again under a newer Python if one is on the path."""
    for minor in range(14, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    version = ".".join(str(x) for x in sys.version_info[:2])
    raise SetupError(f"Python 3.11 or later is needed, and this is {version}; get one from python.org.")


def python_of(venv: Path) -> str:
    """The interpreter of a virtual environment."""
    return str(venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def venv_works() -> bool:
    """Whether .venv has a Python that still runs and is new enough (systems get upgraded under it)."""
    code = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return subprocess.run([python_of(VENV), "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def has_pip() -> bool:
    """Whether .venv has pip."""
    return succeeds(python_of(VENV), "-m", "pip", "--version")


def make_venv() -> None:
    """Make .venv with pip in it; on Debian without python3-venv, get that or work around it."""
    if venv_works() and (has_pip() or succeeds(python_of(VENV), "-m", "ensurepip")):
        return
    say(f"making {VENV}")
    # A .venv that runs is somebody's: it is filled, never cleared.
    create = [sys.executable, "-m", "venv", *([] if venv_works() else ["--clear"])]
    if succeeds(*create, str(VENV)) and has_pip():
        return
    # Debian keeps ensurepip in a package of its own.
    package = f"python3.{sys.version_info[1]}-venv"
    if can_apt() and apt_install([package]) and succeeds(*create, str(VENV)) and has_pip():
        return
    # A system pip can fill an environment that has none.
    bare = succeeds(*create, "--without-pip", str(VENV))
    if bare and succeeds(sys.executable, "-m", "pip", "--python", python_of(VENV), "install", "pip"):
        return
    raise SetupError(f"Python's venv module is incomplete here; type: sudo apt-get install {package}")


def install_torch() -> None:
    """Install torch unless one that is new enough is there: whoever chose a GPU build keeps it."""
    have = torch_version()
    if have >= OLDEST_TORCH:
        return
    say(f"installing {TORCH} (the large one)")
    extra = []
    if sys.platform == "linux" and not has_nvidia_gpu() and is_reachable(CPU_WHEELS + "/"):
        # PyPI's Linux wheel brings gigabytes of CUDA that nothing here could use.
        extra = ["--extra-index-url", CPU_WHEELS]
    pip("install", TORCH, *extra)


def torch_version() -> tuple[int, ...]:
    """Version of the torch in .venv as numbers, (0,) if there is none."""
    code = "from importlib.metadata import version; print(version('torch'))"
    found = subprocess.run([python_of(VENV), "-c", code], capture_output=True, text=True, check=False)
    numbers = found.stdout.strip().split("+")[0].split(".")[:2]
    return tuple(int(x) for x in numbers) if found.returncode == 0 and all(x.isdigit() for x in numbers) else (0,)


def has_nvidia_gpu() -> bool:
    """Whether NVIDIA's driver is loaded."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def is_reachable(url: str) -> bool:
    """Whether a server answers within a few seconds."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=4):
            return True
    except (OSError, ValueError):
        return False


def pip(*arguments: str) -> None:
    """Run .venv's pip, showing what it does; a failure becomes one sentence."""
    command = [python_of(VENV), "-m", "pip", "--disable-pip-version-check", *arguments]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith("Requirement already satisfied"):
                print(line, end="", file=sys.stderr, flush=True)
            lines.append(line)
    if process.returncode:
        raise SetupError(explain_pip("".join(lines)))


def explain_pip(text: str) -> str:
    """Put pip's trouble in one sentence."""
    if "No space left" in text or "Errno 28" in text:
        return "the disk is full."
    offline = ("NewConnectionError", "NameResolutionError", "Temporary failure in name", "ConnectTimeout", "ProxyError")
    if any(sign in text for sign in offline):
        return "there is no network, and it is needed the first time."
    if "(from versions: none)" in text:
        wanted = text.split("(from versions: none)")[0].rsplit("requirement ", 1)[-1].strip()
        return f"pip finds no {wanted}; is there a network, and a wheel for this Python and system?"
    last = next((x for x in reversed(text.splitlines()) if x.startswith("ERROR")), "see above")
    return f"pip could not install everything ({last.removeprefix('ERROR: ')})."


def get_system_libraries() -> None:
    """Get what Qt needs from a Linux system: with apt-get if that is allowed, else say the one line to type."""
    if sys.platform != "linux":
        return
    missing = missing_packages()
    if not missing:
        return
    say(f"Qt needs {', '.join(missing)} from the system")
    if can_apt() and apt_install(missing) and not missing_packages():
        return
    if shutil.which("apt-get"):
        raise SetupError(f"type: sudo apt-get install {' '.join(missing)}")
    raise SetupError(f"please install what your system calls: {' '.join(missing)}")


def missing_packages() -> list[str]:
    """Debian's names of what is missing, fonts included."""
    missing = [package for library, package in QT_LIBRARIES.items() if not loads(library)]
    folders = [Path(x).expanduser() for x in FONT_FOLDERS]
    has_font = any(next(x.rglob("*.[to]t[fc]"), None) for x in folders if x.is_dir())
    return missing if has_font else [*missing, FONT_PACKAGE]


def loads(library: str) -> bool:
    """Whether the dynamic linker finds a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def can_apt() -> bool:
    """Whether apt-get is there and may be used without asking for a password."""
    return shutil.which("apt-get") is not None and (is_root() or succeeds("sudo", "-n", "true"))


def is_root() -> bool:
    """Whether this is the superuser (never on Windows)."""
    return getattr(os, "geteuid", lambda: 1)() == 0


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages; whether that worked."""
    sudo = [] if is_root() else ["sudo", "-n"]
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    say(f"apt-get install {' '.join(packages)}")
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    if subprocess.run(install, stdout=sys.stderr, check=False).returncode == 0:
        return True
    # Fresh containers have no package lists yet.
    subprocess.run([*apt, "update"], stdout=sys.stderr, check=False)
    return subprocess.run(install, stdout=sys.stderr, check=False).returncode == 0


def has_display() -> bool:
    """Whether a window can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY"))


def succeeds(*command: str) -> bool:
    """Whether a command runs and ends well; its output is dropped."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def call(*command: str, **environment: str) -> int:
    """Run a command in the checkout with the terminal's own input and output; its exit status."""
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode


def say(message: str) -> None:
    """Print one line of progress."""
    print(f"bootstrap: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
