"""Random heads, torsos and faces, as a webcam sees them.

Faces vary most and independently; extremes go past what a person does, so that the edges hold.
"""

from __future__ import annotations

import numpy as np

from engines.controls import EXPRESSIONS, VISEMES

Values = dict[str, float]

#: Share of samples with fully open eyes: with 38 % an L1 loss settles on skin-coloured eyes (measured).
OPEN_EYES = 0.70


def head_and_torso(rng: np.random.Generator) -> Values:
    """Return the turns of head and torso."""
    # Mostly near the camera, sometimes anywhere in the range: the edges must hold too.
    wide = 1.6 if rng.random() < 0.25 else 1.0
    yaw, pitch, roll = rng.normal(0, (18 * wide, 10 * wide, 8 * wide))
    roll -= 0.15 * yaw  # a turned head tips a little
    torso = rng.normal(0, (8, 5, 5)) * (2.0 if rng.random() < 0.15 else 1.0)
    return {
        "head_yaw": float(np.clip(yaw, -50, 50)),
        "head_pitch": float(np.clip(pitch + 2, -32, 32)),
        "head_roll": float(np.clip(roll, -28, 28)),
        "torso_yaw": float(torso[0]),
        "torso_pitch": float(torso[1]),
        "torso_roll": float(torso[2]),
    }


def face(rng: np.random.Generator) -> Values:
    """Return gaze, lids, mouth, brows and expressions."""
    values: Values = {}
    if rng.random() < 0.75:
        gaze_yaw, gaze_pitch = rng.normal(0, (12, 7))
    else:
        gaze_yaw, gaze_pitch = rng.uniform((-30, -20), (30, 20))
    values |= {"gaze_yaw": float(np.clip(gaze_yaw, -32, 32)), "gaze_pitch": float(np.clip(gaze_pitch, -22, 22))}
    values |= dict(zip(("blink_left", "blink_right"), _blinks(rng), strict=True))

    kind = rng.random()
    if kind > 0.4:
        first, second = rng.choice(VISEMES, 2, replace=False)
        values[str(first)] = float(rng.uniform(0.15, 1.0))
        if kind > 0.85:
            values[str(second)] = float(rng.uniform(0, 1)) * (1 - values[str(first)])
    if rng.random() < 0.35:
        values["smile"] = float(rng.uniform(0.1, 1.0))
    if rng.random() < 0.45:
        both = rng.uniform(-1, 1)
        apart = rng.uniform(-1, 1) if rng.random() < 0.3 else both
        values |= {"brow_left": float(both), "brow_right": float(apart)}
    if rng.random() < 0.18:
        name = rng.choice(EXPRESSIONS, p=(0.4, 0.2, 0.2, 0.2))
        values[str(name)] = float(rng.uniform(0.2, 1.0))
    return values


def _blinks(rng: np.random.Generator) -> tuple[float, float]:
    if rng.random() < OPEN_EYES:
        return 0.0, 0.0
    kind = rng.random()
    if kind < 0.4:  # any phase of a blink
        closed = rng.uniform(0, 1)
        return float(closed), float(closed)
    if kind < 0.6:  # lowered lids
        left, right = rng.uniform(0.1, 0.6) + rng.normal(0, 0.05, 2)
        return float(left), float(right)
    if kind < 0.75:
        return 1.0, 1.0
    wink = (float(rng.uniform(0.4, 1.0)), float(rng.uniform(0, 0.15)))
    return wink if rng.random() < 0.5 else wink[::-1]
