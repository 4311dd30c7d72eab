"""The One-Euro filter on a whole vector of signals at once.

Source: G. Casiez, N. Roussel, D. Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems", CHI 2012.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

#: A gap longer than this says nothing about speed: the filter starts afresh.
RESTART_AFTER_S = 0.5


class OneEuro:
    """Low-pass filters whose cut-off rises with speed: still when still, quick when quick.

    Causal and driven by time stamps: irregular steps are fine, and a stamp that does not advance is ignored.

    Args:
        min_cutoff_hz: (N,), the cut-off at rest; lower is calmer.
        beta: (N,), how much cut-off one unit per second of speed adds; higher is quicker.
        speed_cutoff_hz: the cut-off of the speed estimate, one for all or (N,); 1 Hz in the paper.
    """

    def __init__(self, min_cutoff_hz: npt.ArrayLike, beta: npt.ArrayLike, speed_cutoff_hz: npt.ArrayLike = 1.0) -> None:
        self._min_cutoff_hz: F64 = np.asarray(min_cutoff_hz, np.float64)
        self._beta: F64 = np.asarray(beta, np.float64)
        if self._min_cutoff_hz.shape != self._beta.shape:
            raise ValueError(f"beta: got shape {self._beta.shape}, expected {self._min_cutoff_hz.shape}")
        self._speed_cutoff_hz: F64 = np.asarray(speed_cutoff_hz, np.float64)
        self._value: F64 | None = None
        self._raw: F64 = np.zeros_like(self._beta)
        self._speed: F64 = np.zeros_like(self._beta)
        self._time_s = 0.0

    @property
    def value(self) -> F64 | None:
        """The filtered signals, (N,), or None before the first sample."""
        return self._value

    @property
    def speed(self) -> F64:
        """Their filtered rate of change in units per second, (N,)."""
        return self._speed

    @property
    def time_s(self) -> float:
        """The time stamp of the last sample taken."""
        return self._time_s

    def reset(self) -> None:
        """Forget everything."""
        self._value = None
        self._speed = np.zeros_like(self._beta)

    def update(self, sample: npt.ArrayLike, time_s: float) -> F64:
        """Take a sample, (N,), at a time in seconds; return the filtered signals, (N,)."""
        raw = np.asarray(sample, np.float64)
        step_s = time_s - self._time_s
        if self._value is None or step_s > RESTART_AFTER_S or step_s < -RESTART_AFTER_S:
            self._value, self._speed = raw.copy(), np.zeros_like(raw)
        elif step_s <= 0:
            return self._value  # a duplicate or late frame: nothing to learn from
        else:
            speed = (raw - self._raw) / step_s
            self._speed = self._speed + _alpha(self._speed_cutoff_hz, step_s) * (speed - self._speed)
            cutoff_hz = self._min_cutoff_hz + self._beta * np.abs(self._speed)
            self._value = self._value + _alpha(cutoff_hz, step_s) * (raw - self._value)
        self._raw, self._time_s = raw, time_s
        return self._value


def _alpha(cutoff_hz: F64, step_s: float) -> F64:
    """Return the smoothing factor of a first-order low-pass (the paper's equation 5)."""
    rate = 2 * np.pi * cutoff_hz * step_s
    return np.asarray(rate / (rate + 1), np.float64)
