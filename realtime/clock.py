"""Time, injected so that tests can turn it by hand."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock.  Safe to read from any thread; never goes backwards."""

    def now_s(self) -> float:
        """Return seconds since an arbitrary but fixed moment."""


class MonotonicClock:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        """Return `time.perf_counter()`: monotonic, sub-microsecond resolution."""
        return time.perf_counter()
