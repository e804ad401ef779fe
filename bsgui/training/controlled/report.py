"""The comparison's table, verdicts and figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bsgui.analysis.race.figures import panels_png, panels_svg
from bsgui.analysis.race.findings import Curve, Panel

from .contenders import BLOCKS, Block, Contender
from .results import Results, write
from .verdicts import verdicts

_COLUMNS = {
    "fidelity": ("fidelity, dB", 1),
    "index": ("index", 3),
    "division": ("division", 3),
    "ownership": ("ownership", 3),
    "redundancy": ("redundancy", 2),
    "cancellation": ("cancellation", 2),
    "smallest_share": ("smallest share", 3),
    "identity": ("identity", 2),
}


def write_report(folder: Path, results: Results) -> None:
    """Write ``report.md``, ``comparison.svg`` and ``comparison.png``. Raises ExportError."""
    write(folder / "report.md", table(results).encode())
    shown = panels(results)
    write(folder / "comparison.svg", panels_svg(shown))
    write(folder / "comparison.png", panels_png(shown))


def table(results: Results) -> str:
    """All figures and verdicts as Markdown."""
    return "\n".join([*_tables(results), "", *_verdict_lines(results), ""])


def _tables(results: Results) -> Iterator[str]:
    heads = [head for head, _ in _COLUMNS.values()]
    for block in BLOCKS:
        yield f"\n## {block.title}\n"
        yield " | ".join(["| contender", *heads, "updates of a branch", "CPU, s |"])
        yield "|" + "---|" * (len(heads) + 3)
        yield from (_row(results, block, contender) for contender in block.contenders)


def _row(results: Results, block: Block, contender: Contender) -> str:
    result = results.at((block.name, contender.name))
    cells = [contender.label]
    for measure, (_, digits) in _COLUMNS.items():
        found = results.estimate((block.name, contender.name), measure)
        value, low, high = (f"{float(x):.{digits}f}" for x in (found.value, found.low, found.high))
        cells.append(f"{value} [{low}, {high}]")
    return f"| {' | '.join([*cells, str(result.updates), f'{result.seconds:.0f}'])} |"


def _verdict_lines(results: Results) -> Iterator[str]:
    yield "## Verdicts\n"
    yield "| claim | holds | figures |"
    yield "|---|---|---|"
    yield from (f"| {x.claim} | {'yes' if x.kept else '**no**'} | {x.figures} |" for x in verdicts(results))


def panels(results: Results) -> tuple[Panel, ...]:
    """The figure: index, division and smallest share of every contender, and how the index went."""
    return (
        _bars(results, "index", "Specialization index of octave bands and colour", "index"),
        _bars(results, "division", "Division of labour", "mutual information, normalized"),
        _bars(results, "fidelity", "Fidelity on held-out photos", "dB"),
        _courses(results),
    )


def _bars(results: Results, measure: str, title: str, label: str) -> Panel:
    curves = []
    for block in BLOCKS:
        names = tuple(x.label.replace(" ", "\n") for x in block.contenders)
        values = np.stack([results.at((block.name, x.name))[measure] for x in block.contenders])
        curves.append(Curve(block.title, names, values))
    return Panel(title, "", label, tuple(curves))


def _courses(results: Results) -> Panel:
    curves = []
    places = [(BLOCKS[0].name, x.label, x.name) for x in BLOCKS[0].contenders]
    for block, label, contender in [*places, ("affine", "Joint descent, affine heads", "joint")]:
        course = results.at((block, contender)).course
        if course:
            values = np.array([index for _, index in course])
            curves.append(Curve(label, tuple(float(step) for step, _ in course), values))
    return Panel("Index while training", "updates of every branch", "index", tuple(curves))
