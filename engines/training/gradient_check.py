"""Which parameters really learn: every one of them gets a finite gradient, and sometimes one that is not zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engines.training.loop import Loop
from engines.training.update import parameter_names, parameters_of


class GradientCheck:
    """Watches the gradients of some steps; `see` is a watcher for :class:`engines.training.update.Updates`.

    Args:
        modules: of the task.
        optimisers: of the task.
    """

    def __init__(self, modules: Mapping[str, nn.Module], optimisers: Mapping[str, Optimizer]) -> None:
        self._names = parameter_names(modules)
        self._trained = {id(one) for optimiser in optimisers.values() for one in parameters_of(optimiser)}
        self._greatest: dict[str, Tensor] = {}  # by optimiser, (its parameters,)
        self._keys: dict[str, list[int]] = {}

    def see(self, optimiser: str, parameters: Sequence[Tensor]) -> None:
        """Look at gradients that are there and finite; waits for no GPU."""
        zero = torch.zeros((), device=parameters[0].device)
        now = torch.stack([zero if one.grad is None else one.grad.detach().abs().amax().float() for one in parameters])
        before = self._greatest.get(optimiser)
        self._greatest[optimiser] = now if before is None else torch.maximum(before, now)
        self._keys[optimiser] = [id(one) for one in parameters]

    def unreached(self) -> list[str]:
        """Return the names of trained parameters whose gradient was zero, or absent, in every step seen."""
        reached = {
            key
            for optimiser, greatest in self._greatest.items()
            for key, value in zip(self._keys[optimiser], greatest.tolist(), strict=True)
            if value > 0
        }
        return sorted(name for key, name in self._names.items() if key in self._trained and key not in reached)

    def untrained(self) -> list[str]:
        """Return the names of parameters that belong to no optimiser."""
        return sorted(name for key, name in self._names.items() if key not in self._trained)


def check_gradients(loop: Loop, steps: int) -> GradientCheck:
    """Take the first steps of each phase, saving nothing, and return what was seen.

    Args:
        loop: of the task; its weights are changed.
        steps: of each phase.

    Raises:
        TrainingError: a loss or a gradient is not finite; the message names it.
    """
    check = GradientCheck(loop.task.modules, loop.task.optimisers)
    first = 0
    for phase in loop.task.phases:
        for place, batch in islice(loop.batches(first), min(steps, phase.steps)):
            loop.take(place, batch, check.see)
        first += phase.steps
    return check
