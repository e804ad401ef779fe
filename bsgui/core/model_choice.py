"""Which model suits a photo: one made for what was found in it, or else a general one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .frame import Frame, Subject
from .model_card import ModelCard

AUTO = "auto"
"""What a person asks for who leaves the choice to the program; no model can be called so."""

# A model of heads was trained with heads that fill its pictures: it is no use for one far away in a landscape.
_LEAST_FILL = 1 / 3


@dataclass(frozen=True)
class ModelChoice:
    """The model that was picked, and why.

    Attributes:
        card: the model.
        reason: for people, half a sentence: "a cat was found (93 % sure)".
    """

    card: ModelCard
    reason: str


def preferred(cards: Iterable[ModelCard]) -> list[ModelCard]:
    """The models in the order in which they are offered: the general one first, then by name."""
    return sorted(cards, key=lambda card: (card.id != "general", card.name))


def needs_search(cards: Sequence[ModelCard]) -> bool:
    """Whether it matters for the choice what is in the photo."""
    return len(cards) > 1 and any(card.subjects for card in cards)


def choose_model(cards: Sequence[ModelCard], subjects: Sequence[Subject], part: Frame) -> ModelChoice:
    """The model for what is most certain to be in a photo, if it fills enough of it; else the general one.

    Args:
        cards: the installed models, the preferred first; at least one.
        subjects: what was found, the most certain first.
        part: what is taken apart, perhaps the whole photo.
    """
    general = next((card for card in cards if not card.subjects), cards[0])
    inside = [subject for subject in subjects if part.contains(subject.frame.x, subject.frame.y)]
    if not inside:
        return ModelChoice(general, "no face or animal was found" if needs_search(cards) else "")
    found = inside[0]
    was_found = f"{found.kind} was found ({100 * found.score:.0f} % sure)"
    fitting = next((card for card in cards if found.kind in card.subjects), None)
    if fitting is None:
        return ModelChoice(general, f"a {was_found}, and no model is made for it")
    if _fill(found.frame, part) < _LEAST_FILL:
        return ModelChoice(general, f"a small {was_found}: frame it for the model “{fitting.name}”")
    return ModelChoice(fitting, f"a {was_found}")


def _fill(frame: Frame, part: Frame) -> float:
    return max(frame.width, frame.height) / min(part.width, part.height)
