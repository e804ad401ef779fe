"""What was expected, and whether it holds: every claim of the comparison with the figures that decide it."""

from __future__ import annotations

import numpy as np

from bsgui.analysis.race.findings import Check
from bsgui.analysis.report.bootstrap import Estimate

from .contenders import BLOCKS
from .measures import kept_lead
from .results import Place, Results

_RIVALS = {
    "untrained": "the untrained networks",
    "restarts": "random branches with fitted heads",
    "ensemble": "the averaged ensemble",
    "greedy": "one branch after the other",
    "turns": "branches in turns",
}
_EQUAL = 1e-12


def verdicts(results: Results) -> tuple[Check, ...]:
    """All claims, in the order in which the question is answered.

    A difference counts if the 95 % bootstrap interval of its mean over networks, paired by their initial weights, lies
    above 0.
    """
    picture, excess, affine = ((block.name, "joint") for block in BLOCKS)
    return (
        *_against_rivals(results, picture, "picture heads"),
        *_against_rivals(results, affine, "affine heads"),
        _more(results, "Picture heads make more of it than affine ones: index", picture, affine, "index"),
        _more(results, "The excess term makes more of it: index, affine heads", excess, affine, "index"),
        _tie(results),
        _more(
            results,
            "Noise on the gradients breaks the tie: index",
            ("picture", "tie_noise"),
            ("picture", "tie"),
            "index",
        ),
        _more(
            results,
            "Plain SGD makes more of it than Adam, as in linear networks: index",
            ("picture", "sgd"),
            picture,
            "index",
        ),
        _more(
            results,
            "A small start makes more of it, as in linear networks: index",
            ("picture", "small"),
            picture,
            "index",
        ),
        _lead(results, picture),
        _picked(results, picture),
    )


def _against_rivals(results: Results, joint: Place, heads: str) -> list[Check]:
    return [
        _more(results, f"Joint descent, {heads}: more {measure} than {words}", joint, (joint[0], rival), measure)
        for rival, words in _RIVALS.items()
        if rival in results.blocks[joint[0]]
        for measure in ("index", "division")
    ]


def _more(results: Results, claim: str, one: Place, other: Place, measure: str) -> Check:
    difference = results.difference(one, other, measure)
    return Check(claim, float(difference.low) > 0, f"{float(difference.value):+.3f} {_band(difference)}")


def _band(estimate: Estimate) -> str:
    return f"[{float(estimate.low):.3f}, {float(estimate.high):.3f}]"


def _tie(results: Results) -> Check:
    index = results.at(("picture", "tie"))["index"]
    return Check("Equal branches stay equal, exactly", bool(index.max() < _EQUAL), f"largest index {index.max():.2g}")


def _lead(results: Results, joint: Place) -> Check:
    """Whether who led before training owns the mode afterwards, more often than by chance."""
    start, end = (np.array(results.at(place).amplitudes) for place in ((joint[0], "untrained"), joint))
    chance = 1 / start.shape[1]
    found = results.mean(np.array(kept_lead(start, end)))
    figures = f"{float(found.value):.2f} of the modes {_band(found)}, by chance {chance:.2f}"
    claim = "Joint descent, picture heads: who contributes most at the start owns the mode in the end"
    return Check(claim, float(found.low) > chance, figures)


def _picked(results: Results, joint: Place) -> Check:
    """Whether picking the network of least training loss picks specialization."""
    result = results.at(joint)
    index = result["index"]
    picked = float(index[result["loss"].argmin()])
    figures = f"its index {picked:.3f}; mean {float(index.mean()):.3f}, highest {float(index.max()):.3f}"
    return Check("Of the jointly trained, that of least loss specializes most", picked == float(index.max()), figures)
