"""The compiled loops of spring bones; :mod:`engines.springs` is what to call.

Double precision, one joint after the other.  The studio's `spring_simulation` and `swinging_pose` say the same for many
joints at once, and are what these loops are tested against.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from engines.hanging import Colliders, HangingJoints, Side, Springs
from engines.joint_turns import constrained, dot, plus, product, put, row_of, swing, turned, turned_back, unit
from engines.skeleton import BONES

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
Triple = tuple[float, float, float]

#: The rate at which stiffness and drag mean what a file says.
RATE_HZ = 60.0
#: A tail may be pushed by that many colliders in one step.
_MAX_PUSHES = 8
#: Rounds in which a resting tail is moved by its forces and pushed out of what it entered.
_SETTLING_ROUNDS = 12
#: Tails that all move by less in a round are at rest.
_AT_REST_M = 1e-5
#: Newton steps from a mean of two rotations back to a rotation; enough for frames that are 120 degrees apart.
_POLAR_STEPS = 4

_BONES = len(BONES)
_INSIDE, _ABOVE = int(Side.INSIDE), int(Side.ABOVE)


@numba.njit(nogil=True, cache=True)
def settle(joints: HangingJoints, rotations: F64, offsets: F64, turns: F64, tails: F64) -> None:
    """Bring everything to rest: a tail lies along what pulls at it, or against what it would enter.

    Args:
        joints: all of them.
        rotations: float64, (J, 3, 3), of the skinning matrices; the bones' are read, all others written.
        offsets: float64, (J, 3), their last columns, likewise.
        turns: float64, (J, 3, 3), against parents; written where anything depends on them.
        tails: float64, (S, 3), in the world; written likewise.
    """
    for joint in range(_BONES, len(rotations)):
        rotations[joint], offsets[joint] = rotations[joints.bones[joint]], offsets[joints.bones[joint]]
    springs, colliders = joints.springs, joints.colliders
    starts, ends = np.empty((len(colliders.joint), 3)), np.empty((len(colliders.joint), 3))
    rides = (colliders.joint >= _BONES).any()
    heads, rests, forces = np.empty(tails.shape), np.empty(tails.shape), np.empty(tails.shape)
    entered = np.zeros(len(tails), np.bool_)
    for _ in range(2 if rides else 1):  # the second time, colliders on springs are where they belong
        _place(colliders, rotations, offsets, starts, ends)
        for level in range(len(joints.levels) - 1):
            together = joints.order[joints.levels[level] : joints.levels[level + 1]]
            for joint in together:
                _follow(joints, joint, rotations, offsets, turns)
                row = joints.spring[joint]
                if row < 0:
                    continue
                above = joints.parents[joint]
                head = plus(turned(rotations[above], row_of(joints.places, joint)), row_of(offsets, above), 1.0)
                rest, force = _pulled(springs, row, rotations[above])
                towards = rest if dot(force, force) < 1e-18 else force
                tail = _reined(springs, row, head, rest, plus(head, towards, 1.0))
                tail, entered[row] = _pushed(springs, row, colliders.side, head, tail, starts, ends)
                put(tails, row, tail)
                put(heads, row, head)
                put(rests, row, rest)
                put(forces, row, force)
            for _ in range(_SETTLING_ROUNDS):
                most = 0.0
                for joint in together:
                    row = joints.spring[joint]
                    if row < 0 or not entered[row]:
                        continue
                    head, before = row_of(heads, row), row_of(tails, row)
                    free = plus(before, row_of(forces, row), 1.0 / RATE_HZ)
                    free = _reined(springs, row, head, row_of(rests, row), free)
                    tail, _ = _pushed(springs, row, colliders.side, head, free, starts, ends)
                    put(tails, row, tail)
                    moved = plus(tail, before, -1.0)
                    most = max(most, abs(moved[0]), abs(moved[1]), abs(moved[2]))
                if most < _AT_REST_M:
                    break
            for joint in together:
                row = joints.spring[joint]
                if row >= 0:
                    axis, place, above = row_of(springs.axes, row), row_of(joints.places, joint), joints.parents[joint]
                    head, tail = row_of(heads, row), row_of(tails, row)
                    _swing(axis, place, head, tail, above, joint, rotations, offsets, turns)


@numba.njit(nogil=True, cache=True)
def stand_still(joints: HangingJoints, rotations: F64, offsets: F64, tails: F64, velocities: F64) -> None:
    """Turn tails of the world, (S, 3), into what their centres see of them, and let nothing move."""
    velocities[:] = 0.0
    for row in range(len(tails)):
        put(tails, row, _against_centre(joints.springs.centre[row], row_of(tails, row), rotations, offsets))


@numba.njit(nogil=True, cache=True)
def advance(
    joints: HangingJoints,
    start: F64,
    end: F64,
    dt_s: float,
    rotations: F64,
    offsets: F64,
    turns: F64,
    tails: F64,
    velocities: F64,
) -> None:
    """Move everything on to the next frame, in steps of 1/60 s or a little less.

    Args:
        joints: all of them.
        start: float64, (B, 4, 4), the bones' skinning matrices in the frame before.
        end: float64, (B, 4, 4), in this frame.
        dt_s: seconds between them, more than 0.
        rotations: float64, (J, 3, 3), of all skinning matrices, carried on.
        offsets: float64, (J, 3), their last columns, carried on.
        turns: float64, (J, 3, 3), against parents; written where anything depends on them.
        tails: float64, (S, 3), as their centres see them, carried on.
        velocities: float64, (S, 3), metres per second, carried on.
    """
    springs, colliders = joints.springs, joints.colliders
    starts, ends = np.empty((len(colliders.joint), 3)), np.empty((len(colliders.joint), 3))
    steps = max(1, math.ceil(dt_s * RATE_HZ - 1e-6))
    step_s = dt_s / steps
    pull_s, drag_steps = step_s * step_s * RATE_HZ, step_s * RATE_HZ
    for step in range(1, steps + 1):
        _between(joints.places, start, end, step / steps, rotations, offsets)
        _place(colliders, rotations, offsets, starts, ends)
        for joint in joints.order:
            _follow(joints, joint, rotations, offsets, turns)
            row = joints.spring[joint]
            if row < 0:
                continue
            above, place, centre = joints.parents[joint], row_of(joints.places, joint), springs.centre[row]
            head = plus(turned(rotations[above], place), row_of(offsets, above), 1.0)
            rest, force = _pulled(springs, row, rotations[above])
            before = row_of(tails, row)
            moved = plus(before, row_of(velocities, row), step_s * (1.0 - springs.drag[row]) ** drag_steps)
            free = plus(_in_world(centre, moved, rotations, offsets), force, pull_s)
            free = _reined(springs, row, head, rest, free)
            tail, _ = _pushed(springs, row, colliders.side, head, free, starts, ends)
            _swing(row_of(springs.axes, row), place, head, tail, above, joint, rotations, offsets, turns)
            after = _against_centre(centre, tail, rotations, offsets)
            for i in range(3):
                velocities[row, i] = (after[i] - before[i]) / step_s
            put(tails, row, after)


@numba.njit(nogil=True, cache=True)
def _between(places: F64, start: F64, end: F64, part: float, rotations: F64, offsets: F64) -> None:
    """Write the bones between two poses: turned evenly, joints on straight lines."""
    mean, other, square = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    for bone in range(_BONES):
        if part >= 1.0:
            rotations[bone], offsets[bone] = end[bone, :3, :3], end[bone, :3, 3]
            continue
        for i in range(3):
            for j in range(3):
                mean[i, j] = (1.0 - part) * start[bone, i, j] + part * end[bone, i, j]
        for _ in range(_POLAR_STEPS):
            product(mean.T, mean, square)
            product(mean, square, other)
            for i in range(3):
                for j in range(3):
                    mean[i, j] = 1.5 * mean[i, j] - 0.5 * other[i, j]
        place = row_of(places, bone)
        first, last, here = turned(start[bone], place), turned(end[bone], place), turned(mean, place)
        rotations[bone] = mean
        for i in range(3):
            from_, to = first[i] + start[bone, i, 3], last[i] + end[bone, i, 3]
            offsets[bone, i] = (1.0 - part) * from_ + part * to - here[i]


@numba.njit(nogil=True, cache=True)
def _place(colliders: Colliders, rotations: F64, offsets: F64, starts: F64, ends: F64) -> None:
    """Write where colliders start and end, (C, 3) each."""
    for row in range(len(colliders.joint)):
        joint = colliders.joint[row]
        offset = row_of(offsets, joint)
        put(starts, row, plus(turned(rotations[joint], row_of(colliders.start, row)), offset, 1.0))
        put(ends, row, plus(turned(rotations[joint], row_of(colliders.end, row)), offset, 1.0))


@numba.njit(nogil=True, cache=True)
def _follow(joints: HangingJoints, joint: int, rotations: F64, offsets: F64, turns: F64) -> None:
    """Let a joint follow its parent, or its constraint."""
    above = joints.parents[joint]
    if joints.constraint[joint] < 0:
        rotations[joint], offsets[joint] = rotations[above], offsets[above]
        return
    constrained(joints, joint, rotations, offsets, turns[joint])
    product(rotations[above], turns[joint], rotations[joint])
    place = row_of(joints.places, joint)
    head = plus(turned(rotations[above], place), row_of(offsets, above), 1.0)
    put(offsets, joint, plus(head, turned(rotations[joint], place), -1.0))


@numba.njit(nogil=True, cache=True)
def _pulled(springs: Springs, row: int, above: F64) -> tuple[Triple, Triple]:
    """Return where a joint would point if it followed its parent, whose rotation is `above`, and what pulls at it."""
    pull = turned(above, row_of(springs.pulls, row))
    return turned(above, row_of(springs.axes, row)), plus(pull, row_of(springs.gravity, row), 1.0)


@numba.njit(nogil=True, cache=True)
def _swing(
    axis: Triple, place: Triple, head: Triple, tail: Triple, above: int, joint: int, rotations: F64, offsets: F64,
    turns: F64,
) -> None:  # fmt: skip
    """Turn a joint that rests at `place`, with its tail along `axis`, so that it points from its head to its tail."""
    towards = unit(turned_back(rotations[above], plus(tail, head, -1.0)))
    swing(axis, towards, turns[joint])
    product(rotations[above], turns[joint], rotations[joint])
    put(offsets, joint, plus(head, turned(rotations[joint], place), -1.0))


@numba.njit(nogil=True, cache=True)
def _in_world(centre: int, tail: Triple, rotations: F64, offsets: F64) -> Triple:
    return tail if centre < 0 else plus(turned(rotations[centre], tail), row_of(offsets, centre), 1.0)


@numba.njit(nogil=True, cache=True)
def _against_centre(centre: int, tail: Triple, rotations: F64, offsets: F64) -> Triple:
    return tail if centre < 0 else turned_back(rotations[centre], plus(tail, row_of(offsets, centre), -1.0))


@numba.njit(nogil=True, cache=True)
def _reined(springs: Springs, row: int, head: Triple, rest: Triple, tail: Triple) -> Triple:
    """Return a tail at its joint's length and within its greatest angle from rest."""
    towards = unit(plus(tail, head, -1.0))
    cosine, limit = dot(towards, rest), springs.widest_cos[row]
    if cosine < limit:
        side = unit(plus(towards, rest, -cosine))
        towards = plus((limit * rest[0], limit * rest[1], limit * rest[2]), side, math.sqrt(1.0 - limit * limit))
    reined: Triple = plus(head, towards, springs.lengths[row])
    return reined


