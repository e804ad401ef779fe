"""The training loop: one process, or several through ``torchrun``; stops and resumes anywhere."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from bsgui.analysis.photos import to_tensor
from bsgui.core.errors import UsageError
from bsgui.engine.checkpoint import save_weights
from bsgui.engine.device import autocast_type, pick_device

from .config import TrainConfig, read_config
from .critic import critic_loss, gradient_penalty
from .data import Batch, batches, decode, load_pack, read_index
from .factors import leaders
from .losses import random_reblends, specialization_terms
from .recorder import Recorder
from .resting import PartlyResting
from .sheets import write_sheet
from .state import TrainState
from .views import HAVE_A_KIND, HIDES_KINDS, LIGHT, two_views

# The bar is updated every step; the thread that would wake a stalled one is one more thing to end.
tqdm.monitor_interval = 0

_PENALTY_EVERY = 16
_SHEET_PHOTOS = 6
_TEXTON_PHOTOS = 96


def train_from_config(config_path: Path, resume: bool, out: Path | None) -> None:
    """Train as the configuration says; writes into ``out`` (default ``runs/<name>``).

    Leaves there: ``checkpoint.safetensors`` (to resume), ``<name>.safetensors`` (the averaged weights),
    ``log.jsonl``, ``sheet_*.png``, ``recording.safetensors`` (for the laboratory) and a copy of the configuration.

    Raises:
        UsageError: the configuration is wrong, or the folder already holds a run and ``resume`` is False.
        PhotoReadError: a pack cannot be read.
        ModelError: the checkpoint cannot be resumed.
    """
    config = read_config(config_path)
    folder = out or Path("runs") / config.name
    if (folder / "checkpoint.safetensors").exists() and not resume:
        raise UsageError(f"{folder}: there is a run already; add --resume to go on, or choose another --out.")
    with _processes() as rank:
        trainer = Trainer(config, folder, rank)
        if resume:
            trainer.state.load(trainer.checkpoint)
        else:
            trainer.fit_textons()
        if not resume and rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "config.toml").write_text(config_path.read_text(encoding="utf-8"), encoding="utf-8")
        trainer.run()


class _processes:  # reads as a phrase in a with statement
    """Joins the process group that ``torchrun`` describes in the environment, if any; yields the rank."""

    def __enter__(self) -> int:
        self._joined = int(os.environ.get("WORLD_SIZE", "1")) > 1
        if self._joined:
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return int(os.environ.get("RANK", "0"))

    def __exit__(self, *_: object) -> None:
        if self._joined:
            dist.destroy_process_group()


class Trainer:
    """One run. Thread: the main one; ``Ctrl-C`` between steps saves a checkpoint.

    Attributes:
        state: networks and optimizers.
        checkpoint: the file the state is saved to.
    """

    def __init__(self, config: TrainConfig, folder: Path, rank: int = 0) -> None:
        self.config, self.folder, self.rank = config, folder, rank
        if config.threads:
            torch.set_num_threads(config.threads)
        self.device = pick_device("auto")
        self.state = TrainState(config, self.device)
        self._run = PartlyResting(config.network, config.frozen)
        if config.frozen:
            # All branches have it in common.
            self.state.generator.mapping.requires_grad_(False)
        self.checkpoint = folder / "checkpoint.safetensors"
        self._recorder = Recorder(config, folder)
        self._type = autocast_type(self.device)
        self._chance = torch.Generator()
        self._packs = [load_pack(pack, "train") for pack in config.data]
        if max(config.sizes) > max(pack.photos.shape[1] for pack in self._packs):
            raise UsageError(f"No pack has photos of {max(config.sizes)} pixels.")

    def fit_textons(self) -> None:
        """Find the kinds of places in training photos, if the configuration wants any; all processes find the same."""
        if self.state.textons is not None:
            size, domains = max(self.config.sizes), self.config.network.domains
            drawn = batches(self._packs, domains, (size,), _TEXTON_PHOTOS, self.config.seed)
            self.state.textons.fit(next(drawn).photos.to(self.device), self.config.seed)

    def run(self) -> None:
        """Train until the configured step or minute, then write the averaged weights."""
        started, spent = time.monotonic(), self.state.seconds
        budget = self.config.minutes * 60 or math.inf
        last = self.config.until or self.config.steps
        bar = tqdm(total=last, initial=self.state.step, disable=self.rank > 0, dynamic_ncols=True)
        if self.rank == 0:
            self._recorder.note(self.state.average, self.state.step, spent)
        try:
            for batch in self._batches():
                if self.state.step >= last or time.monotonic() - started > budget:
                    break
                figures = self._step(batch)
                self.state.seconds = spent + time.monotonic() - started
                bar.update()
                if self.rank == 0:
                    self._record(figures, bar)
        finally:
            bar.close()
            if self.rank == 0:
                self.state.save(self.checkpoint)
                self._write_weights()

    def _batches(self) -> Iterator[Batch]:
        # Seeded by the step too: a resumed run draws fresh photos instead of repeating the first ones.
        seed = hash((self.config.seed, self.state.step, self.rank)) % 2**32
        self._chance.manual_seed(seed)
        config = self.config
        views = config.views or ("",)
        return batches(
            self._packs, config.network.domains, config.sizes, config.batch, seed, views=views, first=self.state.step
        )

    def _step(self, batch: Batch) -> dict[str, float]:
        config, state = self.config, self.state
        if batch.view:
            batch = two_views(batch, config.network.domains, self._chance)
        photos, domains = batch.photos.to(self.device), batch.domains.to(self.device)
        self._set_rates()
        state.generator.train()
        latent = torch.randn(len(photos), config.network.latent, generator=self._chance).to(self.device)
        with self._autocast():
            maps = self._run(state.generator, photos, state.generator.styles(latent, domains))
        pictures = maps.pictures(photos)
        lead = leaders(state.factors, config.leads)
        taken = {branch for view, branch in lead.items() if view not in HAVE_A_KIND} | set(config.frozen)
        textons = None if batch.view in HIDES_KINDS else state.textons
        terms = specialization_terms(pictures, photos, maps.mean, config.losses, textons, taken)
        loss = terms.total(config.losses)
        figures = {name: value.item() for name, value in terms._asdict().items()}
        if batch.view:
            outside, inside = state.factors[batch.view].overlap(pictures, lead[batch.view])
            figures |= {f"factors_{batch.view}": outside.item(), f"subjects_{batch.view}": inside.item()}
            figures[f"leader_{batch.view}"] = lead[batch.view]
            loss = loss + config.losses.factors * outside + config.losses.subjects * inside
            if config.losses.held and batch.view != LIGHT:
                weights = config.losses
                missed = state.factors[batch.view].missed(pictures, photos, lead[batch.view], weights.elsewhere)
                figures[f"missed_{batch.view}"] = missed.item()
                loss = loss + config.losses.held * missed
        if state.step >= config.critic_from and config.losses.realism:
            realism, figures["critic"] = self._critic_step(pictures, photos)
            figures["realism"] = realism.item()
            loss = loss + config.losses.realism * realism
        self._descend(state.optimizer, loss)
        state.step += 1
        state.update_average(config.average)
        figures["psnr_db"] = -10 * math.log10(_mean_square_error(pictures, photos, maps.mean) / 4)
        return figures

    def _critic_step(self, pictures: Tensor, photos: Tensor) -> tuple[Tensor, float]:
        critic = self.state.critic
        reblends = random_reblends(pictures, photos, self._chance)
        with self._autocast():
            loss = critic_loss(critic, photos, reblends.detach())
        if self.state.step % _PENALTY_EVERY == 0:
            loss = loss + 0.5 * _PENALTY_EVERY * gradient_penalty(critic, photos)
        self._descend(self.state.critic_optimizer, loss)
        critic.requires_grad_(False)
        with self._autocast():
            realism = F.softplus(-critic(reblends)).mean()
        critic.requires_grad_(True)
        return realism, loss.item()

    def _descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if dist.is_initialized():
            for parameter in parameters:
                dist.all_reduce(parameter.grad)
                parameter.grad /= dist.get_world_size()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()

    def _set_rates(self) -> None:
        progress = self.state.step / self.config.steps
        fall = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * max(0.0, (progress - 2 / 3) * 3)))
        warm = min(1.0, (self.state.step + 1) / 100)
        groups = self.state.optimizer.param_groups
        groups[0]["lr"] = self.config.rate * fall * warm
        groups[1]["lr"] = groups[0]["lr"] / 10

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self._type or torch.bfloat16, enabled=self._type is not None)

    def _record(self, figures: dict[str, float], bar: tqdm) -> None:
        config, step = self.config, self.state.step
        self._recorder.note(self.state.average, step, self.state.seconds)
        if step % config.log_every == 0:
            bar.set_postfix(db=f"{figures['psnr_db']:.1f}", like=f"{figures['likeness']:.3f}")
            line = {"step": step, "seconds": round(self.state.seconds, 1)}
            with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line | {k: round(v, 5) for k, v in figures.items()}) + "\n")
        if step % config.sample_every == 0:
            photos, domains = _sheet_photos(config)
            write_sheet(self.state.average, photos, domains, self.folder / f"sheet_{step:06d}.png")
        if step % config.save_every == 0:
            self.state.save(self.checkpoint)
            self._write_weights()

    def _write_weights(self) -> None:
        save_weights(self.state.average, self.folder / f"{self.config.name}.safetensors")


def _mean_square_error(pictures: Tensor, photos: Tensor, mean: Tensor) -> float:
    with torch.no_grad():
        return max((pictures.sum(1) + mean - photos).square().mean().item(), 1e-12)


def _sheet_photos(config: TrainConfig) -> tuple[Tensor, Tensor]:
    """The same few photos for every sheet, spread over the validation splits of the packs."""
    photos, domains = [], []
    for slot in range(_SHEET_PHOTOS):
        pack = config.data[slot % len(config.data)]
        files = read_index(pack, "val")
        path, domain, _ = files[(slot * len(files)) // _SHEET_PHOTOS]
        photo = cv2.resize(decode(path), (config.sizes[0], config.sizes[0]), interpolation=cv2.INTER_AREA)
        photos.append(to_tensor(np.asarray(photo, np.uint8)[None]))
        domains.append(config.network.domains.index(domain) if domain in config.network.domains else 0)
    return torch.cat(photos), torch.tensor(domains)
