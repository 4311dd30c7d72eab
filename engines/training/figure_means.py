"""Means of figures over some steps; a figure need not come in every step."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class FigureMeans:
    """Sums that are read when the mean is asked for, so that no step waits for a GPU."""

    def __init__(self) -> None:
        self._sums: dict[str, float | Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, figures: Mapping[str, float | Tensor]) -> None:
        """Count the figures of one step: single numbers, or tensors of one element."""
        for name, value in figures.items():
            number = value.detach().to(torch.float32) if isinstance(value, Tensor) else value
            self._sums[name] = self._sums[name] + number if name in self._sums else number
            self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """Return the means since the last time, and begin anew."""
        means = {name: float(value) / self._counts[name] for name, value in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means
