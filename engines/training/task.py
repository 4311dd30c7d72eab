"""What a training is about: the seam between the run loop and what learns (the teacher, the student).

A task knows its networks, its data, its losses and its pictures. The loop (:mod:`engines.training.loop`) knows
everything else: order of the samples, random numbers, finite losses, gradients over several processes, moving
averages, checkpoints, logs.

A package that can be trained has a module `task` with `make_task(options: TaskOptions) -> Task`; the command line
looks it up when `animirror train NAME` runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn
from torch.optim import Optimizer

from engines.training.compute import Compute
from engines.training.phase import Phase, Place

U8 = npt.NDArray[np.uint8]
#: One batch on the device: names to tensors whose first axis is the batch (this process's share of it).
Batch = dict[str, Tensor]
#: What a step or a measurement has to say: names to single numbers.
Figures = Mapping[str, float | Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """What the command line says about a training.

    Args:
        data: folder of the data set.
        compute: device and precision; the task puts its modules there with `compute.place` before it makes optimisers.
        seed: of the initial weights. The loop has seeded torch with it before it calls `make_task`.
        steps: how many steps in all; None: as the task thinks best.
        batch: pictures per step over all processes; None: as the task thinks best.
        settings: the task's own settings, `--set name=value`; see :func:`engines.training.settings.settings_from`.
    """

    data: Path
    compute: Compute
    seed: int = 0
    steps: int | None = None
    batch: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


class Samples(Sized, Protocol):
    """A map-style data set: what a phase learns from.

    It may be read in worker processes. Whatever is random in `__getitem__` comes from the global generators of torch,
    numpy or random: they are seeded for each sample, so that neither workers nor interruptions change anything.
    """

    def __getitem__(self, index: int, /) -> Mapping[str, Any]:
        """Return a sample: names to tensors, arrays or numbers, which are stacked to a :data:`Batch`."""


class Step(Protocol):
    """What the loop offers during one step."""

    @property
    def place(self) -> Place:
        """Which step this is: its number, its phase, how far that has faded in, pictures seen so far."""

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context for forward passes. `train_step` is called outside of it: penalties stay in float32."""

    def update(self, optimiser: str, terms: Mapping[str, Tensor], *, clip: float | None = None) -> None:
        """Take one step of an optimiser down the sum of some loss terms.

        Only the parameters of this optimiser get gradients. They are averaged over all processes. The terms are
        logged as `optimiser/term`. To be called outside of `autocast`, as often per step as needed, in the same order
        in all processes.

        Args:
            optimiser: its name in `Task.optimisers`.
            terms: names to scalars, already weighted, means over this process's share of the batch.
            clip: greatest norm of the gradient of all its parameters together; None: any.

        Raises:
            TrainingError: a term or its gradient is not finite; nothing was changed, and the message names it.
        """


class Task(Protocol):
    """Networks, data, losses and pictures of one training.

    A task keeps nothing that changes from step to step but in its modules (parameters and buffers) and optimisers:
    those are what a checkpoint holds. Its step may use torch's global generator (seeded by the loop from seed, step
    and process), never numpy's, never the time.
    """

    @property
    def name(self) -> str:
        """`teacher`, `student`: what `animirror train` calls it."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in order; one, unless resolution or batch grow."""

    @property
    def data_hash(self) -> str:
        """What it learns from, as a hash: :func:`engines.training.data_hash.data_hash` of its folder."""

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """Everything that is trained or remembered, by name; on the device."""

    @property
    def optimisers(self) -> Mapping[str, Optimizer]:
        """The optimisers, by name; their parameters belong to `modules`."""

    @property
    def averages(self) -> Mapping[str, float]:
        """Names of those modules that get a moving average, with its half-life in pictures (StyleGAN2: 10,000)."""

    def architecture(self) -> dict[str, Any]:
        """Return what decides the shapes of the modules, as JSON: checkpoints of another one are refused."""

    def samples(self, phase: Phase) -> Samples:
        """Return what a phase learns from."""

    def rates(self, place: Place) -> Mapping[str, float]:
        """Return the learning rate of each optimiser in a step (:mod:`engines.training.schedule` has curves).

        A parameter group with a key `scale` gets that many times the rate.
        """

    def train_step(self, batch: Batch, step: Step) -> Figures:
        """Learn from one batch: forward, losses, `step.update`. Modules are in training mode.

        Returns:
            what to log besides the loss terms; may be empty. Tensors are read later, so that nothing waits.
        """

    def start_from(self, weights: Path) -> None:
        """Take over exported weights before the first step; the averages begin with them.

        Raises:
            WeightsError: they are missing, damaged or of another architecture.
        """

    def measure(self, averaged: Mapping[str, nn.Module]) -> Figures:
        """Return figures of the averaged modules (evaluation mode, no gradients) on held-out data, in seconds."""

    def pictures(self, averaged: Mapping[str, nn.Module]) -> Mapping[str, U8]:
        """Return contact sheets drawn by the averaged modules, uint8 (H, W, 3) RGB each, by name."""
