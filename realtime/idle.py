"""What a character does by itself: it breathes, sways a little and blinks."""

from __future__ import annotations

import random

import numpy as np

from engines.controls import INDEX, NEUTRAL, ControlVector

#: Adults at rest breathe 12 to 18 times a minute.
_BREATH_HZ = 0.25
_BREATH_PITCH_DEG, _BREATH_SHOULDER_DEG = 0.8, 1.2
#: Slow, unrelated frequencies: the sway does not visibly repeat.
_SWAY: tuple[tuple[str, float, float], ...] = (
    ("torso_roll", 1.0, 0.071),
    ("torso_yaw", 1.5, 0.053),
    ("head_roll", 1.5, 0.097),
    ("head_yaw", 2.5, 0.061),
    ("head_pitch", 1.2, 0.083),
)
#: Spontaneous blinks come every 2 to 6 s; lids close in about 80 ms, stay and open in about 160 ms.
#: Source: Caffier et al., "The spontaneous eye-blink as sleepiness indicator", Eur. J. Appl. Physiol. 89 (2003).
_BLINK_EVERY_S = (2.0, 6.0)
_CLOSE_S, _SHUT_S, _OPEN_S = 0.08, 0.05, 0.16


class Idle:
    """Motion without a person: a pure function of time for a given seed, apart from what it remembers to be quick.

    Args:
        seed: two characters with different seeds blink at different times.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._origin_s: float | None = None
        self._blink_s = 0.0
        self._phases = [random.Random(seed + 1).uniform(0, 2 * np.pi) for _ in _SWAY]

    def at(self, time_s: float) -> ControlVector:
        """Return the idle control vector at a time in seconds; the first call is time zero of the blinks."""
        if self._origin_s is None:
            self._origin_s = time_s
        elapsed_s = max(time_s - self._origin_s, 0.0)
        vector = NEUTRAL + self.breath(time_s)
        for (name, amplitude, frequency_hz), phase in zip(_SWAY, self._phases, strict=True):
            vector[INDEX[name]] += amplitude * np.sin(2 * np.pi * frequency_hz * elapsed_s + phase)
        shut = self._blink(elapsed_s)
        vector[[INDEX["blink_left"], INDEX["blink_right"]]] = shut
        return np.asarray(vector, np.float32)

    @staticmethod
    def breath(time_s: float) -> ControlVector:
        """Return what breathing adds to any pose, as offsets from it."""
        vector = np.zeros_like(NEUTRAL)
        phase = float(np.sin(2 * np.pi * _BREATH_HZ * time_s))
        vector[INDEX["torso_pitch"]] = -_BREATH_PITCH_DEG * phase
        vector[INDEX["head_pitch"]] = _BREATH_PITCH_DEG * phase
        for side in ("left", "right"):
            vector[INDEX[f"{side}_shoulder_raise"]] = _BREATH_SHOULDER_DEG * phase
            # The arms hang from the shoulders and do not lift with them.
            vector[INDEX[f"{side}_upper_arm_z"]] = -_BREATH_SHOULDER_DEG * phase
        return vector

    def _blink(self, elapsed_s: float) -> float:
        if elapsed_s < self._blink_s - _BLINK_EVERY_S[1]:  # time was turned back: start the series again
            self._random, self._blink_s = random.Random(self._seed), 0.0
        if self._blink_s == 0.0:
            self._blink_s = self._random.uniform(*_BLINK_EVERY_S)
        while elapsed_s > self._blink_s + _CLOSE_S + _SHUT_S + _OPEN_S:
            self._blink_s += self._random.uniform(*_BLINK_EVERY_S)
        since_s = elapsed_s - self._blink_s
        closing = np.clip(since_s / _CLOSE_S, 0.0, 1.0)
        opening = np.clip((since_s - _CLOSE_S - _SHUT_S) / _OPEN_S, 0.0, 1.0)
        return float(closing - opening)
