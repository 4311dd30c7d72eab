"""What is normal for this user: a running estimate of features at rest."""

from __future__ import annotations

from collections import deque

import numpy as np

#: Samples closer in time than this are skipped: a quantile needs spread, not number.
SAMPLE_EVERY_S = 0.1


class RunningNeutral:
    """A quantile of the last seconds, held near a prior until enough was seen.

    With `quantile` 0.5 it is a median, which ignores what happens less than half of the time (a blink, a
    word, a raised brow); a higher quantile suits features that are mostly *below* rest, a lower one those
    mostly above.

    Args:
        prior: the value to start from.
        low: the estimate never goes below this, so that a lasting expression is not learnt as rest.
        high: nor above this.
        quantile: 0..1.
        prior_samples: how many samples the prior weighs; ten are one second.
        window: how many samples are remembered.
    """

    def __init__(
        self,
        *,
        prior: float,
        low: float,
        high: float,
        quantile: float = 0.5,
        prior_samples: float = 3.0,
        window: int = 150,
    ) -> None:
        if not low <= prior <= high:
            raise ValueError(f"prior: got {prior}, expected {low}..{high}")
        self._prior = prior
        self._low = low
        self._high = high
        self._quantile = quantile
        self._prior_samples = prior_samples
        self._samples: deque[float] = deque(maxlen=window)
        self._last_s = -np.inf
        self._value = prior

    @property
    def value(self) -> float:
        """The estimate."""
        return self._value

    def update(self, sample: float, time_s: float) -> float:
        """Take a sample at a time in seconds into account and return the estimate."""
        if abs(time_s - self._last_s) < SAMPLE_EVERY_S or not np.isfinite(sample):
            return self._value
        self._last_s = time_s
        self._samples.append(sample)
        count = len(self._samples)
        ordered = sorted(self._samples)
        position = self._quantile * (count - 1)
        below = int(position)
        above = min(below + 1, count - 1)
        seen = ordered[below] + (ordered[above] - ordered[below]) * (position - below)
        mixed = (seen * count + self._prior * self._prior_samples) / (count + self._prior_samples)
        self._value = min(max(mixed, self._low), self._high)
        return self._value
