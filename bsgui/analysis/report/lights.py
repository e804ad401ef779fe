"""The light share in the report: faces under several known lights, and how far layers keep light and person apart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bsgui.analysis.semantic.light_figures import found_lights
from bsgui.analysis.semantic.lights import LitLayers, light_share
from bsgui.analysis.semantic.lit_faces import LitFaces, bench_lights, synthetic_lights
from bsgui.core.errors import ModelError
from bsgui.engine.decomposer import ModelSource

from .bootstrap import Estimate
from .subjects import Subject

_PACK, _BENCH = "faces256", "bench"
_VALIDATION_FACES = 10


@dataclass(frozen=True, eq=False)
class RelitFaces:
    """What the light share is measured on.

    Attributes:
        validation: faces under lights of our own, to find out which layers are light.
        measured: the bench's relit faces.
    """

    validation: LitFaces
    measured: LitFaces

    @staticmethod
    def load(packs: Path, size: int, seed: int) -> RelitFaces:
        """From the folder that holds ``faces256`` and ``bench``.

        Raises:
            PhotoReadError, UsageError: they are not there, or not as they should be.
        """
        index = packs / _PACK / "index.csv"
        validation = synthetic_lights(index, "val", _VALIDATION_FACES, size, seed)
        return RelitFaces(validation, bench_lights(packs / _BENCH, index, size))

    @property
    def description(self) -> str:
        """For the report's head: how many faces, and how many of them training has seen under other light."""
        faces, lights = self.measured.shape
        seen = self.measured.splits.count("train")
        return f"{faces} faces under {lights} lights; {seen} of the faces are in the training split, under other light"


def light_headline(
    subject: Subject, faces: RelitFaces, named: tuple[int, ...], seed: int, advance: Callable[[str, int, int], None]
) -> tuple[dict[str, Estimate], tuple[str, ...]]:
    """Light share and person share of one subject, and which of its layers were taken for light.

    Args:
        subject: who.
        faces: see there.
        named: indices of the layers that the model's card calls light; empty: they are found on validation faces.
        seed: of the bootstrap, the same for all subjects so that they can be compared.
        advance: called with (stage, faces done, faces in all).
    """
    chosen = named or found_lights(subject, faces.validation, advance)
    count = faces.measured.shape[0]
    layers = LitLayers.of(subject, faces.measured, lambda done: advance("Looking at lights", done, count))
    share = light_share(layers.between_lights.picture, layers.between_people.picture, chosen, seed)
    return {"light_share": share.light, "person_share": share.person}, tuple(subject.branches[x] for x in chosen)


def named_lights(name: str, store: ModelSource) -> tuple[int, ...]:
    """The branches that a model's card calls light; none for what has no card."""
    with suppress(ModelError):
        return tuple(index for index, branch in enumerate(store.card(name).branches) if branch.role == "light")
    return ()
