"""The experiment: every contender on every photo, its figures, and what the network's runs cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.analysis.measures import correlations, signatures
from bsgui.engine.network import BranchedGenerator

from .agreement import Agreement, agreement, fidelity_db, kept_share
from .contenders import DIRECT, FROZEN, RUNS, WORKING, Contender, Run, contenders
from .edges import Edges, lumas
from .frozen import FrozenGenerator
from .leakage import detail_owner, leakage
from .scene import FACTOR, Known, Scene, shrunk

Figures = dict[str, Any]
AT_WORKING_SIZE = "layers at working size"
"""The row of what all start from."""


@dataclass(frozen=True, eq=False)
class PhotoFigures:
    """What one photo gave.

    Attributes:
        name: of the photo.
        contenders: figures by contender.
        round_trip: figures by contender, of layers shrunk and enlarged again.
        run_seconds: by run of the network, CPU time of one thread.
        looks: signatures of the layers at working size by contender, (N, D); for :func:`~.summary.add_identity`.
    """

    name: str
    contenders: dict[str, Figures] = field(default_factory=dict)
    round_trip: dict[str, Figures] = field(default_factory=dict)
    run_seconds: dict[str, float] = field(default_factory=dict)
    looks: dict[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Setting:
    """A photo with everything that its contenders share.

    Attributes:
        scene: the photo.
        known: by run, what it gave at its size.
        references: the layers of the direct and of the frozen run at full size, without their means.
        shrunken: the layers of the direct run, as if they had been made at working size.
        edges: the photo's.
        owner: the layer that holds most fine detail at working size.
    """

    scene: Scene
    known: dict[Run, Known]
    references: dict[str, Tensor]
    shrunken: Known
    edges: Edges
    owner: int


@torch.inference_mode()
def measure_photo(
    network: BranchedGenerator, styles: Tensor, scene: Scene, seen: Callable[[str, Tensor], None] = lambda *_: None
) -> PhotoFigures:
    """All figures of one photo.

    Args:
        network: float32, on the CPU.
        styles: (1, N, style).
        scene: the photo.
        seen: is handed each contender's name and layers (1, N, 3, H, W), for who wants to look at them.

    Thread: any; about half a minute of CPU time at a working size of 256 px.
    """
    figures = PhotoFigures(scene.name)
    known = _run_all(network, styles, scene, figures.run_seconds)
    everyone = {contender.name: contender for contender in contenders()}
    direct, frozen = (everyone[name].enlarge(known[everyone[name].run], scene.full) for name in (DIRECT, FROZEN))
    shrunken = shrunk(known[everyone[DIRECT].run].maps, direct, scene.full, FACTOR)
    references = {DIRECT: remove_means(direct), FROZEN: remove_means(frozen)}
    owner = detail_owner(lumas(known[WORKING].pictures[0]))
    setting = Setting(scene, known, references, shrunken, Edges.of(scene.full), owner)
    figures.contenders[AT_WORKING_SIZE] = _at_working_size(setting, figures)
    for contender in everyone.values():
        figures.contenders[contender.name] = _measure(contender, setting, figures, seen)
        if contender.run is WORKING:
            figures.round_trip[contender.name] = _round_trip(contender, setting)
    return figures


def _run_all(network: BranchedGenerator, styles: Tensor, scene: Scene, seconds: dict[str, float]) -> dict[Run, Known]:
    frozen = FrozenGenerator(network, scene.at(1), styles)
    known = {}
    for run in RUNS:
        photo = scene.at(run.factor)
        maps, seconds[run.name] = timed(lambda net, x: net(x, styles), frozen if run.is_frozen else network, photo)
        known[run] = Known(photo, maps, maps.pictures(photo))
    return known


def _at_working_size(setting: Setting, figures: PhotoFigures) -> Figures:
    known = setting.known[WORKING]
    layers = lumas(known.pictures[0])
    edges = Edges.of(known.photo)
    figures.looks[AT_WORKING_SIZE] = _looks(known.pictures)
    return {
        "fidelity_db": fidelity_db(known.pictures, known.maps.mean, known.photo),
        "overshoot": edges.overshoot(layers),
        "glow": edges.glow(layers),
        "redundancy": _redundancy(remove_means(known.pictures)),
        **asdict(leakage(layers, setting.owner)),
    }


def _measure(
    contender: Contender, setting: Setting, figures: PhotoFigures, seen: Callable[[str, Tensor], None]
) -> Figures:
    known, scene = setting.known[contender.run], setting.scene
    pictures, seconds = timed(contender.enlarge, known, scene.full)
    seen(contender.name, pictures)
    layers, centred = lumas(pictures[0]), remove_means(pictures)
    shrunken = F.avg_pool3d(centred[0], (1, FACTOR, FACTOR)).unsqueeze(0)
    at_working_size = remove_means(setting.known[WORKING].pictures)
    figures.looks[contender.name] = _looks(shrunken)
    return {
        "seconds": seconds,
        "fidelity_db": fidelity_db(pictures, known.maps.mean, scene.full),
        "overshoot": setting.edges.overshoot(layers),
        "glow": setting.edges.glow(layers),
        "redundancy": _redundancy(centred),
        **asdict(leakage(layers, setting.owner)),
        "kept": kept_share(shrunken, at_working_size),
        **_named("working", agreement(shrunken, at_working_size)[0]),
        **_against("direct", centred, setting.references[DIRECT], setting.edges),
        **_against("frozen", centred, setting.references[FROZEN], setting.edges),
    }


def _round_trip(contender: Contender, setting: Setting) -> Figures:
    """How well a way to full size brings back the direct run's own layers from what is left of them at working size."""
    truth = setting.references[DIRECT]
    pictures = contender.enlarge(setting.shrunken, setting.scene.full)
    return _against("truth", remove_means(pictures), truth, setting.edges)


def _against(name: str, centred: Tensor, reference: Tensor, edges: Edges) -> Figures:
    found, squares = agreement(centred, reference)
    return {**_named(name, found), f"edge_ratio_{name}": edges.error_ratio(squares)}


def _named(name: str, found: Agreement) -> Figures:
    return {
        f"correlation_{name}": float(np.mean(found.correlations)),
        f"psnr_{name}_db": float(np.mean(found.psnr_db)),
        f"correlations_{name}": found.correlations,
    }


def _redundancy(centred: Tensor) -> float:
    matrix = correlations(centred).abs()
    rows, columns = torch.triu_indices(matrix.shape[1], matrix.shape[1], 1)
    return float(matrix[:, rows, columns].mean())


def _looks(pictures: Tensor) -> NDArray[np.float32]:
    return np.asarray(signatures(remove_means(pictures))[0].numpy(), np.float32)


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """The result, and the CPU seconds it took: on a busy machine a better measure than the clock on the wall."""
    start = time.process_time()
    result = work(*arguments)
    return result, time.process_time() - start
