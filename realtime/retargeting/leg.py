"""From where a leg points to the controls that make it point there.

Works in the mirrored frame of the control spec, as `realtime.retargeting.arm` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.skeleton import rotation_from_vector, vector_from_rotation
from realtime.retargeting.limb import Side, in_frame, perpendicular, unit
from realtime.retargeting.ramp import ramp

F64 = npt.NDArray[np.float64]

#: Below the first flexion the knee's plane is noise and the foot's is taken; above the second it is trusted.
_BEND_UNKNOWN_DEG, _BEND_KNOWN_DEG = 15.0, 40.0
#: A foot turns out, and a knee's plane with it, by no more than this from where the hips face.
_MAX_TURN_OUT_DEG = 60.0
#: A standing foot lies flat; one whose toes point down by more than the first, towards the second, is on its toes.
_FLAT_DEG, _POINTED_DEG = 20.0, 45.0
_FORWARD: F64 = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAngles:
    """The controls of one leg, in degrees.

    Args:
        upper_leg: float64 (3,), rotation vector.
        knee: flexion, 0 or more.
        ankle: as the control, > 0 points the toes down.
    """

    upper_leg: F64
    knee: float
    ankle: float


def solve_leg(side: Side, *, hips: F64, upper: F64, lower: F64 | None, foot: F64 | None = None) -> LegAngles:
    """Return the angles with which `engines.skeleton` reproduces the given directions.

    Args:
        side: which leg, the subject's.
        hips: float64 (3, 3), the hips' rotation in world space.
        upper: float64 (3,), from hip joint to knee in world space.
        lower: float64 (3,), from knee to ankle, or None if the ankle is not seen: then the shin hangs.
        foot: float64 (3,), from heel to toes, or None.
    """
    along = unit(in_frame(side, hips, upper))
    heading = _heading(side, hips, foot)
    front = unit(perpendicular(heading, along))
    if along @ heading > 0.9:  # a thigh that points at what the hips face: its front is up
        front = unit(perpendicular(np.array([0.0, 1.0, 0.0]), along))
    shin = unit(in_frame(side, hips, lower if lower is not None else np.array([0.0, -1.0, 0.0])))
    bend = float(np.degrees(np.arccos(np.clip(along @ shin, -1.0, 1.0))))
    measured = -unit(perpendicular(shin, along))  # a knee bends back: the front is away from the shin
    agrees = ramp(float(measured @ front), -0.2, 0.3)  # knees do not bend forwards
    trust = ramp(bend, _BEND_UNKNOWN_DEG, _BEND_KNOWN_DEG) * agrees
    front = unit(trust * measured + (1 - trust) * front)
    knee = bend * ramp(float(measured @ front), -0.1, 0.3)
    thigh = np.stack([np.cross(-along, front), -along, front], axis=1)  # columns: where x, y, z go
    ankle = _ankle(side, hips, thigh, knee, foot)
    return LegAngles(upper_leg=np.asarray(vector_from_rotation(thigh), np.float64), knee=knee, ankle=ankle)


def _heading(side: Side, hips: F64, foot: F64 | None) -> F64:
    """Return where the knee points as far as the foot tells, in the frame of the hips."""
    if foot is None:
        return _FORWARD
    level = in_frame(side, hips, foot) * [1.0, 0.0, 1.0]
    out_deg = float(np.degrees(np.arctan2(level[0], abs(level[2]))))
    # Seen from the front the network's depth of heel and toes is poor: half of what it says is believed.
    turn = np.radians(np.clip(out_deg, -_MAX_TURN_OUT_DEG, _MAX_TURN_OUT_DEG) / 2)
    return np.array([np.sin(turn), 0.0, np.cos(turn)])


def _ankle(side: Side, hips: F64, thigh: F64, knee: float, foot: F64 | None) -> float:
    """Return the ankle that lays the foot flat, or points it where it clearly points down."""
    shin = thigh @ np.asarray(rotation_from_vector([knee, 0.0, 0.0]), np.float64)
    up = in_frame(side, hips, np.array([0.0, 1.0, 0.0])) @ shin
    flat = float(np.degrees(np.arctan2(up[2], up[1])))  # toes level whatever the shin does
    if foot is None:
        return flat
    pointed = float(np.degrees(np.arctan2(-foot[1], max(float(np.hypot(foot[0], foot[2])), 1e-6))))
    return flat + pointed * ramp(pointed, _FLAT_DEG, _POINTED_DEG)
