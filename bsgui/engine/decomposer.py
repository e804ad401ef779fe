"""Takes photos apart: the engine behind the window and the command line."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from bsgui.core.decomposition import Decomposition, LayerInfo, Provenance
from bsgui.core.errors import FrameError, ModelError, OutOfMemory, UsageError
from bsgui.core.fidelity import with_figures
from bsgui.core.frame import Frame, edge_window
from bsgui.core.layers import LayerKind
from bsgui.core.model_card import ModelCard
from bsgui.core.photo import FloatImage, Photo
from bsgui.core.pyramid import working_copy
from bsgui.core.requests import CancelToken, DecomposeRequest, DecomposeSettings, Progress, ProgressCallback
from bsgui.core.sources import AffineLayers, LayerSource
from bsgui.core.styled_layers import StyledLayers, TwoRuns, with_own_style
from bsgui.core.styles import MAX_SEED, Styles, check_styles, in_order

from .checkpoint import load_generator
from .device import DeviceChoice, choose_device
from .framing import framed_picture, working_sides
from .inference import InferenceNetwork
from .light_direction import light_direction
from .network import BranchedGenerator, BranchMaps
from .side_light import brighter_side, side_light
from .tensors import to_maps

_STAGES = 3
# Of the first picture: the network takes a seventh of the time it takes at 256, and the large forms are all there.
_EARLY_SIZE = 96
SIDE_LIGHT = "side-light"
"""Id of the layer that is split off a light."""


class ModelSource(Protocol):
    """Where cards and weights come from; :class:`bsgui.imageio.model_store.ModelStore` is one."""

    def card(self, model_id: str) -> ModelCard:
        """The card of a model. Raises ModelError."""
        ...

    def weights_path(self, model_id: str) -> Path:
        """Its weights file. Raises ModelError."""
        ...


class TorchDecomposer:
    """Implements :class:`bsgui.core.requests.Decomposer` with torch; keeps the last network it loaded.

    Thread: one at a time, the worker's.
    """

    def __init__(self, models: ModelSource) -> None:
        self._models = models
        self._loaded: tuple[Path, str, InferenceNetwork] | None = None

    def decompose(
        self,
        request: DecomposeRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] | None = None,
    ) -> Decomposition:
        """See :meth:`bsgui.core.requests.Decomposer.decompose`."""
        settings = request.settings
        clock = _Clock(report, cancel)
        card = self._models.card(settings.model)
        check_settings(settings, card)
        check_frame(settings.frame, request.photo)
        with memory_errors():
            clock.start("load", "Loading the model")
            choice = choose_device(settings.device)
            loaded = self._network(card, choice.device)
            clock.start("network", "Running the network")
            run = _Run(request, card, loaded, choice)
            if show is not None and settings.size >= 2 * _EARLY_SIZE and card.min_size <= _EARLY_SIZE:
                show(run.layers(_EARLY_SIZE, cancel))
            decomposition = run.layers(settings.size, cancel)
            clock.start("layers", "Making the layers")
            if show is not None:
                show(decomposition)
            measured = with_figures(decomposition, cancel)
            clock.finish()
        return replace(measured, seconds=clock.seconds)

    def _network(self, card: ModelCard, device: torch.device) -> InferenceNetwork:
        path = self._models.weights_path(card.id)
        if self._loaded is None or self._loaded[:2] != (path, card.sha256):
            network = load_generator(path, card.sha256)
            if network.config.branches != len(card.branches) or network.config.domains != card.domains:
                raise ModelError(f"The card of model “{card.id}” does not fit its weights.")
            self._loaded = (path, card.sha256, InferenceNetwork(network))
        self._loaded[2].network.to(device)
        return self._loaded[2]


def check_settings(settings: DecomposeSettings, card: ModelCard) -> None:
    """Raise UsageError if the model cannot do what is asked."""
    if settings.domain and settings.domain not in card.domains:
        raise UsageError(f"Model “{card.id}” has no domain “{settings.domain}”; it has {', '.join(card.domains)}.")
    if not card.min_size <= settings.size <= card.max_size:
        raise UsageError(f"The working size must be between {card.min_size} and {card.max_size} pixels.")
    if not 0 <= settings.seed <= MAX_SEED:
        raise UsageError(f"The seed must be a whole number from 0 to {MAX_SEED}.")
    check_styles(settings.styles, len(card.branches), card.domains, card.id)


def check_frame(frame: Frame | None, photo: Photo) -> None:
    """Raise FrameError if a frame's middle does not lie in the photo."""
    if frame is not None and not (0 <= frame.x <= photo.width and 0 <= frame.y <= photo.height):
        size = f"{photo.width} × {photo.height}"
        raise FrameError(f"The middle of the frame must lie in the photo; “{photo.name}” has {size} pixels.")


