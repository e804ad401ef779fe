"""All benchmarks one after the other: ``python -m tests.bench [--json]``; about two minutes without G'MIC.

Each runs in a process of its own, so that none inherits another's memory, caches or threads.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from typing import Any

import torch

_BENCHMARKS = {
    "canvas_12mp": ["tests.bench.canvas", "--megapixels", "12"],
    "canvas_100mp": ["tests.bench.canvas", "--megapixels", "100"],
    "decompose_12mp": ["tests.bench.decompose", "--megapixels", "12"],
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
    }


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of one line a benchmark")
    options = parser.parse_args()
    figures: dict[str, Any] = {"machine": machine()}
    for name, command in _BENCHMARKS.items():
        figures[name] = run(*command)
        if not options.json:
            print(f"{name}: {json.dumps(figures[name])}", flush=True)
    if options.json:
        print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
