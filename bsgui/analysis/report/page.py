"""The report as one HTML file: figures and pictures are in it, nothing is fetched, no script runs."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from .analysis import Analysis, differs
from .bootstrap import Array, Estimate
from .figures import COLOUR_NAMES, FIGURES, band_names, example_section, figure_section
from .findings import MEASURES, Findings, Measure

_EXACT_DB = 100.0
_DOT = '<span class="dot" title="differs from the first"></span>'


def report_page(analysis: Analysis) -> str:
    """The whole page."""
    found = analysis.findings
    body = [
        _head(analysis),
        _summary(analysis),
        _glance(found[0]),
        example_section(analysis.examinations),
        *(figure_section(figure, found) for figure in FIGURES),
        _partners(found),
        _method(analysis),
    ]
    title = html.escape(f"Analysis of {found[0].name}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _head(analysis: Analysis) -> str:
    facts, first = analysis.facts, analysis.findings[0]
    split = f", split “{facts['split']}”" if facts["split"] else ""
    rows = {
        **{key.capitalize().replace("Sha256", "SHA-256"): value for key, value in first.facts.items()},
        "Photos": f"{facts['photos']} from {facts['from']}{split}, central squares of {facts['size']} px",
        "Lights": facts.get("relit", ""),
        "Style": f"domain “{facts['domain'] or 'the first'}”, seed {facts['seed']}",
        "Command": facts["command"],
        "Date": facts["date"],
        "Versions": ", ".join(f"{key} {value}" for key, value in facts["versions"].items()),
    }
    lines = "".join(f"<dt>{_text(key)}</dt><dd>{_text(value)}</dd>" for key, value in rows.items() if value)
    return (
        f"<header><h1>What the branches of <em>{_text(first.name)}</em> became experts in</h1><dl>{lines}</dl></header>"
    )


def _summary(analysis: Analysis) -> str:
    found = analysis.findings
    measures = [x for x in MEASURES if any(x.key in y.headline for y in found)]
    heads = "".join(f"<th>{_text(x.name)}</th>" for x in found)
    rows = "".join(_summary_row(analysis, measure) for measure in measures)
    verdicts = "".join(f"<p>{_told_apart(analysis, other, measures)}</p>" for other in found[1:])
    return (
        "<section><h2>At a glance</h2>"
        f"<figure><div class=wide><table><tr><th>Measure</th>{heads}<th>Good is</th></tr>{rows}</table></div>"
        "<figcaption>Every figure with its 95 % bootstrap interval over photos. A dot marks where a subject differs"
        " from the first one: the interval of the difference on the same photos leaves 0 out.</figcaption></figure>"
        f"{verdicts}{_kind(analysis.facts['kind'])}</section>"
    )


def _summary_row(analysis: Analysis, measure: Measure) -> str:
    cells = []
    for found in analysis.findings:
        value = found.headline.get(measure.key)
        difference = analysis.difference(measure.key, found) if found is not analysis.findings[0] else None
        mark = (
            '<span class="dot" title="differs from the first"></span>'
            if difference and differs(difference, measure.digits)
            else ""
        )
        cells.append(f"<td class=num>{_estimate(value, measure, mark)}</td>")
    return (
        f"<tr><th scope=row>{_text(measure.title)}<small>{_text(measure.definition)}</small></th>{''.join(cells)}"
        f"<td>{_text(measure.good)}</td></tr>"
    )


def _estimate(value: Estimate | None, measure: Measure, mark: str) -> str:
    if value is None:
        return "–"
    if measure.key == "fidelity_db" and value.value > _EXACT_DB:
        return f"exact{mark}"
    numbers = (f"{float(x):.{measure.digits}f}".replace("-", "−") for x in (value.value, value.low, value.high))
    middle, low, high = numbers
    return f"<b>{middle}</b>{mark}<small>{low} … {high}</small>"


def _told_apart(analysis: Analysis, other: Findings, measures: list[Measure]) -> str:
    differences = {x: analysis.difference(x.key, other) for x in measures}
    there = {measure: x for measure, x in differences.items() if x is not None}
    alike = [measure for measure, x in there.items() if not differs(x, measure.digits)]
    tail = f" Not told apart by: {'; '.join(_in_a_sentence(x) for x in alike)}." if alike else ""
    names = f"<b>{_text(analysis.findings[0].name)}</b> and <b>{_text(other.name)}</b>"
    return f"{names} are told apart by {len(there) - len(alike)} of {len(there)} measures.{_text(tail)}"


def _in_a_sentence(measure: Measure) -> str:
    title = measure.title.split(",")[0]
    return title[0].lower() + title[1:]


def _kind(kind: dict[str, Any]) -> str:
    if not kind["fitted"]:
        return f"<p>No classifier of the photos’ kind was fitted: {_text(kind['reason'])}.</p>"
    accuracy = kind["accuracy"]
    return (
        f"<p>The classifier of the kind (column “{_text(kind['column'])}”: {_text(', '.join(kind['classes']))}) was"
        f" fitted on {kind['fitted_on']} photos of the other splits. On the photos of this report it is right in"
        f" <b>{accuracy['value']:.0%}</b> ({accuracy['low']:.0%} … {accuracy['high']:.0%}) of the cases; always"
        f" naming the most frequent kind would be right in {kind['most_frequent']:.0%}.</p>"
    )


def _glance(found: Findings) -> str:
    rows = "".join(_branch_row(found, index) for index in range(len(found.branches)))
    effect = "<th>Moves the kind by</th>" if "decision" in found.tables else ""
    return (
        f"<section><h2>The branches of {_text(found.name)}</h2><figure><div class=wide><table><tr><th>Branch</th>"
        f"<th>Energy</th><th>Mostly</th><th>Colour</th><th>Polarity</th><th>PSNR without it</th>{effect}"
        f"<th>Told by content</th><th>Stable</th></tr>{rows}</table></div><figcaption>“Mostly”: the two octave bands"
        " with most of its energy of luma. “Colour”: share of its energy that is not luma. In brackets after the PSNR:"
        " the change. “Told by content”: how"
        " often the identity classifier is right about it.</figcaption></figure></section>"
    )


def _branch_row(found: Findings, index: int) -> str:
    tables = {key: x.value for key, x in found.tables.items()}
    bands = tables["bands"][index]
    names, strongest = band_names(len(bands)), sorted(np.argsort(bands)[-2:])
    cells = [
        f"{tables['shares'][index]:.0%}",
        ", ".join(f"{names[i]} {bands[i]:.0%}" for i in strongest),
        _colour(tables["colours"][index]),
        _polarity(found.tables["skewness"], index),
        f"{tables['psnr_without'][index]:.1f} dB ({-tables['psnr_drop'][index]:+.1f})".replace("-", "−"),
        *([f"{tables['decision'][index]:.3f}"] if "decision" in tables else []),
        f"{tables['confusion'][index, index]:.0%}",
        f"{tables['stability_photos'][index]:.2f}",
    ]
    return f"<tr><th scope=row>{_text(found.branches[index])}</th>{''.join(f'<td>{x}</td>' for x in cells)}</tr>"


def _polarity(skewness: Estimate, index: int) -> str:
    value = f"({skewness.value[index]:+.2f})".replace("-", "−")
    if skewness.low[index] <= 0 <= skewness.high[index]:
        return f"even {value}"
    return f"{'adds' if skewness.value[index] > 0 else 'takes'} light {value}"


def _colour(shares: Array) -> str:
    """Shares of luma, blue-yellow, red-green."""
    colour = f"{1 - shares[0]:.0%}"
    return colour if colour == "0%" else f"{colour}, most of it {COLOUR_NAMES[1 + int(shares[1:].argmax())]}"


def _partners(found: tuple[Findings, ...]) -> str:
    first, others = found[0], found[1:]
    heads = "".join(f"<th>{_text(x.name)}</th>" for x in others)
    rows = []
    for index, name in enumerate(first.branches):
        cells = "".join(f"<td>{_partner(other, index)}</td>" for other in others)
        rows.append(f"<tr><th scope=row>{_text(name)}</th>{cells}</tr>")
    return (
        f"<section><h2>Partners by content</h2><figure><div class=wide><table><tr><th>{_text(first.name)}</th>{heads}"
        f"</tr>{''.join(rows)}</table></div><figcaption>Which branch or scale of the others is most like each branch,"
        " so that the summed correlation is largest (Hungarian method); with the correlation. Two trainings that found"
        " the same experts have partners near 1, whatever their numbers.</figcaption></figure></section>"
    )


def _partner(other: Findings, index: int) -> str:
    partner = int(other.partners[index])
    if partner < 0:
        return "–"
    likeness = other.partner_likeness
    middle, low, high = (f"{x[index]:.2f}".replace("-", "−") for x in (likeness.value, likeness.low, likeness.high))
    return f"{_text(other.branches[partner])} <b>{middle}</b><small>{low} … {high}</small>"


def _method(analysis: Analysis) -> str:
    subjects = "".join(
        f"<li><b>{_text(x.name)}</b>: {_text('; '.join(str(value) for value in x.facts.values()))}</li>"
        for x in analysis.findings
    )
    return f"<section><h2>Subjects and method</h2><ul>{subjects}</ul>{_METHOD}</section>"


def _text(value: Any) -> str:
    return html.escape(str(value))


_METHOD = """
<p>All pictures are measured with their spatial mean removed, because it is arbitrary (it belongs to the base layer).
Intervals: percentile bootstrap over photos, 1000 resamples, the same draws for every subject (Efron &amp; Tibshirani
1993). Bits between branch and band, colour or place: mutual information of the pooled energies, every branch counted
alike, jackknife-corrected. Bits between branches: histograms of 12 bins of equal mass, Miller–Madow correction (Miller
1955; Paninski 2003); neighbouring pixels are alike, so independent pictures do not come out at 0 exactly, and what
branches of two different photos give is subtracted. Octave bands: Laplacian pyramid (Burt &amp; Adelson 1983). Wavelet:
à trous, B3 spline (Starck, Fadili &amp; Murtagh 2007). Partners: Hungarian method (Kuhn 1955). The identity classifier
and the branch of the semantic share are chosen on the other half of the photos; the classifier of the kind is fitted on
other splits. The wavelet is told by its scales almost by definition: read its column as what hand-made experts for
scale look like, not as a rival in meaning.</p>
"""

_STYLE = """
:root { color-scheme: light dark; --text: #1d1f23; --quiet: #5a6069; --ground: #ffffff; --panel: #f4f5f7;
 --line: #d9dce1; --pos: #c8501e; --neg: #1f6fb2; --accent: #1f63b5; }
@media (prefers-color-scheme: dark) { :root { --text: #e7e8ea; --quiet: #a3a9b2; --ground: #17191c; --panel: #212429;
 --line: #373b42; --pos: #ef7d43; --neg: #4a9de6; --accent: #7ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.55 system-ui, "Segoe UI", Roboto,
 "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 76rem; margin: 0 auto; padding: 2.5rem 1.5rem 5rem; }
h1 { font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; margin: 0 0 1.25rem; }
h1 em { font-style: normal; color: var(--accent); }
h2 { font-size: 1.15rem; font-weight: 650; margin: 0 0 .75rem; }
h4 { font-size: .85rem; font-weight: 600; color: var(--quiet); margin: 0 0 .5rem; }
section { margin-top: 2.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
p { max-width: 52rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0; } figcaption { color: var(--quiet); font-size: .88rem; max-width: 52rem; margin-top: .75rem; }
.row { display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; align-items: flex-start; }
.row > div, .wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .45rem 1.25rem .45rem 0; border-bottom: 1px solid var(--line);
 font-weight: 400; }
tr:first-child th { color: var(--quiet); font-size: .85rem; }
th[scope=row] { font-weight: 550; }
th small, td small { display: block; color: var(--quiet); font-weight: 400; font-size: .8rem; line-height: 1.35; }
th[scope=row] small { max-width: 26rem; } td.num { white-space: nowrap; }
td b { font-weight: 600; }
.dot { display: inline-block; margin-left: .4rem; vertical-align: .12em; width: .42rem; height: .42rem;
 border-radius: 50%; background: var(--pos); }
table.layers { margin-bottom: 1.25rem; }
table.layers td, table.layers th { padding: 0 4px 4px 0; border: 0; font-size: .78rem; white-space: nowrap; }
img { display: block; border-radius: 3px; width: 112px; height: auto; }
svg { display: block; max-width: none; } svg text { font-size: 11.5px; fill: var(--text); } svg text.num {
 font-size: 11px; } svg text.strong { fill: #101216; }
.cell.pos, .bar.pos { fill: var(--pos); } .cell.neg, .bar.neg { fill: var(--neg); }
.cell { stroke: var(--ground); stroke-width: 1; } .bar { fill-opacity: .75; }
.frame { fill: none; stroke: var(--line); } .axis { stroke: var(--quiet); stroke-width: 1; }
.whisker { stroke: var(--text); stroke-width: 1.2; fill: none; }
@media print { main { max-width: none; } section { break-inside: avoid; } }
"""
