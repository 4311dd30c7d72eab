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
from engines.studio.colliders import distances
from engines.studio.rotations import mixed, swings, unit
from engines.studio.spring_levels import Bodies, Level, bodies_of, levels_of
from engines.studio.springs import RATE_HZ

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

#: After longer pauses than this everything is at rest.
MAX_STEP_S = 1.0
#: Rounds in which a resting tail is moved by its forces and pushed out of what it entered.
_SETTLING_ROUNDS = 12
#: A tail that moves by less in a round is at rest.
_AT_REST_M = 1e-5
#: A tail may be pushed by that many colliders in one step.
_MAX_PUSHES = 8


class SpringSimulation:
    """One avatar's springs and constraints over the frames of a clip; same input, same bytes.

    Args:
        avatar: whose.
    """

    def __init__(self, avatar: Avatar) -> None:
        self._avatar = avatar
        self._levels, self._bodies = levels_of(avatar), bodies_of(avatar)
        springs = len(avatar.springs)
        self._pose: _Pose | None = None
        self._bones = np.zeros((len(BONES), 4, 4))
        self._tails, self._velocities = np.zeros((springs, 3)), np.zeros((springs, 3))

    def reset(self, vector: ControlVector) -> F32:
        """Bring everything to rest in a pose, and return the turns as :meth:`step` does."""
        self._bones = _bones(self._avatar, vector)
        self._pose = _Pose(self._avatar, self._bones)
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
            tails = _pushed(level, bodies, heads, _reined(level, heads, pose.rest(level), free))
            pose.swing(level, tails)
            after = pose.against_centre(level, tails)
            self._velocities[rows] = (after - before) / dt_s
            self._tails[rows] = after


def settled(avatar: Avatar, vector: ControlVector) -> F32:
    """Return the turns with everything at rest in a pose, for still pictures; as :meth:`SpringSimulation.step`.

    A tail at rest lies along the sum of what pulls at it; one that would enter a collider lies against it.
    """
    pose = _Pose(avatar, _bones(avatar, vector))
    _settle(pose, levels_of(avatar), bodies_of(avatar))
    return pose.turns()


def _settle(pose: _Pose, levels: tuple[Level, ...], bodies: Bodies) -> None:
    for _ in range(2 if bodies.ride else 1):  # the second time, colliders on springs are where they belong
        posed = pose.bodies(bodies)
        for level in levels:
            pose.constrain(level)
            if not len(level.springs):
                continue
            heads, forces, rest = pose.heads(level), pose.forces(level), pose.rest(level)
            still = np.einsum("ni,ni->n", forces, forces) < 1e-18
            tails = _reined(level, heads, rest, heads + np.where(still[:, None], rest, forces))
            touched = _pushed(level, posed, heads, tails)
            hit = (touched != tails).any(axis=1)
            if hit.any():
                part, heads, rest, forces = level.only(hit), heads[hit], rest[hit], forces[hit]
                for _ in range(_SETTLING_ROUNDS):
                    before = touched[hit]
                    free = _reined(part, heads, rest, before + forces / RATE_HZ)
                    touched[hit] = _pushed(part, posed, heads, free)
                    if np.abs(touched[hit] - before).max() < _AT_REST_M:
                        break
            pose.swing(level, touched)


