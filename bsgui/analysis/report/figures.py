"""The figures of a report: the same for every subject, side by side, each with how to read it."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .examination import Examination, Example
from .findings import Findings
from .svg import bars, heat_map, place_maps

COLOUR_NAMES = ("luma", "blue–yellow", "red–green")


def band_names(count: int) -> tuple[str, ...]:
    """Octave bands from fine to coarse, by the size of what is in them."""
    return (*(f"{2**i}–{2 ** (i + 1)} px" for i in range(count - 1)), f">{2 ** (count - 1)} px")


Draw = Callable[[Findings, Sequence[Findings]], str]


@dataclass(frozen=True)
class Figure:
    """A figure of every subject that has the table.

    Attributes:
        table: key of :attr:`Findings.tables`.
        title: of the section.
        caption: how to read it.
        draw: one subject's SVG, given it and all subjects of the figure, which share a scale.
    """

    table: str
    title: str
    caption: str
    draw: Draw


def _bars(key: str, digits: int = 2, unit: str = "") -> Draw:
    def draw(found: Findings, those: Sequence[Findings]) -> str:
        tables = [x.tables[key] for x in those]
        span = (min(float(x.low.min()) for x in tables), max(float(x.high.max()) for x in tables))
        table = found.tables[key]
        intervals = np.stack([table.value, table.low, table.high])
        return bars(intervals, found.branches, span, f"{key}, {found.name}", digits, unit)

    return draw


def _matrix(key: str, strongest: float, columns: Sequence[str] = ()) -> Draw:
    def draw(found: Findings, those: Sequence[Findings]) -> str:
        names = columns or found.branches
        return heat_map(found.tables[key].value, found.branches, names, strongest, f"{key}, {found.name}")

    return draw


def _bands(key: str) -> Draw:
    def draw(found: Findings, those: Sequence[Findings]) -> str:
        names = band_names(found.tables[key].value.shape[1])
        return _matrix(key, 0.7, names)(found, those)

    return draw


def _information(found: Findings, those: Sequence[Findings]) -> str:
    values = found.tables["information"].value.copy()
    np.fill_diagonal(values, np.nan)
    return heat_map(values, found.branches, found.branches, 1.0, f"information, {found.name}")


def _places(found: Findings, those: Sequence[Findings]) -> str:
    values = found.tables["places"].value
    relative = values / np.maximum(values.mean((1, 2), keepdims=True), 1e-12) - 1
    return place_maps(relative, found.branches, 1.0, f"places, {found.name}")


FIGURES = (
    Figure("shares", "Energy shares", "How much of the branches’ summed variance each has. Bars of equal length: the"
           " work is shared out evenly; a bar at 0 is a dead branch. Whiskers, here and below, are 95 % intervals.",
           _bars("shares", 3)),
    Figure("correlation", "Branch × branch correlation", "Orange: where one is lighter, so is the other. Blue: one"
           " takes away what the other adds. Good layers leave everything off the diagonal faint. Columns are the"
           " branches in the order of the rows; mean over photos.", _matrix("correlation", 1.0)),
    Figure("information", "Branch × branch mutual information, bits", "What the luma of one branch at a pixel says of"
           " the other’s, in any way, not only in proportion. Full colour is 1 bit. Two independent branches have"
           " about what the floor in the first table’s dependence takes away.", _information),
    Figure("bands", "Branch × octave band", "Where each branch’s energy of luma lies, rows add up to 1. A strong cell"
           " in an otherwise faint row is an expert for structures of that size, in pixels of the measured squares.",
           _bands("bands")),
    Figure("bands_owner", "Octave band × branch: who owns a band", "The same energy the other way: columns add up to 1."
           " One strong cell a column means that structures of this size have one owner.",
           _bands("bands_owner")),
    Figure("colours", "Branch × colour axis", "How each branch’s energy is spread over luma, blue against yellow, and"
           " red against green; rows add up to 1. Photos are mostly luma, so a branch with much in the other two is"
           " an expert for colour.", _matrix("colours", 0.8, COLOUR_NAMES)),
    Figure("colours_owner", "Colour axis × branch: who owns a colour", "The same the other way; columns add up to 1.",
           _matrix("colours_owner", 0.7, COLOUR_NAMES)),
    Figure("places", "Branch × place", "Mean absolute value of each branch on an 8 × 8 grid over the picture,"
           " against the branch’s mean: orange where it is stronger (full colour: twice), blue where weaker. Faint"
           " maps: the branch is everywhere alike.", _places),
    Figure("skewness", "Polarity", "Skewness of each branch’s luma. Right of 0: it mostly adds light in few places;"
           " left: it mostly takes light away.", _bars("skewness")),
    Figure("psnr_without", "Ablation: what is left without a branch", "PSNR against the photo when the branch is left"
           " out, the residual too. The shorter the bar, the more the picture needs the branch.",
           _bars("psnr_without", 1, " dB")),
    Figure("decision", "Ablation: what the branch means for the kind", "How far the decision of the classifier of the"
           " photos’ kind moves when the branch is taken out of a photo: total variation of its probabilities, 0 to 1."
           " The classifier is a small one on pooled features; its accuracy stands above.", _bars("decision", 3)),
    Figure("semantic", "Semantic share", "Average precision of each branch’s smoothed absolute value as a detector of"
           " the masks of the index.", _bars("semantic")),
    Figure("confusion", "Identity: which branch is it taken for?", "Rows: the branch a picture came from; columns:"
           " what a linear classifier takes it for, seeing only its content (spectrum, orientation, colour share,"
           " polarity, place). A strong diagonal: every branch has a face of its own on photos the classifier never"
           " saw.", _matrix("confusion", 1.0)),
    Figure("stability_photos", "Stability over photos", "Correlation of each branch’s profile on one random half of"
           " the photos with that on the other; near 1, the branch plays the same role everywhere. Whiskers span 95 %"
           " of the random halves.", _bars("stability_photos")),
    Figure("stability_styles", "Stability over styles", "Correlation of each branch with its partner under other"
           " style seeds, partners by content.", _bars("stability_styles")),
    Figure("style_change", "Change by the style", "How far a branch’s picture moves when the style’s seed is another,"
           " over its own deviation; 0: the style does nothing.", _bars("style_change", 3)),
)  # fmt: skip


def figure_section(figure: Figure, found: Sequence[Findings]) -> str:
    """One figure of all subjects that have it, or "" if none has."""
    those = [x for x in found if figure.table in x.tables]
    if not those:
        return ""
    pictures = "".join(f"<div><h4>{html.escape(x.name)}</h4>{figure.draw(x, those)}</div>" for x in those)
    return (
        f"<section><h2>{figure.title}</h2><figure><div class=row>{pictures}</div>"
        f"<figcaption>{figure.caption}</figcaption></figure></section>"
    )


def example_section(examinations: Sequence[Examination]) -> str:
    """The layers of some photos, of every subject."""
    parts = []
    for seen in examinations:
        heads = "".join(f"<th>{html.escape(x)}</th>" for x in ("Photo", *seen.subject.branches, "Sum"))
        rows = "".join(_example_row(x) for x in seen.examples)
        parts.append(
            f"<h4>{html.escape(seen.subject.name)}</h4><div class=wide><table class=layers><tr>{heads}</tr>{rows}"
            "</table></div>"
        )
    return (
        f"<section><h2>Layers</h2><figure>{''.join(parts)}<figcaption>Some of the photos and their layers at gain 1"
        " over mid-grey: lighter than the grey adds, darker takes away. “Sum” is the mean colour plus all branches,"
        " without a residual layer.</figcaption></figure></section>"
    )


def _example_row(example: Example) -> str:
    cells = "".join(f"<td>{_image(x)}</td>" for x in (example.photo, *example.layers, example.total))
    return f"<tr>{cells}</tr>"


def _image(pixels: NDArray[np.uint8]) -> str:
    """(h, w, 3) as a PNG within the page."""
    _, data = cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    height, width = pixels.shape[:2]
    text = base64.b64encode(data.tobytes()).decode()
    return f'<img alt="" width="{width}" height="{height}" src="data:image/png;base64,{text}">'
