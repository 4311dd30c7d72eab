"""How a character's hair and cloth are turned: at rest in a pose, or swinging from frame to frame.

The specification's reference algorithm advances tails by Verlet steps of one frame, whose stiffness and drag mean
something else at every frame rate.  Here a step is 1/60 s or a little less, with stiffness and drag scaled to it, so
that at 60 frames per second the motion is the reference's and at others nearly the same.

Source: VRM 1.0 specification, `VRMC_springBone`, "Reference implementation"; `VRMSpringBoneJoint` of three-vrm.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engines.hanging import HangingJoints
from engines.skeleton import BONES
from engines.spring_loops import advance, settle, stand_still

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: After longer pauses than this everything is at rest.
MAX_STEP_S = 1.0
#: Shorter steps wait for the next: what a bone moved by, over next to no time, would be a blow.
MIN_STEP_S = 1 / 480


def settled(joints: HangingJoints, bones: F32) -> F32:
    """Return how joints beyond the bones are turned with everything at rest in a pose.

    Args:
        joints: the character's.
        bones: float32, (len(BONES), 4, 4), see :func:`engines.skeleton.forward_kinematics`.

    Returns:
        float32, (J - len(BONES), 3, 3), each further joint's rotation against its parent, about its own place, in the
        T-pose's axes.
    """
    state = _State(joints)
    state.settle(_checked(bones))
    return state.free_turns()


class Swinging:
    """One character's hair and cloth over the frames of one session; not to be shared between threads.

    Args:
        joints: the character's.
    """

    def __init__(self, joints: HangingJoints) -> None:
        self._state = _State(joints)
        self._bones: F64 | None = None
        self._waiting_s = 0.0

    def reset(self, bones: F32) -> F32:
        """Bring everything to rest in a pose, and return the turns as :func:`settled` does."""
        self._bones = _checked(bones)
        self._waiting_s = 0.0
        self._state.settle(self._bones)
        self._state.stand_still()
        return self._state.free_turns()

    def step(self, bones: F32, dt_s: float) -> F32:
        """Advance to the next frame's pose.

        Args:
            bones: float32, (len(BONES), 4, 4), see :func:`engines.skeleton.forward_kinematics`.
            dt_s: seconds since the frame before.  The first frame is at rest, as after :meth:`reset`, and so is one
                after more than :data:`MAX_STEP_S`.  One after less than :data:`MIN_STEP_S`, or whose clock went back,
                is turned as the one before, and what it lasted counts with the next.

        Returns:
            float32, (J - len(BONES), 3, 3), as :func:`settled`.

        Raises:
            ValueError: the time or the pose is not finite.
        """
        if not math.isfinite(dt_s):
            raise ValueError(f"dt_s: got {dt_s}, expected a finite number of seconds")
        passed_s = self._waiting_s + max(dt_s, 0.0)
        if self._bones is None or passed_s > MAX_STEP_S:
            return self.reset(bones)
        end = _checked(bones)
        self._waiting_s = passed_s if passed_s < MIN_STEP_S else 0.0
        if not self._waiting_s and passed_s:
            self._state.advance(self._bones, end, passed_s)
            self._bones = end
        return self._state.free_turns()


class _State:
    """All joints while they are worked out; see :mod:`engines.spring_loops`."""

    def __init__(self, joints: HangingJoints) -> None:
        count, springs = len(joints.parents), len(joints.springs.lengths)
        self._joints = joints
        self._rotations, self._offsets = np.zeros((count, 3, 3)), np.zeros((count, 3))
        self._turns = np.zeros((count, 3, 3))
        self._turns[:, [0, 1, 2], [0, 1, 2]] = 1.0
        self._tails, self._velocities = np.zeros((springs, 3)), np.zeros((springs, 3))

    def settle(self, bones: F64) -> None:
        self._rotations[: len(BONES)], self._offsets[: len(BONES)] = bones[:, :3, :3], bones[:, :3, 3]
        settle(self._joints, self._rotations, self._offsets, self._turns, self._tails)

    def stand_still(self) -> None:
        stand_still(self._joints, self._rotations, self._offsets, self._tails, self._velocities)

    def advance(self, start: F64, end: F64, dt_s: float) -> None:
        advance(
            self._joints, start, end, dt_s, self._rotations, self._offsets, self._turns, self._tails, self._velocities
        )

    def free_turns(self) -> F32:
        return self._turns[len(BONES) :].astype(np.float32)


def _checked(bones: F32) -> F64:
    if bones.shape != (len(BONES), 4, 4) or not np.isfinite(bones).all():
        raise ValueError(f"bones: got shape {bones.shape}, expected {(len(BONES), 4, 4)} finite numbers")
    return np.ascontiguousarray(bones, np.float64)
