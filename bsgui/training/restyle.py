"""Makes a finished network's styles count: ``python -m bsgui.training.restyle WEIGHTS CONFIG.toml --to FILE``.

Reconstruction teaches a network to answer alike in every style. Here only what turns a style into answers learns (the
mapping network and the affine maps of the adaptive norms); everything else stays. In the first domain ("any photo"),
which photos are taken apart in, the answers are held to what they were. In the others a branch is to move by a part of
what it holds, differently for every seed (the diversity-sensitive loss of StarGAN v2, Choi et al. 2020, eq. 4, with an
end to it), and what is re-blended so is to look like a photo of the domain to a critic of small places: it sees coats
and colours, not whose head it is. What an eye is it hardly knows; so, where eyes and nose were drawn, branches are to
move less there.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from bsgui.analysis.bands import remove_means
from bsgui.core.errors import UsageError
from bsgui.engine.blocks import AdaptiveInstanceNorm
from bsgui.engine.checkpoint import load_generator, save_weights
from bsgui.engine.network import BranchedGenerator

from .commands import exit_status
from .config import read_config
from .critic import Critic, gradient_penalty
from .data import Pack, batches, load_pack

# The bar is updated every step; the thread that would wake a stalled one is one more thing to end.
tqdm.monitor_interval = 0

_PENALTY_EVERY = 8
_HELD_STYLES = 32
_FEATURES = "features"
_SMALL = 1e-4


@dataclass(frozen=True)
class RestylePlan:
    """How styles are trained.

    Attributes:
        steps: optimizer steps.
        batch: photos per step.
        size: side of the training squares, pixels.
        rate, critic_rate: Adam's learning rates.
        moves: by how much of its own deviation a branch is to move in another style, at least.
        differs: the same for two seeds of one domain.
        most: no branch is to move by more.
        diversity, realism, held, features, range: weights of the terms.
        average: decay of the weight average.
        seed: of all that is random.
        threads: CPU threads.
    """

    steps: int = 500
    batch: int = 3
    size: int = 192
    rate: float = 5e-4
    critic_rate: float = 4e-4
    moves: float = 0.3
    differs: float = 0.25
    most: float = 0.5
    diversity: float = 1.0
    realism: float = 0.5
    held: float = 200.0
    features: float = 10.0
    range: float = 20.0
    average: float = 0.99
    seed: int = 1
    threads: int = 2


class DomainCritic(Critic):
    """Says of places whether they look like a photo of a domain (projection: Miyato & Koyama 2018, eq. 3)."""

    def __init__(self, domains: int) -> None:
        super().__init__(width=24, widest=96, levels=4)
        self.domains = nn.Embedding(domains, self.out.in_features)

    def judge(self, photos: Tensor, domains: Tensor) -> Tensor:
        """(B, 3, h, w) in [-1, 1] and (B,) long -> (B,) logits, positive for photos of their domain."""
        features = F.leaky_relu(self.blocks(self.stem(photos)), 0.2).mean((2, 3))
        return self.out(features).squeeze(1) + (features * self.domains(domains)).sum(1)  # type: ignore[no-any-return]


class Restyler:
    """Trains the styles of a copy of a network. Thread: one.

    Args:
        network: with at least three domains; stays as it is.
        plan: how.

    Attributes:
        network: the copy that learns.
        average: its running average: the result.

    Raises:
        UsageError: the network has no two domains beside the first.
    """

    def __init__(self, network: BranchedGenerator, plan: RestylePlan) -> None:
        self._plan, self._domains = plan, len(network.config.domains)
        if self._domains < 3:
            raise UsageError("A network with less than two domains beside its first has no styles to tell apart.")
        torch.manual_seed(plan.seed)
        self._before = network
        self.network = copy.deepcopy(network).train().requires_grad_(False)
        self._learning = list(self.network.mapping.parameters())
        for norm in _style_norms(self.network):
            self._learning += norm.affine.parameters()
        for parameter in self._learning:
            parameter.requires_grad_(True)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.critic = DomainCritic(self._domains)
        self._optimizer = torch.optim.Adam(self._learning, lr=plan.rate, betas=(0.0, 0.99))
        self._critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=plan.critic_rate, betas=(0.0, 0.99))
        self._chance = torch.Generator().manual_seed(plan.seed)
        self._step = 0

    def step(self, photos: Tensor, own: Tensor, featureless: Tensor | None = None) -> dict[str, float]:
        """One step; the terms, for the log.

        Args:
            photos: (B, 3, h, w) in [-1, 1].
            own: (B,) long, their domains.
            featureless: the photos without their eyes and noses, where that is known.
        """
        plan, network = self._plan, self.network
        wanted = torch.randint(1, self._domains, (len(photos),), generator=self._chance)
        with torch.no_grad():
            encoded = network.encode(photos)
            usual = network.decode(encoded, self._before.styles(self._latent(len(photos)), torch.zeros_like(wanted)))
            usual_pictures = remove_means(usual.pictures(photos))
        changes = []
        for _ in range(2):
            maps = network.decode(encoded, network.styles(self._latent(len(photos)), wanted))
            changes.append(remove_means(maps.pictures(photos)) - usual_pictures)
        amount = usual_pictures.square().mean((2, 3, 4))
        moved = [_share(change, amount) for change in changes]
        apart = _share(changes[0] - changes[1], amount)
        few = torch.stack([F.relu(1 - x / plan.moves) for x in moved]).mean() + F.relu(1 - apart / plan.differs).mean()
        many = torch.stack([F.relu(x / plan.most - 1) for x in moved]).square().mean()
        reblends = photos + (changes[0] * self._chosen(changes[0])).sum(1)
        outside = F.relu(reblends.abs() - 1).mean()
        realism, critic = self._critic_step(reblends, photos, own, wanted)
        held = self._held()
        features = photos.new_zeros(()) if featureless is None else _seen_in(changes, photos, featureless)
        loss = plan.diversity * (few + many) + plan.realism * realism + plan.held * held + plan.range * outside
        loss = loss + plan.features * features
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._learning, 5.0)
        # What is held in the first domain is as good as the last steps are small.
        left = 1 - self._step / max(plan.steps, self._step + 1)
        self._optimizer.param_groups[0]["lr"] = plan.rate * min(1.0, 0.02 + 2 * left)
        self._optimizer.step()
        self._step += 1
        self._update_average()
        terms = {"moved": moved[0].mean(), "apart": apart.mean(), "realism": realism, "held": held, "outside": outside}
        terms["features"] = features
        return {name: value.item() for name, value in terms.items()} | {"critic": critic}

    def _latent(self, count: int) -> Tensor:
        latent = torch.randn(count, self.network.config.latent, generator=self._chance)
        # Seed 0 is the mean style, which is chosen most often by far.
        return torch.where(torch.rand(count, 1, generator=self._chance) < 0.2, torch.zeros(()), latent)

    def _chosen(self, changes: Tensor) -> Tensor:
        """Which branches are restyled, and how far (the alphas): one, some or all of them; (B, N, 1, 1, 1)."""
        batch, count = changes.shape[:2]
        how_many = torch.tensor([1, 2, count])[torch.randint(3, (batch, 1), generator=self._chance)]
        order = torch.rand(batch, count, generator=self._chance).argsort(1)
        alphas = 0.5 + 0.5 * torch.rand(batch, count, generator=self._chance)
        return torch.where(order < how_many, alphas, torch.zeros(()))[..., None, None, None]

    def _critic_step(self, reblends: Tensor, photos: Tensor, own: Tensor, wanted: Tensor) -> tuple[Tensor, float]:
        critic = self.critic
        # Photos called by another domain's name are as wrong as re-blends: that is what makes the critic learn domains.
        others = 1 + own % (self._domains - 1)
        loss = (
            F.softplus(-critic.judge(photos, own)).mean()
            + 0.5 * F.softplus(critic.judge(photos, others)).mean()
            + F.softplus(critic.judge(reblends.detach(), wanted)).mean()
        )
        if self._step % _PENALTY_EVERY == 0:
            loss = loss + 0.5 * _PENALTY_EVERY * gradient_penalty(lambda x: critic.judge(x, own), photos)
        self._critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._critic_optimizer.step()
        critic.requires_grad_(False)
        realism = F.softplus(-critic.judge(reblends, wanted)).mean()
        critic.requires_grad_(True)
        return realism, loss.item()

    def _held(self) -> Tensor:
        """How far the norms have moved in the first domain: mean square, over many seeds and without any photo."""
        latent, domain = self._latent(_HELD_STYLES), torch.zeros(_HELD_STYLES, dtype=torch.long)
        styles = [network.styles(latent, domain).flatten(1).unsqueeze(-1) for network in (self.network, self._before)]
        pairs = zip(_style_norms(self.network), _style_norms(self._before), strict=True)
        return torch.stack([F.mse_loss(now.affine(styles[0]), was.affine(styles[1])) for now, was in pairs]).mean()

    def _update_average(self) -> None:
        decay = min(self._plan.average, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)


def _restore_usual_style(network: BranchedGenerator, before: BranchedGenerator) -> None:
    """Make the first domain's seed 0, which photos are taken apart in, say exactly what it said before.

    All that is left of the difference there is taken off the norms' biases, and so off every other style: it is small.
    """
    latent, domain = torch.zeros(1, network.config.latent), torch.zeros(1, dtype=torch.long)
    with torch.no_grad():
        styles = [x.styles(latent, domain).flatten(1).unsqueeze(-1) for x in (network, before)]
        for now, was in zip(_style_norms(network), _style_norms(before), strict=True):
            assert now.affine.bias is not None
            now.affine.bias += (was.affine(styles[1]) - now.affine(styles[0])).flatten()


def _style_norms(network: BranchedGenerator) -> list[AdaptiveInstanceNorm]:
    return [module for module in network.modules() if isinstance(module, AdaptiveInstanceNorm)]


def _share(changes: Tensor, amount: Tensor) -> Tensor:
    """Deviation of changes (B, N, 3, h, w) over the deviation of what the branches hold: (B, N)."""
    return (changes.square().mean((2, 3, 4)) / (amount + _SMALL) + _SMALL).sqrt()


def _seen_in(changes: Sequence[Tensor], photos: Tensor, featureless: Tensor) -> Tensor:
    """How far branches move where eyes and noses are: mean square, in the photos' variances.

    Args:
        changes: of the branches' pictures, (B, N, 3, h, w) each.
        photos: (B, 3, h, w).
        featureless: the same without eyes and noses; where the two differ most, a feature is most itself.
    """
    weight = (photos - featureless).abs().mean(1)
    variance = remove_means(photos).square().mean((1, 2, 3)) + _SMALL
    moved = torch.stack([change.square().sum(1).mean(1) for change in changes]).mean(0)
    return ((weight * moved).sum((1, 2)) / (weight.sum((1, 2)) + _SMALL) / variance).mean()


def restyle(
    network: BranchedGenerator, packs: Sequence[Pack], plan: RestylePlan, drawings: Path | None = None
) -> BranchedGenerator:
    """The network with styles that count.

    Args:
        network: in evaluation mode.
        packs: photos of its domains.
        plan: how.
        drawings: of eyes and noses on some of the first pack's photos, which every other step is then about.

    Raises:
        UsageError: the network has too few domains, or no pack has photos of that size.
        PhotoReadError: a pack cannot be read.
    """
    torch.set_num_threads(plan.threads)
    restyler = Restyler(network, plan)
    views = [""]
    if drawings is not None:
        packs = [*packs, replace(packs[0], drawings=drawings, views=(_FEATURES,))]
        views.append(_FEATURES)
    loaded = [load_pack(pack, "train") for pack in packs]
    drawn = batches(loaded, network.config.domains, (plan.size,), plan.batch, plan.seed, any_share=0.0, views=views)
    bar = tqdm(range(plan.steps), dynamic_ncols=True)
    for _, batch in zip(bar, drawn, strict=False):
        known = [photo for photo in batch.retouched if photo is not None]
        figures = restyler.step(batch.photos, batch.domains, torch.stack(known) if batch.view else None)
        bar.set_postfix({name: f"{value:.3g}" for name, value in figures.items()})
    _restore_usual_style(restyler.average, network)
    return restyler.average


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    plan = RestylePlan()
    parser = argparse.ArgumentParser(prog="python -m bsgui.training.restyle", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("config", type=Path, help="of the training: its photos are these, too")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    parser.add_argument("--drawings", type=Path, metavar="FOLDER", help="of eyes and noses on the first pack's photos")
    for name, value in vars(plan).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = parser.parse_args(arguments)

    def make() -> None:
        chosen = RestylePlan(**{name: getattr(options, name) for name in vars(plan)})
        packs = read_config(options.config).data
        save_weights(restyle(load_generator(options.weights), packs, chosen, options.drawings), options.to)

    return exit_status(make)


if __name__ == "__main__":
    sys.exit(main())
