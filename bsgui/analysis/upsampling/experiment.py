"""The experiment: every contender on every photo, its figures, and what the network's runs cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from bsgui.analysis.bands import remove_means
from bsgui.analysis.measures import correlations, identity_guesses, signatures
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
        looks: signatures of the layers at working size by contender, (N, D); for :func:`add_identity`.
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
        references: the layers of the direct and of the frozen run at full size.
        edges: the photo's.
        owner: the layer that holds most fine detail at working size.
    """

    scene: Scene
    known: dict[Run, Known]
    references: dict[str, Tensor]
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
    everyone = contenders()
    at_full = {c.name: c for c in everyone if c.name in (DIRECT, FROZEN)}
    references = {name: c.enlarge(known[c.run], scene.full) for name, c in at_full.items()}
    small = lumas(known[WORKING].pictures[0])
    setting = Setting(scene, known, references, Edges.of(scene.full), detail_owner(small))
    figures.contenders[AT_WORKING_SIZE] = _at_working_size(setting, figures)
    for contender in everyone:
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
        "redundancy": _redundancy(known.pictures),
        **asdict(leakage(layers, setting.owner)),
    }


def _measure(
    contender: Contender, setting: Setting, figures: PhotoFigures, seen: Callable[[str, Tensor], None]
) -> Figures:
    known, scene = setting.known[contender.run], setting.scene
    pictures, seconds = timed(contender.enlarge, known, scene.full)
    seen(contender.name, pictures)
    layers = lumas(pictures[0])
    shrunken = F.avg_pool3d(pictures[0], (1, FACTOR, FACTOR)).unsqueeze(0)
    at_working_size = setting.known[WORKING].pictures
    figures.looks[contender.name] = _looks(shrunken)
    return {
        "seconds": seconds,
        "fidelity_db": fidelity_db(pictures, known.maps.mean, scene.full),
        "overshoot": setting.edges.overshoot(layers),
        "glow": setting.edges.glow(layers),
        "redundancy": _redundancy(pictures),
        **asdict(leakage(layers, setting.owner)),
        "kept": kept_share(shrunken, at_working_size),
        **_against("working", agreement(shrunken, at_working_size)),
        **_against_reference("direct", pictures, setting.references[DIRECT], setting.edges),
        **_against_reference("frozen", pictures, setting.references[FROZEN], setting.edges),
    }


def _round_trip(contender: Contender, setting: Setting) -> Figures:
    """How well a way to full size brings back the direct run's own layers from what is left of them at working size."""
    truth, run = setting.references[DIRECT], next(x for x in RUNS if x.name == DIRECT)
    known = shrunk(setting.known[run].maps, truth, setting.scene.full, FACTOR)
    return _against_reference("truth", contender.enlarge(known, setting.scene.full), truth, setting.edges)


def _against_reference(name: str, pictures: Tensor, reference: Tensor, edges: Edges) -> Figures:
    ratio = edges.error_ratio(remove_means(pictures) - remove_means(reference))
    return {**_against(name, agreement(pictures, reference)), f"edge_ratio_{name}": ratio}


def _against(name: str, found: Agreement) -> Figures:
    return {
        f"correlation_{name}": float(np.mean(found.correlations)),
        f"psnr_{name}_db": float(np.mean(found.psnr_db)),
        f"correlations_{name}": found.correlations,
    }


def _redundancy(pictures: Tensor) -> float:
    matrix = correlations(remove_means(pictures)).abs()
    rows, columns = torch.triu_indices(matrix.shape[1], matrix.shape[1], 1)
    return float(matrix[:, rows, columns].mean())


def _looks(pictures: Tensor) -> NDArray[np.float32]:
    return np.asarray(signatures(remove_means(pictures))[0].numpy(), np.float32)


def add_identity(photos: Sequence[PhotoFigures]) -> None:
    """Add ``identity`` to every contender's figures: the share of layers recognized by what they look like.

    The classifier is fitted on the layers of the *other* photos at working size and tested on this photo's layers,
    shrunk to that size.
    """
    for number, photo in enumerate(photos):
        others = np.stack([x.looks[AT_WORKING_SIZE] for at, x in enumerate(photos) if at != number])
        for name, looks in photo.looks.items():
            guesses = identity_guesses(others, looks[None])[0]
            photo.contenders[name]["identity"] = float((guesses == np.arange(len(guesses))).mean())


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """The result, and the CPU seconds it took: on a busy machine a better measure than the clock on the wall."""
    start = time.process_time()
    result = work(*arguments)
    return result, time.process_time() - start
