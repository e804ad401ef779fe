"""Layers whose branches are mixed from two runs of the network: the photo's own style, and another for each branch.

What the other styles change is taken back by a layer of its own, "own style", so that the sum stays the photo. It is
hidden at first: the picture shows the styles that were chosen, and with the layer in, the photo again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .decomposition import OWN_STYLE, Decomposition, LayerInfo
from .layers import LayerKind
from .photo import FloatImage, TickImage
from .pyramid import Pyramid
from .requests import CancelToken
from .sources import AffineLayers, LayerSource
from .styles import BranchStyle, Styles, style_of
from .viewport import Viewport
from .weights import Weights

_SMALL = 1e-9
_INFO = LayerInfo(
    OWN_STYLE,
    "Own style",
    LayerKind.BRANCH,
    description="Takes back what the branches’ other styles change: shown, the sum is the photo again.",
)


@dataclass(frozen=True, eq=False)
class TwoRuns:
    """What the network said about one photo in two styles.

    Branches do not hear of each other, so one other run is enough: it has each branch in the other style of its own.

    Attributes:
        own: base, branches and residual of the run with the photo's own style.
        other: scale and shift maps of the other run's branches, each (N, h, w, 3) float32, full scale, without their
            spatial means: the base stays the photo's own, so that a framed part's styles end with the frame.
        styles: what the other run was made with, whatever the alpha; branches without one are as in the own run.
    """

    own: AffineLayers
    other: tuple[NDArray[np.float32], NDArray[np.float32]]
    styles: Styles
    # Kept for all who hold these runs: a history of a hundred mixes costs no more memory than one.
    _last: list[tuple[Styles, AffineLayers] | None] = field(default_factory=lambda: [None], repr=False)

    def has(self, styles: Styles) -> bool:
        """Whether these styles can be mixed from the two runs."""
        return all(_is_same_run(style, style_of(self.styles, style.branch)) for style in styles)

    def mixed(self, styles: Styles) -> AffineLayers:
        """Base, branches with these styles, own style, and the residual of the photo's own run. Thread: any.

        Costs a pass over the small maps; the last mix is kept.
        """
        last = self._last[0]
        if last is None or last[0] != styles:
            last = self._last[0] = styles, self._mix(styles)
        return last[1]

    def mixed_fully(self) -> AffineLayers:
        """The layers with all of every other style; never kept."""
        return self._mix(tuple(replace(style, alpha=1.0) for style in self.styles))

    def _mix(self, styles: Styles) -> AffineLayers:
        scale, shift = (
            np.concatenate([maps[:-1], np.zeros_like(maps[:1]), maps[-1:]])
            for maps in (self.own.scale_maps, self.own.shift_maps)
        )
        for style in styles:
            index, alpha = style.branch - 1, np.float32(style.alpha)
            for maps, other in zip((scale, shift), self.other, strict=True):
                change = alpha * (other[index] - maps[index + 1])
                maps[index + 1] += change
                maps[-2] -= change
        return replace(self.own, scale_maps=scale, shift_maps=shift)

    def over(self, own: AffineLayers) -> TwoRuns:
        """What the other styles change, over other layers in the photo's own style (adapted ones)."""
        scale, shift = (
            new[1:-1] + (other - old[1:-1])
            for new, old, other in zip(
                (own.scale_maps, own.shift_maps), (self.own.scale_maps, self.own.shift_maps), self.other, strict=True
            )
        )
        return TwoRuns(own, (scale, shift), self.styles)


