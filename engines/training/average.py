"""Moving averages of weights: what is measured, drawn and shipped."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

#: The half-life is at most this part of the pictures seen so far, so that the first weights are forgotten early.
#: Source: StyleGAN2-ADA's `ema_rampup` (https://github.com/NVlabs/stylegan2-ada-pytorch, train.py, "auto").
RAMP_UP = 0.05


def decay_of(pictures: int, batch: int, half_life: float) -> float:
    """Return how much of the average is kept in a step, 0 to 1.

    Args:
        pictures: seen before the step.
        batch: pictures of the step.
        half_life: pictures after which half of the average is forgotten, once that many have been seen 20 times over.

    Source: Karras et al., Progressive GAN (2018), appendix A; in this form StyleGAN2-ADA, training_loop.py.
    """
    life = min(half_life, pictures * RAMP_UP)
    return float(0.5 ** (batch / max(life, 1e-8)))


class Averages:
    """Copies of some modules whose parameters follow the originals slowly; buffers are theirs at once.

    Args:
        modules: the originals.
        half_lives: which of them, and how slowly, in pictures.

    Raises:
        KeyError: there is no module of that name.
    """

    def __init__(self, modules: Mapping[str, nn.Module], half_lives: Mapping[str, float]) -> None:
        self._half_lives = dict(half_lives)
        self._originals = {name: modules[name] for name in half_lives}
        self.modules: dict[str, nn.Module] = {}
        self.reset()

    def reset(self) -> None:
        """Begin again with what the originals are now."""
        self.modules = {
            name: copy.deepcopy(module).eval().requires_grad_(False) for name, module in self._originals.items()
        }

    @torch.no_grad()
    def follow(self, pictures: int, batch: int) -> None:
        """Follow the originals after a step.

        Args:
            pictures: seen before the step.
            batch: pictures of the step.
        """
        for name, average in self.modules.items():
            decay = decay_of(pictures, batch, self._half_lives[name])
            original = self._originals[name]
            mine = [value.detach() for value in average.parameters()]
            theirs = [value.detach() for value in original.parameters()]
            if mine:
                torch._foreach_lerp_(mine, theirs, 1 - decay)
            for kept, now in zip(average.buffers(), original.buffers(), strict=True):
                kept.copy_(now)

    def state(self) -> dict[str, dict[str, Any]]:
        """Return the averages' weights by module and name."""
        return {name: module.state_dict() for name, module in self.modules.items()}

    def load(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over weights that :meth:`state` returned."""
        for name, module in self.modules.items():
            module.load_state_dict(state[name])
