"""Every photo of a batch twice, with one thing different, so that this one can be told from the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .data import Batch
from .painting import paint_markings, paint_whiskers
from .relighting import relight

VIEWS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "light": relight,
    "markings": paint_markings,
    "whiskers": paint_whiskers,
}
"""By name: what makes another view of photos (B, 3, h, w) in [-1, 1]."""

HAVE_A_KIND = frozenset({"whiskers"})
"""Of these views: what changes is a kind of place, too (thin bright lines), and the branch that leads may own it."""

_CHANGED = 0.75


def two_views(batch: Batch, view: str, domains: Sequence[str], chance: torch.Generator) -> Batch:
    """The first half of a batch, then the same photos again; three quarters of all are changed, the others are not.

    Args:
        batch: at least two photos, or there is nothing to compare.
        view: one of :data:`VIEWS`.
        domains: the network's; photos under a light of ours have the domain "relit" if there is one.
        chance: source of the changes, on the CPU.
    """
    subjects = len(batch.photos) // 2
    photos, labels = batch.photos[:subjects].repeat(2, 1, 1, 1), batch.domains[:subjects].repeat(2)
    is_changed = torch.rand(2, subjects, generator=chance) < _CHANGED
    # One of the two at least, or there would be nothing to compare.
    is_changed[1] |= ~is_changed[0]
    chosen = is_changed.flatten()
    photos[chosen] = VIEWS[view](photos[chosen], chance)
    if view == "light" and "relit" in domains:
        labels = torch.where(chosen & (labels > 0), domains.index("relit"), labels)
    return Batch(photos, labels)
