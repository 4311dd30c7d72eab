"""The joints of an avatar while their turns are worked out, level by level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONES
from engines.studio.avatar import Avatar
from engines.studio.colliders import distances
from engines.studio.rotations import swings, unit
from engines.studio.spring_levels import Bodies, Level

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: A tail may be pushed by that many colliders in one step.
_MAX_PUSHES = 8


class SwingingPose:
    """The skinning matrices of all joints; what moves by itself starts rigid.

    Args:
        avatar: whose.
        bones: float64, (len(BONES), 4, 4), see :func:`engines.skeleton.forward_kinematics`.
    """

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


def reined(level: Level, heads: F64, rest: F64, tails: F64) -> F64:
    """Return tails at their joints' length and within their greatest angle from rest, (n, 3)."""
    towards = unit(tails - heads)
    if level.limited:
        cosine = np.einsum("ni,ni->n", towards, rest)[:, None]
        limit = level.widest_cos[:, None]
        edge = limit * rest + np.sqrt(1.0 - limit**2) * unit(towards - cosine * rest)
        towards = np.where(cosine < limit, edge, towards)
    return np.asarray(heads + towards * level.lengths[:, None])


def pushed(level: Level, bodies: tuple[F64, F64], heads: F64, tails: F64) -> F64:
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
