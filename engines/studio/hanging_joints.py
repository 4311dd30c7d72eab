"""What of an avatar moves by itself, for the run time; :mod:`engines.studio.spring_simulation` is its reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engines import hanging
from engines.hanging import HangingJoints
from engines.studio.avatar import Avatar
from engines.studio.constraints import Constraint, Kind
from engines.studio.spring_levels import levels_of

_KINDS = {Kind.ROLL: hanging.Kind.ROLL, Kind.AIM: hanging.Kind.AIM, Kind.ROTATION: hanging.Kind.ROTATION}


def hanging_joints(avatar: Avatar) -> HangingJoints:
    """Return an avatar's joints and what turns those beyond the bones."""
    levels, count = levels_of(avatar), len(avatar.joints)
    spring, constraint = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    for level in levels:
        spring[level.swinging] = level.springs
    constraint[[one.joint for one in avatar.constraints]] = np.arange(len(avatar.constraints), dtype=np.int32)
    places = avatar.joints.rest[:, :3, 3]
    joints = HangingJoints(
        parents=_whole(avatar.joints.parents),
        bones=_whole(avatar.joints.bone),
        places=_numbers(places),
        spring=spring,
        constraint=constraint,
        order=_whole([joint for level in levels for joint in level.joints.tolist()]),
        levels=_whole(np.cumsum([0, *(len(level.joints) for level in levels)])),
        springs=_springs(avatar),
        colliders=_colliders(avatar),
        constraints=_constraints(avatar.constraints),
    )
    hanging.check(joints)
    return joints


def _springs(avatar: Avatar) -> hanging.Springs:
    springs = avatar.springs
    along = springs.tail - avatar.joints.rest[springs.joint, :3, 3]
    lengths = np.linalg.norm(along, axis=1)
    return hanging.Springs(
        axes=_numbers(along / np.maximum(lengths[:, None], 1e-12)),
        lengths=_numbers(lengths),
        pulls=_numbers(springs.aim * springs.stiffness[:, None]),
        gravity=_numbers(springs.gravity),
        drag=_numbers(springs.drag),
        centre=_whole(springs.centre),
        widest_cos=_numbers(springs.widest_cos),
        collides=_whole(springs.collides),
        reach=_numbers(springs.reach),
    )


def _colliders(avatar: Avatar) -> hanging.Colliders:
    colliders = avatar.springs.colliders
    return hanging.Colliders(
        joint=_whole(colliders.joint),
        side=_whole(colliders.side),
        start=_numbers(colliders.start),
        end=_numbers(colliders.end),
    )


def _constraints(found: tuple[Constraint, ...]) -> hanging.Constraints:
    return hanging.Constraints(
        kind=_whole([_KINDS[one.kind] for one in found]),
        source=_whole([one.source for one in found]),
        source_parent=_whole([one.source_parent for one in found]),
        source_place=_numbers([one.source_place for one in found], 3),
        weight=_numbers([one.weight for one in found]),
        axis=_numbers([one.axis for one in found], 3),
        own_axes=_numbers([one.own_axes for one in found], 3, 3),
        source_axes=_numbers([one.source_axes for one in found], 3, 3),
        between=_numbers([one.own_rest.T @ one.source_rest for one in found], 3, 3),
    )


def _whole(values: npt.ArrayLike) -> npt.NDArray[np.int32]:
    return np.ascontiguousarray(values, np.int32)


def _numbers(values: Any, *shape: int) -> npt.NDArray[np.float64]:
    array = np.ascontiguousarray(values, np.float64)
    return array.reshape(-1, *shape) if shape else array
