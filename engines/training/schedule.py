"""Curves of learning rates: pure functions of the step."""

from __future__ import annotations

import math


def warm_up(step: int, steps: int) -> float:
    """Return how much of the full rate the `step`-th step gets, rising linearly to 1 in the last of `steps`."""
    return min(1.0, (step + 1) / steps) if steps else 1.0


def cosine(step: int, steps: int, last: float = 0.05) -> float:
    """Return how much of the full rate a step gets on half a cosine from 1 to `last` at `steps`, constant after it.

    Source: Loshchilov and Hutter, SGDR (2017), equation 5, without restarts.
    """
    return last + (1 - last) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
