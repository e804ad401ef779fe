"""The command line: the same engine as the window's, without Qt; heavy libraries are imported when they are needed.

Exit statuses: 0 good, 1 could not be written, 2 usage, 3 a photo or stack could not be read, 4 model trouble,
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from bsgui.core.errors import BsguiError, Cancelled

from .output import say
from .parser import COMMANDS, build_parser, build_window_parser

INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Args:
        argv: the arguments, without the program's name.

    Returns:
        The exit status.

    Raises:
        SystemExit: from argparse: 2 for a wrong usage, 0 after ``--help`` and ``--version``.
    """
    for stream in (sys.stdout, sys.stderr):
        # File names and “Σ” must not stop a command on a terminal that cannot show them.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(_parse(argv))
    except BsguiError as error:
        say(error.user_message)
        return error.exit_status
    except MemoryError:
        say("There is not enough memory for this.")
        return 1
    except (KeyboardInterrupt, Cancelled):
        say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has had enough (`bsgui models | head -1`); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    if argv and (argv[0] in COMMANDS or (argv[0].startswith("-") and argv[0] != "--")):
        return build_parser().parse_args(argv)
    return build_window_parser().parse_args(argv)


def _run(arguments: argparse.Namespace) -> int:
    # A command's modules, and the libraries they need, are imported only when it runs.
    match arguments.command:
        case "decompose":
            from .decompose import decompose

            return decompose(arguments)
        case "recombine":
            from .stacks import recombine

            return recombine(arguments)
        case "verify":
            from .stacks import verify

            return verify(arguments)
        case "find":
            from .find import find

            return find(arguments)
        case "models":
            from .models import models

            return models(arguments)
        case "train":
            from .models import train

            return train(arguments)
        case "evaluate":
            from .models import evaluate

            return evaluate(arguments)
        case "analyze":
            from .analyze import analyze

            return analyze(arguments)
        case "lab":
            from .lab import lab

            return lab(arguments)
        case _:
            from .window import open_window

            return open_window(arguments)
