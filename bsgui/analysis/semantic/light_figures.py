"""The figures on lights of several contenders, with Retinex and the wavelet's rests beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bsgui.analysis.report.bootstrap import Photos
from bsgui.analysis.report.subjects import Subject
from bsgui.analysis.wavelet import LEVELS

from .comparison import WAVELET
from .lights import (
    LitLayers,
    halve_lights,
    illumination_correlations,
    illumination_layers,
    light_share,
    retinex_correlations,
    side_errors,
    split_side_lights,
)
from .lit_faces import LitFaces
from .medians import median_over_faces

RETINEX_SIGMAS = (2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0)
"""Blurs that compete, pixels of a 256 px photo."""

_REFERENCE_SIZE = 256
_NEAR = 45.0

Advance = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Lights:
    """Faces under known lights.

    Attributes:
        train: what Retinex is tuned on.
        validation: what illumination layers are found on.
        tests: what is measured on, by name.
    """

    train: LitFaces
    validation: LitFaces
    tests: Mapping[str, LitFaces]


def light_figures(
    subjects: Sequence[Subject],
    material: Lights,
    named: Mapping[str, Sequence[int]],
    advance: Advance,
    seed: int,
) -> dict[str, Any]:
    """Light share, shading and halving of every contender on every test set.

    Args:
        subjects: the contenders, the wavelet split among them.
        material: the faces.
        named: by contender, the layers that its card calls light.
        advance: called with (what is under way, done, in all).
        seed: of the bootstrap.
    """
    sigma = tuned_retinex(material.train)
    figures: dict[str, Any] = {
        name: {
            "faces": faces.shape[0],
            "lights": faces.shape[1],
            "splits": {split: faces.splits.count(split) for split in sorted(set(faces.splits))},
            "retinex": {
                "sigma_px": sigma,
                "shading_correlation": median_over_faces(retinex_correlations(faces, sigma), seed).to_json(),
            },
            "contenders": {},
        }
        for name, faces in material.tests.items()
    }
    for subject in subjects:
        chosen = named.get(subject.name) or found_lights(subject, material.validation, advance)
        for name, faces in material.tests.items():
            layers = LitLayers.of(subject, faces, _step(advance, f"{subject.name}: {name} lights", faces))
            own = _contender(layers, chosen, seed)
            own["illumination"] = [subject.branches[b] for b in chosen]
            own["chosen_by"] = "card" if named.get(subject.name) else "validation"
            figures[name]["contenders"][subject.name] = own
            if subject.name == WAVELET:
                figures[name]["wavelet_rest"] = _best_rest(layers, seed)
    return figures


def _step(advance: Advance, stage: str, faces: LitFaces) -> Callable[[int], None]:
    return lambda done: advance(stage, done, faces.shape[0])


def tuned_retinex(faces: LitFaces) -> float:
    """The blur of :data:`RETINEX_SIGMAS` with the best median correlation, in pixels of these faces."""
    sigmas = [sigma * faces.size / _REFERENCE_SIZE for sigma in RETINEX_SIGMAS]
    return max(sigmas, key=lambda sigma: float(np.median(retinex_correlations(faces, sigma))))


def found_lights(subject: Subject, faces: LitFaces, advance: Advance) -> tuple[int, ...]:
    """The illumination layers of a contender, see :func:`.lights.illumination_layers`."""
    layers = LitLayers.of(subject, faces, _step(advance, f"{subject.name}: which layers are light", faces))
    return illumination_layers(layers.between_lights.picture, layers.between_people.picture)


def _contender(layers: LitLayers, chosen: Sequence[int], seed: int) -> dict[str, Any]:
    between_lights, between_people = layers.between_lights, layers.between_people
    share = light_share(between_lights.picture, between_people.picture, chosen, seed)
    face = light_share(between_lights.face, between_people.face, chosen, seed)
    halving = halve_lights(layers, chosen)
    per_face = (layers.faces.shape[0], -1)
    sides = split_side_lights(layers, chosen)
    errors, photos = side_errors(layers, chosen), Photos(layers.faces.shape[0], seed)
    return {
        "light_share": share.light.to_json(),
        "person_share_outside": share.person.to_json(),
        "light_share_in_face": face.light.to_json(),
        "person_share_outside_in_face": face.person.to_json(),
        "shading_correlation": median_over_faces(illumination_correlations(layers, chosen), seed).to_json(),
        "half_light_left_right": median_over_faces(halving.strongest.reshape(per_face), seed).to_json(),
        "half_all_lights_left_right": median_over_faces(halving.all_lights.reshape(per_face), seed).to_json(),
        "half_light_eye_contrast": median_over_faces(halving.eyes.reshape(per_face), seed).to_json(),
        "side_light_off_left_right": median_over_faces(sides.off.reshape(per_face), seed).to_json(),
        "side_light_turned_left_right": median_over_faces(sides.turned.reshape(per_face), seed).to_json(),
        "side_light_correlation": median_over_faces(sides.correlation.reshape(per_face), seed).to_json(),
        "side_named": photos.mean(np.isfinite(errors).mean(1)).to_json(),
        "side_within_45": photos.mean((errors <= _NEAR).mean(1)).to_json(),
        "light_share_by_layer": _shares(between_lights.picture),
        "person_share_by_layer": _shares(between_people.picture),
    }


def _shares(variances: Any) -> list[float]:
    mean = variances.mean(0)
    return [round(float(x), 4) for x in mean / mean.sum()]


def _best_rest(wavelet: LitLayers, seed: int) -> dict[str, Any]:
    """What is left above the best level, chosen on the test faces themselves: a head start for the baseline."""
    rests = {level: illumination_correlations(wavelet, range(level, LEVELS + 1)) for level in range(1, LEVELS + 1)}
    level = max(rests, key=lambda x: float(np.median(rests[x])))
    return {"levels_removed": level, "shading_correlation": median_over_faces(rests[level], seed).to_json()}
