"""How still, how late and how right filtered controls are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, filtfilt

from benchmarks.motion_filters import COLUMNS, Filter, Sample, with_world
from engines.controls import INDEX, NEUTRAL
from realtime.control_group import GROUP_NAMES, Group

F64 = npt.NDArray[np.float64]

#: Human movement has next to no power above this, and a filter that runs both ways does not delay it.
#: Source: D. Winter, "Biomechanics and Motor Control of Human Movement", chapter 2.
TRUTH_HZ = 6.0
RATE_HZ = 30.0
#: Trackers and running estimates settle first.
SETTLE_S = 2.0
#: A head is quiet where its slow movement (below 2 Hz, without delay) stays under this speed for this long.
QUIET_DEG_S, QUIET_S, QUIET_HZ = 4.0, 0.4, 2.0
#: How long after capture a picture is shown, and how often one is.
LEAD_S, SHOW_HZ = 0.08, 60.0
#: Where a filter has just begun it is not judged.
_WARM_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Some columns over time: `times_s` (T,) and `values` (T, N)."""

    times_s: F64
    values: F64


def columns_of(names: tuple[str, ...]) -> npt.NDArray[np.intp]:
    """Return where names stand among `COLUMNS`."""
    return np.array([COLUMNS.index(name) for name in names], np.intp)


def replay(make: Callable[[], Filter], samples: list[Sample], group: Group, names: tuple[str, ...]) -> Series:
    """Return the filtered columns after every sample in which the group was measured anew, without prediction."""
    made, index, times, rows = make(), columns_of(names), [], []
    for sample in samples:
        made.update(sample)
        if group in sample.fresh:
            times.append(sample.time_s)
            rows.append(with_world(made.now())[index])
    return Series(times_s=np.array(times), values=np.array(rows).reshape(len(times), len(names)))


def deviation(series: Series) -> F64:
    """Return the spread of each column after `SETTLE_S`, (N,)."""
    return np.asarray(series.values[series.times_s >= SETTLE_S].std(axis=0))


def truth_of(series: Series, cutoff_hz: float = TRUTH_HZ) -> Series:
    """Return the series at `RATE_HZ`, low-passed forth and back, so without delay."""
    times_s = np.arange(series.times_s[0], series.times_s[-1] + 1e-9, 1 / RATE_HZ)
    even = np.stack([np.interp(times_s, series.times_s, column) for column in series.values.T], 1)
    if len(times_s) < 16:
        return Series(times_s=times_s, values=even)
    b, a = butter(2, cutoff_hz / (RATE_HZ / 2))
    return Series(times_s=times_s, values=np.asarray(filtfilt(b, a, even, axis=0)))


def quiet_parts(raw: Series) -> list[npt.NDArray[np.intp]]:
    """Return the runs of samples in which a raw series is quiet in all of its columns."""
    if len(raw.times_s) < 16:
        return []
    slow = truth_of(raw, QUIET_HZ)
    speed = np.abs(np.gradient(slow.values, slow.times_s, axis=0)).max(axis=1)
    quiet = np.interp(raw.times_s, slow.times_s, speed) < QUIET_DEG_S
    runs = np.split(np.arange(len(quiet)), np.flatnonzero(np.diff(quiet)) + 1)
    return [run for run in runs if quiet[run[0]] and np.ptp(raw.times_s[run]) >= QUIET_S]


def detrended(series: Series, run: npt.NDArray[np.intp]) -> F64:
    """Return the RMS of what a straight line through each column of a run leaves, (N,)."""
    times_s, values = series.times_s[run], series.values[run]
    fit = np.polynomial.polynomial.polyfit(times_s, values, 1)
    return np.asarray(np.sqrt(np.mean((values - np.polynomial.polynomial.polyval(times_s, fit).T) ** 2, axis=0)))


