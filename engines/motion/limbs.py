"""From the rotations of one limb's bones to its controls: the inverse of `engines.skeleton.bone_rotations`.

Limbs are solved as left ones; a right limb's rotations come in mirrored (:func:`engines.motion.rotation.mirrored`).
Elbows and knees of the controls are hinges.  Where a source bends a limb out of the hinge's plane, the upper bone
turns about itself until the plane fits, and what follows turns back, so that every segment keeps its direction.
All angles are degrees; rotations are float64 (T, 3, 3) in the world.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded

from engines.controls import HIGH, INDEX, LOW
from engines.motion.body import SHIN, THIGH
from engines.motion.continuity import unwrapped, unwrapped_vectors
from engines.motion.rotation import about, from_vectors, to_vectors, transposed

F64 = npt.NDArray[np.float64]

#: Below the first bend a hinge's plane is noise, above the second it is known; where it lies the wrong way round the
#: limb is overstretched, which the controls cannot show, and only a larger bend turns the upper bone.
_PLANE_UNKNOWN_DEG, _PLANE_KNOWN_DEG = 3.0, 10.0
_OVERSTRETCHED_DEG, _BACKWARDS_DEG = 8.0, 25.0
#: How sure a known plane is against the pull to no turn, inverted; over how long a straight limb's turn is spread.
_CERTAIN, _TURN_S = 1e-4, 0.3
#: The controls have no turn of the foot on the shin.  A straight leg turns as a whole instead; a bent one keeps its
#: knee where it is.
_STRAIGHT_DEG, _BENT_DEG = 20.0, 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmControls:
    """The controls of one arm, each (T,) or (T, 3), degrees, inside the spec's ranges."""

    shoulder_raise: F64
    upper_arm: F64
    elbow: F64
    forearm_twist: F64
    wrist_flexion: F64
    wrist_deviation: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class LegControls:
    """The controls of one leg, each (T,) or (T, 3), degrees, inside the spec's ranges."""

    upper_leg: F64
    knee: F64
    ankle: F64


def solve_arm(*, fps: float, chest: F64, shoulder: F64, upper_arm: F64, lower_arm: F64, hand: F64) -> ArmControls:
    """Return the controls that bring an arm's segments where the source has them.

    Args:
        fps: frames per second.
        chest: world rotation away from the T-pose, (T, 3, 3), as the figure can take it.
        shoulder: the same of the collar bone, as the source has it.
        upper_arm: the same of the upper arm.
        lower_arm: the same of the forearm.
        hand: the same of the hand.
    """
    collar = transposed(chest) @ shoulder
    shoulder_raise = _clipped("shoulder_raise", np.degrees(np.arctan2(collar[:, 1, 0], collar[:, 0, 0])))
    base = chest @ about("z", shoulder_raise)
    upper = transposed(base) @ upper_arm
    # The forearm, seen from the upper arm, should lie in its x-z plane.
    fore = (transposed(upper_arm) @ lower_arm)[:, :, 0]
    plane = np.degrees(np.arctan2(-fore[:, 1], fore[:, 2]))
    bend = np.degrees(np.arccos(np.clip(fore[:, 0], -1, 1)))
    upper = _reachable("upper_arm", upper @ about("x", _plane_turn(plane, bend, fps)))
    fore = (transposed(base @ from_vectors(upper)) @ lower_arm)[:, :, 0]
    elbow = _clipped("elbow", np.degrees(np.arctan2(fore[:, 2], fore[:, 0])))
    forearm = base @ from_vectors(upper) @ about("y", -elbow)
    # hand = Rx(-twist) Ry(-deviation) Rz(-flexion)
    wrist = transposed(forearm) @ hand
    twist = np.degrees(np.arctan2(wrist[:, 1, 2], wrist[:, 2, 2]))
    deviation = np.degrees(-np.arcsin(np.clip(wrist[:, 0, 2], -1, 1)))
    flexion = np.degrees(np.arctan2(wrist[:, 0, 1], wrist[:, 0, 0]))
    index = INDEX["left_forearm_twist"]
    return ArmControls(
        shoulder_raise=shoulder_raise,
        upper_arm=upper,
        elbow=elbow,
        forearm_twist=_clipped("forearm_twist", unwrapped(twist, float(LOW[index]), float(HIGH[index]))),
        wrist_flexion=_clipped("wrist_flexion", flexion),
        wrist_deviation=_clipped("wrist_deviation", deviation),
    )


