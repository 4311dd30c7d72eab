"""What is normal for this user: the recorded neutral, and running estimates of features at rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

#: Goes up when one of the neutral's numbers changes its meaning: what was stored before is of no use then.
NEUTRAL_VERSION = 1
#: Samples closer in time than this are skipped: a quantile needs spread, not number.
SAMPLE_EVERY_S = 0.1
#: A recorded neutral gives way to what is seen with this time constant: a smile of half a minute takes a fifth of
#: itself away, a seat that was moved for good is learnt in some minutes.
RECORDED_TAU_S = 120.0

#: The range of each number of a neutral.  Wider than people differ: what lies outside was not measured on a face.
NEUTRAL_RANGES: dict[str, tuple[float, float]] = {
    "left_opening": (0.08, 0.6),
    "right_opening": (0.08, 0.6),
    "left_brow": (0.1, 0.5),
    "right_brow": (0.1, 0.5),
    "brow_slope": (-0.2, 0.1),
    "gaze_yaw": (-25.0, 25.0),
    "gaze_pitch": (-30.0, 30.0),
    "gaze_outwards": (-10.0, 20.0),
    "mouth_width": (0.3, 0.9),
    "corner_lift": (-0.15, 0.15),
    "mouth_opening": (0.0, 0.15),
    "head_yaw": (-45.0, 45.0),
    "head_pitch": (-45.0, 45.0),
    "head_roll": (-30.0, 30.0),
    "torso_yaw": (-45.0, 45.0),
    "torso_roll": (-30.0, 30.0),
    "distance_cm": (10.0, 1000.0),
    "shoulder_drop_cm": (5.0, 40.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Neutral:
    """A person's face and posture at rest, as one camera sees them.  None: not measured.

    Args:
        left_opening: left lid opening over eye width.
        right_opening: the same of the right eye.
        left_brow: left brow height over the distance of the outer eye corners, head level.
        right_brow: the same of the right brow.
        brow_slope: inner above outer ends of the brows, in the same unit, head level.
        gaze_yaw: where the eyes look in the head, degrees, > 0 to the subject's left.
        gaze_pitch: the same, > 0 down.
        gaze_outwards: by how much each iris sits further out than the mean of both, degrees.
        mouth_width: over the distance of the outer eye corners.
        corner_lift: mouth corners above where a mean face has them, in the same unit.
        mouth_opening: between the inner lips, in the same unit.
        head_yaw: head towards the camera, degrees, signs of the control.
        head_pitch: the same; > 0 for a camera above the eyes.
        head_roll: the same.
        torso_yaw: chest towards the camera, degrees, signs of the control.
        torso_roll: the same.
        distance_cm: from the camera.
        shoulder_drop_cm: shoulders below the ears.

    Raises:
        ValueError: a number is not finite or lies outside `NEUTRAL_RANGES`.
    """

    left_opening: float | None = None
    right_opening: float | None = None
    left_brow: float | None = None
    right_brow: float | None = None
    brow_slope: float | None = None
    gaze_yaw: float | None = None
    gaze_pitch: float | None = None
    gaze_outwards: float | None = None
    mouth_width: float | None = None
    corner_lift: float | None = None
    mouth_opening: float | None = None
    head_yaw: float | None = None
    head_pitch: float | None = None
    head_roll: float | None = None
    torso_yaw: float | None = None
    torso_roll: float | None = None
    distance_cm: float | None = None
    shoulder_drop_cm: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.known().items():
            low, high = NEUTRAL_RANGES[name]
            if not low <= value <= high:
                raise ValueError(f"neutral: {name}: got {value:g}, expected {low:g} to {high:g}; record it anew")

    def known(self) -> dict[str, float]:
        """Return what was measured, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


NEUTRAL_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Neutral))


def nearest_neutral(values: Mapping[str, float]) -> Neutral:
    """Return the neutral of named numbers; what is not finite is left out, what is out of range is brought into it."""
    return Neutral(
        **{name: float(np.clip(value, *NEUTRAL_RANGES[name])) for name, value in values.items() if np.isfinite(value)}
    )


class RunningNeutral:
    """A quantile of the last seconds, held near a prior until enough was seen.

    With `quantile` 0.5 it is a median, which ignores what happens less than half of the time (a blink, a
    word, a raised brow); a higher quantile suits features that are mostly *below* rest, a lower one those
    mostly above.  Where the user recorded a neutral, the estimate starts from that and moves slowly.

    Args:
        prior: the value to start from.
        low: the estimate never goes below this, so that a lasting expression is not learnt as rest.
        high: nor above this.
        quantile: 0..1.
        prior_samples: how many samples the prior weighs; ten are one second.
        window: how many samples are remembered.
        recorded: the user's own value, or None.  It widens the bounds if it has to.
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
        recorded: float | None = None,
    ) -> None:
        if not low <= prior <= high:
            raise ValueError(f"prior: got {prior}, expected {low}..{high}")
        self._prior = prior
        self._low = low if recorded is None else min(low, recorded)
        self._high = high if recorded is None else max(high, recorded)
        self._quantile = quantile
        self._prior_samples = prior_samples
        self._samples: deque[float] = deque(maxlen=window)
        self._last_s = -np.inf
        self._newest = (np.nan, -np.inf)
        self._is_recorded = recorded is not None
        self._value = prior if recorded is None else recorded

    @property
    def value(self) -> float:
        """The estimate."""
        return self._value

    def sample_at(self, time_s: float) -> float | None:
        """Return the sample that came with this very time, or None when there was none."""
        sample, sampled_s = self._newest
        return sample if sampled_s == time_s else None

    def update(self, sample: float, time_s: float) -> float:
        """Take a sample at a time in seconds into account and return the estimate."""
        if not np.isfinite(sample):
            return self._value
        self._newest = (sample, time_s)
        elapsed_s = abs(time_s - self._last_s)
        if elapsed_s < SAMPLE_EVERY_S:
            return self._value
        self._last_s = time_s
        self._samples.append(sample)
        count = len(self._samples)
        ordered = sorted(self._samples)
        position = self._quantile * (count - 1)
        below = int(position)
        above = min(below + 1, count - 1)
        seen = ordered[below] + (ordered[above] - ordered[below]) * (position - below)
        if self._is_recorded:
            seen = min(max(seen, self._low), self._high)
            self._value += (seen - self._value) * min(elapsed_s, 1.0) / RECORDED_TAU_S
        else:
            mixed = (seen * count + self._prior * self._prior_samples) / (count + self._prior_samples)
            self._value = min(max(mixed, self._low), self._high)
        return self._value
