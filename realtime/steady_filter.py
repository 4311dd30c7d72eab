"""The filter behind the motion: absolutely still when a person is still, on time when one moves.

A low-pass has to choose one cut-off for both.  The One-Euro filter (Casiez et al., CHI 2012) raises it with speed, but
its speed is a difference of noisy samples seen through 1 Hz: at rest noise moves the cut-off, and a movement is a
tenth of a second old before it counts.  Here three estimates run beside each other:

* `position` and `speed`: an alpha-beta tracker, quick (alpha 0.81 at 30 Hz) and without lag on a steady movement.  An
  innovation that no body could accelerate to is a jump, and moves the position but not the speed, so steps do not
  overshoot.
* `course`: a slow average of the samples.  It knows what noise hides.
* `value`, which is what is shown.  In a movement, which is where position and course part, it is the position.  At
  rest it stays where it is while the course stays near.  That neighbourhood does not stick: its edge is a slope, the
  value creeps to the course at all times, and after a movement it settles as a running mean does.

All thresholds are multiples of a control's `noise`, so that one measured number per control sets everything.

Prediction moves the value along its speed by a reach that saturates: fitted to twenty sign clips, the best reach for
leads of 33, 66, 80, 100 and 133 ms is 23, 35, 38, 42 and 44 ms, which is 0.045 s (1 - exp(-lead / 0.045 s)): people
turn back sooner than straight lines do.  (Less is used, 25 to 30 ms: it costs little of the gain, and half of the
overshoot is gone.)  It is taken back where the speed disagrees with the course, is limited to where the present braking
ends, and is scaled by how well it has foretold the newest samples, so that noise which looks like movement is not
predicted for long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: A gap longer than this says nothing about speed: the filter starts afresh.
RESTART_AFTER_S = 1.0
#: Stamps nearer to each other than this are one moment.
_MIN_STEP_S = 1e-3
#: Never look further ahead than this.
MAX_LEAD_S = 0.2
#: Time constants of position, course, creeping, and of how long a movement outlasts its evidence.  Found with the
#: factors below by random search on the traces of `benchmarks.motion`.
_POSITION_S, _COURSE_S, _CREEP_S, _ACTIVE_S = 0.02, 0.15, 4.0, 0.2
#: How soon evidence of movement counts: what the value has missed by then is not caught up in one step.
_RISE_S = 0.02
#: Evidence of movement, from none to full, in multiples of noise: how far the position is from the value, and from the
#: course.
_FAR, _UNDER_WAY = (5.0, 9.0), (1.7, 3.4)
#: How far the course may be from a value that rests, from being left alone to being followed, in multiples of noise.
_APART = (0.85, 1.7)
#: The speed counts for prediction from this distance between position and course on.
_HEADING = (0.3, 0.6)
#: What noise may add to the largest innovation of a moving body, in multiples of it.
_NOISE_REACH = 4.0
#: The judge of the prediction: its memory, the trust in the beginning, and what that weighs, in squares of noise.
_JUDGE_S, _TRUST, _TRUST_WEIGHT = 4.0, 0.1, 60.0
#: A lid closes at once from this distance on, in multiples of noise; one that moves, from any.
_SNAP = 4.0
#: A lone sample counts from this distance on, in multiples of the least noise; else the one before has to be off too,
#: on the same side and by so many multiples of noise.
_LONE, _ALSO = 24.0, 3.0
#: Noise that is measured while running: the time constant, the mean size of a second difference of white noise of
#: spread 1 (sqrt(6) sqrt(2 / pi)), a larger one than so many means counts as so many, and the most that noise may grow.
_SCATTER_S, _SECOND_DIFFERENCE, _CLIPPED, _MOST_NOISE = 1.5, 1.954, 3.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the filter knows about its N signals; arrays are (N,).

    Args:
        noise: float64, spread of a sample of somebody still.
        acceleration: float64, the most that a body does, per s^2; what exceeds it is a jump.
        max_speed: float64, per second; what exceeds it is held back until the next sample says the same.
        reach_s: float64, how far ahead the prediction reaches at most; 0 for signals that nobody can predict.
        period: float64, after which the signal is the same again, or 0.
        snaps: bool, whether rising is shown at once.
        adapts: bool, of what rests or jumps and depends on the picture's quality, as eyes do: the noise is measured
            while it runs, and `noise` is the least that it may be; and a lone sample is no movement unless it is far
            off.  (What is always on the move would be taken for noise.)
        unit: int64, signals with the same number are held back and trusted together.
    """

    noise: F64
    acceleration: F64
    max_speed: F64
    reach_s: F64
    period: F64
    snaps: Flags
    adapts: Flags
    unit: npt.NDArray[np.int64]


