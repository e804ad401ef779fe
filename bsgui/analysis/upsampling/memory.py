"""How much memory a run of the network takes: in a process of its own, so that nothing is left from another."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Event, Thread

from .contenders import Run

_PAUSE_SECONDS = 0.002


def run_mebibytes(weights: Path, run: Run, width: int, height: int) -> float:
    """Greatest growth of the process while a run lasts, MiB, sampled every 2 ms.

    Args:
        weights: of the network.
        run: which pass.
        width: of the picture at working size, pixels.
        height: the same.
    """
    # Started anew: a forked child would begin with its parent's memory.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_grown, weights, run, width, height).result()


def _grown(weights: Path, run: Run, width: int, height: int) -> float:
    import torch

    from bsgui.engine.checkpoint import load_generator

    from .frozen import FrozenGenerator

    torch.set_num_threads(1)
    network = load_generator(weights)
    random = torch.Generator().manual_seed(0)
    photo = torch.rand(1, 3, height * run.factor, width * run.factor, generator=random) * 2 - 1
    styles = network.styles(torch.zeros(1, network.config.latent), torch.tensor([0]))
    if run.is_frozen:
        network = FrozenGenerator(network, photo[..., :: run.factor, :: run.factor], styles)
    with Watch() as watch, torch.inference_mode():
        network(photo, styles)
    return watch.growth_mebibytes


class Watch:
    """Watches this process' memory in a with block, from another thread."""

    def __init__(self) -> None:
        self.growth_mebibytes = 0.0
        self._done = Event()
        self._thread = Thread(target=self._run, name="memory watch", daemon=True)

    def __enter__(self) -> Watch:
        import psutil

        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    def _run(self) -> None:
        while not self._done.wait(_PAUSE_SECONDS):
            self._look()

    def _look(self) -> None:
        grown = (self._process.memory_info().rss - self._before) / 2**20
        self.growth_mebibytes = max(self.growth_mebibytes, grown)
