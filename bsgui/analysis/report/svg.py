"""Small figures as inline SVG: heat maps, bars with whiskers, maps of place.

Colours are the page's CSS variables, so that figures follow its light and dark look; strength is opacity.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]

_CELL = 46
_NAMED_CELL = 68
_SMALL_CELL = 14
_LABEL_WIDTH = 92
_HEAD_HEIGHT = 24
_ROW = 24
_BAR_WIDTH = 300
_VALUE_WIDTH = 52
_MANY = 16
_STRONGEST = 0.85
_DARK = 0.55


def heat_map(
    values: Values, rows: Sequence[str], columns: Sequence[str], strongest: float, title: str, digits: int = 2
) -> str:
    """A matrix as coloured cells with numbers: orange above 0, blue below.

    Args:
        values: (R, C).
        rows: their names.
        columns: their names; the same object as ``rows`` for a matrix of branches.
        strongest: the absolute value of full colour.
        title: for screen readers.
        digits: of the numbers; matrices of more than 16 columns have none.
    """
    wide = _CELL if rows is columns else _NAMED_CELL
    cell = wide if len(columns) <= _MANY else _SMALL_CELL
    height = cell if cell == _SMALL_CELL else _ROW + 6
    left, top = _LABEL_WIDTH, _HEAD_HEIGHT
    parts: list[str] = []
    if cell == wide:
        parts += [
            _text(left + (i + 0.5) * cell, top - 8, _short(columns[i], i, rows is columns), "middle", columns[i])
            for i in range(len(columns))
        ]
    for i, row in enumerate(rows):
        parts.append(_text(left - 8, top + (i + 0.5) * height + 4, _cut(row, 13), "end", row))
        parts += [
            _cell(left + j * cell, top + i * height, cell, height, values[i, j], strongest, digits, f"{row}, {name}")
            for j, name in enumerate(columns)
        ]
    return _svg(left + len(columns) * cell, top + len(rows) * height, parts, title)


def bars(
    intervals: Values, names: Sequence[str], span: tuple[float, float], title: str, digits: int = 2, unit: str = ""
) -> str:
    """Horizontal bars from 0, with whiskers.

    Args:
        intervals: (3, N) value, lower and upper end.
        names: of the bars.
        span: smallest and largest number that must find room; 0 always does.
        title: for screen readers.
        digits: of the numbers.
        unit: after the numbers.
    """
    start, stop = min(0.0, span[0]), max(0.0, span[1])
    scale = _BAR_WIDTH / max(stop - start, 1e-9)
    zero = _LABEL_WIDTH - start * scale
    parts = [f'<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{len(names) * _ROW}"/>']
    for i, name in enumerate(names):
        value, first, last = (zero + float(x) * scale for x in intervals[:, i])
        number = f"{_number(intervals[0, i], digits)}{unit}"
        parts.append(_text(_LABEL_WIDTH - 8, i * _ROW + 16, _cut(name, 13), "end", name))
        parts.append(_bar(zero, value, i * _ROW))
        parts.append(f'<path class="whisker" d="M{first:.1f} {i * _ROW + 9}v6m0-3H{last:.1f}m0-3v6"/>')
        parts.append(_text(_LABEL_WIDTH + _BAR_WIDTH + 8, i * _ROW + 16, number, "start"))
    return _svg(_LABEL_WIDTH + _BAR_WIDTH + _VALUE_WIDTH, len(names) * _ROW + 2, parts, title)


def _bar(zero: float, end: float, y: int) -> str:
    sign = "pos" if end >= zero else "neg"
    return f'<rect class="bar {sign}" x="{min(zero, end):.1f}" y="{y + 5}" width="{abs(end - zero):.1f}" height="14"/>'


def place_maps(values: Values, names: Sequence[str], strongest: float, title: str) -> str:
    """Small multiples: one grid a branch, (N, G, G); ``strongest`` is full colour."""
    grid = values.shape[1]
    side, gap, per_row = 96, 14, min(4, len(names))
    parts = []
    for i, name in enumerate(names):
        x, y = (i % per_row) * (side + gap), (i // per_row) * (side + 30)
        parts.append(_text(x, y + 13, _cut(name, 14), "start", name))
        cell = side / grid
        parts += [
            _rect(x + c * cell, y + 20 + r * cell, cell, cell, values[i, r, c], strongest)
            for r in range(grid)
            for c in range(grid)
        ]
        parts.append(f'<rect class="frame" x="{x}" y="{y + 20}" width="{side}" height="{side}"/>')
    rows = -(-len(names) // per_row)
    return _svg(per_row * (side + gap) - gap + 1, rows * (side + 30) - 9, parts, title)


def _cell(
    x: float, y: float, width: float, height: float, value: float, strongest: float, digits: int, what: str
) -> str:
    number = _number(value, digits)
    tip = f"<title>{html.escape(what)}: {number}</title>"
    shape = f"<g>{tip}{_rect(x, y, width, height, value, strongest)}"
    kind = "num strong" if abs(value) > _DARK * strongest else "num"
    label = _text(x + width / 2, y + height / 2 + 4, number, "middle", "", kind) if width > _SMALL_CELL else ""
    return f"{shape}{label}</g>"


def _rect(x: float, y: float, width: float, height: float, value: float, strongest: float) -> str:
    opacity = _STRONGEST * min(1.0, abs(float(value)) / max(strongest, 1e-12)) if np.isfinite(value) else 0.0
    sign = "pos" if value >= 0 else "neg"
    return (
        f'<rect class="cell {sign}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f' fill-opacity="{opacity:.3f}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, tip: str = "", kind: str = "") -> str:
    hover = f"<title>{html.escape(tip)}</title>" if tip and tip != text else ""
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{hover}{html.escape(text)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg role="img" aria-label="{html.escape(title, quote=True)}" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}">{"".join(parts)}</svg>'
    )


def _short(name: str, index: int, numbered: bool) -> str:
    """Columns have little room: the number of the branch, where rows and columns are the same branches."""
    return str(index + 1) if numbered else _cut(name, 11)


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _number(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", "−")
