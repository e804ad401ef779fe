"""Writing what experiments found: CSV, JSON, SVG and PNG per experiment, and one HTML page of all."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import math
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from bsgui import __version__
from bsgui.core.errors import ExportError, UsageError
from bsgui.core.race import RaceConfig
from bsgui.imageio.atomic import atomic_write, os_reason

from .figures import draw_png, draw_svg
from .findings import Bench, Experiment, Findings

_FORMAT = 1
_MAX_JSON_BYTES = 64 << 20
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


def write_findings(folder: Path, experiment: Experiment, findings: Findings, bench: Bench) -> Path:
    """Write ``NAME.json``, ``.csv``, ``.svg`` and ``.png`` into a folder, which is made if needed.

    Returns:
        The JSON file, which :func:`write_report` reads.

    Raises:
        ExportError: a file could not be written.
    """
    name = experiment.name
    data = findings_json(experiment, findings, bench)
    write_file(folder / f"{name}.csv", findings_csv(findings).encode())
    write_file(folder / f"{name}.svg", draw_svg(findings))
    write_file(folder / f"{name}.png", draw_png(findings))
    write_file(folder / f"{name}.json", json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False).encode())
    return folder / f"{name}.json"


def findings_json(experiment: Experiment, findings: Findings, bench: Bench) -> dict[str, Any]:
    """Everything about a run experiment as one JSON object, with what makes it again."""
    return {
        "format": _FORMAT,
        "name": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "hypothesis": experiment.hypothesis,
        "prediction": experiment.prediction,
        "verdict": findings.verdict,
        "checks": [{"claim": x.claim, "kept": bool(x.kept), "figures": x.figures} for x in findings.checks],
        "panels": [_panel_json(x) for x in findings.panels],
        "seeds": bench.seeds,
        "seed": bench.seed,
        "command": command_of(experiment.name, bench.seeds, bench.seed),
        "versions": {"bsgui": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "config": findings.config.to_json(),
        "races": [x.to_json() for x in bench.races],
    }


def command_of(name: str, seeds: int, seed: int) -> str:
    """The command that makes an experiment again."""
    return f"bsgui lab run {name} --seeds {seeds} --seed {seed}"


def findings_csv(findings: Findings) -> str:
    """One row per panel, curve and x: mean, 95 % interval, number of seeds."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["panel", "curve", "kind", "x", "mean", "low95", "high95", "seeds"])
    for panel in findings.panels:
        for curve in panel.curves:
            kind = "predicted" if curve.predicted else "measured"
            for x, y in zip(curve.x, curve.bands, strict=True):
                row = [repr(v) if math.isfinite(v) else "" for v in (y.mean, y.low, y.high)]
                writer.writerow([panel.title, curve.name, kind, x, *row, curve.values.shape[1]])
    return file.getvalue()


def config_json(config: RaceConfig) -> str:
    """The file that ``bsgui lab race --config`` and the window read."""
    return json.dumps(config.to_json(), indent=1) + "\n"


def write_report(folder: Path) -> Path:
    """Make ``report.html`` of the experiments in a folder: one file with all figures in it.

    Raises:
        UsageError: there is no experiment in the folder, or one is damaged.
        ExportError: the page could not be written.
    """
    from .experiments.register import EXPERIMENTS

    order = {name: number for number, name in enumerate(EXPERIMENTS)}
    paths = [x for x in folder.glob("*.json") if x.stem in order] if folder.is_dir() else []
    if not paths:
        raise UsageError(f"There are no experiments in {folder}; “bsgui lab run all --out {folder}” makes them.")
    sections = [_section(path) for path in sorted(paths, key=lambda x: order[x.stem])]
    summary = "".join(row for row, _ in sections)
    body = "".join(text for _, text in sections)
    write_file(folder / "report.html", _PAGE.format(summary=summary, body=body, version=__version__).encode())
    return folder / "report.html"


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, making its folder if needed.

    Raises:
        ExportError: it could not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(data)
    except OSError as error:
        raise ExportError(f"{path} could not be written: {os_reason(error)}.", repr(error)) from error


