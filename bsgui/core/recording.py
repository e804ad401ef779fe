"""A recorded training run: what was measured at some of its steps, and the layers of a few photos at each of them.

Layers are small maps (:class:`~bsgui.core.sources.AffineLayers`), so a run can be kept in a few megabytes, and every
step of it is shown by the same code that shows a decomposition.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .decomposition import Decomposition, LayerInfo, Provenance
from .fidelity import energy_shares, psnr_without_residual_db
from .layers import LayerKind
from .photo import FloatImage, Photo
from .requests import NeverCancelled
from .sources import AffineLayers

Array = NDArray[np.float32]

FIGURES = ("fidelity_db", "redundancy", "cancellation", "identity")
BRANCH_FIGURES = ("shares", "colours", "skewness")
_LEVELS = 255
_NEVER = NeverCancelled()


@dataclass(frozen=True, eq=False)
class MomentMeasures:
    """Means over the same few validation photos; definitions in ``bsgui.analysis.measures``.

    Attributes:
        fidelity_db: PSNR of the branches' sum.
        redundancy: mean absolute correlation of two branches, 0..1.
        cancellation: summed variance of the branches over that of the photo; near 1 is good.
        identity: how well a branch is told from its content alone, 0..1, chance 1/N; NaN if there are too few photos.
        shares: (N,) of the branches' summed variance.
        colours: (N,) share of a branch's energy that is colour.
        skewness: (N,) of luma, the polarity: positive is light on mid-grey.
        bands: (N, K) a branch's share of the energy of each octave band of luma, finest first; columns add up to 1.
        correlation: (N, N) of the branches, -1..1.
    """

    fidelity_db: float
    redundancy: float
    cancellation: float
    identity: float
    shares: Array
    colours: Array
    skewness: Array
    bands: Array
    correlation: Array


@dataclass(frozen=True, eq=False)
class QuantizedMaps:
    """The maps of one photo's branches in 8 bits: ``map = low + step * values``, per branch, map and channel.

    Rounding adds noise at about -50 dB, all of which the residual takes: the layers still add up to the photo.

    Attributes:
        base: (3,) float32, the base layer's colour, signed around mid-grey.
        low, step: (N, 2, 3) float32; scale maps first, then shift maps.
        values: (N, 2, h, w, 3) uint8.
    """

    base: Array
    low: Array
    step: Array
    values: NDArray[np.uint8]

    @staticmethod
    def of(base: FloatImage, scale_maps: Array, shift_maps: Array) -> QuantizedMaps:
        """The maps (N, h, w, 3) of :meth:`AffineLayers.with_residual`, rounded."""
        maps = np.stack([scale_maps, shift_maps], 1)
        low = maps.min((2, 3))
        step = (maps.max((2, 3)) - low) / _LEVELS
        units = (maps - low[:, :, None, None]) / np.maximum(step, 1e-12)[:, :, None, None]
        return QuantizedMaps(np.asarray(base, np.float32), low, step, np.rint(units).clip(0, _LEVELS).astype(np.uint8))

    def layers(self, photo: Photo) -> AffineLayers:
        """Base, branches and residual over the photo that they were recorded of."""
        maps = self.low[:, :, None, None] + self.step[:, :, None, None] * self.values
        return AffineLayers.with_residual(photo, self.base, maps[:, 0], maps[:, 1])


@dataclass(frozen=True, eq=False)
class Moment:
    """One recorded step.

    Attributes:
        step: optimizer steps done.
        seconds: training time until then.
        measures: of the validation photos.
        maps: the layers of each recorded photo, in their order.
    """

    step: int
    seconds: float
    measures: MomentMeasures
    maps: tuple[QuantizedMaps, ...]


@dataclass(frozen=True, eq=False)
class RecordedPhoto:
    """A photo whose layers were recorded.

    Attributes:
        photo: small, 8 bits.
        credit: who made it, and its licence.
    """

    photo: Photo
    credit: str = ""


@dataclass(frozen=True, eq=False)
class Recording:
    """A run.

    Attributes:
        title: for people, short.
        description: what was trained on what, and how, in a sentence or two.
        branches: names, in network order.
        size: working size of the recorded layers, pixels.
        photos: those whose layers were recorded; may be none.
        moments: by rising step; at least one in a file.
    """

    title: str
    description: str
    branches: tuple[str, ...]
    size: int
    photos: tuple[RecordedPhoto, ...]
    moments: tuple[Moment, ...] = ()

    @property
    def steps(self) -> NDArray[np.int64]:
        """(T,) the recorded steps."""
        return np.array([moment.step for moment in self.moments], np.int64)

    def course(self, figure: str) -> NDArray[np.float64]:
        """One of the measures over the run: (T,) for FIGURES, (T, N) for BRANCH_FIGURES, (T, …) for the others."""
        return np.array([getattr(moment.measures, figure) for moment in self.moments], np.float64)

    def nearest(self, step: int) -> int:
        """Index of the recorded moment that is nearest to a step."""
        return int(np.abs(self.steps - step).argmin())

    def decomposition(self, moment: int, photo: int) -> Decomposition:
        """One photo's layers at one moment, as an engine would have given them. Raises IndexError."""
        picture = self.photos[photo].photo
        source = self.moments[moment].maps[photo].layers(picture)
        shares = energy_shares(source, picture)
        middle = (
            LayerInfo(f"branch-{number}", name, LayerKind.BRANCH, float(shares[number]))
            for number, name in enumerate(self.branches, 1)
        )
        layers = (
            LayerInfo("base", "Base", LayerKind.BASE),
            *middle,
            LayerInfo("residual", "Residual", LayerKind.RESIDUAL, float(shares[-1])),
        )
        height, width = source.scale_maps.shape[1:3]
        provenance = Provenance(size=self.size, working_width=2 * width, working_height=2 * height)
        return Decomposition(picture, layers, source, provenance, psnr_without_residual_db(source, picture, _NEVER))

    def before(self, step: int) -> Recording:
        """The recording without this step and all later ones."""
        return replace(self, moments=tuple(x for x in self.moments if x.step < step))

    def with_moment(self, moment: Moment) -> Recording:
        """The recording, gone on by one moment; what was there from its step on is replaced."""
        return replace(self, moments=(*self.before(moment.step).moments, moment))

    def is_like(self, other: Recording) -> bool:
        """Whether moments of the other one could stand in this one: as many branches, the same photos."""
        same = [x.photo.sha256 for x in self.photos] == [x.photo.sha256 for x in other.photos]
        return same and len(self.branches) == len(other.branches) and self.size == other.size


def recording_csv(recording: Recording) -> str:
    """All measures as a table: one row a moment, one column for each figure, branch, band and pair."""
    names = [" ".join(name.split()) for name in recording.branches]
    bands = range(1, recording.moments[0].measures.bands.shape[1] + 1)
    pairs = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names))]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["step", "seconds", *FIGURES]
        + [f"{figure} {name}" for figure in BRANCH_FIGURES for name in names]
        + [f"band {band} {name}" for name in names for band in bands]
        + [f"correlation {names[a]} / {names[b]}" for a, b in pairs]
    )
    for moment in recording.moments:
        measures = moment.measures
        single = [getattr(measures, figure) for figure in FIGURES]
        several = [getattr(measures, figure) for figure in BRANCH_FIGURES]
        several += [measures.bands, np.array([measures.correlation[pair] for pair in pairs])]
        values = np.concatenate([single, *(x.ravel() for x in several)])
        writer.writerow([moment.step, f"{moment.seconds:.1f}", *(f"{x:.6g}" if np.isfinite(x) else "" for x in values)])
    return file.getvalue()
