"""Writes the report's files."""

from __future__ import annotations

import json
from pathlib import Path

from bsgui.core.errors import ExportError
from bsgui.imageio.atomic import atomic_write, os_reason

from .analysis import Analysis
from .page import report_page


def write_analysis(folder: Path, analysis: Analysis) -> Path:
    """Write ``report.html`` and ``analysis.json`` into a folder, which is made if needed.

    Returns:
        The page.

    Raises:
        ExportError: a file could not be written.
    """
    data = json.dumps(analysis.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    _write(folder / "analysis.json", data + "\n")
    return _write(folder / "report.html", report_page(analysis))


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise ExportError(f"{path} could not be written: {os_reason(error)}.", repr(error)) from error
    return path