class SteadyFilter:
    """Filters N signals, each by the times at which it was sampled.

    Causal and driven by time stamps: irregular steps are fine, and a stamp that does not advance is ignored, as is a
    sample that is not finite.
    """

    def __init__(self, traits: Traits) -> None:
        self._traits = traits
        count = len(traits.noise)
        self.known: Flags = np.zeros(count, np.bool_)
        #: What is shown without looking ahead, (N,); meaningless where not `known`.
        self.value: F64 = np.zeros(count)
        #: When each signal was last taken, (N,), seconds.
        self.time_s: F64 = np.zeros(count)
        #: The time between its last two samples, (N,), seconds.
        self.interval_s: F64 = np.zeros(count)
        self._position, self._speed, self._braking = np.zeros(count), np.zeros(count), np.zeros(count)
        self._course, self._active, self._rest_s = np.zeros(count), np.zeros(count), np.zeros(count)
        self._foretold, self._offered = np.zeros(count), np.zeros(count)
        self._doubted: Flags = np.zeros(count, np.bool_)
        self._doubt = np.zeros(count)
        self._noise = traits.noise.copy()
        self._last, self._last_change = np.zeros(count), np.full(count, np.nan)

    def forget(self, which: Flags) -> None:
        """Forget some signals, (N,)."""
        self.known = self.known & ~which

    def update(self, sample: F64, time_s: float, fresh: Flags) -> None:
        """Take a sample, (N,), of the signals that are `fresh`, (N,), at a time in seconds."""
        traits = self._traits
        now = fresh & np.isfinite(sample)
        sample = np.where(now, sample, self._position)
        turns = traits.period > 0
        sample[turns] -= traits.period[turns] * np.round((sample - self._position)[turns] / traits.period[turns])
        step_s = time_s - self.time_s
        start = now & (~self.known | (np.abs(step_s) > RESTART_AFTER_S))
        now = now & ~start & (step_s > _MIN_STEP_S)
        lone = self._is_lone(sample)
        self._measure_noise(sample, np.where(now, step_s, 0.0), start)
        step_s = np.where(now, step_s, 1.0)
        ahead = self._position + self._speed * step_s
        jumped = self._doubtful(sample, ahead, step_s, now)
        now = now & ~self._doubted
        self._judge(sample, step_s, now)
        self._follow(sample, ahead, step_s, now & ~jumped, lone)
        self._start(sample, start | jumped)
        self._active[jumped] = 1.0
        self.interval_s = np.where(start, 0.0, np.where(now, step_s, self.interval_s))
        self.time_s = np.where(start | now, time_s, self.time_s)

    def at(self, time_s: float) -> F64:
        """Return the signals as predicted for a time, (N,), not yet limited to any range."""
        return np.asarray(self.value + self._trust() * self._travel(time_s - self.time_s))

    def _is_lone(self, sample: F64) -> Flags:
        """Return which samples, (N,), nothing confirms yet."""
        off, before = sample - self.value, self._last - self.value
        confirmed = (off * before > 0) & (np.abs(before) > _ALSO * self._noise)
        near = np.abs(off) < _LONE * self._traits.noise
        return np.asarray(self._traits.adapts & ~confirmed & near & (self._active < 0.5))

    def _measure_noise(self, sample: F64, step_s: F64, start: Flags) -> None:
        traits = self._traits
        change = sample - self._last
        scatter = np.abs(change - self._last_change) / _SECOND_DIFFERENCE
        known = traits.adapts & (step_s > 0) & np.isfinite(scatter)
        share = np.minimum(step_s / _SCATTER_S, 1.0)
        noise = self._noise + share * (np.minimum(scatter, _CLIPPED * self._noise) - self._noise)
        noise = np.clip(noise, traits.noise, _MOST_NOISE * traits.noise)
        self._noise = np.where(known, noise, np.where(start, traits.noise, self._noise))
        self._last_change = np.where(start, np.nan, np.where(step_s > 0, change, self._last_change))
        self._last = np.where(start | (step_s > 0), sample, self._last)

    def _start(self, sample: F64, which: Flags) -> None:
        for state in (self._position, self._course, self.value):
            state[which] = sample[which]
        for state in (self._speed, self._braking, self._active, self._rest_s, self._foretold, self._offered):
            state[which] = 0.0
        self._doubted = self._doubted & ~which
        self.known = self.known | which

    def _doubtful(self, sample: F64, ahead: F64, step_s: F64, now: Flags) -> Flags:
        """Hold back units that are faster than a body, once; return those, (N,), that the next sample confirms."""
        traits = self._traits
        over = now & (np.abs(sample - ahead) > traits.max_speed * step_s + _NOISE_REACH * self._noise)
        again = now & self._doubted
        if not over.any():
            self._doubted = self._doubted & ~now
            return np.asarray(over)
        off = self._summed(np.square((sample - ahead) / self._noise) * now)
        change = self._summed(np.square((sample - self._doubt) / self._noise) * now)
        doubtful = (self._summed(over.astype(np.float64)) > 0) & now
        confirmed = doubtful & again & (change < off)
        self._doubted = (self._doubted & ~now) | (doubtful & ~again)
        self._doubt = np.where(self._doubted, sample, self._doubt)
        return np.asarray(confirmed)

    def _judge(self, sample: F64, step_s: F64, now: Flags) -> None:
        """Learn by regression which share of the travel that was predicted came true."""
        noise = self._noise
        travel = np.where(now, self._travel(step_s), 0.0) / noise
        came = (sample - self.value) / noise
        fade = np.where(now, np.exp(-step_s / _JUDGE_S), 1.0)
        self._foretold = fade * self._foretold + self._summed(travel * came)
        self._offered = fade * self._offered + self._summed(travel * travel)

    def _trust(self) -> F64:
        share = (self._foretold + _TRUST * _TRUST_WEIGHT) / (self._offered + _TRUST_WEIGHT)
        return np.asarray(np.clip(share, 0.0, 1.0))

    def _follow(self, sample: F64, ahead: F64, step_s: F64, now: Flags, lone: Flags) -> None:
        traits, noise = self._traits, self._noise
        innovation = sample - ahead
        possible = np.exp(-np.square(innovation / (traits.acceleration * step_s**2 + _NOISE_REACH * noise)))
        alpha = 1.0 - np.exp(-step_s / _POSITION_S)
        # Source: T. Benedict, G. Bordner, IRE Trans. Automatic Control 7 (1962): the beta that suits an alpha.
        beta = alpha**2 / (2.0 - alpha)
        position = ahead + (1.0 - (1.0 - alpha) * possible) * innovation
        gained = beta * possible * innovation / step_s
        course = self._course + (1.0 - np.exp(-step_s / _COURSE_S)) * (sample - self._course)
        far = _slope(np.abs(position - self.value) / noise, _FAR)
        under_way = _slope(np.abs(position - course) / noise, _UNDER_WAY)
        moves = np.where(lone, 0.0, np.maximum(far, under_way))
        rising = self._active + (1.0 - np.exp(-step_s / _RISE_S)) * (moves - self._active)
        active = np.maximum(rising, self._active * np.exp(-step_s / _ACTIVE_S))
        rest_s = np.where(active > 0.5, 0.0, self._rest_s + step_s)
        settling = np.where(rest_s > 0, step_s / (step_s + rest_s), 0.0)
        value = self.value + active * (position - self.value)
        apart = _slope(np.abs(course - value) / noise, _APART)
        pull = (1.0 - active) * np.maximum.reduce([apart, settling, 1.0 - np.exp(-step_s / _CREEP_S)])
        value = value + pull * (course - value)
        speed = self._speed + gained
        rises = sample > self.value + np.where(active > 0.5, 0.0, _SNAP * noise)
        snapping = traits.snaps & ~lone & rises
        value, position = np.where(snapping, sample, value), np.where(snapping, sample, position)
        speed = np.where(snapping, 0.0, speed)
        self._position = np.where(now, position, self._position)
        self._speed = np.where(now, speed, self._speed)
        self._braking = np.where(now, gained / step_s, self._braking)
        self._course = np.where(now, course, self._course)
        self._active = np.where(now, active, self._active)
        self._rest_s = np.where(now, rest_s, self._rest_s)
        self.value = np.where(now, value, self.value)

    def _travel(self, lead_s: F64) -> F64:
        """Return how far each signal goes in `lead_s`, (N,), if the prediction is right."""
        reach_s = self._traits.reach_s
        longest = np.maximum(reach_s, 1e-9)
        lead_s = np.clip(lead_s, 0.0, MAX_LEAD_S)
        ahead_s = longest * (1.0 - np.exp(-lead_s / longest))
        # At the present braking a body comes to rest after half its speed times its speed over the braking.
        brakes = self._braking * self._speed < 0
        stop_s = 0.5 * np.abs(self._speed) / np.maximum(np.abs(self._braking), 1e-9)
        ahead_s = np.where(brakes, np.minimum(ahead_s, stop_s), ahead_s)
        heading = (self._position - self._course) / self._noise
        agrees = _slope(np.abs(heading), _HEADING) * (heading * self._speed > 0)
        return np.asarray(self._speed * np.minimum(agrees, self._active) * ahead_s * (reach_s > 0))

    def _summed(self, values: F64) -> F64:
        """Return, for every signal, the sum over its unit, (N,)."""
        unit = self._traits.unit
        return np.asarray(np.bincount(unit, values)[unit])


def _slope(amount: F64, edges: tuple[float, float]) -> F64:
    """Return 0 below the first edge, 1 above the second, and a smooth rise between them."""
    share = np.clip((amount - edges[0]) / (edges[1] - edges[0]), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
