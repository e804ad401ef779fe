"""The figures as text for a terminal: one block a question, one row a contender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .targets import targets

Row = Sequence[str]


def table(figures: Mapping[str, Any]) -> str:
    """All blocks of an evaluation, see :mod:`.animals` and :mod:`.faces`."""
    blocks = [_detections(figures["kinds"])]
    if figures["measured"] == "animals":
        blocks.append(_removals(figures["kinds"], figures["contrast_sigma_px"]))
    else:
        blocks += [_lights(name, figure) for name, figure in figures["lights"].items()]
        blocks += [_known_layers(name, figure) for name, figure in figures["known_layers"].items()]
    return "\n\n".join([*blocks, _targets(figures)])


def _targets(figures: Mapping[str, Any]) -> str:
    rows: list[Row] = [(f"Targets · {figures['subject']}", "measured", "wanted", "")]
    rows += [(f"  {x.name}", interval(x.figure), x.range, "met" if x.met else "not met") for x in targets(figures)]
    return aligned(rows)


def interval(value: Mapping[str, Any] | None, digits: int = 2) -> str:
    """A figure with its 95 % interval: ``0.41 [0.38, 0.45]``."""
    if value is None or value["value"] is None:
        return "–"
    ends = ", ".join("–" if value[end] is None else f"{value[end]:.{digits}f}" for end in ("low", "high"))
    return f"{value['value']:.{digits}f} [{ends}]"


def _detections(kinds: Mapping[str, Any]) -> str:
    rows: list[Row] = [
        ("Average precision", "layer", "σ px", "median", "pooled", "÷ best wavelet", "photo by photo", "pooled")
    ]
    for kind, figure in kinds.items():
        rows.append((f"{kind} · {figure['photos']} photos · chance {figure['chance']:.3f}",))
        rows += [_detection(name, found) for name, found in figure["contenders"].items()]
        rows.append((f"  best wavelet layer on these photos: {figure['best_wavelet_layer']}",))
    return aligned(rows)


def _detection(name: str, found: Mapping[str, Any]) -> Row:
    return (
        f"  {name}",
        found["layer"],
        f"{found['sigma_px']:g}",
        interval(found["average_precision"]),
        f"{found['pooled_precision']:.3f}",
        interval(found["ratio_to_wavelet"]),
        interval(found["ratio_photo_by_photo"]),
        f"{found['pooled_ratio']:.2f}",
    )


def _removals(kinds: Mapping[str, Any], reach: Mapping[str, float]) -> str:
    rows: list[Row] = [("Contrast removed at gain 0", "layer", "inside the mask", "against its surround", "outside")]
    for kind, figure in kinds.items():
        rows.append((f"{kind} · structures around {reach[kind]:g} px",))
        for name, found in figure["contenders"].items():
            removal = found["removal"]
            cells = (interval(removal[key]) for key in ("inside", "against_surround", "outside"))
            rows.append((f"  {name}", found["layer"], *cells))
    return aligned(rows)


_LIGHT_COLUMNS = {
    "light_share": "light share",
    "person_share_outside": "person outside",
    "light_share_in_face": "… in the face",
    "person_share_outside_in_face": "… in the face",
    "shading_correlation": "shading corr.",
    "half_light_left_right": "½ light: L−R",
    "half_all_lights_left_right": "½ all: L−R",
    "half_light_eye_contrast": "½ light: eyes",
    "side_light_off_left_right": "side off: L−R",
    "side_light_turned_left_right": "side −1: L−R",
    "side_light_correlation": "side corr.",
    "side_named": "side named",
    "side_within_45": "… within 45°",
}


def _lights(name: str, figure: Mapping[str, Any]) -> str:
    rows: list[Row] = [(f"Lights · {name}", *_LIGHT_COLUMNS.values(), "illumination layers")]
    splits = ", ".join(f"{count} {split}" for split, count in figure["splits"].items())
    rows.append((f"{figure['faces']} faces ({splits}) × {figure['lights']} lights",))
    for contender, found in figure["contenders"].items():
        cells = [interval(found[key]) for key in _LIGHT_COLUMNS]
        rows.append((f"  {contender}", *cells, f"{', '.join(found['illumination'])} ({found['chosen_by']})"))
    retinex, rest = figure["retinex"], figure["wavelet_rest"]
    for title, value in (
        (f"  Retinex, σ {retinex['sigma_px']:g} px", retinex),
        (f"  Wavelet rest after {rest['levels_removed']} levels", rest),
    ):
        rows.append((title, "", "", "", "", interval(value["shading_correlation"])))
    return aligned(rows)


def _known_layers(name: str, figure: Mapping[str, Any]) -> str:
    names = list(next(iter(figure["contenders"].values())))
    rows: list[Row] = [(f"Known layers · {name}", *names), (f"{figure['scenes']} scenes, correlation",)]
    for contender, found in figure["contenders"].items():
        rows.append((f"  {contender}", *(interval(found[key]) for key in names)))
    return aligned(rows)


def aligned(rows: Sequence[Row]) -> str:
    """Rows as columns of equal width; a row of one cell is a heading and may be of any length."""
    cells = [row for row in rows if len(row) > 1]
    widths = [max(len(row[column]) for row in cells if column < len(row)) for column in range(len(cells[0]))]
    lines = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)) if len(row) > 1 else row[0]
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
