"""A photo seen twice, with one thing different, so that this one can be told from the rest.

Light differs between any two views. The others are there in one view and absent from the other: what both views show is
then free of them, and a branch that holds nothing of what both show holds nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .data import Batch
from .painting import paint_markings, paint_whiskers
from .parts import without_eyes, without_nose_and_mouth
from .relighting import cast_shadow, random_number, relight, to_encoded, to_linear

_CHANGED = 0.75
_SHADOWS, _LAMPS = 0.35, 0.25
_LEAST_COLOUR, _MOST_COLOUR = 0.6, 1.5

LIGHT = "light"

Pair = tuple[Tensor, Tensor]


def _lit(batch: Batch, chance: torch.Generator) -> Pair:
    """Three quarters of all under a lamp of ours, and one of each two, or there would be nothing to compare."""
    is_changed = torch.rand(2, len(batch.photos), generator=chance) < _CHANGED
    is_changed[1] |= ~is_changed[0]
    photos = batch.photos.repeat(2, 1, 1, 1)
    chosen = is_changed.flatten()
    photos[chosen] = relight(photos[chosen], chance)
    one, other = photos.chunk(2)
    return one, other


def _coloured(batch: Batch, chance: torch.Generator) -> Pair:
    """With more or less of its colour, and grey."""
    grey = _grey(batch.photos)
    strength = torch.rand(len(batch.photos), 1, 1, 1, generator=chance).to(grey)
    strength = _LEAST_COLOUR + (_MOST_COLOUR - _LEAST_COLOUR) * strength
    return torch.lerp(grey, batch.photos, strength).clamp(-1, 1), grey


def _with_eyes(batch: Batch, chance: torch.Generator) -> Pair:
    """In grey, as all that has a colour: that is a factor of its own, and would be claimed by two branches."""
    grey = _grey(batch.photos)
    return grey, without_eyes(grey, batch.points)


def _with_nose_and_mouth(batch: Batch, chance: torch.Generator) -> Pair:
    grey = _grey(batch.photos)
    return grey, without_nose_and_mouth(grey, batch.points)


def _grey(photos: Tensor) -> Tensor:
    return photos.mean(1, keepdim=True).expand_as(photos).clone()


def _marked(batch: Batch, chance: torch.Generator) -> Pair:
    """With and without markings: its own, where they were drawn and retouched, else painted ones.

    Both views of a photo may lie under the same shadow or lamp of ours: what is dark for want of light is no marking.
    """
    one, other = _with_own(batch, paint_markings(batch.photos, chance), chance)
    for number in range(len(one)):
        one[number], other[number] = _shaded(torch.stack([one[number], other[number]]), chance)
    return one, other


def _shaded(photos: Tensor, chance: torch.Generator) -> Tensor:
    """The same photos, all under one shadow, under one lamp, or as they are."""
    kind = random_number(chance)
    if kind < _SHADOWS:
        return cast_shadow(photos, chance)
    return relight(photos, chance, alike=True) if kind < _SHADOWS + _LAMPS else photos


def _whiskered(batch: Batch, chance: torch.Generator) -> Pair:
    """With and without whiskers: its own, where they were drawn and retouched, else painted ones."""
    return _with_own(batch, paint_whiskers(batch.photos, chance), chance)


def _haired(batch: Batch, chance: torch.Generator) -> Pair:
    """With and without the hair of the coat, where the coat was drawn."""
    return _with_own(batch, batch.photos, chance)


def _with_own(batch: Batch, painted: Tensor, chance: torch.Generator) -> Pair:
    one, other = painted.clone(), batch.photos.clone()
    for number, retouched in enumerate(batch.retouched):
        if retouched is not None:
            one[number], other[number] = _developed(torch.stack([batch.photos[number], retouched]), chance)
    return one, other


def _developed(photos: Tensor, chance: torch.Generator) -> Tensor:
    """The same photos from another camera: exposure, white balance and contrast; few photos were drawn on."""
    stops = 0.7 * (random_number(chance) - 0.5)
    balance = 0.2 * torch.randn(3, 1, 1, generator=chance)
    linear = to_linear((photos + 1) / 2) * (stops + balance - balance.mean()).exp()
    contrast = 0.8 + 0.45 * random_number(chance)
    return to_encoded(linear.clamp(0, 1)).pow(contrast) * 2 - 1


VIEWS: dict[str, Callable[[Batch, torch.Generator], Pair]] = {
    LIGHT: _lit,
    "colour": _coloured,
    "eyes": _with_eyes,
    "nose and mouth": _with_nose_and_mouth,
    "markings": _marked,
    "whiskers": _whiskered,
    "fur": _haired,
}
"""By name: what makes two views of photos, two of (B, 3, h, w) in [-1, 1]; the batch stays as it is."""

HAVE_A_KIND = frozenset({"whiskers"})
"""Of these views: what changes is a kind of place, too (thin bright lines), and the branch that leads may own it."""

HIDES_KINDS = frozenset({"markings", "whiskers", "fur"})
"""In these views places look like another kind than they are: a marking is no dark patch, as an eye is one; not
all that is a thin bright line is a whisker; and a coat without hair is no smooth ground."""


def two_views(batch: Batch, domains: Sequence[str], chance: torch.Generator) -> Batch:
    """The first half of a batch, seen once, then the same photos as they are seen the other time.

    Args:
        batch: at least two photos, or there is nothing to compare; its view is one of :data:`VIEWS`.
        domains: the network's; photos under a light of ours have the domain "relit" if there is one.
        chance: source of the changes, on the CPU.
    """
    subjects = len(batch.photos) // 2
    half = Batch(
        batch.photos[:subjects],
        batch.domains[:subjects],
        batch.points[:subjects],
        batch.view,
        batch.retouched[:subjects],
    )
    photos, labels = torch.cat(VIEWS[batch.view](half, chance)), half.domains.repeat(2)
    if batch.view == LIGHT and "relit" in domains:
        is_changed = (photos != half.photos.repeat(2, 1, 1, 1)).flatten(1).any(1)
        labels = torch.where(is_changed & (labels > 0), domains.index("relit"), labels)
    return Batch(photos, labels, view=batch.view)
