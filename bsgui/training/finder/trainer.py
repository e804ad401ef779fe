"""The finder's training loop; stops and resumes anywhere."""

from __future__ import annotations

import copy
import json
import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bsgui.core.errors import ModelError, UsageError
from bsgui.engine.device import autocast_type
from bsgui.engine.finder_network import FinderNetworks
from bsgui.engine.finder_weights import read_finder, save_finder

from .backgrounds import load_backgrounds
from .config import FinderConfig, read_finder_config
from .heads import load_heads
from .lessons import look_lesson, scene_lesson
from .losses import look_loss, proposal_loss
from .mining import Mistakes, mine
from .scenes import SceneMaker

_WARM_UP = 200
_GRADIENT_LIMIT = 5.0


class FinderState:
    """Networks, their running average, and the optimizer.

    Attributes:
        step: optimizer steps done.
        seconds: wall time spent so far, over all pieces of the run.
    """

    def __init__(self, config: FinderConfig) -> None:
        torch.manual_seed(config.seed)
        self.networks = FinderNetworks() if config.start is None else read_finder(config.start)
        self.average = copy.deepcopy(self.networks).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(self.networks.parameters(), lr=config.rate, weight_decay=0.02)
        self.step = 0
        self.seconds = 0.0

    def update_average(self, decay: float) -> None:
        """Move the average, batch norms' statistics included, towards the networks."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(
                self.average.state_dict().values(), self.networks.state_dict().values(), strict=True
            ):
                if value.is_floating_point():
                    mean.lerp_(value, 1 - decay)

    def save(self, path: Path) -> None:
        """Write everything, atomically."""
        tensors: dict[str, Tensor] = {}
        for prefix, module in (("networks", self.networks), ("average", self.average)):
            tensors |= {f"{prefix}.{key}": value.detach().contiguous() for key, value in module.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{key}": value.detach().clone().contiguous() for key, value in moments.items()}
        temporary = path.with_suffix(".partial")
        progress = json.dumps({"step": self.step, "seconds": self.seconds})
        save_file(tensors, temporary, metadata={"progress": progress})
        os.replace(temporary, path)

    def load(self, path: Path) -> None:
        """Read what :meth:`save` wrote. Raises ModelError."""
        try:
            with safe_open(path, "pt") as file:
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                progress = json.loads(file.metadata()["progress"])
            for prefix, module in (("networks", self.networks), ("average", self.average)):
                module.load_state_dict(_below(tensors, prefix))
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in _below(tensors, "adam").items():
                index, name = key.split(".", 1)
                moments.setdefault(int(index), {})[name] = value
            groups = self.optimizer.state_dict()["param_groups"]
            self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
            self.step, self.seconds = int(progress["step"]), float(progress["seconds"])
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: the checkpoint cannot be resumed.", repr(error)) from error


def train_finder(config_path: Path, resume: bool, out: Path | None) -> Path:
    """Train as the configuration says; writes into ``out`` (default ``runs/<name>``), which it returns.

    Leaves there: ``checkpoint.safetensors`` (to resume), ``<name>.safetensors`` (the averaged weights), ``log.jsonl``
    and a copy of the configuration.

    Raises:
        UsageError: the configuration is wrong, or the folder already holds a run and ``resume`` is False.
        PhotoReadError: a picture cannot be read.
        ModelError: the checkpoint cannot be resumed.
    """
    config = read_finder_config(config_path)
    folder = out or Path("runs") / config.name
    checkpoint = folder / "checkpoint.safetensors"
    if checkpoint.exists() and not resume:
        raise UsageError(f"{folder}: there is a run already; add --resume to go on, or choose another --out.")
    state = FinderState(config)
    if resume:
        state.load(checkpoint)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(config_path, folder / "config.toml")
    if config.threads:
        torch.set_num_threads(config.threads)
        cv2.setNumThreads(config.threads)
    heads = load_heads(config.heads, "train")
    maker = SceneMaker(
        heads, load_backgrounds(config.backgrounds["train"], heads, config.things.get("train", ())), config.seed
    )
    _run(config, state, maker, folder)
    return folder


def _run(config: FinderConfig, state: FinderState, maker: SceneMaker, folder: Path) -> None:
    started, before = time.monotonic(), state.seconds
    state.networks.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    sums: dict[str, float] = {}
    is_over = False
    mistakes = _mistakes_so_far(config, state, folder)
    while state.step < config.steps and not is_over:
        if state.step in config.mine_at:
            mistakes = _mine(config, state, maker, folder)
        figures = _step(config, state, maker, mistakes)
        sums = {key: sums.get(key, 0.0) + value / config.log_every for key, value in figures.items()}
        state.seconds = before + time.monotonic() - started
        is_over = 0 < config.minutes * 60 < state.seconds - before
        if state.step % config.log_every == 0:
            _log(folder, {"step": state.step, "seconds": round(state.seconds, 1), **sums})
            sums = {}
        if state.step % config.save_every == 0 or state.step == config.steps or is_over:
            state.save(folder / "checkpoint.safetensors")
            save_finder(state.average, folder / f"{config.name}.safetensors")


def _mine(config: FinderConfig, state: FinderState, maker: SceneMaker, folder: Path) -> Mistakes | None:
    path = _mistakes_path(folder, state.step)
    if not path.exists():
        mine(copy.deepcopy(state.average).fuse(), maker, config.mined_scenes, config.seed + state.step).save(path)
    return _mistakes_so_far(config, state, folder)


def _mistakes_so_far(config: FinderConfig, state: FinderState, folder: Path) -> Mistakes | None:
    """All that were mined up to this step, so that a resumed run learns from the same ones."""
    paths = [_mistakes_path(folder, step) for step in config.mine_at if step <= state.step]
    pictures = [Mistakes.load(path).pictures for path in paths if path.exists()]
    together = [picture for pack in pictures for picture in pack]
    return Mistakes(np.stack(together)) if together else None


def _mistakes_path(folder: Path, step: int) -> Path:
    return folder / f"mistakes_{step}.safetensors"


def _step(config: FinderConfig, state: FinderState, maker: SceneMaker, mistakes: Mistakes | None) -> dict[str, float]:
    # A generator for each step, so that a resumed run sees what an unbroken one would have.
    rng = np.random.default_rng([config.seed, state.step])
    scenes = scene_lesson(maker, config.scenes, rng)
    looks = look_lesson(maker, config.looks, rng, mistakes)
    for group in state.optimizer.param_groups:
        group["lr"] = config.rate * rate_share(state.step, config.steps)
    state.optimizer.zero_grad(set_to_none=True)
    narrow = autocast_type(torch.device("cpu"))
    with torch.autocast("cpu", narrow or torch.bfloat16, enabled=narrow is not None):
        proposing, first = proposal_loss(state.networks.proposals, scenes)
        looking, second = look_loss(state.networks.look, looks)
    (proposing + looking).backward()  # type: ignore[no-untyped-call]
    # Apart, as they are two networks.
    for network in (state.networks.proposals, state.networks.look):
        torch.nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_LIMIT)
    state.optimizer.step()
    state.step += 1
    state.update_average(config.average)
    return first | second


def rate_share(step: int, steps: int) -> float:
    """The learning rate over its highest: a short rise, then half a cosine down to a hundredth."""
    fall = 0.505 + 0.495 * math.cos(math.pi * min(step / steps, 1.0))
    return min(1.0, (step + 1) / _WARM_UP) * fall


def _log(folder: Path, entry: dict[str, Any]) -> None:
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in entry.items()}
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(rounded) + "\n")


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) + 1 :]: value for key, value in tensors.items() if key.startswith(prefix + ".")}
