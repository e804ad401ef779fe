"""A small recording of a run that never was, for tests."""

from __future__ import annotations

import numpy as np

from bsgui.core.recording import Moment, MomentMeasures, QuantizedMaps, RecordedPhoto, Recording

from .fixtures import make_layers, make_photo


def make_measures(step: int, branches: int = 3, bands: int = 4) -> MomentMeasures:
    """Figures that change with the step."""
    rng = np.random.default_rng(step)
    shares = rng.dirichlet(np.ones(branches)).astype(np.float32)
    return MomentMeasures(
        fidelity_db=10 + step / 10,
        redundancy=0.9 / (1 + step),
        cancellation=1.0,
        identity=float("nan") if step == 0 else 0.5,
        shares=shares,
        colours=shares / 2,
        skewness=shares - 0.5,
        bands=rng.dirichlet(np.ones(branches), bands).T.astype(np.float32),
        correlation=np.eye(branches, dtype=np.float32),
    )


def make_recording(steps: tuple[int, ...] = (0, 10, 40), photos: int = 2, branches: int = 3) -> Recording:
    """A recording with random layers, other ones at each step; equal arguments give equal recordings."""
    recorded = tuple(
        RecordedPhoto(make_photo(48 - 8 * k, 32, seed=k, name=f"Photo {k}"), f"maker {k}, CC0") for k in range(photos)
    )
    moments = []
    for step in steps:
        maps = []
        for k, photo in enumerate(recorded):
            layers = make_layers(photo.photo, branches, seed=step + k, maps=6)
            maps.append(QuantizedMaps.of(layers.shift_maps[0, 0, 0], layers.scale_maps[1:-1], layers.shift_maps[1:-1]))
        moments.append(Moment(step, 2.0 * step, make_measures(step, branches), tuple(maps)))
    names = tuple(f"Branch {k}" for k in range(1, branches + 1))
    return Recording("Tiny run", "Noise, learned by nobody.", names, 16, recorded, tuple(moments))
