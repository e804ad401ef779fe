"""The README's table from the benchmarks' JSON: ``python -m tests.bench.table bench.json [--write README.md]``.

What has not been measured has no row. With --write the table takes the place of the one between the two marks, or
comes before the chapter "Architecture".
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

_START, _END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
_NEXT = "## Architecture"


def table(results: dict[str, Any]) -> str:
    """Markdown."""
    machine = results["machine"]
    name = f"{machine['model'] or machine['processor']}, {machine['threads']} threads, {machine['capability']}"
    rows = [
        row for part in (_network, _first, _heartbeat, _plain, _canvas, _laboratory, _gmic) for row in part(results)
    ]
    head = f"In one run on {name}; torch {machine['torch']}; load before it {machine['load']:.1f}:"
    return "\n".join([head, "", "| what | figure | command |", "|---|---|---|", *rows])


def _row(what: str, figure: str, module: str) -> str:
    return f"| {what} | {figure} | `python -m tests.bench.{module}` |"


def _network(results: dict[str, Any]) -> list[str]:
    return [
        _row(
            f"network {x['network']}, 256 px, {x['precision']}, {x['threads']} thread(s)",
            f"{x['ms']:.0f} ms, {x['limit']:.0%} of {x['gflop']:.1f} GFLOP at {x['gemm_gflops']:.0f} GFLOP/s",
            "network",
        )
        for x in results.get("network", [])
    ]


def _first(results: dict[str, Any]) -> list[str]:
    x = results.get("first_layers")
    if x is None:
        return []
    return [
        _row(f"24 MP opened → first layers on screen; final ones ({kind})", figures, "first_layers")
        for kind in ("cold", "warm")
        for figures in [f"{x[f'{kind}_first']:.2f} s; {x[f'{kind}_final']:.2f} s"]
    ]


def _heartbeat(results: dict[str, Any]) -> list[str]:
    return [
        _row(f"longest block of the window: {x['work']}", f"{x['block']:.0f} ms, own {x['own']:.0f} ms", "heartbeat")
        for x in results.get("heartbeat", {}).get("figures", [])
    ]


def _plain(results: dict[str, Any]) -> list[str]:
    x = results.get("plain_sum")
    if x is None:
        return []
    pairs = (("whole", f"{x['megapixels']:g} MP"), ("view", "a view of 1440×900"))
    return [
        _row(
            f"{x['layers']:g} layers mixed against the plain sum of full-size layers, {where}",
            f"{1e3 * x[f'{key}_ours_s']:.0f} against {1e3 * x[f'{key}_plain_s']:.0f} ms: {x[f'{key}_ratio']:.2f}; "
            f"{x['ours_mib']:.0f} against {x['plain_mib']:.0f} MiB",
            "plain_sum",
        )
        for key, where in pairs
    ]


def _canvas(results: dict[str, Any]) -> list[str]:
    return [
        _row(
            f"{x['what']}, {x['photo']}, {x['zoom']:.0%}",
            f"median {x['shown_median']:.0f} ms, p99 {x['shown_p99']:.0f} ms, longest {x['shown_max']:.0f} ms",
            "canvas",
        )
        for key in ("canvas_12mp", "canvas_100mp")
        for x in results.get(key, [])
    ]


def _laboratory(results: dict[str, Any]) -> list[str]:
    x = results.get("laboratory")
    if x is None:
        return []
    figure = f"{x['frames_per_second']:.0f} frames/s; longest pause {x['gap_max']:.0f} ms"
    return [_row(f"a race of {x['branches']} branches in {x['modes']} modes, its window", figure, "laboratory")]


def _gmic(results: dict[str, Any]) -> list[str]:
    runs = results.get("decompose_24mp")
    if runs is None:
        return []
    ours, theirs = runs["decompose"], runs.get("gmic")
    figure = f"{ours['seconds']:.1f} s, {ours['peak_mib']:.0f} MiB"
    if theirs is not None:
        ratios = ours["seconds"] / theirs["seconds"], ours["peak_mib"] / theirs["peak_mib"]
        figure += f" against {theirs['seconds']:.1f} s, {theirs['peak_mib']:.0f} MiB: {ratios[0]:.2f}, {ratios[1]:.2f}"
    return [_row("24 MP JPEG → PNG stack, whole process, against G'MIC's split_details 6", figure, "decompose")]


def written(readme: str, markdown: str) -> str:
    """The README with the table in its place."""
    block = f"{_START}\n{markdown}\n{_END}"
    if _START in readme and _END in readme:
        before, _, rest = readme.partition(_START)
        return before + block + rest.partition(_END)[2]
    return readme.replace(f"{_NEXT}\n", f"{block}\n\n{_NEXT}\n", 1)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.table", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--write", type=Path, metavar="README")
    options = parser.parse_args()
    markdown = table(json.loads(options.results.read_text(encoding="utf-8")))
    if options.write is None:
        print(markdown)
    else:
        options.write.write_text(written(options.write.read_text(encoding="utf-8"), markdown), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
