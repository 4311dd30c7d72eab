"""Random stances of the whole body: standing, stepping, turning, bending, jumping.

Thighs rise to 70 degrees at most: skirts seen from the front cover what they should.
"""

from __future__ import annotations

import numpy as np

from engines.controls import INDEX, SIDES, ControlVector
from engines.skeleton import BONE_INDEX, Proportions, forward_kinematics, posed_joints

Values = dict[str, float]


def legs(rng: np.random.Generator) -> Values:
    """Return legs and the body's turn; the height of the hips is :func:`grounded`'s."""
    kind = rng.random()
    values: Values = {"root_yaw": float(rng.normal(0, 12)), "root_pitch": float(rng.normal(0, 3))}
    values |= {"root_roll": float(rng.normal(0, 3)), "root_x": float(rng.normal(0, 0.06))}
    if kind < 0.4:  # standing, the weight on either leg
        for side in SIDES:
            values |= _leg(rng, side, (rng.normal(0, 6), rng.normal(0, 6), rng.normal(4, 4)), abs(rng.normal(4, 6)))
    elif kind < 0.65:  # a step of a walk or a run
        stride, front = float(rng.uniform(10, 55)), int(rng.integers(2))
        for index, side in enumerate(SIDES):
            lift = -stride if index == front else 0.6 * stride
            values |= _leg(rng, side, (lift, rng.normal(0, 5), rng.normal(2, 3)), rng.uniform(0, 1.3) * stride)
    elif kind < 0.75:  # a wide stance
        width = float(rng.uniform(10, 40))
        for side in SIDES:
            values |= _leg(rng, side, (rng.normal(-4, 6), rng.normal(10, 8), width), abs(rng.normal(6, 10)))
    elif kind < 0.87:  # bent knees
        bend = float(rng.uniform(15, 75))
        for side in SIDES:
            values |= _leg(rng, side, (-0.75 * bend, rng.normal(8, 8), rng.normal(8, 6)), bend)
    elif kind < 0.94:  # a raised leg
        side, other = SIDES if rng.random() < 0.5 else SIDES[::-1]
        values |= _leg(rng, side, (rng.uniform(-70, -25), rng.normal(0, 12), rng.normal(10, 12)), rng.uniform(0, 110))
        values |= _leg(rng, other, (0, 0, rng.normal(4, 3)), abs(rng.normal(4, 4)))
    else:  # anything
        for side in SIDES:
            place = (rng.uniform(-60, 50), rng.uniform(-50, 50), rng.uniform(-20, 60))
            values |= _leg(rng, side, place, rng.uniform(0, 140))
    if rng.random() < 0.12:  # seen from the side or from behind
        values["root_yaw"] = float(rng.uniform(-180, 180))
    return values


def grounded(vector: ControlVector, proportions: Proportions, jump: float = 0.0) -> ControlVector:
    """Return the pose with its hips at the height that puts the lower foot on the ground.

    Args:
        vector: the pose.
        proportions: whose feet.
        jump: height of that foot above the ground, in hip heights.
    """
    flat = vector.copy()
    flat[INDEX["root_y"]] = 0.0
    joints = posed_joints(forward_kinematics(flat, proportions), proportions)
    feet = [BONE_INDEX[f"{side}_foot"] for side in SIDES]
    lift = float(proportions.joints[feet, 1].min() - joints[feet, 1].min())
    flat[INDEX["root_y"]] = lift / float(proportions.joints[0, 1]) + jump
    return flat


def _leg(rng: np.random.Generator, side: str, turn: tuple[float, float, float], knee: float) -> Values:
    x, y, z = (float(angle) for angle in turn)
    # The sole stays about level where the knee and the hip leave it so.
    ankle = float(np.clip(-x - knee, -40, 30)) * 0.6 + float(rng.normal(0, 5))
    values = {f"{side}_upper_leg_x": x, f"{side}_upper_leg_y": y, f"{side}_upper_leg_z": z}
    return values | {f"{side}_knee": float(knee), f"{side}_ankle": ankle}
