"""The face model: parts against landmarks, lights against known shading, layers against known layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bsgui.analysis.photos import check_size, load_squares, read_rows
from bsgui.analysis.report.subjects import Subject
from bsgui.core.errors import UsageError

from .comparison import compare
from .detection import MaskedPhotos, contend, detect
from .face_parts import PARTS, face_parts
from .known_layers import (
    Scenes,
    cartoon_texture_scenes,
    group_correlations,
    matched_correlations,
    synth_scenes,
)
from .landmarks import read_landmarks
from .light_figures import Lights, light_figures
from .lit_faces import bench_lights, native_side, synthetic_lights
from .medians import median

_PACK = "faces256"
_LANDMARKS = "landmarks189_london_canada.csv"
_VALIDATION_FACES, _TEST_FACES, _TRAIN_FACES = 10, 16, 24

Advance = Callable[[str, int, int], None]


def evaluate_faces(
    subjects: Sequence[Subject],
    packs: Path,
    advance: Advance,
    *,
    lights: Mapping[str, Sequence[int]] | None = None,
    size: int = 256,
    seed: int = 0,
) -> dict[str, Any]:
    """Everything that can be measured of a face model without asking a person.

    Args:
        subjects: the contenders, the wavelet split among them.
        packs: folder of the data packs: ``faces256`` and ``bench``.
        advance: called with (what is under way, done, in all).
        lights: by contender, the layers that its card calls light; those of others are found on validation faces.
        size: side of the photos as the contenders see them, pixels.
        seed: of the bootstrap and of the lights.

    Returns:
        A JSON-ready object.

    Raises:
        PhotoReadError, UsageError.
    """
    for subject in subjects:
        if subject.network is not None:
            check_size(subject.network, size)
    index, bench = packs / _PACK / "index.csv", packs / "bench"
    parts = load_face_parts(packs / _PACK, size)
    scenes = {
        "synth": synth_scenes(bench / "synth", size),
        "cartoon_texture": cartoon_texture_scenes(bench / "cartoon_texture", size),
    }
    material = Lights(
        train=synthetic_lights(index, "train", _TRAIN_FACES, size, seed + 1),
        validation=synthetic_lights(index, "val", _VALIDATION_FACES, size, seed + 2),
        tests={
            "synthetic": synthetic_lights(index, "test", _TEST_FACES, size, seed + 3),
            "relit": bench_lights(bench, index, size),
        },
    )
    return {
        "size": size,
        "seed": seed,
        "faces": _TEST_FACES,
        "kinds": parts_figures(subjects, parts, advance, seed),
        "lights": light_figures(subjects, material, lights or {}, advance, seed),
        "known_layers": {name: known_layer_figures(subjects, own, advance, seed) for name, own in scenes.items()},
    }


def parts_figures(subjects: Sequence[Subject], material: MaskedPhotos, advance: Advance, seed: int) -> dict[str, Any]:
    """Average precision of every layer for the parts of the studio faces of val and test."""
    found = {}
    for subject in subjects:

        def step(done: int, name: str = subject.name) -> None:
            advance(f"{name}: parts", done, len(material.samples))

        found[subject.name] = detect(contend(subject, material.samples, step), material)
    return compare(material, found, seed)


def load_face_parts(pack: Path, size: int) -> MaskedPhotos:
    """The faces with 189 landmarks of the splits val and test.

    Args:
        pack: folder with ``index.csv`` and the landmarks; its pictures are squares of one size.
        size: side of photos and masks; the masks are made from photos of this size.

    Raises:
        PhotoReadError: landmarks or photos cannot be read.
        UsageError: the index is not that of faces.
    """
    landmarks = read_landmarks(pack / _LANDMARKS)
    rows = {str(Path(row["file"]).relative_to(pack)): row for row in read_rows(pack / "index.csv", "")}
    chosen = [file for file in sorted(landmarks) if file in rows and rows[file]["split"] in ("val", "test")]
    if not chosen:
        raise UsageError(f"{pack}: no face of the splits val and test has landmarks.")
    samples = load_squares([pack / file for file in chosen], size)
    scale = size / native_side(pack / chosen[0])
    parts = [face_parts(photo, landmarks[file] * scale) for photo, file in zip(samples, chosen, strict=True)]
    return MaskedPhotos(
        samples,
        PARTS,
        np.stack([one.masks for one in parts]),
        np.array([rows[file]["split"] == "val" for file in chosen]),
        np.stack([one.counted for one in parts]),
    )


def known_layer_figures(subjects: Sequence[Subject], scenes: Scenes, advance: Advance, seed: int) -> dict[str, Any]:
    """Median correlation of every true layer with the contender's group of layers that was given to it."""
    figures: dict[str, Any] = {"scenes": len(scenes.samples), "contenders": {}}
    for subject in subjects:

        def step(done: int, name: str = subject.name) -> None:
            advance(f"{name}: known layers", done, len(scenes.samples))

        lumas = contend(subject, scenes.samples, step).lumas
        tables = [group_correlations(own, truth) for own, truth in zip(lumas, scenes.truth, strict=True)]
        matched = matched_correlations(tables, lumas.shape[1])
        figures["contenders"][subject.name] = {
            name: median(values, seed) for name, values in zip(scenes.names, matched.T, strict=True)
        }
    return figures