@dataclass(frozen=True, eq=False)
class StyledLayers:
    """The layers of two runs, mixed with one alpha per branch.

    Attributes:
        runs: what is mixed.
        styles: the other style of each branch that has one, and how much of it there is.
    """

    runs: TwoRuns
    styles: Styles

    @property
    def mixed(self) -> AffineLayers:
        """The same layers, as maps of their own."""
        return self.runs.mixed(self.styles)

    @property
    def count(self) -> int:
        """Number of layers; base, own style and residual included."""
        return self.runs.own.count + 1

    @property
    def pyramids(self) -> tuple[Pyramid, ...]:
        """See :attr:`LayerSource.pyramids`."""
        return self.runs.own.pyramids

    def mix(self, weights: Weights | NDArray[np.float32], view: Viewport) -> FloatImage:
        """See :meth:`LayerSource.mix`."""
        return self.mixed.mix(weights, view)

    def show(self, weights: Weights | NDArray[np.float32], view: Viewport) -> NDArray[np.uint8]:
        """See :meth:`LayerSource.show`."""
        return self.mixed.show(weights, view)

    def get_ready(self, weights: Weights) -> None:
        """See :meth:`LayerSource.get_ready`: the runs' maps are mixed, too."""
        self.mixed.get_ready(weights)

    def ticks(self, start: int, stop: int) -> TickImage:
        """See :meth:`LayerSource.ticks`."""
        return self.mixed.ticks(start, stop)


def affine_layers(source: LayerSource) -> AffineLayers | None:
    """The layers as small maps, or None for layers that are pixels."""
    if isinstance(source, StyledLayers):
        return source.mixed
    return source if isinstance(source, AffineLayers) else None


def restyled(decomposition: Decomposition, styles: Styles) -> Decomposition | None:
    """The decomposition with other alphas, or with fewer styles; None where the network has to run for it.

    Nothing is computed yet: the maps are mixed when they are first drawn, and only then. The figures (energy shares,
    fidelity) are still the old ones. Without any style there is nothing to take back, and no layer for it.
    """
    source = decomposition.source
    if not styles:
        return in_own_style(decomposition) if isinstance(source, StyledLayers) else None
    if not isinstance(source, StyledLayers) or not source.runs.has(styles):
        return None
    provenance = replace(decomposition.provenance, styles=styles)
    return replace(decomposition, source=StyledLayers(source.runs, styles), provenance=provenance)


def with_own_style(layers: tuple[LayerInfo, ...]) -> tuple[LayerInfo, ...]:
    """What the layers of :class:`StyledLayers` are, from what those of the photo's own run are."""
    return (*layers[:-1], _INFO, layers[-1])


def in_own_style(decomposition: Decomposition) -> Decomposition:
    """The decomposition that the photo's own run alone has given; the same where that is all there is."""
    source = decomposition.source
    if not isinstance(source, StyledLayers):
        return decomposition
    layers = tuple(layer for layer in decomposition.layers if layer.id != OWN_STYLE)
    provenance = replace(decomposition.provenance, styles=())
    return replace(decomposition, layers=layers, source=source.runs.own, provenance=provenance)


def style_changes(runs: TwoRuns, view: Viewport, cancel: CancelToken) -> dict[int, float]:
    """How far the other styles are from the photo's own, branch by branch.

    Args:
        runs: own and other.
        view: what is compared, at least two pixels; a small copy will do.
        cancel: asked before each branch.

    Returns:
        By number of branch: the root mean square of the difference over that of the branch itself, both without their
        spatial means. Thread: any; a few milliseconds a branch. Raises Cancelled.
    """
    own, other = runs.own, runs.mixed_fully()
    changes = {}
    for style in runs.styles:
        cancel.raise_if_cancelled()
        before, after = (x.mix(np.eye(x.count, dtype=np.float32)[style.branch], view) for x in (own, other))
        changes[style.branch] = _deviation(after - before) / max(_deviation(before), _SMALL)
    return changes


def _deviation(pixels: FloatImage) -> float:
    return float(np.sqrt(pixels.var(axis=(0, 1), dtype=np.float64).sum()))


def _is_same_run(style: BranchStyle, made: BranchStyle | None) -> bool:
    return made is not None and (made.domain, made.seed) == (style.domain, style.seed)