def working_picture(photo: Photo, size: int, multiple: int, frame: Frame | None = None) -> FloatImage:
    """The photo, or its framed part, as the network sees it: long side about ``size``, both multiples of ``multiple``.

    The sides are rounded by resizing, not by padding, so that the maps cover the photo exactly.

    Returns:
        (h, w, 3) float32, full scale.
    """
    if frame is not None:
        return framed_picture(photo, frame, size, multiple)
    picture = working_copy(photo.samples, size)
    width, height = working_sides(photo.width, photo.height, size, multiple)
    if picture.shape[:2] == (height, width):
        return picture
    shrinks = width <= picture.shape[1] and height <= picture.shape[0]
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)  # type: ignore[return-value]


def style_latent(seed: int, length: int) -> torch.Tensor:
    """The random vector of a seed: (1, length) standard normal; seed 0 is the mean style, all zeros."""
    if seed == 0:
        return torch.zeros(1, length)
    return torch.randn(1, length, generator=torch.Generator().manual_seed(seed))


def chosen_styles(network: BranchedGenerator, domain: str, seed: int) -> torch.Tensor:
    """The style that domain ("" for the first) and seed stand for: (1, N, style), on the network's device."""
    config, device = network.config, network.head.weight.device
    index = torch.tensor([config.domains.index(domain) if domain else 0], device=device)
    return network.styles(style_latent(seed, config.latent).to(device), index)


def styles_of_runs(network: BranchedGenerator, domain: str, seed: int, styles: Styles) -> torch.Tensor:
    """What the network is run with: the photo's own style, and, if there are any, the branches' others in one more run.

    Branches do not hear of each other, so all other styles fit one run, whatever the alphas.

    Returns:
        (1 or 2, N, style), on the network's device.
    """
    own = chosen_styles(network, domain, seed)
    if not styles:
        return own
    other = own.clone()
    for style in styles:
        index = style.branch - 1
        other[:, index] = chosen_styles(network, style.domain, style.seed)[:, index]
    return torch.cat([own, other])


@dataclass(frozen=True, eq=False)
class _Run:
    """A request with all that serves it."""

    request: DecomposeRequest
    card: ModelCard
    loaded: InferenceNetwork
    choice: DeviceChoice

    def layers(self, size: int, cancel: CancelToken) -> Decomposition:
        """What the network makes of the photo at a working size. Energy shares are rough, and fidelity is NaN."""
        request, settings, network = self.request, self.request.settings, self.loaded.network
        frame = settings.frame
        picture = working_picture(request.photo, size, network.config.multiple, frame)
        asked = styles_of_runs(network, settings.domain, settings.seed, settings.styles)
        made = self.loaded.run(picture, asked, self.choice, cancel)
        light = split_light(self.card, settings.splits_light, frame)
        runs = [centred_maps(maps, picture, frame is not None, light) for maps in made]
        styles = in_order(replace(x, domain=x.domain or self.card.domains[0]) for x in settings.styles)
        height, width = picture.shape[:2]
        provenance = Provenance(
            model=self.card.id,
            model_sha256=self.card.sha256,
            domain=settings.domain or self.card.domains[0],
            seed=settings.seed,
            size=settings.size,
            working_width=width,
            working_height=height,
            device=self.choice.label,
            styles=styles,
            frame=frame,
            splits_light=settings.splits_light,
        )
        layers = _layer_infos(self.card, *_rough_layers(runs[0], picture))
        layers = with_own_style(layers) if styles else layers
        notes: tuple[str, ...] = (self.choice.note,) if self.choice.note else ()
        if settings.splits_light and light is None:
            notes += ("There is no side light to split off: that takes a model with a light, and a framed face.",)
        source = _source(request.photo, runs, styles, frame)
        return Decomposition(request.photo, layers, source, provenance, notes=notes)


