"""A clock that stands still until a test turns it."""

from __future__ import annotations


class ManualClock:
    """Satisfies `realtime.clock.Clock`; time passes only by `advance`."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s

    def now_s(self) -> float:
        """Return the time that the test has set."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Let time pass; never backwards."""
        if seconds < 0:
            raise ValueError(f"a clock never goes backwards: got {seconds} s")
        self._now_s += seconds