class _Pose:
    """The skinning matrices of all joints while they are worked out, level by level."""

    def __init__(self, avatar: Avatar, bones: F64) -> None:
        self._springs, self._joints = avatar.springs, avatar.joints
        matrices = bones[avatar.joints.bone]
        self._rotations, self._offsets = matrices[:, :3, :3].copy(), matrices[:, :3, 3].copy()
        self._turns = np.tile(np.eye(3), (len(avatar.joints), 1, 1))
        self.tails = np.zeros((len(avatar.springs), 3))  # in the world

    def follow(self, bones: F64) -> None:
        """Take the pose's bones over; what moves by itself stays as it was."""
        self._rotations[: len(BONES)], self._offsets[: len(BONES)] = bones[:, :3, :3], bones[:, :3, 3]

    def bodies(self, bodies: Bodies) -> tuple[F64, F64]:
        """Return where all colliders start and end, (C, 3) each."""
        rotations, offsets = self._rotations[bodies.joint], self._offsets[bodies.joint]
        start = (rotations @ bodies.start[:, :, None])[:, :, 0] + offsets
        return start, start if bodies.spheres else (rotations @ bodies.end[:, :, None])[:, :, 0] + offsets

    def constrain(self, level: Level) -> None:
        """Turn the level's constrained joints, and let all others follow their parents."""
        joints, parents = level.joints, level.parents
        rotations = self._rotations[parents]
        if level.constraints:
            turned = rotations.copy()
            for row, constraint in level.constraints:
                parent = rotations[row]
                head = parent @ level.places[row] + self._offsets[parents[row]]
                turn = constraint.turn(parent, head, self._rotations, self._offsets)
                self._turns[joints[row]] = turn
                turned[row] = parent @ turn
        else:
            turned = rotations
        places = level.places[:, :, None]
        self._rotations[joints] = turned
        self._offsets[joints] = self._offsets[parents] + ((rotations - turned) @ places)[:, :, 0]

    def heads(self, level: Level) -> F64:
        """Return where the level's swinging joints are, (n, 3)."""
        parents = level.swinging_parents
        return np.asarray((self._rotations[parents] @ level.heads[:, :, None])[:, :, 0] + self._offsets[parents])

    def rest(self, level: Level) -> F64:
        """Return where they would point if they followed their parents, unit directions (n, 3)."""
        return np.asarray((self._rotations[level.swinging_parents] @ level.axes[:, :, None])[:, :, 0])

    def forces(self, level: Level) -> F64:
        """Return what pulls at their tails, (n, 3), in metres per 1/60 s and second."""
        aims = (self._rotations[level.swinging_parents] @ level.pulls[:, :, None])[:, :, 0]
        return np.asarray(aims + level.gravity)

    def in_world(self, level: Level, tails: F64) -> F64:
        """Return tails that were against their centres, (n, 3)."""
        if not level.centred:
            return tails
        world = (self._rotations[level.centre] @ tails[:, :, None])[:, :, 0] + self._offsets[level.centre]
        return np.where(level.centre[:, None] >= 0, world, tails)

    def against_centre(self, level: Level, tails: F64) -> F64:
        """Return tails of the world as their centres see them, (n, 3)."""
        if not level.centred:
            return tails
        away = (tails - self._offsets[level.centre])[:, None, :]
        return np.where(level.centre[:, None] >= 0, (away @ self._rotations[level.centre])[:, 0], tails)

    def swing(self, level: Level, tails: F64) -> None:
        """Turn the level's swinging joints so that they point to their tails, (n, 3)."""
        joints, parents = level.swinging, level.swinging_parents
        heads, rotations = self.heads(level), self._rotations[parents]
        towards = (unit(tails - heads)[:, None, :] @ rotations)[:, 0]
        turns = swings(level.axes, towards)
        self._turns[joints] = turns
        turned = rotations @ turns
        self._rotations[joints] = turned
        self._offsets[joints] = heads - (turned @ level.heads[:, :, None])[:, :, 0]
        self.tails[level.springs] = tails

    def turns(self) -> F32:
        """Return each further joint's rotation against its parent."""
        return self._turns[len(BONES) :].astype(np.float32)


def _reined(level: Level, heads: F64, rest: F64, tails: F64) -> F64:
    """Return tails at their joints' length and within their greatest angle from rest, (n, 3)."""
    towards = unit(tails - heads)
    if level.limited:
        cosine = np.einsum("ni,ni->n", towards, rest)[:, None]
        limit = level.widest_cos[:, None]
        edge = limit * rest + np.sqrt(1.0 - limit**2) * unit(towards - cosine * rest)
        towards = np.where(cosine < limit, edge, towards)
    return np.asarray(heads + towards * level.lengths[:, None])


def _pushed(level: Level, bodies: tuple[F64, F64], heads: F64, tails: F64) -> F64:
    """Return tails pushed out of the colliders, one after the other in each tail's order, (n, 3)."""
    if not level.collides.shape[1]:
        return tails
    start = bodies[0][level.collides]
    end = start if bodies[1] is bodies[0] else bodies[1][level.collides]
    side, reach, rows = level.side, level.reach, np.arange(len(tails))
    distance, away = distances(tails[:, None], start, end, side, reach)
    entered = distance < 0.0
    hit = entered.any(axis=1)
    if not hit.any():
        return tails
    tails, order, after = tails.copy(), np.arange(level.collides.shape[1]), np.full(len(tails), -1)
    for _ in range(_MAX_PUSHES):
        rows, entered, distance, away = rows[hit], entered[hit], distance[hit], away[hit]
        first, here = entered.argmax(axis=1), np.arange(len(rows))
        out = tails[rows] - away[here, first] * distance[here, first, None]
        tails[rows] = heads[rows] + unit(out - heads[rows]) * level.lengths[rows, None]
        after[rows] = first
        start, side, reach = start[hit], side[hit], reach[hit]
        end = start if bodies[1] is bodies[0] else end[hit]
        distance, away = distances(tails[rows, None], start, end, side, reach)
        entered = (distance < 0.0) & (order > after[rows, None])
        hit = entered.any(axis=1)
        if not hit.any():
            break
    return tails


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
