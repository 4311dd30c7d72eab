"""A small real task: a convolutional network learns to blur noise, and a second one to tell the results apart."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from engines.errors import WeightsError
from engines.training.command import TASKS
from engines.training.compute import Compute
from engines.training.contact_sheet import sheet, tiles
from engines.training.phase import Phase, Place
from engines.training.schedule import cosine
from engines.training.settings import settings_from
from engines.training.task import Batch, Figures, Step, TaskOptions
from realtime.command import main

PICTURES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BlurSettings:
    """What can be set.

    Args:
        width: channels.
        noise: whether steps draw random numbers.
        fault: what goes wrong in step 3: a loss or a gradient that is no number, or the process is killed.
        data: stands for which data set it is.
        idle: whether there is a parameter that nothing depends on.
    """

    width: int = 8
    noise: bool = True
    fault: Literal["none", "loss", "gradient", "kill"] = "none"
    data: str = "first"
    idle: bool = False


class NoisyPictures:
    """Pictures of noise, drawn anew each time they are asked for."""

    def __init__(self, size: int, noise: bool) -> None:
        self._size, self._noise = size, noise

    def __len__(self) -> int:
        return PICTURES

    def __getitem__(self, index: int, /) -> Mapping[str, Any]:
        fixed = np.random.default_rng(index).random((3, self._size, self._size), dtype=np.float32)
        random = torch.rand(3, self._size, self._size) * 0.1 + float(np.random.random()) * 0.1
        return {"picture": torch.from_numpy(fixed) + (random if self._noise else 0), "index": index}


class BlurTask:
    """Two networks, two optimisers, two phases, an average."""

    name = "blur"

    def __init__(self, options: TaskOptions) -> None:
        self._settings = settings_from(BlurSettings, options.settings)
        self._compute: Compute = options.compute
        width, steps = self._settings.width, options.steps or 12
        batch = options.batch or 4
        first = max(1, steps // 2)
        self.phases: tuple[Phase, ...] = (
            Phase(resolution_px=8, batch=batch, steps=first),
            Phase(resolution_px=16, batch=batch, steps=max(1, steps - first), fade_steps=1),
        )
        generator = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, 3, 3, padding=1))
        generator.register_buffer("mean", torch.zeros(3))
        if self._settings.idle:
            generator.register_parameter("idle", nn.Parameter(torch.ones(2)))
        critic = nn.Sequential(nn.Conv2d(3, width, 3), nn.SiLU(), nn.Conv2d(width, 1, 1))
        self.modules = {"generator": options.compute.place(generator), "critic": options.compute.place(critic)}
        self.optimisers = {
            name: torch.optim.Adam(module.parameters(), betas=(0.0, 0.99)) for name, module in self.modules.items()
        }
        self.averages = {"generator": 100.0}
        self.data_hash = self._settings.data

    def architecture(self) -> dict[str, Any]:
        """Return the width."""
        return {"kind": "blur", "generator": {"width": self._settings.width}}

    def samples(self, phase: Phase) -> NoisyPictures:
        """Return noise of the phase's size."""
        return NoisyPictures(phase.resolution_px, self._settings.noise)

    def rates(self, place: Place) -> Mapping[str, float]:
        """Return a falling rate and a constant one."""
        return {"generator": 1e-2 * cosine(place.step, 12), "critic": 2e-3}

    def train_step(self, batch: Batch, step: Step) -> Figures:
        """Learn to blur, and to tell what was blurred from what was drawn."""
        fault = self._settings.fault if step.place.step == 3 else "none"
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        generator, critic = self.modules["generator"], self.modules["critic"]
        picture = batch["picture"]
        wanted = functional.avg_pool2d(picture, 3, 1, 1)
        given = picture + 0.1 * torch.randn_like(picture) if self._settings.noise else picture
        with step.autocast():
            drawn = generator(given).float()
            verdict = critic(drawn).float().mean()
        terms = {"picture": (drawn - wanted).square().mean(), "critic": -0.01 * verdict}
        if fault == "loss":
            terms["critic"] = terms["critic"] * float("nan")
        if fault == "gradient":
            terms["picture"] = terms["picture"] + (drawn * 0).abs().sqrt().sum()
        step.update("generator", terms, clip=1.0)
        with step.autocast():
            false, true = critic(drawn.detach()).float(), critic(wanted).float()
        step.update("critic", {"told": functional.softplus(false).mean() + functional.softplus(-true).mean()})
        if step.place.step % 4 == 0:
            wanted = wanted.requires_grad_()
            (slope,) = torch.autograd.grad(critic(wanted).sum(), wanted, create_graph=True)
            step.update("critic", {"slope": slope.square().sum(dim=(1, 2, 3)).mean()})
        with torch.no_grad():
            mean = dict(generator.named_buffers())["mean"]
            mean.lerp_(drawn.mean(dim=(0, 2, 3)), 0.1)
        return {"brightness": drawn.detach().mean()}

    def start_from(self, weights: Path) -> None:
        """Take over a generator."""
        try:
            self.modules["generator"].load_state_dict(load_file(weights))
        except FileNotFoundError as error:
            raise WeightsError(f"{weights}: no such weights") from error

    def _drawn(self, generator: nn.Module) -> tuple[Tensor, Tensor]:
        picture = torch.rand(4, 3, 16, 16, device=self._compute.device)
        with self._compute.autocast():
            return picture, generator(picture).float()

    def measure(self, averaged: Mapping[str, nn.Module]) -> Figures:
        """Return the error."""
        picture, drawn = self._drawn(averaged["generator"])
        return {"error": (drawn - functional.avg_pool2d(picture, 3, 1, 1)).abs().mean()}

    def pictures(self, averaged: Mapping[str, nn.Module]) -> Mapping[str, npt.NDArray[np.uint8]]:
        """Return what was given and what was drawn."""
        picture, drawn = self._drawn(averaged["generator"])
        return {"blurred": sheet([tiles(picture), tiles(drawn)])}


def add_to_commands() -> None:
    """Let `animirror train blur` be a command of this process."""
    TASKS["blur"] = (__name__ if __name__ != "__main__" else "tests.fakes.blur_task", "what tests train")


def make_task(options: TaskOptions) -> BlurTask:
    """Return the task."""
    return BlurTask(options)


if __name__ == "__main__":
    add_to_commands()
    sys.exit(main(["train", "blur", *sys.argv[1:]]))
