"""The figures of all photos put together: medians, as JSON, and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bsgui.analysis.measures import identity_guesses
from bsgui.analysis.semantic.table import aligned

from .contenders import SHIPPED
from .experiment import AT_WORKING_SIZE, PhotoFigures
from .tile_check import TileError

Medians = Mapping[str, Mapping[str, float]]

_MAIN = {
    "fidelity_db": "fidelity dB",
    "correlation_working": "r, working",
    "kept": "kept",
    "identity": "identity",
    "correlation_direct": "r, direct",
    "psnr_direct_db": "dB, direct",
    "edge_ratio_direct": "edges, direct",
    "correlation_frozen": "r, frozen",
    "psnr_frozen_db": "dB, frozen",
    "edge_ratio_frozen": "edges, frozen",
}
_SHAPE = {
    "overshoot": "overshoot %",
    "glow": "glow",
    "redundancy": "redundancy",
    "shared_detail": "shared detail",
    "into_regions": "into regions",
    "owner_share": "owner's share",
    "seconds": "CPU s",
}
_ROUND_TRIP = {"correlation_truth": "r", "psnr_truth_db": "dB", "edge_ratio_truth": "edges"}


def add_identity(photos: Sequence[PhotoFigures]) -> None:
    """Add ``identity`` to every contender's figures: the share of layers recognized by what they look like.

    The classifier is fitted on the layers of the *other* photos at working size and tested on this photo's layers,
    shrunk to that size.
    """
    for number, photo in enumerate(photos):
        others = np.stack([x.looks[AT_WORKING_SIZE] for at, x in enumerate(photos) if at != number])
        guesses = identity_guesses(others, np.stack(list(photo.looks.values())))
        for name, guessed in zip(photo.looks, guesses, strict=True):
            photo.contenders[name]["identity"] = float((guessed == np.arange(len(guessed))).mean())


def medians(photos: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, float]]:
    """Contender by contender and figure by figure, over the photos; lists of layers are left out."""
    names = photos[0]
    return {
        name: {
            figure: float(np.median([photo[name][figure] for photo in photos]))
            for figure, value in names[name].items()
            if isinstance(value, float)
        }
        for name in names
    }


def against_shipped(photos: Sequence[Mapping[str, Mapping[str, Any]]], figure: str) -> dict[str, tuple[int, int]]:
    """For each contender on how many photos its figure is above, and below, that of what the program does."""
    counts = {}
    for name in photos[0]:
        pairs = [(x[name][figure], x[SHIPPED][figure]) for x in photos if figure in x[name]]
        if pairs and name != SHIPPED:
            counts[name] = (sum(own > shipped for own, shipped in pairs), sum(own < shipped for own, shipped in pairs))
    return counts


def tile_medians(checks: Sequence[Sequence[TileError]]) -> list[dict[str, Any]]:
    """Of several photos, row by row of :func:`~.tile_check.check_tiles`."""
    rows = []
    for same in zip(*checks, strict=True):
        figures = {
            key: round(float(np.median([vars(x)[key] for x in same])), 5)
            for key in ("relative", "largest", "time_ratio")
        }
        rows.append({"statistics": same[0].statistics, "margin": same[0].margin, **figures})
    return rows


def to_json(facts: Mapping[str, Any], photos: Sequence[PhotoFigures], tiles: list[dict[str, Any]]) -> dict[str, Any]:
    """All figures as one object; ``facts`` go first."""
    at_full = [photo.contenders for photo in photos]
    round_trip = [photo.round_trip for photo in photos]
    seconds = {name: [photo.run_seconds[name] for photo in photos] for name in photos[0].run_seconds}
    return {
        **facts,
        "run_cpu_seconds": {name: float(np.median(values)) for name, values in seconds.items()},
        "contenders": medians(at_full),
        "round_trip": medians(round_trip),
        "photos_above_and_below_shipped": {
            "round_trip_psnr_db": against_shipped(round_trip, "psnr_truth_db"),
            "correlation_direct": against_shipped(at_full, "correlation_direct"),
            "glow": against_shipped(at_full, "glow"),
        },
        "tiles": tiles,
        "by_photo": {x.name: {"contenders": x.contenders, "round_trip": x.round_trip} for x in photos},
    }


def table(figures: Mapping[str, Any]) -> str:
    """The medians as text."""
    blocks = [
        _block("Against the runs at full size", _MAIN, figures["contenders"]),
        _block("Halos and leakage", _SHAPE, figures["contenders"]),
        _block("Layers of the direct run, shrunk and enlarged again", _ROUND_TRIP, figures["round_trip"]),
        _runs(figures),
    ]
    if figures["tiles"]:
        blocks.append(_tiles(figures["tiles"]))
    return "\n\n".join(blocks)


def _block(title: str, columns: Mapping[str, str], rows: Medians) -> str:
    lines: list[Sequence[str]] = [(title, *columns.values())]
    lines += [(name, *(_cell(figures, key) for key in columns)) for name, figures in rows.items()]
    return aligned(lines)


def _cell(figures: Mapping[str, float], key: str) -> str:
    if key not in figures:
        return "–"
    if key == "overshoot":
        return f"{100 * figures[key]:.2f}"
    return f"{figures[key]:.1f}" if key.endswith("_db") else f"{figures[key]:.3f}"


def _runs(figures: Mapping[str, Any]) -> str:
    memory = figures["run_mebibytes"]
    rows: list[Sequence[str]] = [("Runs of the network, float32", "CPU s", "MiB")]
    for name, seconds in figures["run_cpu_seconds"].items():
        rows.append((name, f"{seconds:.2f}", f"{memory[name]:.0f}" if name in memory else "–"))
    return aligned(rows)


def _tiles(tiles: Sequence[Mapping[str, Any]]) -> str:
    rows: list[Sequence[str]] = [("Tiles against the whole, 2×", "margin px", "relative", "largest", "time")]
    for row in tiles:
        figures = (f"{row[key]:.4f}" for key in ("relative", "largest"))
        rows.append((f"{row['statistics']} statistics", str(row["margin"]), *figures, f"{row['time_ratio']:.1f} ×"))
    return aligned(rows)
