"""All benchmarks one after the other: ``python -m tests.bench [--json] [--only NAME …]``; about ten minutes.

Each runs in a process of its own, so that none inherits another's memory, caches or threads. The README's table
is made from the JSON by ``python -m tests.bench.table bench.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

_BENCHMARKS = {
    "network": ["tests.bench.network"],
    "first_layers": ["tests.bench.first_layers"],
    "heartbeat": ["tests.bench.heartbeat"],
    "plain_sum": ["tests.bench.plain_sum"],
    "canvas_12mp": ["tests.bench.canvas", "--megapixels", "12"],
    "canvas_100mp": ["tests.bench.canvas", "--megapixels", "100"],
    "laboratory": ["tests.bench.laboratory"],
    "decompose_24mp": ["tests.bench.decompose", "--megapixels", "24"],
}


def run(module: str, *arguments: str) -> Any:
    """The JSON that one benchmark prints."""
    command = [sys.executable, "-m", module, *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "model": _processor_name(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "gmic": "installed" if shutil.which("gmic") else "not installed: nothing to compare with",
    }


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of one line a benchmark")
    parser.add_argument("--only", nargs="*", choices=[*_BENCHMARKS], default=[*_BENCHMARKS], metavar="NAME")
    options = parser.parse_args()
    figures: dict[str, Any] = {"machine": machine()}
    for name in options.only:
        figures[name] = run(*_BENCHMARKS[name])
        if not options.json:
            print(f"{name}: {json.dumps(figures[name])}", flush=True)
    if options.json:
        print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
