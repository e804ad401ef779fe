"""``python -m bsgui`` and the ``bsgui`` command: the command line, which opens the window when told nothing else."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Run the command line on ``sys.argv``; the exit status."""
    from bsgui.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    # In a frozen app, a helper process would otherwise start the app again.
    multiprocessing.freeze_support()
    sys.exit(main())
