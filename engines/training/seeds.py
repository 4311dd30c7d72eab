"""Random numbers that follow from where a training is, so that it can be killed and go on to the same weights."""

from __future__ import annotations

import random

import numpy as np
import torch

#: What numbers are drawn for; keeps the streams of one seed apart.
_STEP, _SAMPLE, _PICTURES = 1, 2, 3


def seed_weights(seed: int) -> None:
    """Seed what initial weights are drawn from, the same in all processes."""
    torch.manual_seed(seed)


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seed torch's generators, of the CPU and of every GPU, for one step in one process."""
    torch.manual_seed(_mixed(_STEP, seed, step, rank))


def seed_sample(seed: int, number: int) -> None:
    """Seed the CPU's generators of torch, numpy and Python for the `number`-th sample of a training."""
    value = _mixed(_SAMPLE, seed, number)
    torch.default_generator.manual_seed(value)
    np.random.seed(value % 2**32)
    random.seed(value)


def seed_pictures(seed: int) -> None:
    """Seed torch's generators for measuring and contact sheets: the same at every step, so that they compare."""
    torch.manual_seed(_mixed(_PICTURES, seed))


def _mixed(*numbers: int) -> int:
    """Return a seed in 63 bits that differs in all bits if one of the numbers does."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
