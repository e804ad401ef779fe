"""The ways to make a decomposition that are compared; all move the same weights by the same number of updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .bench import Bench
from .descent import Descent, Rule, losses
from .restarts import best_of_random
from .team import Heads, Team

Train = Callable[[Bench, Team, float], None]
"""Trains a team; the last argument is the weight of the excess term."""


@dataclass(frozen=True)
class Contender:
    """One way.

    Attributes:
        name: in files.
        label: in tables and figures.
        way: what is done, in words.
        train: does it.
    """

    name: str
    label: str
    way: str
    train: Train


def untrained(bench: Bench, team: Team, excess: float) -> None:
    """Leave the weights as they were drawn."""


def jointly(bench: Bench, team: Team, excess: float, rule: Rule = "adam", noisy: bool = False) -> None:
    """Descend the shared loss with all branches at once."""
    descents = [
        Descent(member, bench.config, rule, noise=bench.config.seed * 1000 + number if noisy else 0)
        for number, member in enumerate(team.members, 1)
    ]
    bench.watch(team, 0)
    for step, photos in enumerate(bench.batches, 1):
        _descend(losses(team.pictures(photos), photos, excess), descents)
        bench.watch(team, step)
        bench.advance(len(descents))


def by_sgd(bench: Bench, team: Team, excess: float) -> None:
    """Jointly, by gradient descent without moments."""
    jointly(bench, team, excess, rule="sgd")


def from_small(bench: Bench, team: Team, excess: float) -> None:
    """Jointly, from smaller contributions."""
    team.shrink_heads(bench.config.small_start)
    jointly(bench, team, excess)


def from_equal(bench: Bench, team: Team, excess: float) -> None:
    """Jointly, all branches exactly equal at the start."""
    team.start_equal()
    jointly(bench, team, excess)


def from_equal_with_noise(bench: Bench, team: Team, excess: float) -> None:
    """The same, with noise on every branch's gradients."""
    team.start_equal()
    jointly(bench, team, excess, noisy=True)


def one_after_the_other(bench: Bench, team: Team, excess: float) -> None:
    """Every branch in its turn learns what those before it left, and is then left alone."""
    for branch, member in enumerate(team.members):
        descent = Descent(member, bench.config)
        for photos in bench.batches:
            own = team.picture(branch, photos)
            earlier = _still(team, range(branch), photos)
            _descend(losses(torch.stack([*earlier, own], 2), photos, excess), [descent])
            bench.advance(1)


def in_turns(bench: Bench, team: Team, excess: float) -> None:
    """Block coordinate descent: a few updates of one branch, the others standing still, then the next."""
    descents = [Descent(member, bench.config) for member in team.members]
    for turn in torch.split(bench.batches, bench.config.turn):
        for branch, descent in enumerate(descents):
            for photos in turn:
                pictures = _still(team, range(len(team.members)), photos, but=branch)
                pictures.insert(branch, team.picture(branch, photos))
                _descend(losses(torch.stack(pictures, 2), photos, excess), [descent])
                bench.advance(1)


def averaged(bench: Bench, team: Team, excess: float) -> None:
    """Every branch learns the whole photo by itself, without the others; then each gives its N-th part."""
    descents = [Descent(member, bench.config) for member in team.members]
    for photos in bench.batches:
        for branch, descent in enumerate(descents):
            _descend(losses(team.picture(branch, photos).unsqueeze(2), photos, excess), [descent])
        bench.advance(len(descents))
    team.gain = 1 / len(descents)


def restarted(bench: Bench, team: Team, excess: float) -> None:
    """Random branches, only their heads fitted, by least squares; the best of several by loss."""
    best_of_random(bench, team)


def _still(team: Team, branches: range, photos: Tensor, but: int = -1) -> list[Tensor]:
    with torch.no_grad():
        return [team.picture(branch, photos) for branch in branches if branch != but]


def _descend(each: Tensor, descents: list[Descent]) -> None:
    each.sum().backward()  # type: ignore[no-untyped-call]
    for descent in descents:
        descent.step()


@dataclass(frozen=True)
class Block:
    """Contenders under one loss.

    Attributes:
        name: in files.
        title: for people.
        heads: what the branches end in.
        has_excess: whether the loss has the excess term.
        contenders: in the order of the table.
    """

    name: str
    title: str
    heads: Heads
    has_excess: bool
    contenders: tuple[Contender, ...]


_UNTRAINED = Contender("untrained", "Untrained", "random weights", untrained)
_JOINT = Contender("joint", "Joint descent", "all branches at once, Adam", jointly)
_GREEDY = Contender("greedy", "One after the other", "each learns what those before it left", one_after_the_other)
_TURNS = Contender("turns", "In turns", "block coordinate descent", in_turns)
_TIE = Contender("tie_noise", "Equal start, noise", "equal branches, noise on the gradients", from_equal_with_noise)

_SGD = Contender("sgd", "Joint, plain SGD", "all branches at once, no moments", by_sgd)
_SMALL = Contender("small", "Joint, small start", "all branches at once, smaller heads at the start", from_small)
_EQUAL = Contender("tie", "Equal start", "all branches at once, from equal weights", from_equal)
_RANDOM = Contender("restarts", "Best of random", "random branches, fitted heads, the best by loss", restarted)
_AVERAGED = Contender("ensemble", "Ensemble", "each learns the whole photo, a share of each", averaged)

_ALL = (_UNTRAINED, _JOINT, _SGD, _SMALL, _EQUAL, _TIE, _GREEDY, _TURNS, _RANDOM, _AVERAGED)

BLOCKS = (
    Block("picture", "Reconstruction alone, picture heads", "picture", False, _ALL),
    Block("excess", "Reconstruction and excess, affine heads", "affine", True, (_JOINT,)),
    Block("affine", "Reconstruction alone, affine heads", "affine", False, _ALL),
)
"""Who is compared under which loss."""
