"""One step of a training: losses that are numbers, gradients of all processes, optimisers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engines.errors import TrainingError
from engines.training.compute import Compute
from engines.training.distributed import Processes
from engines.training.phase import Place

#: Called with the optimiser's name and its parameters when they have their gradients.
Watcher = Callable[[str, Sequence[Tensor]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """The step of a training that is being taken: what :class:`engines.training.task.Step` promises.

    Args:
        place: which step it is.
        compute: device and precision.
        processes: that train together.
        optimisers: the task's.
        modules: the task's, to name parameters in messages.
        watcher: looks at gradients.
        figures: gets every loss term and the norm of every gradient, by `optimiser/term`.
    """

    place: Place
    compute: Compute
    processes: Processes
    optimisers: Mapping[str, Optimizer]
    modules: Mapping[str, nn.Module]
    watcher: Watcher | None = None
    figures: dict[str, float] = field(default_factory=dict)

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context for forward passes."""
        return self.compute.autocast()

    def update(self, optimiser: str, terms: Mapping[str, Tensor], *, clip: float | None = None) -> None:
        """Take one step of an optimiser down the sum of some terms; see :class:`engines.training.task.Step`.

        Raises:
            TrainingError: a term or its gradient is not finite.
        """
        parameters = parameters_of(self.optimisers[optimiser])
        scalars = [term.float().reshape(()) for term in terms.values()]
        for parameter in parameters:
            parameter.grad = None
        torch.stack(scalars).sum().backward(inputs=parameters)
        self.processes.average_gradients(parameters)
        norm = torch.nn.utils.get_total_norm([one.grad for one in parameters if one.grad is not None])
        # Read together: a GPU is waited for once. Nothing has been changed yet.
        *values, length = torch.stack([*(scalar.detach() for scalar in scalars), norm]).tolist()
        figures = dict(zip(terms, values, strict=True))
        self._check_finite(optimiser, figures, length)
        if self.watcher:
            self.watcher(optimiser, parameters)
        if clip is not None:
            torch.nn.utils.clip_grads_with_norm_(parameters, clip, norm)
        self.optimisers[optimiser].step()
        self.figures.update({f"{optimiser}/{name}": value for name, value in figures.items()})
        self.figures.setdefault(f"{optimiser}/gradient_norm", length)  # lazy penalties come second and have their own

    def _check_finite(self, optimiser: str, figures: Mapping[str, float], norm: float) -> None:
        bad = [f"{name} is {value}" for name, value in figures.items() if not math.isfinite(value)]
        if bad:
            what = f"in the loss of the {optimiser}, {' and '.join(bad)}"
        elif not math.isfinite(norm):
            where = ", ".join(self._not_finite(optimiser)) or f"all of the {optimiser} together"
            terms = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            what = f"the gradient of {where} is not finite ({terms})"
        else:
            return
        raise TrainingError(
            f"step {self.place.step}: {what}; the last checkpoint is kept: go on from it with gentler settings, "
            "or with --precision fp32"
        )

    def _not_finite(self, optimiser: str) -> list[str]:
        """Return the names of some parameters whose gradients are not finite."""
        names = parameter_names(self.modules)
        bad = [one for one in parameters_of(self.optimisers[optimiser]) if one.grad is not None]
        return [names.get(id(one), "?") for one in bad if one.grad is not None and not one.grad.isfinite().all()][:3]


def parameters_of(optimiser: Optimizer) -> list[Tensor]:
    """Return the parameters that an optimiser trains."""
    return [one for group in optimiser.param_groups for one in group["params"] if one.requires_grad]


def parameter_names(modules: Mapping[str, nn.Module]) -> dict[int, str]:
    """Return the name of each parameter, `module.path`, by its id."""
    return {id(one): f"{module}.{name}" for module, whole in modules.items() for name, one in whole.named_parameters()}
