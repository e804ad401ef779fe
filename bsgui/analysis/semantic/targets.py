"""The figures that decide, of the model that was asked for: flat, for cards, and held against what we want of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Figure = Mapping[str, Any]

_PRECISION_RATIO = 1.25
_INSIDE, _OUTSIDE = 0.6, 0.15
_HALVED, _KEPT = (0.4, 0.6), (0.9, 1.1)
_LIGHT, _PERSON, _SHADING = 0.8, 0.6, 0.75
_WANTED_KINDS = {"animals": ("whiskers", "spots", "fur"), "faces": ("eyes+brows", "mouth", "hair")}
# A patch of another colour has texture and shading of its own, which may stay: see the README.
_REMOVED_KINDS = {"whiskers": "inside", "spots": "against_surround"}


@dataclass(frozen=True)
class Target:
    """One figure and the range it should lie in.

    Attributes:
        name: short, for cards.
        figure: value and interval, see :meth:`~bsgui.analysis.report.bootstrap.Estimate.to_json`.
        least, most: the range; None where it is open.
    """

    name: str
    figure: Figure
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        """Whether the value lies in the range; what has no value does not."""
        value = self.figure["value"]
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    @property
    def range(self) -> str:
        """For people: ``≥ 1.25``, ``≤ 0.15``, ``0.4 … 0.6``."""
        if self.least is None:
            return f"≤ {self.most:g}"
        return f"≥ {self.least:g}" if self.most is None else f"{self.least:g} … {self.most:g}"


def targets(figures: Mapping[str, Any]) -> list[Target]:
    """All targets of an evaluation, see :mod:`.animals` and :mod:`.faces`; kinds that nobody drew are left out."""
    return list(_precisions(figures)) + list(
        _removals(figures) if figures["measured"] == "animals" else _lights(figures)
    )


def _precisions(figures: Mapping[str, Any]) -> Iterator[Target]:
    for kind in _WANTED_KINDS[figures["measured"]]:
        if kind in figures["kinds"]:
            found = figures["kinds"][kind]["contenders"][figures["subject"]]
            yield Target(f"{kind}_precision_over_wavelet", found["ratio_to_wavelet"], _PRECISION_RATIO)


def _removals(figures: Mapping[str, Any]) -> Iterator[Target]:
    for kind, inside in _REMOVED_KINDS.items():
        if kind in figures["kinds"]:
            removal = figures["kinds"][kind]["contenders"][figures["subject"]]["removal"]
            yield Target(f"{kind}_contrast_removed_{inside}", _known(removal[inside]), _INSIDE)
            yield Target(f"{kind}_contrast_removed_outside", _known(removal["outside"]), -_OUTSIDE, _OUTSIDE)


def _known(figure: Figure | None) -> Figure:
    return figure or {"value": None, "low": None, "high": None}


def _lights(figures: Mapping[str, Any]) -> Iterator[Target]:
    for name, lights in figures["lights"].items():
        own = lights["contenders"][figures["subject"]]
        baseline = max(lights[key]["shading_correlation"]["value"] for key in ("retinex", "wavelet_rest"))
        yield Target(f"{name}_light_share", own["light_share"], _LIGHT)
        yield Target(f"{name}_person_share_outside", own["person_share_outside"], _PERSON)
        yield Target(f"{name}_shading_correlation", own["shading_correlation"], max(_SHADING, baseline))
        yield Target(f"{name}_half_light_left_right", own["half_light_left_right"], *_HALVED)
        yield Target(f"{name}_half_light_eye_contrast", own["half_light_eye_contrast"], *_KEPT)


def card_measures(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What a model's card says of it: medians with their intervals by name, as ``bsgui evaluate`` gives its own."""
    count = figures["photos"]["test"] if figures["measured"] == "animals" else figures["faces"]
    card: dict[str, Any] = {"model": figures["subject"], "photos": count, "split": "test", "size": figures["size"]}
    for target in targets(figures):
        known = {"median": target.figure["value"], "low": target.figure["low"], "high": target.figure["high"]}
        card[target.name] = known
    return card
