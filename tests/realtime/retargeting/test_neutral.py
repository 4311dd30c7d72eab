"""The running estimate of a user at rest."""

from __future__ import annotations

import pytest

from realtime.retargeting.neutral import NEUTRAL_NAMES, NEUTRAL_RANGES, Neutral, RunningNeutral, nearest_neutral


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


def test_recorded_value_is_left_slowly() -> None:
    """Ten seconds of something else move it by less than a tenth of the way, four minutes by most of it."""
    neutral = RunningNeutral(prior=0.27, low=0.1, high=0.5, recorded=0.20)
    assert neutral.value == 0.20
    for step in range(2400):
        neutral.update(0.40, step * 0.1)
        if step == 100:
            assert 0.20 < neutral.value < 0.22
    assert neutral.value > 0.36


def test_recorded_value_widens_the_bounds() -> None:
    """What somebody showed on purpose is no lasting expression: it counts beyond the usual bounds."""
    neutral = RunningNeutral(prior=0.27, low=0.15, high=0.42, recorded=0.12)
    neutral.update(0.12, 0.0)
    assert neutral.value == 0.12


def test_sample_is_told_for_its_own_time_only() -> None:
    """A frame without a measurement has none, and a sample between two that count is told, too."""
    neutral = RunningNeutral(prior=0.5, low=0.0, high=1.0)
    neutral.update(0.3, 1.0)
    neutral.update(0.4, 1.03)
    assert neutral.sample_at(1.03) == 0.4
    assert neutral.sample_at(1.0) is None
    assert neutral.sample_at(1.06) is None


def test_every_number_of_a_neutral_has_a_range() -> None:
    """Nothing that comes from outside goes unchecked."""
    assert set(NEUTRAL_NAMES) == set(NEUTRAL_RANGES)


@pytest.mark.parametrize("value", [0.05, 2.0, float("nan")])
def test_neutral_out_of_range_is_refused(value: float) -> None:
    """No eye is that open."""
    with pytest.raises(ValueError, match=r"left_opening.*0\.08 to 0\.6"):
        Neutral(left_opening=value)


def test_nearest_neutral_is_always_one() -> None:
    """What is out of range is brought into it, what is no number is left out."""
    neutral = nearest_neutral({"gaze_yaw": 90.0, "left_brow": float("nan"), "mouth_width": 0.5})
    assert neutral.known() == {"gaze_yaw": 25.0, "mouth_width": 0.5}
