"""``--style LAYER=DOMAIN[:SEED][@ALPHA]``: other styles for single branches."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from bsgui.core.errors import UsageError
from bsgui.core.model_card import ModelCard
from bsgui.core.styles import BranchStyle, Styles, branch_of, check_styles, in_order

FORM = "LAYER=DOMAIN[:SEED][@ALPHA]"


@dataclass(frozen=True)
class TypedStyle:
    """A style as it was typed.

    Attributes:
        layer: number, id or name of a branch.
        domain: "" for the photo's own.
        seed: which style of the domain.
        alpha: 0 is the photo's own style, 1 the other one.
    """

    layer: str
    domain: str
    seed: int
    alpha: float


def typed_style(text: str) -> TypedStyle:
    """Read one ``--style``; for argparse.

    Raises:
        ArgumentTypeError: it is not of the form.
    """
    layer, _, style = text.rpartition("=")
    style, _, alpha = style.partition("@")
    domain, _, seed = style.partition(":")
    try:
        typed = TypedStyle(layer.strip(), domain.strip(), int(seed or "0"), float(alpha or "1"))
    except ValueError:
        typed = None
    if typed is None or not typed.layer or not style or typed.seed < 0 or not 0 <= typed.alpha <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not {FORM} with a SEED of 0 and up and an ALPHA from 0 to 1")
    return typed


def chosen_styles(typed: Sequence[TypedStyle], card: ModelCard, own_domain: str) -> Styles:
    """The styles for a model's branches, in their order.

    Raises:
        UsageError: a layer or domain that the model does not have, a layer that is no branch, or one named twice.
    """
    styles = tuple(BranchStyle(_branch(x.layer, card), x.domain or own_domain, x.seed, x.alpha) for x in typed)
    check_styles(styles, len(card.branches), card.domains, card.id)
    return in_order(styles)


def _branch(layer: str, card: ModelCard) -> int:
    if layer.casefold() in ("base", "residual"):
        raise UsageError(f"Only branches have styles; the {layer.casefold()} has none.")
    numbers = range(1, len(card.branches) + 1)
    number = int(layer) if layer.isdecimal() and len(layer) < 4 else branch_of(layer.casefold())
    if number in numbers:
        return number
    named = [k for k in numbers if card.branches[k - 1].name.casefold() == layer.casefold()]
    if len(named) == 1:
        return named[0]
    there = ", ".join(f"{k} “{card.branches[k - 1].name}”" for k in numbers)
    raise UsageError(f"Model “{card.id}” has no branch “{layer}”; it has {there}.")
