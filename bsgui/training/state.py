"""The state of a training run, saved whole in one safetensors file, so that a run can stop and go on anywhere."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from bsgui.core.errors import ModelError
from bsgui.engine.checkpoint import load_generator
from bsgui.engine.network import BranchedGenerator

from .config import TrainConfig
from .critic import Critic
from .factors import Factors
from .textons import Textons
from .views import LIGHT


class TrainState:
    """Generator, its running average, critic, textons and factors if there are any, and both optimizers.

    Attributes:
        step: optimizer steps done.
        seconds: wall time spent so far, over all pieces of the run.

    Raises:
        ModelError: the weights to start from cannot be read, or are of a network of another shape.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        torch.manual_seed(config.seed)
        self.generator = BranchedGenerator(config.network).to(device)
        if config.start is not None:
            self._start_from(config.start)
        self.critic = Critic().to(device)
        branches = config.network.branches
        self.textons = Textons(config.textons, branches, config.losses.bands).to(device) if config.textons else None
        seen_twice = sorted(set(config.views) - {""})
        self.factors = {view: Factors(branches, view == LIGHT).to(device) for view in seen_twice}
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        mapping = list(self.generator.mapping.parameters())
        others = [p for name, p in self.generator.named_parameters() if not name.startswith("mapping.")]
        # StarGAN v2 trains the mapping network a hundred times slower than the rest; a tenth suffices here.
        self.optimizer = torch.optim.Adam(
            [{"params": others, "lr": config.rate}, {"params": mapping, "lr": config.rate / 10}], betas=(0.5, 0.99)
        )
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=config.critic_rate, betas=(0.0, 0.99))
        self.step = 0
        self.seconds = 0.0

    def _start_from(self, path: Path) -> None:
        weights = load_generator(path)
        if weights.config != self.generator.config:
            raise ModelError(f"{path}: these weights are of a network of another shape.")
        self.generator.load_state_dict(weights.state_dict())

    def update_average(self, decay: float) -> None:
        """Move the average towards the generator; early on faster, so that it does not remember the start."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)

    def save(self, path: Path) -> None:
        """Write everything, atomically."""
        tensors: dict[str, Tensor] = {}
        for prefix, module in self._modules():
            tensors |= {f"{prefix}.{key}": value.detach().contiguous() for key, value in module.state_dict().items()}
        for prefix, optimizer in self._optimizers():
            for index, moments in optimizer.state_dict()["state"].items():
                tensors |= {f"{prefix}.{index}.{key}": value.detach().clone() for key, value in moments.items()}
        temporary = path.with_suffix(".partial")
        progress = {"step": self.step, "seconds": self.seconds}
        save_file(tensors, temporary, metadata={"progress": json.dumps(progress)})
        os.replace(temporary, path)

    def load(self, path: Path) -> None:
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: no such checkpoint, damaged, or from a network of another shape.
        """
        try:
            with safe_open(path, "pt") as file:
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                progress = json.loads(file.metadata()["progress"])
            for prefix, module in self._modules():
                module.load_state_dict(_below(tensors, prefix))
            for prefix, optimizer in self._optimizers():
                self._load_optimizer(optimizer, _below(tensors, prefix))
            self.step, self.seconds = int(progress["step"]), float(progress["seconds"])
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: the checkpoint cannot be resumed.", repr(error)) from error

    @staticmethod
    def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            index, name = key.split(".", 1)
            moments.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})

    def _modules(self) -> list[tuple[str, nn.Module]]:
        modules: dict[str, nn.Module | None] = {
            "generator": self.generator,
            "average": self.average,
            "critic": self.critic,
            "textons": self.textons,
            **{f"factors.{view}": factors for view, factors in self.factors.items()},
        }
        return [(name, module) for name, module in modules.items() if module is not None]

    def _optimizers(self) -> list[tuple[str, torch.optim.Optimizer]]:
        return [("adam", self.optimizer), ("critic_adam", self.critic_optimizer)]


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) + 1 :]: value for key, value in tensors.items() if key.startswith(prefix + ".")}
