"""From what was seen to figures with confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsgui.analysis.measures import identity_guesses

from .bootstrap import Array, Estimate, Photos
from .examination import Examination
from .information import energy_information
from .masks import chosen_elsewhere
from .matching import match_branches, profiles, split_half_stability
from .traits import Traits

_SMALL = 1e-12


@dataclass(frozen=True)
class Measure:
    """A row of the report's first table.

    Attributes:
        key: of :attr:`Findings.headline`.
        title: for people.
        definition: one sentence.
        good: what a good decomposition has.
        digits: behind the point.
    """

    key: str
    title: str
    definition: str
    good: str
    digits: int = 2


MEASURES = (
    Measure("fidelity_db", "Fidelity, dB", "PSNR of mean colour plus branches against the photo, without the residual"
            " layer; median over photos.", "high", 1),
    Measure("redundancy", "Redundancy", "Mean absolute correlation of two branches; median over photos.", "low", 3),
    Measure("cancellation", "Cancellation", "Summed variance of the branches over the variance of the photo; median"
            " over photos.", "near 1"),
    Measure("smallest_share", "Smallest energy share", "Share of the summed variance that the weakest branch has.",
            "not 0: no branch is dead", 3),
    Measure("identity", "Identity", "How often a linear classifier, fitted on the other half of the photos, tells"
            " which branch a picture came from, seeing only what it looks like.", "1 (chance is one over the number"
            " of branches)"),
    Measure("dependence_bits", "Dependence, bits", "Mutual information of two branches at the same pixel, minus what"
            " branches of different photos give; mean over pairs.", "low", 3),
    Measure("band_bits", "Branch and octave band, bits", "Mutual information of branch and band when energy of luma is"
            " drawn at random.", "high: branches keep to scales", 3),
    Measure("colour_bits", "Branch and colour axis, bits", "The same with luma, blue–yellow and red–green.",
            "high: branches keep to colours", 3),
    Measure("place_bits", "Branch and place, bits", "The same with absolute values in the cells of an 8 × 8 grid.",
            "high: branches keep to places", 3),
    Measure("stability_photos", "Stability over photos", "Correlation of a branch's profile (bands, colours, places,"
            " polarity; minus the mean of all branches) on one half of the photos with that on the other; the interval"
            " is over random halves.", "1"),
    Measure("stability_styles", "Stability over styles", "Correlation of a branch with its partner when the style's"
            " seed is another; partners by the Hungarian method.", "1: the style does not swap roles"),
    Measure("roles_kept", "Roles kept over styles", "Share of branches whose partner has the same number.", "1"),
    Measure("decision", "Largest effect on the kind", "How far the decision of a classifier of the photos' kind moves"
            " (total variation, 0 to 1) without the branch that moves it most.", "a branch of the kind has much", 3),
    Measure("semantic", "Semantic share", "Average precision of the absolute value of one branch, smoothed, as a"
            " detector of the index's masks; the branch is chosen on the other half of the photos.",
            "above the wavelet's"),
    Measure("light_share", "Light share", "Of what varies between lights on the same face, the part that is inside"
            " the layers taken for light.", "high (target 0.80)"),
    Measure("person_share", "Person share outside light", "Of what varies between faces under the same light, the part"
            " that is outside those layers.", "high (target 0.60)"),
    Measure("realism_auc", "Re-blend realism, AUC", "How well a fresh classifier tells photos from re-blends at gains"
            " 0, 0.5 and 1.5.", "0.5"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Findings:
    """All figures of one subject.

    Attributes:
        name: the subject's.
        branches: names of its branches.
        headline: by :class:`Measure` key; what could not be measured is missing.
        tables: (N,), (N, N), (N, K) or (N, 8, 8) figures: "shares", "correlation", "information", "bands" and
            "colours" (shares of each branch's energy), "bands_owner" and "colours_owner" (shares of each band's or
            axis's energy), "places", "skewness", "psnr_without", "psnr_drop", "confusion" (row: which branch it is,
            column: which it was taken for), "stability_photos", and if measured "stability_styles", "style_change",
            "decision", "semantic".
        partners: (N₁,) this subject's branch that is most like each branch of the first subject, or -1.
        partner_likeness: (N₁,) their correlations, 0 where there is none.
        facts: see :class:`~bsgui.analysis.report.subjects.Subject`.
    """

    name: str
    branches: tuple[str, ...]
    headline: dict[str, Estimate]
    tables: dict[str, Estimate]
    partners: NDArray[np.int64]
    partner_likeness: Estimate
    facts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "name": self.name,
            **self.facts,
            "branches": list(self.branches),
            "headline": {key: x.to_json() for key, x in self.headline.items()},
            "tables": {key: x.to_json() for key, x in self.tables.items()},
            "partners": self.partners.tolist(),
            "partner_likeness": self.partner_likeness.to_json(),
        }


def findings(seen: Examination, photos: Photos) -> Findings:
    """Estimate everything that was seen of a subject.

    Args:
        seen: see :class:`Examination`.
        photos: the draws, the same for all subjects, so that differences between them are paired.
    """
    traits = Traits.join(seen.parts)
    headline, tables = _of_layers(traits, photos)
    guesses = _cross_guesses(traits.measures.signatures)
    tables["confusion"] = photos.mean(_one_hot(guesses, traits.branches))
    headline["identity"] = photos.mean((guesses == np.arange(traits.branches)).mean(1))
    tables["stability_photos"] = split_half_stability(profiles(traits))
    headline["stability_photos"] = tables["stability_photos"].map(lambda x: x.mean(1))
    _add_styles(seen, photos, headline, tables)
    if seen.effects:
        tables["decision"] = photos.mean(np.concatenate(seen.effects))
        headline["decision"] = tables["decision"].map(lambda x: x.max(1))
    if seen.precisions:
        _add_precisions(np.concatenate(seen.precisions), photos, headline, tables)
    alike = np.concatenate(seen.like_first)
    partners = match_branches(alike.mean(0))
    return Findings(
        seen.subject.name,
        seen.subject.branches,
        headline,
        tables,
        partners,
        photos.mean(_matched(alike, partners)),
        seen.subject.facts,
    )


def _of_layers(traits: Traits, photos: Photos) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    measures = traits.measures
    pairs = _mean_of_pairs(traits.information) - traits.information_floor
    places = traits.places.reshape(*traits.places.shape[:2], -1)
    bands, colours = photos.mean(traits.bands), photos.mean(traits.colours)
    shares = photos.mean(measures.shares)
    headline = {
        "fidelity_db": photos.median(measures.psnr_db),
        "redundancy": photos.median(measures.redundancy),
        "cancellation": photos.median(measures.cancellation),
        "smallest_share": shares.map(lambda x: x.min(1)),
        "dependence_bits": photos.mean(pairs),
        "band_bits": photos.function_of_mean(traits.bands, energy_information),
        "colour_bits": photos.function_of_mean(traits.colours, energy_information),
        "place_bits": photos.function_of_mean(places, energy_information),
    }
    tables = {
        "shares": shares,
        "correlation": photos.mean(traits.correlation),
        "information": photos.mean(traits.information),
        "bands": bands.map(_of_each_branch),
        "bands_owner": bands.map(_of_each_cell),
        "colours": colours.map(_of_each_branch),
        "colours_owner": colours.map(_of_each_cell),
        "places": photos.mean(traits.places),
        "skewness": photos.mean(traits.skewness),
        "psnr_without": photos.mean(traits.psnr_without),
        "psnr_drop": photos.mean(measures.psnr_db[:, None] - traits.psnr_without),
    }
    return headline, tables


def _add_styles(seen: Examination, photos: Photos, headline: dict[str, Estimate], tables: dict[str, Estimate]) -> None:
    if not seen.styles:
        return
    matched, kept = [], []
    for parts in seen.styles.values():
        alike = np.concatenate(parts)
        partners = match_branches(alike.mean(0))
        matched.append(_matched(alike, partners))
        # Whether a role is kept is asked of each photo, as the roles of a photo are what a person sees.
        own = np.stack([match_branches(photo) for photo in alike])
        kept.append((own == np.arange(alike.shape[1])).mean(1))
    tables["stability_styles"] = photos.mean(np.mean(matched, 0))
    tables["style_change"] = photos.mean(np.mean([np.concatenate(x) for x in seen.changes.values()], 0))
    headline["stability_styles"] = tables["stability_styles"].map(lambda x: x.mean(1))
    headline["roles_kept"] = photos.mean(np.mean(kept, 0))


def _add_precisions(
    scores: NDArray[np.float32], photos: Photos, headline: dict[str, Estimate], tables: dict[str, Estimate]
) -> None:
    """Means over those photos that have something outlined."""
    valid = np.isfinite(scores[:, :1])
    both = np.concatenate([np.nan_to_num(scores), np.nan_to_num(chosen_elsewhere(scores))[:, None], valid], 1)
    means = photos.mean(both).map(lambda x: x[:, :-1] / np.maximum(x[:, -1:], _SMALL))
    tables["semantic"] = means.map(lambda x: x[:, :-1])
    headline["semantic"] = means.map(lambda x: x[:, -1])


def _cross_guesses(signatures: NDArray[np.float32]) -> NDArray[np.int64]:
    """Guesses for every photo by a classifier fitted on the other half of them: (n, N)."""
    half = np.arange(len(signatures)) % 2 == 0
    guesses = np.empty(signatures.shape[:2], np.int64)
    guesses[half] = identity_guesses(signatures[~half], signatures[half])
    guesses[~half] = identity_guesses(signatures[half], signatures[~half])
    return guesses


def _one_hot(guesses: NDArray[np.int64], count: int) -> Array:
    return np.asarray(np.eye(count)[guesses])


def _matched(alike: NDArray[np.float32], partners: NDArray[np.int64]) -> NDArray[np.float32]:
    """The correlation of each row with its partner, photo by photo: (n, N); 0 without a partner."""
    chosen = alike[:, np.arange(alike.shape[1]), np.maximum(partners, 0)]
    return np.asarray(np.where(partners >= 0, chosen, 0), np.float32)


def _mean_of_pairs(matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    count = matrices.shape[1]
    if count == 1:
        return np.zeros(len(matrices), np.float32)
    rows, columns = np.triu_indices(count, 1)
    return np.asarray(matrices[:, rows, columns].mean(1))


def _of_each_branch(energies: Array) -> Array:
    return np.asarray(energies / np.maximum(energies.sum(2, keepdims=True), _SMALL))


def _of_each_cell(energies: Array) -> Array:
    return np.asarray(energies / np.maximum(energies.sum(1, keepdims=True), _SMALL))
