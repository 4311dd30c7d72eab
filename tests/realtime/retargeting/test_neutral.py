"""The running estimate of a user at rest."""

from __future__ import annotations

import pytest

from realtime.retargeting.neutral import RunningNeutral


def test_value_before_any_sample_is_the_prior() -> None:
    """Nothing seen means the prior."""
    assert RunningNeutral(prior=0.27, low=0.1, high=0.4).value == 0.27


def test_value_after_three_seconds_is_near_the_user() -> None:
    """Three seconds of frames at 30 Hz are enough to come most of the way."""
    neutral = RunningNeutral(prior=0.27, low=0.1, high=0.5)
    for frame in range(90):
        neutral.update(0.40, frame / 30)
    assert abs(neutral.value - 0.40) < 0.15 * (0.40 - 0.27)


def test_median_ignores_blinks() -> None:
    """A fifth of the time with shut eyes does not move the estimate."""
    neutral = RunningNeutral(prior=0.27, low=0.1, high=0.5)
    for step in range(100):
        neutral.update(0.05 if step % 5 == 0 else 0.30, step * 0.1)
    assert abs(neutral.value - 0.30) < 0.01


def test_value_stays_inside_its_bounds() -> None:
    """A lasting expression is not learnt as rest beyond the bounds."""
    neutral = RunningNeutral(prior=0.5, low=0.4, high=0.6)
    for step in range(200):
        neutral.update(0.9, step * 0.1)
    assert neutral.value == 0.6


def test_samples_closer_than_a_tenth_of_a_second_are_skipped() -> None:
    """A burst of frames weighs as one sample, and so does one that is not a number."""
    neutral = RunningNeutral(prior=0.5, low=0.0, high=1.0, prior_samples=1)
    for step in range(50):
        neutral.update(1.0, step * 0.001)
    assert neutral.value == 0.75
    neutral.update(float("nan"), 10.0)
    assert neutral.value == 0.75


def test_prior_outside_the_bounds_is_refused() -> None:
    """A prior that the bounds exclude is a mistake."""
    with pytest.raises(ValueError, match="prior"):
        RunningNeutral(prior=2.0, low=0.0, high=1.0)
