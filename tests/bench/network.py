"""The network beside its own floating-point limit: ``python -m tests.bench.network [--size 256] [--json]``.

For every installed model: its operations (torch.utils.flop_counter) over the rate of a large matrix product, measured
in turn with the network in the same run, in float32 and bfloat16, on one thread and on all. "limit" is how much of that
rate the network reaches, on the app's own path. Beside it a network of the shape that was published with DXAI (Kadar &
Gilboa, arXiv 2401.00320: five branches, 7 channels a branch at full size, doubling to 64), built from our blocks with
random weights, for its time only; ``python -m tests.bench.published`` trains it, for its fidelity. "cpu" is processor
time of all threads: on a busy machine it tells more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter, process_time

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bsgui.engine.branchwise import BranchwiseGenerator
from bsgui.engine.checkpoint import load_generator
from bsgui.engine.decomposer import chosen_styles
from bsgui.engine.device import autocast_type
from bsgui.imageio.model_store import ModelStore, default_model_folders

from .published import PublishedShape

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
_SIDE = 1024


@dataclass(frozen=True)
class Figure:
    """Medians; milliseconds, and 1e9 operations a second."""

    network: str
    precision: str
    threads: int
    gflop: float
    ms: float
    cpu_ms: float
    gemm_gflops: float
    limit: float
    """Share of the measured rate of matrix products that the network reaches, 0..1, from the fastest runs of both."""


def operations(run: Callable[[], object]) -> float:
    """Counted while it runs once, in 1e9."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops()) / 1e9


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor time, seconds."""
    wall, cpu = perf_counter(), process_time()
    run()
    return perf_counter() - wall, process_time() - cpu


def paired(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """All in turn, so that what else the machine does meets all of them."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for number in range(rounds + 2):
        for name, run in runs.items():
            seconds = timed(run)
            if number >= 2:
                times[name].append(seconds)
    return times


@dataclass(frozen=True)
class Network:
    """Something to time: its grouped form, which is counted, and what runs in a precision."""

    name: str
    gflop: float
    make: Callable[[torch.dtype], Callable[[], object]]


def networks(size: int) -> list[Network]:
    """The installed models, then the published shape."""
    photo = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    store = ModelStore(default_model_folders())
    made = [_installed(store, card.id, photo) for card in store.cards()]
    return [*made, _published(photo)]


def _installed(store: ModelStore, model: str, photo: Tensor) -> Network:
    network = load_generator(store.weights_path(model))
    styles = chosen_styles(network, "", 0)

    def make(dtype: torch.dtype) -> Callable[[], object]:
        branchwise = BranchwiseGenerator(network, dtype)
        return lambda: branchwise.run(photo, styles)

    return Network(model, operations(lambda: network(photo, styles)), make)


def _published(photo: Tensor) -> Network:
    torch.manual_seed(0)
    network = PublishedShape().eval().requires_grad_(False)
    style = torch.zeros(1, network.branches, network.style)

    def make(dtype: torch.dtype) -> Callable[[], object]:
        @torch.inference_mode()
        def run() -> object:
            with torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.bfloat16):
                return network(photo, style)

        return run

    return Network("DXAI's shape", operations(lambda: network(photo, style)), make)


def measure(size: int, rounds: int, threads: int, precisions: Sequence[str]) -> list[Figure]:
    """All networks in some precisions on so many threads."""
    torch.set_num_threads(threads)
    found, figures = networks(size), []
    for precision in precisions:
        dtype = _DTYPES[precision]
        matrix = torch.rand(_SIDE, _SIDE).to(dtype)
        runs: dict[str, Callable[[], object]] = {"gemm": lambda matrix=matrix: matrix @ matrix}
        runs |= {network.name: network.make(dtype) for network in found}
        times = paired(runs, rounds)
        rate = 2 * _SIDE**3 / 1e9 / min(wall for wall, _ in times["gemm"])
        for network in found:
            wall, cpu = ([pair[k] for pair in times[network.name]] for k in (0, 1))
            share = network.gflop / min(wall) / rate
            figures.append(
                Figure(
                    network.name,
                    precision,
                    threads,
                    round(network.gflop, 2),
                    round(1e3 * statistics.median(wall), 1),
                    round(1e3 * statistics.median(cpu), 1),
                    round(rate, 1),
                    round(share, 3),
                )
            )
    return figures


def _native() -> list[str]:
    """Without bfloat16 where the processor only emulates it: that takes minutes, and nobody would use it."""
    return [*_DTYPES] if autocast_type(torch.device("cpu")) is not None else ["fp32"]


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.network", description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="*", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--precisions", nargs="+", choices=[*_DTYPES], default=_native(), help="(%(default)s)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = [
        figure
        for threads in options.threads
        for figure in measure(options.size, options.rounds, threads, options.precisions)
    ]
    if options.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=1))
        return 0
    print(f"{'network':14}{'':>6}{'threads':>8}{'GFLOP':>8}{'ms':>9}{'cpu ms':>9}{'GEMM GFLOP/s':>14}{'limit':>8}")
    for x in figures:
        row = f"{x.network:14}{x.precision:>6}{x.threads:8}{x.gflop:8.2f}{x.ms:9.1f}{x.cpu_ms:9.1f}"
        print(f"{row}{x.gemm_gflops:14.0f}{x.limit:8.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