@numba.njit(nogil=True, cache=True)
def _pushed(
    springs: Springs, row: int, sides: I32, head: Triple, tail: Triple, starts: F64, ends: F64
) -> tuple[Triple, bool]:
    """Return a tail pushed out of colliders, one after the other, and whether any pushed it."""
    pushes = 0
    for column in range(springs.collides.shape[1]):
        collider = springs.collides[row, column]
        if collider < 0:
            continue
        side, reach = sides[collider], springs.reach[row, column]
        start = row_of(starts, collider)
        axis, away = plus(row_of(ends, collider), start, -1.0), plus(tail, start, -1.0)
        along = dot(away, axis)
        if side == _ABOVE:
            distance, out = along - reach, axis
        else:
            away = plus(away, axis, -min(max(along / max(dot(axis, axis), 1e-18), 0.0), 1.0))
            length = math.sqrt(dot(away, away))
            distance, out = length - reach, unit(away)
            if side == _INSIDE:
                distance, out = -distance, (-out[0], -out[1], -out[2])
        if distance < 0.0:
            freed = plus(tail, out, -distance)
            tail = plus(head, unit(plus(freed, head, -1.0)), springs.lengths[row])
            pushes += 1
            if pushes == _MAX_PUSHES:
                break
    return tail, pushes > 0
