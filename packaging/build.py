"""Build the stand-alone app in dist/bsgui and see that it works: ``.venv/bin/python packaging/build.py``.

Needs the extra ``package`` (``pip install --editable .[package]``) and a model in models/.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "resources" / "samples" / "chelsea.png"


def main() -> int:
    """Build, then decompose and verify the sample photo with the result; 0 if all of that worked."""
    pyinstaller = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    folders = ["--distpath", str(ROOT / "dist"), "--workpath", str(ROOT / "build" / "pyinstaller")]
    built = subprocess.run([*pyinstaller, *folders, str(ROOT / "packaging" / "bsgui.spec")], cwd=ROOT, check=False)
    if built.returncode:
        return built.returncode
    app = ROOT / "dist" / "bsgui"
    print(f"size: {folder_bytes(app) / 2**20:.0f} MiB in {app}")
    return try_out(app / ("bsgui.exe" if os.name == "nt" else "bsgui"))


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder; links count nothing."""
    return sum(x.stat().st_size for x in folder.rglob("*") if x.is_file() and not x.is_symlink())


def try_out(program: Path) -> int:
    """Start the program, decompose the sample photo with it, verify the layers; print the times."""
    seconds, _ = timed(program, "--version")
    print(f"start: {seconds:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        seconds, output = timed(program, "decompose", str(SAMPLE), "--out", folder, "--json")
        record = json.loads(output)
        print(f"decompose: {seconds:.2f} s, {len(record['layers'])} layers, {record['peak_rss_mib']:.0f} MiB")
        seconds, output = timed(program, "verify", record["folder"], "--photo", str(SAMPLE))
        print(f"verify: {seconds:.2f} s, {output.strip()}")
    return 0


def timed(program: Path, *arguments: str) -> tuple[float, str]:
    """Run the program outside the checkout; wall time and stdout.

    Raises:
        SystemExit: it failed.
    """
    started = time.perf_counter()
    done = subprocess.run([program, *arguments], cwd=tempfile.gettempdir(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{program} {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - started, done.stdout


if __name__ == "__main__":
    sys.exit(main())
