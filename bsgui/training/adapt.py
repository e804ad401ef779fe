"""Adapting a model to one photo: it trains on for a moment on that photo alone, until the residual is nearly empty."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bsgui.analysis.bands import octave_bands, remove_means
from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import ModelError, UsageError
from bsgui.core.fidelity import energy_shares, psnr_without_residual_db
from bsgui.core.model_card import ModelCard
from bsgui.core.photo import FloatImage
from bsgui.core.requests import AdaptRequest, CancelToken, NeverCancelled, Progress, ProgressCallback
from bsgui.core.sources import AffineLayers
from bsgui.core.styled_layers import StyledLayers, affine_layers
from bsgui.engine.adam import PlainAdam
from bsgui.engine.checkpoint import load_generator
from bsgui.engine.decomposer import (
    ModelSource,
    centred_maps,
    chosen_styles,
    memory_errors,
    split_light,
    working_picture,
)
from bsgui.engine.device import DeviceChoice, choose_device
from bsgui.engine.inference import InferenceNetwork
from bsgui.engine.network import BranchedGenerator, BranchMaps
from bsgui.engine.tensors import to_tensor

from .losses import LossWeights, specialization_terms

TARGET_DB = 50.0
"""Fidelity at which the residual counts as nearly empty: a mean error of 0.8/255."""

_RATE, _MAPS_RATE = 5e-4, 3e-3
_LOWEST_RATE = 0.03
_WARM_STEPS = 10
# The photo is one, and its residual is what the person wants gone: the sum counts more than when a model is trained.
_RECONSTRUCTION = 5.0
# How much a branch may not take on what is foreign to it: at a half, soft layers stay free of ghosts.
_IDENTITY = 0.5
_FOREIGN_FLOOR = 0.01
_SECONDS_BETWEEN_SHOWS = 1.0
_LEAST_GAIN_DB = 0.1
_NEVER = NeverCancelled()


class PhotoAdapter:
    """Implements :class:`bsgui.core.requests.Adapter`; keeps the network it adapted last, to go on from there.

    Thread: one at a time.
    """

    def __init__(self, models: ModelSource) -> None:
        self._models = models
        self._last: tuple[weakref.ref[Decomposition], AdaptedTail] | None = None

    def adapt(
        self,
        request: AdaptRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] = lambda _: None,
        is_enough: Callable[[], bool] = lambda: False,
    ) -> Decomposition:
        """See :meth:`bsgui.core.requests.Adapter.adapt`."""
        report(Progress(0, 0, "Loading the model"))
        card = self._card(request.decomposition)
        cancel.raise_if_cancelled()
        with memory_errors():
            choice = choose_device(request.device)
            session = _Session(request, choice, card, self._tail(request, card, choice, cancel))
            session.train(report, cancel, show, is_enough)
            best = session.finished(cancel)
        if best is not request.decomposition:
            self._last = (weakref.ref(best), session.tail)
        return best

    def _card(self, decomposition: Decomposition) -> ModelCard:
        made_by = decomposition.provenance
        if not made_by.model or affine_layers(decomposition.source) is None:
            raise UsageError(f"“{decomposition.photo.name}”: layers that were read from files cannot be adapted.")
        if made_by.styles and not isinstance(decomposition.source, StyledLayers):
            raise UsageError(
                f"“{decomposition.photo.name}”: layers with other styles that a project has kept cannot be adapted; "
                "take the styles away, or choose them anew."
            )
        card = self._models.card(made_by.model)
        if card.sha256 != made_by.model_sha256:
            raise ModelError(f"The model “{card.id}” is not the one that these layers were made with.")
        return card

    def _tail(self, request: AdaptRequest, card: ModelCard, choice: DeviceChoice, cancel: CancelToken) -> AdaptedTail:
        if self._last is not None and self._last[0]() is request.decomposition and self._last[1].choice == choice:
            return self._last[1]
        made_by = request.decomposition.provenance
        network = load_generator(self._models.weights_path(card.id), card.sha256).to(choice.device)
        photo = request.decomposition.photo
        picture = working_picture(photo, made_by.size, network.config.multiple, made_by.frame)
        cancel.raise_if_cancelled()
        return AdaptedTail(network, picture, made_by.domain, made_by.seed, choice, cancel)


def loss_weights(card: ModelCard) -> LossWeights:
    """The weights that the model was trained with, as its card says; the usual ones where it does not say."""
    table = card.training.get("config")
    losses = table.get("losses") if isinstance(table, dict) else None
    usual = asdict(LossWeights())
    # TOML writes 1 as well as 1.0.
    if not isinstance(losses, dict) or not all(isinstance(x, (int, type(usual.get(key)))) for key, x in losses.items()):
        return LossWeights()
    return LossWeights(**losses) if losses.keys() <= usual.keys() else LossWeights()


class AdaptedTail(nn.Module):
    """The trainable end of a generator over one picture: its last block, its head, and a correction of the maps.

    All that comes before is computed once and kept: a step costs two fifths of one through the whole network, and
    the branches stay closer to what they were. The correction is a bias of the head that differs from place to place;
    it reaches in seconds what weights that are shared by all places reach in minutes. It starts as what decomposing
    and training round differently, so that the first layers are those of the decomposition.

    Attributes:
        picture: (h, w, 3) float32, full scale: the photo at working size.
        photo: (1, 3, h, w), the same in [-1, 1].
        choice: what it runs on.
        steps: optimizer steps it was trained for.
    """

    def __init__(
        self,
        network: BranchedGenerator,
        picture: FloatImage,
        domain: str,
        seed: int,
        choice: DeviceChoice,
        cancel: CancelToken = _NEVER,
    ) -> None:
        super().__init__()
        self.picture, self.photo = picture, to_tensor(picture).to(choice.device)
        self.choice, self.steps = choice, 0
        self._network = network
        # Every other parameter stays as it was read: it needs no gradient.
        self._trained = nn.ModuleList([network.last_block, network.head_norm, network.head]).requires_grad_(True)
        with torch.no_grad():
            self._style = chosen_styles(network, domain, seed)
            self._gated = network.gated(self.photo)
            self._features = self._features_before_last_block()
            (decomposed,) = InferenceNetwork(network).run(picture, self._style, choice, cancel)
            own = self._network_maps()
            self.correction = nn.Parameter(torch.cat([decomposed.scale - own.scale, decomposed.shift - own.shift], 2))

    def forward(self) -> BranchMaps:
        """The maps as they are now."""
        maps = self._network_maps()
        scale, shift = self.correction[:, :, :3], self.correction[:, :, 3:]
        return BranchMaps(maps.scale + scale, maps.shift + shift, maps.mean)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """For the optimizer: weights, and the correction."""
        weights = list(self._trained.parameters())
        return [{"params": weights, "peak": _RATE}, {"params": [self.correction], "peak": _MAPS_RATE}]

    def stop_when(self, cancel: CancelToken) -> list[Any]:
        """Ask the token before every layer, on the way back too; the handles end it."""

        def ask(*_: object) -> None:
            cancel.raise_if_cancelled()

        handles: list[Any] = [x.register_forward_pre_hook(ask) for x in self._trained.modules()]
        for parameter in self._trained.parameters():
            handles.append(parameter.register_post_accumulate_grad_hook(ask))  # type: ignore[no-untyped-call]
        return handles

    def _features_before_last_block(self) -> Tensor:
        seen: list[Tensor] = []
        handle = self._network.last_block.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            with self._autocast():
                self._network(self.photo, self._style)
        finally:
            handle.remove()
        return seen[0]

    def _network_maps(self) -> BranchMaps:
        with self._autocast():
            features = self._network.last_block(self._features, self._style)
            return self._network.maps(features, self._gated)

    def _autocast(self) -> torch.autocast:
        kind = self.choice.autocast
        return torch.autocast(self.choice.device.type, kind or torch.bfloat16, enabled=kind is not None)


class BranchIdentity:
    """What the branches were before, band by band: the measure of how far they have moved from themselves.

    A change counts by the energy that the branch had in that octave band. So what the residual held goes to the
    branches that own such detail already, and none of it shows up as a ghost in a soft layer.

    Args:
        pictures: (1, N, 3, h, w), the branches' signed pictures before.
        photo: (1, 3, h, w).
        bands: number of octave bands.
    """

    def __init__(self, pictures: Tensor, photo: Tensor, bands: int) -> None:
        self._pictures, self._bands = remove_means(pictures), bands
        whole = octave_bands(remove_means(photo), bands)
        own = self._energies(self._pictures)
        # A branch without any energy in a band may gain a little of the photo's.
        self._owned = [e + _FOREIGN_FLOOR * w.square().mean() + 1e-9 for e, w in zip(own, whole, strict=True)]

    def distance(self, pictures: Tensor) -> Tensor:
        """How far these pictures are from the ones before, a scalar: 0 for the same, 1 for strangers."""
        change = self._energies(remove_means(pictures) - self._pictures)
        return torch.stack([(c / o).mean() for c, o in zip(change, self._owned, strict=True)]).mean()

    def _energies(self, pictures: Tensor) -> list[Tensor]:
        """Mean squares per branch: (1, N, 3, h, w) -> (1, N) for each band."""
        shape = pictures.shape[:3]
        bands = octave_bands(pictures.flatten(1, 2), self._bands)
        return [band.reshape(*shape, *band.shape[2:]).square().mean((2, 3, 4)) for band in bands]


class _Session:
    """One training, and the best layers it has come to."""

    def __init__(self, request: AdaptRequest, choice: DeviceChoice, card: ModelCard, tail: AdaptedTail) -> None:
        self.tail = tail
        made_by, weights = request.decomposition.provenance, loss_weights(card)
        self._light = split_light(card, made_by.splits_light, made_by.frame)
        self._request, self._choice = request, choice
        self._weights = replace(weights, reconstruction=weights.reconstruction * _RECONSTRUCTION)
        self._optimizer = PlainAdam(tail.parameter_groups(), betas=(0.5, 0.99))
        self._steps = self._best_step = 0
        self._start_db = self._best_db = -math.inf
        self._best: BranchMaps | None = None
        self._identity: BranchIdentity | None = None
        self._seconds = 0.0

    def train(
        self,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None],
        is_enough: Callable[[], bool],
    ) -> None:
        """Step until the time is over, the residual nearly empty, or it is enough."""
        started = time.monotonic()
        shown = -math.inf
        handles = self.tail.stop_when(cancel)
        try:
            while self._step(cancel):
                now = time.monotonic()
                self._seconds = now - started
                if self._seconds >= self._request.seconds or self._best_db >= TARGET_DB or is_enough():
                    break
                self._report(report)
                if now - shown >= _SECONDS_BETWEEN_SHOWS and self._is_better:
                    shown = now
                    show(self._decomposition())
        finally:
            for handle in handles:
                handle.remove()

    def finished(self, cancel: CancelToken) -> Decomposition:
        """The best layers, with their figures at full size; the request's if none are better."""
        before = self._request.decomposition
        if not self._is_better:
            return before
        best = self._decomposition()
        psnr_db = psnr_without_residual_db(best.source, best.photo, cancel, best.provenance.frame)
        if psnr_db <= before.psnr_without_residual_db:
            return before
        shares = energy_shares(best.source, best.photo, best.provenance.frame)
        base, *others = before.layers
        layers = (base, *(replace(x, energy_share=float(shares[k])) for k, x in enumerate(others, 1)))
        seconds = {**before.seconds, "adapt": self._seconds}
        return replace(best, layers=layers, psnr_without_residual_db=psnr_db, seconds=seconds)

    @property
    def _is_better(self) -> bool:
        return self._best_db >= self._start_db + _LEAST_GAIN_DB

    def _step(self, cancel: CancelToken) -> bool:
        """One step; False when there is no sense in another."""
        maps = self.tail()
        pictures = maps.pictures(self.tail.photo)
        # The terms have no layers to ask between, and take half of the time of a large picture.
        pictures.register_hook(lambda _: cancel.raise_if_cancelled())
        self._judge(maps, pictures)
        self._identity = self._identity or BranchIdentity(pictures.detach(), self.tail.photo, self._weights.bands)
        terms = specialization_terms(pictures, self.tail.photo, maps.mean, self._weights)
        cancel.raise_if_cancelled()
        loss = terms.total(self._weights) + _IDENTITY * self._identity.distance(pictures)
        if not torch.isfinite(loss):
            return False
        self._set_rates()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in self._optimizer.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], 5.0)
        self._optimizer.step()
        self._steps += 1
        self.tail.steps += 1
        return True

    def _judge(self, maps: BranchMaps, pictures: Tensor) -> None:
        with torch.no_grad():
            error = (pictures.sum(1) + maps.mean - self.tail.photo) / 2
            fidelity_db = -10 * math.log10(max(error.square().mean().item(), 1e-12))
        if not self._steps:
            # Layers of a project may be adapted already, though their network is no more: they are to be beaten.
            self._start_db = max(fidelity_db, self._request.decomposition.psnr_without_residual_db)
        if fidelity_db > self._best_db:
            self._best = BranchMaps(maps.scale.detach(), maps.shift.detach(), maps.mean)
            self._best_db, self._best_step = fidelity_db, self.tail.steps

    def _set_rates(self) -> None:
        """Warm up, then fall along a cosine over the time there is: the last tenth gains several dB."""
        passed = min(1.0, self._seconds / self._request.seconds)
        fall = _LOWEST_RATE + (1 - _LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * passed))
        warm = min(1.0, (self._steps + 1) / _WARM_STEPS)
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak"] * fall * warm

    def _report(self, report: ProgressCallback) -> None:
        done, total = round(1000 * self._seconds), round(1000 * self._request.seconds)
        report(Progress(done, total, f"Adapting: {self._best_db:.1f} dB without residual"))

    def _decomposition(self) -> Decomposition:
        """The best layers so far."""
        before = self._request.decomposition
        assert self._best is not None
        frame = before.provenance.frame
        base, scale, shift = centred_maps(self._best, self.tail.picture, frame is not None, self._light)
        own = AffineLayers.with_residual(before.photo, base, _rounded(scale), _rounded(shift), frame)
        made_by = replace(before.provenance, device=self._choice.label, adapted_steps=self._best_step)
        # What other styles change stays what it was: it is the photo's own style that is to come closer to the photo.
        runs = before.source.runs.over(own) if isinstance(before.source, StyledLayers) else None
        source = own if runs is None else StyledLayers(runs, made_by.styles)
        notes = (self._choice.note,) if self._choice.note else ()
        return replace(before, source=source, provenance=made_by, psnr_without_residual_db=self._best_db, notes=notes)


def _rounded(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """To what float16 holds, which is what a project keeps: layers that are opened again are the same, bit for bit."""
    return maps.astype(np.float16).astype(np.float32)