def _rough_layers(maps: CentredMaps, picture: FloatImage) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The branches' small pictures (N, h, w, 3), and :func:`~bsgui.core.fidelity.energy_shares` from these alone.

    Other styles are left out.
    """
    small = cv2.resize(picture, (maps.scale.shape[2], maps.scale.shape[1]), interpolation=cv2.INTER_AREA)
    branches = maps.scale * small + maps.shift
    layers = (*branches, small - branches.sum(0))
    variances = np.array([0.0, *(layer.var((0, 1), dtype=np.float64).sum() for layer in layers)])
    total = variances[1:-1].sum()
    return branches, np.asarray(variances / total if total > 1e-9 else np.zeros_like(variances))


def _source(photo: Photo, runs: list[CentredMaps], styles: Styles, frame: Frame | None) -> LayerSource:
    own = AffineLayers.with_residual(photo, runs[0].base, runs[0].scale, runs[0].shift, frame)
    if len(runs) == 1:
        return own
    return StyledLayers(TwoRuns(own, (runs[1].scale, runs[1].shift), styles), styles)


class CentredMaps(NamedTuple):
    """A run's maps in full scale, see :func:`centred_maps`.

    Attributes:
        base: (3,) float32, the base layer's colour, signed around mid-grey.
        scale, shift: (N, h, w, 3) float32.
    """

    base: FloatImage
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]


def split_light(card: ModelCard, is_wanted: bool, frame: Frame | None) -> int | None:
    """The branch that a side light is split off from, counted from 0; None where there is none to split.

    That takes a face in the middle of a frame, and a model whose card calls one of its branches a light.
    """
    lights = [number for number, branch in enumerate(card.branches) if branch.role == "light"]
    return lights[0] if is_wanted and frame is not None and lights else None


def centred_maps(maps: BranchMaps, picture: FloatImage, fades: bool = False, light: int | None = None) -> CentredMaps:
    """From network units to layers: photo = 0.5 + base + sum of (scale * photo + shift), all in full scale.

    With x = 2 p - 1, half of ``A (x - mean) + B`` is ``A p + (B - A (1 + mean)) / 2``. The branches' spatial means,
    which are arbitrary, are collected in the base layer (``method.md``: the gauge freedom of the mean).

    Args:
        maps: of one run.
        picture: what the network saw.
        fades: the picture is a framed part: the branches fade to 0 towards its edges, and the residual takes over.
        light: the branch that a side light is split off from, as a last branch; None for no such.
    """
    scale = to_maps(maps.scale)
    mean = maps.mean[0, :, 0, 0].float().cpu().numpy()
    shift = (to_maps(maps.shift) - scale * (1 + mean)) / 2
    small = cv2.resize(picture, (scale.shape[2], scale.shape[1]), interpolation=cv2.INTER_AREA)
    means = (scale * small + shift).mean((1, 2), dtype=np.float64).astype(np.float32)
    shift -= means[:, None, None, :]
    base = (mean / 2 + means.sum(0)).astype(np.float32)
    if fades:
        window = edge_window(*scale.shape[1:3])[..., None]
        scale, shift = scale * window, shift * window
    centred = CentredMaps(base, scale, shift.astype(np.float32))
    return centred if light is None else _with_side_light(centred, np.asarray(small, np.float32), light)


def _with_side_light(maps: CentredMaps, small: FloatImage, light: int) -> CentredMaps:
    side = side_light(maps.scale[light] * small + maps.shift[light])[None]
    shift = np.concatenate([maps.shift, side])
    shift[light] -= side[0]
    scale = np.concatenate([maps.scale, np.zeros_like(side)])
    return CentredMaps(maps.base, scale, shift)


def _layer_infos(card: ModelCard, pictures: NDArray[np.float32], shares: NDArray[np.float64]) -> tuple[LayerInfo, ...]:
    base = LayerInfo("base", "Base", LayerKind.BASE, 0.0, "The mean colour: the even tone that the other layers vary.")
    lights = [number for number, branch in enumerate(card.branches, 1) if branch.role == "light"]
    key = max(lights, key=lambda number: float(shares[number]), default=0)
    branches = (
        LayerInfo(f"branch-{number}", branch.name, LayerKind.BRANCH, float(shares[number]), branch.description)
        for number, branch in enumerate(card.branches, 1)
    )
    residual = LayerInfo(
        "residual",
        "Residual",
        LayerKind.RESIDUAL,
        float(shares[-1]),
        "What the branches leave: it makes the sum exact.",
    )
    layers = [base, *branches, residual]
    if len(pictures) > len(card.branches):
        layers.insert(-1, _side_light_info(pictures[-1], float(shares[-2])))
    if key:
        side = _side(pictures[[number - 1 for number in lights]].sum(0))
        layers[key] = replace(layers[key], description=f"{layers[key].description} {side}".strip())
    return tuple(layers)


def _side_light_info(picture: FloatImage, share: float) -> LayerInfo:
    side = brighter_side(picture)
    seen = f"In this photo it comes from the {side}." if side else "In this photo there is next to none."
    text = f"What the light has more of on one side of the face; at gain −1 it comes from the other side. {seen}"
    return LayerInfo(SIDE_LIGHT, "Side light", LayerKind.BRANCH, share, text)


def _side(light: FloatImage) -> str:
    """Where the light comes from: all lights together, as a weaker one often fills what the key leaves dark."""
    side = light_direction(light)
    return f"In this photo it comes from {side}." if side else "In this photo it comes from no side."


class _Clock:
    """Reports stages, asks the cancel token between them, and keeps the seconds each took."""

    def __init__(self, report: ProgressCallback, cancel: CancelToken) -> None:
        self.cancel = cancel
        self.seconds: dict[str, float] = {}
        self._report = report
        self._stage = ""
        self._since = 0.0

    def start(self, stage: str, label: str) -> None:
        self.finish()
        self.cancel.raise_if_cancelled()
        self._stage, self._since = stage, time.perf_counter()
        self._report(Progress(len(self.seconds), _STAGES, label))

    def finish(self) -> None:
        if self._stage:
            self.seconds[self._stage] = time.perf_counter() - self._since


class memory_errors:  # reads as a phrase in a with statement
    """Turns torch's out-of-memory errors into ours."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        is_torch = isinstance(error, RuntimeError) and "memory" in str(error).lower()
        is_opencv = isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem
        if isinstance(error, MemoryError) or is_torch or is_opencv:
            message = "There is not enough memory for this photo at this working size."
            raise OutOfMemory(message, repr(error)) from error