def solve_leg(*, fps: float, hips: F64, upper_leg: F64, lower_leg: F64, foot: F64) -> LegControls:
    """Return the controls that bring a leg's segments where the source has them.

    Args:
        fps: frames per second.
        hips: world rotation away from the T-pose, (T, 3, 3), as the figure can take it.
        upper_leg: the same of the thigh, as the source has it.
        lower_leg: the same of the shin.
        foot: the same of the foot.
    """
    upper = transposed(hips) @ upper_leg
    # The shin, seen from the thigh, should lie in its y-z plane and go back.
    shin = -(transposed(upper_leg) @ lower_leg)[:, :, 1]
    plane = np.degrees(np.arctan2(-shin[:, 0], -shin[:, 2]))
    bend = np.degrees(np.arccos(np.clip(-shin[:, 1], -1, 1)))
    upper = upper @ about("y", _plane_turn(plane, bend, fps))
    knee = _knee(hips @ upper, lower_leg)
    turned = transposed(hips @ upper @ about("x", knee)) @ foot
    yaw = np.degrees(np.arctan2(turned[:, 0, 2], turned[:, 2, 2]))
    to_hip = -(THIGH[None] + (about("x", knee) @ SHIN))
    to_hip /= np.linalg.norm(to_hip, axis=1, keepdims=True)
    share = 1 - _ramp(bend, _STRAIGHT_DEG, _BENT_DEG)
    upper = _reachable("upper_leg", upper @ from_vectors(to_hip * (yaw * share)[:, None]))
    knee = _clipped("knee", knee)
    turned = transposed(hips @ from_vectors(upper) @ about("x", knee)) @ foot
    ankle = np.degrees(np.arctan2(-turned[:, 1, 2], np.hypot(turned[:, 0, 2], turned[:, 2, 2])))
    return LegControls(upper_leg=upper, knee=knee, ankle=_clipped("ankle", ankle))


def curl(joints: list[tuple[F64, F64]]) -> F64 | None:
    """Return how far a finger is curled, (T,), 0..1, or None where the source has none of its joints.

    Args:
        joints: for each joint that is there, its local rotation (T, 3, 3) and the rotation vector (3,) in degrees
            that it has at curl 1.
    """
    if not joints:
        return None
    bent = sum(to_vectors(local) @ full for local, full in joints)
    return np.clip(np.asarray(bent, np.float64) / sum(float(full @ full) for _, full in joints), 0.0, 1.0)


def _plane_turn(plane: F64, bend: F64, fps: float) -> F64:
    """Return by how much the upper bone turns about itself to bring a bend into the hinge's plane, (T,).

    A straight limb has no plane: there the turn passes smoothly between those of the frames around it, and is drawn to
    none.  With directions as complex numbers that is a least-squares problem with a band of three.
    """
    wrong = np.abs(plane) / 180.0
    low = _PLANE_UNKNOWN_DEG + (_OVERSTRETCHED_DEG - _PLANE_UNKNOWN_DEG) * wrong
    high = _PLANE_KNOWN_DEG + (_BACKWARDS_DEG - _PLANE_KNOWN_DEG) * wrong
    trust = _ramp(bend, low, high)
    trust = trust / (1 - trust + _CERTAIN)
    stiffness = (_TURN_S * fps) ** 2
    last = len(plane) - 1
    neighbours = np.minimum(np.arange(last + 1), 1) + np.minimum(np.arange(last + 1)[::-1], 1)
    band = np.zeros((2, last + 1))
    band[0, 1:] = -stiffness
    band[1] = trust + 1.0 + stiffness * neighbours
    radians = np.radians(plane)
    wanted = np.stack([trust * np.cos(radians) + 1.0, trust * np.sin(radians)], axis=1)
    along, across = solveh_banded(band[-min(2, last + 1) :], wanted).T
    return np.asarray(np.degrees(np.arctan2(across, along)))


def _knee(upper: F64, lower: F64) -> F64:
    shin = -(transposed(upper) @ lower)[:, :, 1]
    return np.asarray(np.degrees(np.arctan2(-shin[:, 2], -shin[:, 1])))


def _ramp(values: F64, low: F64 | float, high: F64 | float) -> F64:
    x = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def _range(name: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    index = [INDEX[f"left_{name}_{axis}"] for axis in "xyz"]
    return LOW[index], HIGH[index]


def _reachable(name: str, rotations: F64) -> F64:
    """Return the rotation vectors inside the controls' ranges, (T, 3)."""
    low, high = (np.asarray(bound, np.float64) for bound in _range(name))
    return np.clip(unwrapped_vectors(to_vectors(rotations), low, high), low, high)


def _clipped(name: str, angles: F64) -> F64:
    index = INDEX[f"left_{name}"]
    return np.clip(angles, float(LOW[index]), float(HIGH[index]))
