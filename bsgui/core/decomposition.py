"""The result of taking a photo apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from .frame import Frame
from .layers import LayerKind, LayerStack, LayerState
from .photo import Photo
from .sources import LayerSource
from .styles import Styles
from .viewport import Viewport

OWN_STYLE = "own-style"
"""The id of the layer that takes back what other styles change, see :mod:`bsgui.core.styled_layers`."""

_STRIP_ROWS = 256


@dataclass(frozen=True)
class LayerInfo:
    """What a layer is, apart from its pixels.

    Attributes:
        id: "base", "branch-1" … "branch-N", "residual"; "side-light" for one that was split off a branch, OWN_STYLE.
        name: the model card's name for the branch, or "Base", "Residual".
        kind: base, branch or residual.
        energy_share: the layer's variance over the sum of the branches' variances, 0..1; 0 for the base; the
            residual's is measured against the same sum and is not part of it.
        description: what the branch was measured to hold; may be empty.
    """

    id: str
    name: str
    kind: LayerKind
    energy_share: float = 0.0
    description: str = ""


@dataclass(frozen=True)
class Provenance:
    """Where a decomposition comes from; written into manifests.

    Attributes:
        model: model id.
        model_sha256: hex digest of the weights file.
        domain, seed, size: as asked.
        working_width, working_height: what the network saw, pixels.
        device: what it ran on, for people ("cpu, bfloat16").
        adapted_steps: optimizer steps that the model trained on for this photo; 0 for the model as it is.
        styles: branches with another style than domain and seed say; their domains are named.
        frame: the part of the photo that was taken apart; None for the whole. Outside, the branches are 0.
        splits_light: as asked; whether there is a side light shows in the layers.
    """

    model: str = ""
    model_sha256: str = ""
    domain: str = ""
    seed: int = 0
    size: int = 0
    working_width: int = 0
    working_height: int = 0
    device: str = ""
    adapted_steps: int = 0
    styles: Styles = ()
    frame: Frame | None = None
    splits_light: bool = False


@dataclass(frozen=True, eq=False)
class Decomposition:
    """A photo as a sum of signed layers: ``photo = OFFSET + sum of layers``, exactly.

    Attributes:
        photo: the photo.
        layers: base, branches, residual; index k describes content k of ``source``.
        source: the pixels.
        provenance: model, domain, seed, sizes.
        psnr_without_residual_db: of the picture without its residual layer against the photo, full size; of a framed
            part, where its layers are at full strength.
        seconds: wall time by stage: "load", "network", "layers".
        notes: what a person should know ("bfloat16 is not available: float32 was used").
    """

    photo: Photo
    layers: tuple[LayerInfo, ...]
    source: LayerSource
    provenance: Provenance = Provenance()
    psnr_without_residual_db: float = float("nan")
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def initial_stack(self) -> LayerStack:
        """The layer stack a person starts with: base at the bottom, residual on top, everything as it came.

        But for other styles: who chooses one wants to see it, so what takes it back is hidden.
        """
        return LayerStack(
            tuple(
                LayerState(x.id, x.name, x.kind, source, visible=x.id != OWN_STYLE)
                for source, x in enumerate(self.layers)
            )
        )

    def fitted_stack(self, stack: LayerStack) -> LayerStack:
        """Another stack's settings and order for these layers, by id; layers it does not have are as at the start.

        A new layer comes before the layer that it comes before at the start.
        """
        known = {layer.id: layer for layer in stack}
        initial = {layer.id: layer for layer in self.initial_stack()}
        order = [layer.id for layer in stack if layer.id in initial]
        following = None
        for layer_id in reversed(initial):
            if layer_id not in known:
                order.insert(len(order) if following is None else order.index(following), layer_id)
            following = layer_id
        fresh = [(known.get(layer_id, initial[layer_id]), initial[layer_id]) for layer_id in order]
        return LayerStack(tuple(replace(set_, kind=new.kind, source=new.source) for set_, new in fresh))

    def subject_view(self, longest: int, largest_scale: float = 1.0) -> Viewport:
        """What was taken apart, to look at it small: the whole photo, or the upright rectangle around the frame.

        Args:
            longest: the long side, pixels.
            largest_scale: small photos are shown no larger than this; 1.0 is 100 %.
        """
        size, frame = (self.photo.width, self.photo.height), self.provenance.frame
        return Viewport.over(*(frame.cover(size) if frame else (0, 0, *size)), longest, largest_scale)

    def max_error_lsb(self, between_strips: Callable[[], None] = lambda: None) -> float:
        """The largest deviation of the sum of the float layers from the photo, in 1/255 of white.

        Computed from the layers as they are shown (float32), strip by strip, over every pixel. Thread: any; takes
        about 20 ms a megapixel.

        Args:
            between_strips: called before each strip; may raise to stop.
        """
        everything = np.ones(self.source.count, np.float32)
        worst = 0.0
        for start, stop in strips(self.photo.height):
            between_strips()
            total = self.source.mix(everything, Viewport.strip(self.photo.width, start, stop))
            total -= self.photo.rows_fs(start, stop)
            worst = max(worst, float(np.abs(total, out=total).max()))
        return worst * 255


def strips(height: int, rows: int = _STRIP_ROWS) -> list[tuple[int, int]]:
    """The photo's rows in pieces (start, stop) that fit the cache."""
    return [(start, min(start + rows, height)) for start in range(0, height, rows)]
