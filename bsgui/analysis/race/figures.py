"""Figures of findings as SVG and PNG files' bytes, the same bytes for the same findings.

Thread: one at a time.
"""

from __future__ import annotations

import io
import math
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from .findings import Curve, Findings, Panel

# Okabe and Ito's colours, told apart with every kind of colour vision.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C564B")
_PANEL_INCHES = (6.4, 4.0)
_DOTS_PER_INCH = 120
# Text stays text, so that it can be searched and scaled; ids and dates must not differ from run to run.
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bsgui",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw_svg(findings: Findings) -> bytes:
    """All panels of findings, see :func:`panels_svg`."""
    return panels_svg(findings.panels)


def draw_png(findings: Findings) -> bytes:
    """All panels of findings, see :func:`panels_png`."""
    return panels_png(findings.panels)


def panels_svg(panels: tuple[Panel, ...]) -> bytes:
    """Panels side by side, as an SVG document."""
    with matplotlib.rc_context(_STYLE):
        figure = _figure(panels)
        FigureCanvasSVG(figure)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": "bsgui"})
    return file.getvalue()


def panels_png(panels: tuple[Panel, ...]) -> bytes:
    """Panels side by side, as a PNG picture."""
    with matplotlib.rc_context(_STYLE):
        figure = _figure(panels)
        FigureCanvasAgg(figure)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": "bsgui"})
    return file.getvalue()


def _figure(panels: tuple[Panel, ...]) -> Figure:
    columns = min(len(panels), 2)
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(_PANEL_INCHES[0] * columns, _PANEL_INCHES[1] * rows), layout="constrained")
    for index, panel in enumerate(panels):
        _draw_panel(figure.add_subplot(rows, columns, index + 1), panel)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, fontsize=11)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    if panel.log_x:
        axes.set_xscale("log")
    if panel.log_y:
        axes.set_yscale("log")
    for number, curve in enumerate(panel.curves):
        _draw_curve(axes, curve, COLORS[_color_number(panel, number) % len(COLORS)])
    axes.grid(visible=True, alpha=0.25, linewidth=0.6)
    axes.legend(fontsize=8, frameon=False)


def _color_number(panel: Panel, number: int) -> int:
    """Measured curves are counted; a prediction has the colour of what it predicts."""
    curve = panel.curves[number]
    if not curve.predicted:
        return sum(not x.predicted for x in panel.curves[:number])
    if curve.of:
        return _color_number(panel, [x.name for x in panel.curves].index(curve.of))
    return _color_number(panel, number - 1) if number else len(panel.curves)


def _draw_curve(axes: Axes, curve: Curve, color: str) -> None:
    bands, places = curve.bands, list(curve.x)
    means = [x.mean for x in bands]
    style: dict[str, Any] = {"color": color, "markersize": 4, "linewidth": 1.6}
    style["marker"] = "" if len(places) > 12 else "s" if curve.predicted else "o"
    if curve.predicted:
        style |= {"linestyle": "--", "alpha": 0.75}
    if isinstance(places[0], str):
        style["linestyle"] = "none"
    axes.plot(places, means, label=curve.name, **style)
    if curve.predicted or not all(math.isfinite(x.low) for x in bands):
        return
    low, high = [x.low for x in bands], [x.high for x in bands]
    if isinstance(places[0], str):
        axes.vlines(places, low, high, color=color, alpha=0.5)
    else:
        axes.fill_between(places, low, high, color=color, alpha=0.2, linewidth=0)
