"""What moves by itself on a posed avatar: spring bones over time or at rest, and node constraints.

The specification's reference algorithm advances tails by Verlet steps of one frame, whose stiffness and drag mean
something else at every frame rate.  Here a step is 1/60 s or a little less, with stiffness and drag scaled to it, so
that at 60 frames per second the motion is the reference's and at others nearly the same.

Source: VRM 1.0 specification, `VRMC_springBone`, "Reference implementation"; `VRMSpringBoneJoint` of three-vrm.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.skeleton import BONES, forward_kinematics
from engines.studio.avatar import Avatar
from engines.studio.rotations import mixed
from engines.studio.spring_levels import Bodies, Level, bodies_of, levels_of
from engines.studio.springs import RATE_HZ
from engines.studio.swinging_pose import SwingingPose, pushed, reined

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

#: After longer pauses than this everything is at rest.
MAX_STEP_S = 1.0
#: Rounds in which a resting tail is moved by its forces and pushed out of what it entered.
_SETTLING_ROUNDS = 12
#: A tail that moves by less in a round is at rest.
_AT_REST_M = 1e-5


class SpringSimulation:
    """One avatar's springs and constraints over the frames of a clip; same input, same bytes.

    Args:
        avatar: whose.
    """

    def __init__(self, avatar: Avatar) -> None:
        self._avatar = avatar
        self._levels, self._bodies = levels_of(avatar), bodies_of(avatar)
        springs = len(avatar.springs)
        self._pose: SwingingPose | None = None
        self._bones = np.zeros((len(BONES), 4, 4))
        self._tails, self._velocities = np.zeros((springs, 3)), np.zeros((springs, 3))

    def reset(self, vector: ControlVector) -> F32:
        """Bring everything to rest in a pose, and return the turns as :meth:`step` does."""
        self._bones = _bones(self._avatar, vector)
        self._pose = SwingingPose(self._avatar, self._bones)
        _settle(self._pose, self._levels, self._bodies)
        self._velocities[:] = 0.0
        for level in self._levels:
            self._tails[level.springs] = self._pose.against_centre(level, self._pose.tails[level.springs])
        return self._pose.turns()

    def step(self, vector: ControlVector, dt_s: float) -> F32:
        """Advance to the next frame's pose, and return what :func:`engines.studio.posing.posed` takes.

        Args:
            vector: the next frame's.
            dt_s: seconds since the frame before.  The first frame is at rest, as after :meth:`reset`, and so is one
                after more than :data:`MAX_STEP_S`.

        Returns:
            float32, (J - len(BONES), 3, 3), each further joint's rotation against its parent, in the T-pose's axes.
        """
        if not (0.0 < dt_s < math.inf):
            raise ValueError(f"dt_s: got {dt_s}, expected more than 0 and finite")
        if self._pose is None or dt_s > MAX_STEP_S:
            return self.reset(vector)
        start, end = self._bones, _bones(self._avatar, vector)
        steps = max(1, math.ceil(dt_s * RATE_HZ - 1e-6))
        for step in range(1, steps + 1):
            self._pose.follow(_between(self._avatar, start, end, step / steps))
            self._advance(dt_s / steps)
        self._bones = end
        return self._pose.turns()

    def _advance(self, dt_s: float) -> None:
        pose, springs = self._pose, self._avatar.springs
        assert pose is not None
        pull_s, drag_steps = dt_s * dt_s * RATE_HZ, dt_s * RATE_HZ
        bodies = pose.bodies(self._bodies)
        for level in self._levels:
            pose.constrain(level)
            rows = level.springs
            if not len(rows):
                continue
            before = self._tails[rows]
            moved = before + self._velocities[rows] * (dt_s * (1.0 - springs.drag[rows, None]) ** drag_steps)
            free = pose.in_world(level, moved) + pose.forces(level) * pull_s
            heads = pose.heads(level)
            tails = pushed(level, bodies, heads, reined(level, heads, pose.rest(level), free))
            pose.swing(level, tails)
            after = pose.against_centre(level, tails)
            self._velocities[rows] = (after - before) / dt_s
            self._tails[rows] = after


def settled(avatar: Avatar, vector: ControlVector) -> F32:
    """Return the turns with everything at rest in a pose, for still pictures; as :meth:`SpringSimulation.step`.

    A tail at rest lies along the sum of what pulls at it; one that would enter a collider lies against it.
    """
    pose = SwingingPose(avatar, _bones(avatar, vector))
    _settle(pose, levels_of(avatar), bodies_of(avatar))
    return pose.turns()


def _settle(pose: SwingingPose, levels: tuple[Level, ...], bodies: Bodies) -> None:
    for _ in range(2 if bodies.ride else 1):  # the second time, colliders on springs are where they belong
        posed = pose.bodies(bodies)
        for level in levels:
            pose.constrain(level)
            if not len(level.springs):
                continue
            heads, forces, rest = pose.heads(level), pose.forces(level), pose.rest(level)
            still = np.einsum("ni,ni->n", forces, forces) < 1e-18
            tails = reined(level, heads, rest, heads + np.where(still[:, None], rest, forces))
            touched = pushed(level, posed, heads, tails)
            hit = (touched != tails).any(axis=1)
            if hit.any():
                part, heads, rest, forces = level.only(hit), heads[hit], rest[hit], forces[hit]
                for _ in range(_SETTLING_ROUNDS):
                    before = touched[hit]
                    free = reined(part, heads, rest, before + forces / RATE_HZ)
                    touched[hit] = pushed(part, posed, heads, free)
                    if np.abs(touched[hit] - before).max() < _AT_REST_M:
                        break
            pose.swing(level, touched)


def _bones(avatar: Avatar, vector: ControlVector) -> F64:
    return forward_kinematics(vector, avatar.proportions).astype(np.float64)


def _between(avatar: Avatar, start: F64, end: F64, part: float) -> F64:
    """Return the bones' skinning matrices between two poses: turned evenly, joints on straight lines."""
    if part >= 1.0:
        return end
    rest = avatar.proportions.joints.astype(np.float64)[:, :, None]
    between = end.copy()
    between[:, :3, :3] = mixed(start[:, :3, :3], end[:, :3, :3], part)
    places = (1.0 - part) * (start[:, :3, :3] @ rest + start[:, :3, 3:]) + part * (
        end[:, :3, :3] @ rest + end[:, :3, 3:]
    )
    between[:, :3, 3] = (places - between[:, :3, :3] @ rest)[:, :, 0]
    return between