def _panel_json(panel: Any) -> dict[str, Any]:
    curves = [
        {
            "name": x.name,
            "predicted": x.predicted,
            "x": list(x.x),
            "mean": [_finite(y.mean) for y in x.bands],
            "low95": [_finite(y.low) for y in x.bands],
            "high95": [_finite(y.high) for y in x.bands],
            # Time courses would be megabytes; their bands are enough.
            "values": x.values.tolist() if len(x.x) <= 20 else None,
        }
        for x in panel.curves
    ]
    return {"title": panel.title, "x": panel.x_label, "y": panel.y_label, "curves": curves}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _section(path: Path) -> tuple[str, str]:
    """A row of the summary and a chapter."""
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise ValueError("too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        figure = path.with_suffix(".svg").read_bytes()
        return _summary_row(data), _chapter(data, figure)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} is not an experiment of the laboratory, or its figure is gone.", repr(error)
        ) from error


def _summary_row(data: Mapping[str, Any]) -> str:
    held = sum(bool(x["kept"]) for x in data["checks"])
    verdict = _verdict(data)
    return (
        f'<tr><td><a href="#{_name(data)}">{_text(data["title"])}</a></td><td>{_text(data["hypothesis"])}</td>'
        f'<td class="{verdict}">{verdict}</td><td>{held} of {len(data["checks"])}</td></tr>\n'
    )


def _chapter(data: Mapping[str, Any], figure: bytes) -> str:
    checks = "".join(
        f'<li class="{"kept" if x["kept"] else "refuted"}"><b>{"holds" if x["kept"] else "does not hold"}</b>: '
        f"{_text(x['claim'])}<br><small>{_text(x['figures'])}</small></li>"
        for x in data["checks"]
    )
    picture = base64.b64encode(figure).decode()
    verdict = _verdict(data)
    return _CHAPTER.format(
        name=_name(data),
        title=_text(data["title"]),
        verdict=verdict,
        question=_text(data["question"]),
        hypothesis=_text(data["hypothesis"]),
        prediction=_text(data["prediction"]),
        picture=picture,
        checks=checks,
        seeds=int(data["seeds"]),
        command=_text(data["command"]),
        config=_text(json.dumps(data["config"], indent=1)),
    )


def _verdict(data: Mapping[str, Any]) -> str:
    if data["verdict"] not in ("kept", "mixed", "refuted"):
        raise ValueError("verdict")
    return str(data["verdict"])


def _name(data: Mapping[str, Any]) -> str:
    if not _NAME.fullmatch(data["name"]):
        raise ValueError("name")
    return str(data["name"])


def _text(value: Any) -> str:
    return html.escape(str(value))


_CHAPTER = """
<section id="{name}">
<h2>{title} <span class="{verdict}">{verdict}</span></h2>
<p><b>Question.</b> {question}</p>
<p><b>Hypothesis.</b> {hypothesis}</p>
<p><b>Prediction.</b> {prediction}</p>
<img alt="{title}" src="data:image/svg+xml;base64,{picture}">
<ul>{checks}</ul>
<p><small>{seeds} races per condition; bands are 95 % intervals of the mean. <code>{command}</code></small></p>
<details><summary>Configuration</summary><pre>{config}</pre></details>
</section>
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The race laboratory</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1d1d1d;
 background: #fff; }}
table {{ border-collapse: collapse; }} td, th {{ text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top;
 border-bottom: 1px solid #ddd; }}
img {{ max-width: 100%; }} section {{ border-top: 2px solid #ccc; margin-top: 2.5rem; }}
h2 span {{ font-size: .8em; }}
td.kept, span.kept, li.kept b {{ color: #2a6a2a; }} td.mixed, span.mixed {{ color: #8a5a00; }}
td.refuted, span.refuted, li.refuted b {{ color: #b3261e; }}
pre {{ background: #f4f4f4; padding: .8rem; overflow: auto; }} small {{ color: #565656; }}
</style></head><body>
<h1>The race laboratory</h1>
<p>Branched networks <i>y = Σ<sub>b</sub> f<sub>b</sub>(x)</i> learn a task with known modes; who learns what, when, and
why. The specialization index is 0 when all branches share every mode alike, and 1 when every mode has one owner. Solid
lines with bands are measured, dashed ones predicted from the initial weights. A verdict follows from the checks: kept
if all hold, refuted if none does, else mixed.</p>
<table><tr><th>Experiment</th><th>Hypothesis</th><th>Verdict</th><th>Checks</th></tr>
{summary}</table>
{body}
<p><small>bsgui {version}</small></p>
</body></html>
"""
