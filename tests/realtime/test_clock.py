"""Time: the machine's clock, and the one that tests turn by hand."""

from __future__ import annotations

import time

import pytest

from realtime.clock import Clock, MonotonicClock
from tests.fakes.clock import ManualClock


def test_monotonic_clock_never_goes_backwards() -> None:
    """Ten thousand readings are in order."""
    clock: Clock = MonotonicClock()
    readings = [clock.now_s() for _ in range(10_000)]
    assert readings == sorted(readings)


def test_monotonic_clock_counts_seconds() -> None:
    """A nap of 50 ms shows as about that."""
    clock = MonotonicClock()
    start = clock.now_s()
    time.sleep(0.05)
    assert 0.045 < clock.now_s() - start < 10


def test_monotonic_clock_resolves_a_tenth_of_a_millisecond() -> None:
    """Stage times of a millisecond can be told from each other."""
    clock = MonotonicClock()
    start = clock.now_s()
    steps = set()
    while clock.now_s() - start < 0.01:
        steps.add(clock.now_s())
    assert len(steps) > 100


def test_manual_clock_moves_only_by_hand() -> None:
    """A test decides when time passes."""
    clock = ManualClock(10.0)
    as_clock: Clock = clock
    assert as_clock.now_s() == as_clock.now_s() == 10.0
    clock.advance(0.25)
    assert as_clock.now_s() == 10.25
    with pytest.raises(ValueError, match="never goes backwards"):
        clock.advance(-1.0)
