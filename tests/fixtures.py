"""Small photos and decompositions for tests, as plain functions; conftest.py offers them as fixtures too."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bsgui.core.decomposition import Decomposition, LayerInfo, Provenance
from bsgui.core.frame import Frame, edge_window
from bsgui.core.layers import LayerKind
from bsgui.core.model_card import BranchCard, ModelCard
from bsgui.core.photo import Photo
from bsgui.core.sources import AffineLayers
from bsgui.core.styled_layers import StyledLayers, TwoRuns, with_own_style
from bsgui.core.styles import Styles


def make_photo(width: int = 48, height: int = 32, depth: int = 8, seed: int = 0, name: str = "tiny.png") -> Photo:
    """A smooth, colourful, noisy photo; black and white are in it. ``depth`` is 8 or 16 bits."""
    rng = np.random.default_rng(seed)
    white = 255 if depth == 8 else 65535
    rows, columns = np.mgrid[0:height, 0:width]
    ramp = (rows[..., None] + columns[..., None] * np.array([1.0, 0.5, 0.25])) / (height + width)
    samples = np.clip((ramp + 0.05 * rng.standard_normal((height, width, 3))) * white, 0, white).round()
    samples = samples.astype(np.uint8 if depth == 8 else np.uint16)
    samples[0, 0], samples[-1, -1] = 0, white
    return Photo(samples, name, hashlib.sha256(samples.tobytes()).hexdigest())


def make_layers(photo: Photo, branches: int = 3, seed: int = 0, maps: int = 8) -> AffineLayers:
    """Random affine layers over a photo: base, branches, residual; the residual stays small."""
    rng = np.random.default_rng(seed)
    shape = (branches, maps, maps, 3)
    scale: NDArray[np.float32] = rng.uniform(0, 1, shape).astype(np.float32)
    scale *= np.float32(0.97) / scale.sum(0)
    shift = (rng.normal(0, 0.03, shape) - 0.5 / branches).astype(np.float32)
    return AffineLayers.with_residual(photo, np.array([0.02, 0.0, -0.02], np.float32), scale, shift)


def layer_infos(branches: int = 3) -> tuple[LayerInfo, ...]:
    """Base, "Branch 1"…, residual, with energy shares that add up to 1."""
    middle = [LayerInfo(f"branch-{k}", f"Branch {k}", LayerKind.BRANCH, 1 / branches) for k in range(1, branches + 1)]
    return (
        LayerInfo("base", "Base", LayerKind.BASE),
        *middle,
        LayerInfo("residual", "Residual", LayerKind.RESIDUAL, 0.01),
    )


def make_decomposition(photo: Photo | None = None, branches: int = 3, seed: int = 0) -> Decomposition:
    """A decomposition with random affine layers; equal arguments give equal layers."""
    photo = make_photo() if photo is None else photo
    provenance = Provenance("fake", "0" * 64, "any", seed, 8, 8, 8, "cpu, float32")
    return Decomposition(
        photo,
        layer_infos(branches),
        make_layers(photo, branches, seed),
        provenance,
        psnr_without_residual_db=32.5,
        seconds={"load": 0.25, "network": 0.5, "layers": 0.125},
    )


def make_styled(photo: Photo, styles: Styles, branches: int = 3, seed: int = 0) -> Decomposition:
    """What :func:`make_decomposition` gives, with other styles: the other run is random too, by the styles' seeds."""
    plain = make_decomposition(photo, branches, seed)
    own = make_layers(photo, branches, seed)
    rng = np.random.default_rng([seed, *(value for x in styles for value in (x.branch, len(x.domain), x.seed))])
    scale, shift = (maps[1:-1] * rng.uniform(0.5, 1.5, maps[1:-1].shape) for maps in (own.scale_maps, own.shift_maps))
    runs = TwoRuns(own, (scale.astype(np.float32), shift.astype(np.float32)), styles)
    return replace(
        plain,
        layers=with_own_style(plain.layers),
        source=StyledLayers(runs, styles),
        provenance=replace(plain.provenance, styles=styles),
    )


def make_card(card_id: str = "fake", branches: int = 3) -> ModelCard:
    """The card of a model that does not exist."""
    return ModelCard(
        id=card_id,
        name="Fake",
        description="A model for tests.",
        domains=("any", "cat"),
        branches=tuple(BranchCard(f"Branch {k}") for k in range(1, branches + 1)),
        size=64,
        min_size=16,
        max_size=128,
        sha256="0" * 64,
        licence="CC0-1.0",
        measures={"psnr_db": 32.5},
        config={"branches": branches},
    )


def framed(decomposition: Decomposition, frame: Frame, repeats: int = 4) -> Decomposition:
    """The decomposition's layers over a frame of its photo, faded in, without content outside.

    Each map pixel is repeated, so that small maps have room to fade in.
    """
    source = decomposition.source
    assert isinstance(source, AffineLayers)
    scale, shift = source.scale_maps[1:-1], source.shift_maps[1:-1]
    repeated = [np.repeat(np.repeat(maps, repeats, axis=1), repeats, axis=2) for maps in (scale, shift)]
    window = edge_window(*repeated[0].shape[1:3])[..., None]
    faded = (maps * window for maps in repeated)
    layers = AffineLayers.with_residual(decomposition.photo, source.shift_maps[0, 0, 0], *faded, frame)
    return replace(decomposition, source=layers, provenance=replace(decomposition.provenance, frame=frame))
