"""From where an arm points to the controls that make it point there.

Works in the mirrored frame of the control spec: a right arm is reflected in the body's middle plane, solved
as a left one, and the numbers mean the same on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.skeleton import rotation_from_vector, vector_from_rotation
from realtime.retargeting.hand import HandFrame
from realtime.retargeting.limb import Side, in_frame, perpendicular, unit
from realtime.retargeting.ramp import ramp

F64 = npt.NDArray[np.float64]

#: Below the first flexion the bend plane is noise and a natural one is taken; above the second it is trusted.
_BEND_UNKNOWN_DEG = 12.0
_BEND_KNOWN_DEG = 35.0
_FORWARD: F64 = np.array([0.0, 0.0, 1.0])
_UP: F64 = np.array([0.0, 1.0, 0.0])
#: The share of a hand's width that must be seen across the forearm for its twist to be believed.
_MIN_ACROSS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmAngles:
    """The controls of one arm, in degrees; those of the wrist are None where the hand does not show them.

    Args:
        upper_arm: float64 (3,), rotation vector.
        elbow: flexion.
        forearm_twist: as the control, anywhere in -180..180.
        wrist_flexion: as the control.
        wrist_deviation: as the control.
    """

    upper_arm: F64
    elbow: float
    forearm_twist: float | None
    wrist_flexion: float | None
    wrist_deviation: float | None


def solve_arm(
    side: Side, *, chest: F64, shoulder_raise_deg: float, upper: F64, fore: F64 | None, hand: HandFrame | None = None
) -> ArmAngles:
    """Return the angles with which `engines.skeleton` reproduces the given directions.

    The upper arm is swung to its direction and twisted so that the elbow, which is a hinge, bends in the
    plane of the two directions.  For an almost straight arm the plane is a natural one: palms to the thighs
    when hanging, forward otherwise.

    Args:
        side: which arm, the subject's.
        chest: float64 (3, 3), the chest's rotation in world space.
        shoulder_raise_deg: the collar bone's own control, which the arm rides on.
        upper: float64 (3,), from shoulder to elbow in world space (+X subject's left, +Y up, +Z forward).
        fore: float64 (3,), from elbow to wrist, or None if the wrist is not seen.
        hand: where the hand points, or None.
    """
    collar = np.asarray(rotation_from_vector([0.0, 0.0, shoulder_raise_deg]), np.float64)

    def local(direction: F64) -> F64:
        return unit(in_frame(side, chest, direction) @ collar)

    along = local(upper)
    natural = unit(perpendicular(_FORWARD, along) + 0.35 * perpendicular(_UP, along) * max(0.0, along[0]))
    bend, elbow = natural, 0.0
    if fore is not None:
        lower = local(fore)
        elbow = float(np.degrees(np.arccos(np.clip(along @ lower, -1.0, 1.0))))
        measured = perpendicular(lower, along)
        trust = ramp(elbow, _BEND_UNKNOWN_DEG, _BEND_KNOWN_DEG)
        mixed = trust * unit(measured) + (1 - trust) * natural
        bend = unit(mixed) if np.linalg.norm(mixed) > 1e-3 else natural
    rotation = np.stack([along, np.cross(bend, along), bend], axis=1)  # columns: where x, y, z go
    twist = flexion = deviation = None
    if fore is not None and hand is not None:
        forearm = rotation @ np.asarray(rotation_from_vector([0.0, -elbow, 0.0]), np.float64)
        pointing, across = local(hand.along) @ forearm, local(hand.across) @ forearm
        if np.hypot(across[1], across[2]) > _MIN_ACROSS:
            # hand = Rx(-twist) @ Ry(-deviation) @ Rz(-flexion), whose columns these are.
            twist = float(np.degrees(np.arctan2(across[1], across[2])))
            deviation = float(np.degrees(-np.arcsin(np.clip(across[0], -1.0, 1.0))))
            flexion = float(np.degrees(np.arctan2(np.cross(across, pointing)[0], pointing[0])))
    return ArmAngles(
        upper_arm=np.asarray(vector_from_rotation(rotation), np.float64),
        elbow=elbow,
        forearm_twist=twist,
        wrist_flexion=flexion,
        wrist_deviation=deviation,
    )


def nearest_equivalent(vector_deg: F64, reference_deg: F64) -> F64:
    """Return the rotation vector of the same rotation that lies nearest to a reference, both (3,), degrees.

    A rotation by `a` about an axis is also one by `a - 360`: without this, an arm that passes half a turn
    would be filtered the long way round.
    """
    angle = float(np.linalg.norm(vector_deg))
    if angle < 1e-6:
        return vector_deg
    other = vector_deg * (1 - 360.0 / angle)
    if np.square(other - reference_deg).sum() < np.square(vector_deg - reference_deg).sum():
        return other
    return vector_deg