def foretelling(
    make: Callable[[], Filter], samples: list[Sample], group: Group, names: tuple[str, ...], truth: Series
) -> float:
    """Return the RMS error against the truth of what is shown; not a number where there is nothing to compare.

    What is shown at a time is made from samples that are at least `LEAD_S` old, `SHOW_HZ` times a second.
    """
    made, index, pending = make(), columns_of(names), list(samples)
    shown, there = [], []
    known_s = np.inf
    for time_s in np.arange(samples[0].time_s + LEAD_S, samples[-1].time_s, 1 / SHOW_HZ):
        while pending and pending[0].time_s <= time_s - LEAD_S + 1e-9:
            sample = pending.pop(0)
            made.update(sample)
            if group in sample.fresh:
                known_s = min(known_s, sample.time_s)
        row = with_world(made.at(float(time_s)))[index]
        if time_s <= truth.times_s[-1] and time_s > known_s + LEAD_S + _WARM_S:
            shown.append(row)
            there.append([np.interp(time_s, truth.times_s, column) for column in truth.values.T])
    if not there:
        return float("nan")
    wanted: F64 = np.array(there)
    return rms(np.array(shown) - wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How a filter answers a known movement.

    Args:
        lag_ms: the time by which the true movement has to be moved to fit best what came out without prediction.
        overshoot: how far the predicted output goes beyond the end, in shares of the way; mean over draws of noise.
    """

    lag_ms: float
    overshoot: float


def movement(shape: str, times_s: F64) -> F64:
    """Return a movement from 0 to 1 that begins at 1.5 s: a step, a ramp of a second, or a reach of 0.4 s."""
    since = times_s - 1.5
    if shape == "step":
        return np.asarray((since >= 0).astype(np.float64))
    if shape == "ramp":
        return np.clip(since, 0.0, 1.0)
    # Source: T. Flash, N. Hogan, "The coordination of arm movements", J. Neuroscience 5 (1985): minimum jerk.
    share = np.clip(since / 0.4, 0.0, 1.0)
    return np.asarray(share**3 * (10 - 15 * share + 6 * share**2))


def respond(
    make: Callable[[], Filter], name: str, group: Group, shape: str, amplitude: float, noise: F64, every: int
) -> Response:
    """Return a filter's response to a movement of one control with measured noise upon it.

    Args:
        make: makes the filter.
        name: of the control.
        group: its group.
        shape: as of :func:`movement`.
        amplitude: in the control's unit.
        noise: (T,) of a still person, drawn from at many places.
        every: the group is measured in every so many frames at `RATE_HZ`.
    """
    frames = np.arange(120) / RATE_HZ
    shown_s = np.arange(1.2, 3.8, 1 / 120)
    draws = 24
    lags, curves = [], []
    for draw in range(draws):
        made = make()
        drawn = np.roll(np.resize(noise, 120 // every + 1), 7 * draw)
        times, values, curve = [], [], []
        pending = 0
        for time_s in np.concatenate([[0.0], shown_s]):
            while pending < 120 and frames[pending] <= time_s - LEAD_S + 1e-9:
                at_s = float(frames[pending])
                vector = NEUTRAL.copy()
                vector[INDEX[name]] = amplitude * movement(shape, np.array(at_s)) + drawn[pending // every]
                fresh = frozenset({group}) if pending % every == 0 else frozenset()
                made.update(Sample(time_s=at_s, vector=vector, seen=frozenset({group}), fresh=fresh))
                if fresh:
                    times.append(at_s)
                    values.append(made.now()[INDEX[name]])
                pending += 1
            curve.append(made.at(float(time_s))[INDEX[name]])
        lags.append(_shift_ms(np.array(times), np.array(values) / amplitude, shape))
        curves.append(curve[1:])
    mean = np.mean(curves, axis=0) / amplitude
    return Response(lag_ms=float(np.mean(lags)), overshoot=float(max(mean[shown_s > 1.5].max() - 1.0, 0.0)))


def _shift_ms(times_s: F64, values: F64, shape: str) -> float:
    """Return the delay in ms with which the movement fits values best, within the time around it."""
    near = (times_s > 1.2) & (times_s < 3.2)
    delays = np.arange(-0.1, 0.3, 0.001)
    # A step lies between two frames anywhere: it is seen as a ramp from frame to frame.
    fine = np.arange(0.0, 4.0, 0.001)
    seen = np.interp(fine, times_s, movement(shape, times_s))
    errors = [np.square(np.interp(times_s[near] - delay, fine, seen) - values[near]).sum() for delay in delays]
    return float(1000 * delays[int(np.argmin(errors))])


def rms(values: F64) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def names_of(group: Group) -> tuple[str, ...]:
    """Return the columns by which a group is judged: heads as they stand in the world, arms without their twist."""
    if group is Group.HEAD:
        return tuple(f"{name}_in_world" for name in GROUP_NAMES[group])
    return tuple(name for name in GROUP_NAMES[group] if not name.endswith("twist"))
