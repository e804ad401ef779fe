"""Styles of single branches: a branch may be run with another domain or seed than the photo's own, and blended.

The photo is taken apart twice, with its own style and with the other one, and the branches of the two runs are mixed
with one alpha per branch (Kadar, Brokman & Gilboa, arXiv 2305.02899, and Kadar & Gilboa, arXiv 2401.00320: alpha
blending). Not the style vectors are blended: mixing what the branches say is linear, so it needs no further run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import UsageError
from .fields import Fields

MAX_SEED = 2**32 - 1
Styles = tuple["BranchStyle", ...]
"""At most one style a branch, in the order of the branches."""

_BRANCH_ID = "branch-"


@dataclass(frozen=True)
class BranchStyle:
    """The other style of one branch, and how much of it there is.

    Attributes:
        branch: which branch, 1 for the first.
        domain: one of the model's domains, or "" for its default.
        seed: which style vector is drawn for the domain; 0 and up.
        alpha: 0 is the photo's own style, 1 the other one.
    """

    branch: int
    domain: str = ""
    seed: int = 0
    alpha: float = 1.0

    @property
    def layer_id(self) -> str:
        """The id of the branch's layer."""
        return f"{_BRANCH_ID}{self.branch}"


def branch_of(layer_id: str) -> int:
    """The number of the branch behind a layer's id; 0 for the base, the residual and whatever else."""
    digits = layer_id.removeprefix(_BRANCH_ID)
    return int(digits) if digits != layer_id and digits.isdecimal() and len(digits) < 4 else 0


def style_of(styles: Styles, branch: int) -> BranchStyle | None:
    """The other style of a branch, or None where it has only the photo's own."""
    return next((style for style in styles if style.branch == branch), None)


def with_style(styles: Styles, style: BranchStyle) -> Styles:
    """The styles with this one for its branch."""
    return in_order((*without_style(styles, style.branch), style))


def without_style(styles: Styles, branch: int) -> Styles:
    """The styles with the photo's own for this branch."""
    return tuple(style for style in styles if style.branch != branch)


def in_order(styles: Iterable[BranchStyle]) -> Styles:
    """Sorted by branch."""
    return tuple(sorted(styles, key=lambda style: style.branch))


def check_styles(styles: Styles, branches: int, domains: tuple[str, ...], model: str) -> None:
    """Raise UsageError, in one sentence, if a model with so many branches and these domains cannot be styled so."""
    seen: set[int] = set()
    for style in styles:
        if not 1 <= style.branch <= branches:
            raise UsageError(f"Model “{model}” has no branch {style.branch}; it has branches 1 to {branches}.")
        if style.branch in seen:
            raise UsageError(f"Branch {style.branch} is given two styles; it can have one.")
        if style.domain and style.domain not in domains:
            raise UsageError(f"Model “{model}” has no domain “{style.domain}”; it has {', '.join(domains)}.")
        if not 0 <= style.seed <= MAX_SEED:
            raise UsageError(f"The seed must be a whole number from 0 to {MAX_SEED}.")
        if not 0 <= style.alpha <= 1:  # Nor is NaN.
            raise UsageError("The alpha of a style must be a number from 0 to 1.")
        seen.add(style.branch)


def read_styles(fields: Fields, most: int) -> Styles:
    """The field "styles" of a manifest or project, sorted; none where it is missing, as in older files.

    Args:
        fields: the object that has the field.
        most: highest number of a branch.

    Raises:
        FieldError: damaged.
    """
    styles = fields.items("styles", 0, most, lambda entry: _style(entry, most), ())
    return in_order({style.branch: style for style in styles}.values())


def _style(fields: Fields, most: int) -> BranchStyle:
    return BranchStyle(
        branch=fields.whole("branch", 1, most),
        domain=fields.text("domain", "", limit=255),
        seed=fields.whole("seed", 0, MAX_SEED, 0),
        alpha=fields.number("alpha", 0, 1, 1.0),
    )
