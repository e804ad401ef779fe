"""``bsgui analyze``: the report on a model's specialization."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from bsgui.core.requests import Progress
from bsgui.imageio.model_store import ModelStore, default_model_folders

from .interrupt import cancel_on_interrupt
from .output import ProgressBar, print_json, say

if TYPE_CHECKING:
    from bsgui.analysis.report.analysis import Analysis, AnalysisRequest
    from bsgui.analysis.report.bootstrap import Estimate

_TITLE, _CELL = 34, 26


def analyze(arguments: argparse.Namespace) -> int:
    """Analyze a model, print the figures, and write the report if a folder was given."""
    store = ModelStore(default_model_folders())
    if arguments.model:
        store.card(arguments.model)
    from bsgui.analysis.report.analysis import analyze as run
    from bsgui.analysis.report.files import write_analysis

    request = _request(arguments)
    with cancel_on_interrupt() as cancel, ProgressBar(arguments.model or arguments.weights.name) as report:

        def advance(stage: str, done: int, total: int) -> None:
            cancel.raise_if_cancelled()
            report(Progress(done, total, stage))

        analysis = run(request, store, advance)
    if arguments.out is not None:
        say(f"The report is {write_analysis(arguments.out, analysis)}.")
    if arguments.json:
        print_json(analysis.to_json())
    else:
        print("\n".join(_rows(analysis)), flush=True)
    return 0


def _request(arguments: argparse.Namespace) -> AnalysisRequest:
    from bsgui.analysis.report.analysis import AnalysisRequest

    return AnalysisRequest(
        model=arguments.model or str(arguments.weights),
        is_file=arguments.weights is not None,
        photos=arguments.photos,
        split=arguments.split,
        size=arguments.size,
        most=arguments.most,
        domain=arguments.domain,
        seed=arguments.seed,
        styles=arguments.styles,
        against=tuple(arguments.against),
        realism=arguments.realism,
        relit=arguments.relit,
        command=_command(arguments),
    )


def _command(arguments: argparse.Namespace) -> str:
    """What makes the same report again."""
    words = ["bsgui", "analyze"]
    for key, value in vars(arguments).items():
        if key in ("command", "out", "json") or value is None or value is False:
            continue
        flag = f"--{key}"
        values = value if isinstance(value, list) else [value]
        words += [word for x in values for word in ([flag] if x is True else [flag, str(x)])]
    return shlex.join(words)


def _rows(analysis: Analysis) -> list[str]:
    from bsgui.analysis.report.findings import MEASURES

    rows = [" " * _TITLE + "".join(f"{x.name[: _CELL - 1]:<{_CELL}}" for x in analysis.findings)]
    for measure in MEASURES:
        cells = [_interval(x.headline.get(measure.key), measure.digits) for x in analysis.findings]
        if any(cells):
            rows.append(f"{measure.title:<{_TITLE}}" + "".join(f"{cell or '–':<{_CELL}}" for cell in cells))
    return [row.rstrip() for row in rows]


def _interval(value: Estimate | None, digits: int) -> str:
    if value is None:
        return ""
    return f"{float(value.value):.{digits}f} [{float(value.low):.{digits}f}, {float(value.high):.{digits}f}]"
