"""The filter that is still when a person is still and on time when one moves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from realtime.steady_filter import MAX_LEAD_S, RESTART_AFTER_S, SteadyFilter, Traits

F64 = npt.NDArray[np.float64]
ALL = np.array([True])


def _traits(
    count: int = 1,
    *,
    noise: float = 0.5,
    max_speed: float = np.inf,
    period: float = 0.0,
    snaps: bool = False,
    adapts: bool = False,
) -> Traits:
    return Traits(
        noise=np.full(count, noise),
        acceleration=np.full(count, 7000.0),
        max_speed=np.full(count, max_speed),
        reach_s=np.full(count, 0.04),
        period=np.full(count, period),
        snaps=np.full(count, snaps),
        adapts=np.full(count, adapts),
        unit=np.zeros(count, np.int64),
    )


def _run(steady: SteadyFilter, signal: npt.ArrayLike, rate_hz: float = 30.0, start_s: float = 0.0) -> F64:
    """Return the value after each sample."""
    out = []
    for index, sample in enumerate(np.asarray(signal, np.float64)):
        steady.update(np.array([sample]), start_s + index / rate_hz, ALL)
        out.append(steady.value[0])
    return np.array(out)


def _noise(length: int, spread: float = 0.5, seed: int = 1) -> F64:
    return np.random.default_rng(seed).normal(0, spread, length)


def test_first_sample_passes_unchanged() -> None:
    """There is nothing to smooth the first sample with."""
    steady = SteadyFilter(_traits())
    assert not steady.known[0]
    assert _run(steady, [7.0]) == [7.0]
    assert steady.known[0]


@pytest.mark.parametrize("rate_hz", [15.0, 30.0, 60.0, 120.0])
def test_noise_around_a_still_signal_all_but_vanishes(rate_hz: float) -> None:
    """At every rate noise of the expected size comes out five times smaller or more."""
    noise = _noise(int(8 * rate_hz))
    out = _run(SteadyFilter(_traits()), noise, rate_hz)
    assert np.std(out[int(2 * rate_hz) :]) < 0.2 * np.std(noise)


def test_slow_drift_is_followed_without_sticking() -> None:
    """A signal that drifts by a degree per second is followed within three noises, in steps below one of them."""
    drift = np.arange(600) / 30
    out = _run(SteadyFilter(_traits()), drift + _noise(600, 0.4))
    assert np.abs(out - drift)[60:].max() < 1.5
    assert np.abs(np.diff(out))[60:].max() < 0.75


def test_movement_is_followed_without_lag() -> None:
    """A ramp is met within half a noise a few frames after it began."""
    ramp = np.maximum(np.arange(60) - 20, 0) * 2.0
    out = _run(SteadyFilter(_traits()), ramp)
    assert np.abs(out - ramp)[27:].max() < 0.25


def test_step_does_not_overshoot_even_predicted() -> None:
    """What no body can do moves the value but not the speed."""
    steady = SteadyFilter(_traits())
    ahead = []
    for index in range(60):
        steady.update(np.array([0.0 if index < 30 else 40.0]), index / 30, ALL)
        ahead.append(steady.at(index / 30 + 0.08)[0])
    assert ahead[32] > 39.0 and max(ahead) < 41.0


def test_prediction_leads_a_movement_that_proved_predictable() -> None:
    """A steady movement is foretold by at most its reach, never beyond the longest lead."""
    steady = SteadyFilter(_traits())
    _run(steady, np.arange(60) * 2.0)
    lead = [steady.at(59 / 30 + ahead)[0] - steady.value[0] for ahead in (0.0, 0.03, 0.08, MAX_LEAD_S, 99.0)]
    assert lead[0] == 0.0
    assert 0.8 < lead[1] < lead[2] < lead[3] == lead[4] <= 60.0 * 0.041


def test_prediction_of_what_is_unpredictable_is_given_up() -> None:
    """A signal that turns back at every sample is no longer foretold after a while."""
    steady = SteadyFilter(_traits())
    signal = np.where(np.arange(120) % 4 < 2, 4.0, -4.0)
    _run(steady, signal)
    assert abs(steady.at(119 / 30 + 0.08)[0] - steady.value[0]) < 1.0


def test_single_wild_sample_is_held_back() -> None:
    """A jump faster than a body is not shown when the next sample denies it."""
    steady = SteadyFilter(_traits(max_speed=700.0))
    out = _run(steady, [0.0] * 10 + [60.0] + [0.0] * 10)
    assert np.abs(out).max() < 0.1


def test_jump_that_the_next_sample_confirms_is_followed() -> None:
    """It was the tracker that found its way: the filter starts anew there."""
    steady = SteadyFilter(_traits(max_speed=700.0))
    out = _run(steady, [0.0] * 10 + [60.0] * 3)
    assert out[10] == 0.0 and out[11] == 60.0 and out[12] == 60.0


def test_wild_samples_one_after_the_other_do_not_block_it() -> None:
    """When every sample contradicts the one before, the newest counts at the latest every second time."""
    steady = SteadyFilter(_traits(max_speed=100.0))
    out = _run(steady, np.random.default_rng(3).uniform(-100, 100, 100))
    assert (np.diff(out) != 0).sum() > 40


def test_signals_of_one_unit_are_held_back_together() -> None:
    """A limb is not torn apart by an outlier in one of its angles."""
    steady = SteadyFilter(_traits(2, max_speed=700.0))
    both = np.array([True, True])
    for index in range(10):
        steady.update(np.array([0.0, 0.0]), index / 30, both)
    steady.update(np.array([60.0, 10.0]), 10 / 30, both)
    assert (steady.value == 0.0).all()


@pytest.mark.parametrize("blink", [[1.0], [0.3, 0.8, 1.0, 0.6, 0.2], [0.7, 0.9, 0.4]])
def test_lid_closes_at_once(blink: list[float]) -> None:
    """A blink keeps its peak, also one of a single frame, and is over when it is over."""
    steady = SteadyFilter(_traits(noise=0.03, snaps=True, adapts=True))
    out = _run(steady, [0.0] * 10 + blink + [0.0] * 10)
    assert out[10 + int(np.argmax(blink))] > 0.95 * max(blink)
    assert out[10 + len(blink) + 3] < 0.1


def test_lone_half_closed_lid_is_noise() -> None:
    """One frame of a half closed lid is not shown; two are."""
    one = _run(SteadyFilter(_traits(noise=0.03, snaps=True, adapts=True)), [0.0] * 10 + [0.5] + [0.0] * 10)
    two = _run(SteadyFilter(_traits(noise=0.03, snaps=True, adapts=True)), [0.0] * 10 + [0.5, 0.5] + [0.0] * 10)
    assert one.max() < 0.1 and two.max() == 0.5


def test_periodic_signal_goes_the_short_way() -> None:
    """From 170 to -170 degrees is a turn by 20, and the value counts on."""
    steady = SteadyFilter(_traits(period=360.0))
    out = _run(steady, [150.0, 160.0, 170.0, -180.0, -170.0, -160.0, -150.0])
    assert (np.diff(out) >= 0).all() and 205.0 < out[-1] < 215.0


def test_duplicate_late_and_unfinite_samples_change_nothing() -> None:
    """A sample that is not newer, or no number, is ignored."""
    steady = SteadyFilter(_traits())
    _run(steady, [1.0, 1.0, 2.0])
    before = steady.value.copy()
    for sample, time_s in ((100.0, 2 / 30), (100.0, 1 / 30), (np.nan, 3 / 30), (np.inf, 3 / 30)):
        steady.update(np.array([sample]), time_s, ALL)
    assert steady.value == before and steady.time_s == 2 / 30


def test_long_gap_or_a_clock_set_back_starts_afresh() -> None:
    """After a gap the new sample counts alone, without speed."""
    for time_s in (2 * RESTART_AFTER_S, -2 * RESTART_AFTER_S):
        steady = SteadyFilter(_traits())
        _run(steady, [0.0, 5.0])
        steady.update(np.array([50.0]), time_s, ALL)
        assert steady.value == [50.0] and steady.at(time_s + 0.1) == [50.0]


def test_only_fresh_signals_are_taken() -> None:
    """Each signal has its own times; forgetting concerns only what is forgotten."""
    steady = SteadyFilter(_traits(2))
    steady.update(np.array([1.0, 2.0]), 0.0, np.array([True, False]))
    assert steady.known.tolist() == [True, False]
    steady.update(np.array([9.0, 2.0]), 0.1, np.array([False, True]))
    assert steady.value.tolist() == [1.0, 2.0] and steady.time_s.tolist() == [0.0, 0.1]
    steady.forget(np.array([True, False]))
    assert steady.known.tolist() == [False, True]


def test_irregular_steps_converge_to_the_signal() -> None:
    """Uneven time steps, from 8 to 200 ms, do not bias a constant."""
    rng = np.random.default_rng(2)
    steady = SteadyFilter(_traits())
    time_s = 0.0
    steady.update(np.array([0.0]), time_s, ALL)
    for step in rng.uniform(1 / 120, 1 / 5, 200):
        time_s += step
        steady.update(np.array([3.0]), time_s, ALL)
    assert abs(steady.value[0] - 3.0) < 1e-3


def test_noise_larger_than_expected_is_learnt() -> None:
    """Eyes in a poor picture are as still as eyes in a good one, after a few seconds, and still follow a glance."""
    noise = _noise(300, 2.0)
    noise[240:] += 20.0
    out = _run(SteadyFilter(_traits(adapts=True)), noise)
    assert np.std(out[120:240]) < 0.2 * 2.0
    assert abs(out[250] - 20.0) < 2.0
