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
_SMALL_CELL = 14
_LABEL_WIDTH = 92
_HEAD_HEIGHT = 24
_ROW = 24
_BAR_WIDTH = 300
_VALUE_WIDTH = 52
_MANY = 16
_STRONGEST = 0.85


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
    cell = _CELL if len(columns) <= _MANY else _SMALL_CELL
    height = cell if cell == _SMALL_CELL else _ROW + 6
    left, top = _LABEL_WIDTH, _HEAD_HEIGHT
    parts: list[str] = []
    if cell == _CELL:
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
    values: Values, low: Values, high: Values, names: Sequence[str], title: str, digits: int = 2, unit: str = ""
) -> str:
    """Horizontal bars from 0 with whiskers from ``low`` to ``high``, all (N,)."""
    ends = np.concatenate([[0.0], *(np.nan_to_num(np.asarray(x, np.float64)) for x in (values, low, high))])
    start, stop = float(ends.min()), float(ends.max())
    scale = _BAR_WIDTH / max(stop - start, 1e-9)
    left = _LABEL_WIDTH
    zero = left - start * scale
    parts = [f'<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{len(names) * _ROW}"/>']
    for i, name in enumerate(names):
        y, end = i * _ROW, left + (values[i] - start) * scale
        sign = "pos" if values[i] >= 0 else "neg"
        parts.append(_text(left - 8, y + 16, _cut(name, 13), "end", name))
        parts.append(
            f'<rect class="bar {sign}" x="{min(zero, end):.1f}" y="{y + 5}" width="{abs(end - zero):.1f}" height="14"/>'
        )
        first, last = (left + (x[i] - start) * scale for x in (low, high))
        parts.append(f'<path class="whisker" d="M{first:.1f} {y + 9}v6m0-3H{last:.1f}m0-3v6"/>')
        parts.append(_text(left + _BAR_WIDTH + 8, y + 16, f"{_number(values[i], digits)}{unit}", "start"))
    return _svg(left + _BAR_WIDTH + _VALUE_WIDTH, len(names) * _ROW + 2, parts, title)


def place_maps(values: Values, names: Sequence[str], title: str) -> str:
    """Small multiples: one grid a branch, (N, G, G); the strongest cell of all is full colour."""
    grid = values.shape[1]
    side, gap, per_row = 96, 14, min(4, len(names))
    strongest = float(values.max())
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
    label = _text(x + width / 2, y + height / 2 + 4, number, "middle", "", "num") if width > _SMALL_CELL else ""
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
    return str(index + 1) if numbered else _cut(name, 8)


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _number(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", "−")
