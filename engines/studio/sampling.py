"""Random control vectors: what a person does before a webcam, past it, and with the whole body.

Poses in which a hand or a forearm would lie inside the head or the torso are drawn again.
"""

from __future__ import annotations

import numpy as np

from engines.controls import (
    HIGH,
    INDEX,
    LOW,
    SIDES,
    ControlVector,
    clipped,
    controls,
)
from engines.framing import Framing
from engines.skeleton import Proportions
from engines.studio.arm_poses import arms, hands, hanging
from engines.studio.collision import REFERENCE, collision_free
from engines.studio.face_poses import face, head_and_torso
from engines.studio.leg_poses import grounded, legs

Values = dict[str, float]

#: Shares of poses in which the eyes look elsewhere than the head, and in which the head and face reach their limits.
APART = 0.08
EXTREME = 0.10
#: Share of jumps among full-body poses.
JUMPS = 0.08
_TRIES = 20


def sample_controls(
    rng: np.random.Generator, proportions: Proportions = REFERENCE, framing: Framing = "portrait"
) -> ControlVector:
    """Return a random pose.

    Args:
        rng: the only source of randomness.
        proportions: the figure on which collisions and the ground are checked.
        framing: `portrait` leaves legs and root neutral.
    """
    kind = rng.random()
    values = head_and_torso(rng) | face(rng)
    if kind < APART:
        values |= _apart(rng, values)
    elif kind < APART + EXTREME:
        values |= _extreme(rng)
    if framing == "full":
        values |= legs(rng)
    for _ in range(_TRIES):
        vector = controls(values | arms(rng) | hands(rng))
        if collision_free(vector, proportions):
            break
    else:
        vector = controls(values | hanging(rng, "left") | hanging(rng, "right") | hands(rng))
    if framing == "full":
        jump = float(rng.uniform(0.05, 0.35)) if rng.random() < JUMPS else 0.0
        vector = clipped(grounded(vector, proportions, jump))
    return vector


def _apart(rng: np.random.Generator, values: Values) -> Values:
    """Return a gaze that goes against the head: it stays on the viewer, or overshoots to the other side."""
    gain = float(rng.uniform(0.7, 1.5))
    gaze = {"gaze_yaw": -gain * values["head_yaw"], "gaze_pitch": -gain * values["head_pitch"]}
    return {name: float(np.clip(value, LOW[INDEX[name]], HIGH[INDEX[name]])) for name, value in gaze.items()}


def _extreme(rng: np.random.Generator) -> Values:
    """Return a head, a torso and a gaze anywhere in their ranges: past what a person at a desk does."""
    names = ("head_yaw", "head_pitch", "head_roll", "torso_yaw", "torso_pitch", "torso_roll", "gaze_yaw", "gaze_pitch")
    values = {name: float(rng.uniform(LOW[INDEX[name]], HIGH[INDEX[name]])) for name in names}
    return values | {f"{side}_shoulder_raise": float(rng.uniform(-15, 35)) for side in SIDES}
