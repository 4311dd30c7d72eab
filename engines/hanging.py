"""What of a character moves by itself, as plain arrays: hair, skirts and ribbons on springs, and constrained joints.

Named tuples of arrays, because the compiled loops of :mod:`engines.spring_loops` take those and no dataclasses.

Source: VRM 1.0 specification, `VRMC_springBone` and `VRMC_node_constraint`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engines.skeleton import BONES

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]


class Side(IntEnum):
    """Where a tail must stay; the numbers are stored."""

    OUTSIDE = 0
    INSIDE = 1
    ABOVE = 2  # a plane; its unit normal is the collider's end minus its start


class Kind(IntEnum):
    """What a constraint takes from its source; the numbers are stored."""

    ROLL = 0
    AIM = 1
    ROTATION = 2


class Springs(NamedTuple):
    """S springs; T-pose, canonical axes, metres.

    Fields:
        axes: float64, (S, 3), unit directions from joints to their resting tails.
        lengths: float64, (S,), from joint to tail.
        pulls: float64, (S, 3), stiffness times the direction that it pulls to, before the parent's turn, in metres per
            1/60 s and second.
        gravity: float64, (S, 3), the same unit, in the world.
        drag: float64, (S,), part of the motion that is lost in 1/60 s, 0..1.
        centre: int32, (S,), joint against which the motion is seen, -1 for the world.
        widest_cos: float64, (S,), cosine of the greatest angle between a joint and its rest, -1 where there is none.
        collides: int32, (S, K), which colliders push each tail, in this order; -1 fills up.
        reach: float64, (S, K), the distance that each of them keeps: radius plus hit radius; inside, radius minus hit
            radius; of a plane, the hit radius.
    """

    axes: F64
    lengths: F64
    pulls: F64
    gravity: F64
    drag: F64
    centre: I32
    widest_cos: F64
    collides: I32
    reach: F64


class Colliders(NamedTuple):
    """C colliders; T-pose, canonical axes, metres.  A sphere is a capsule whose ends are one point.

    Fields:
        joint: int32, (C,), that each is fixed to.
        side: int32, (C,), :class:`Side`.
        start: float64, (C, 3).
        end: float64, (C, 3).
    """

    joint: I32
    side: I32
    start: F64
    end: F64


class Constraints(NamedTuple):
    """R constraints of joints on other joints.

    Fields:
        kind: int32, (R,), :class:`Kind`.
        source: int32, (R,), joint that the source node is or follows.
        source_parent: int32, (R,), joint that the source node's parent is or follows; -1 for the world.
        source_place: float64, (R, 3), where the source node rests, canonical axes, metres.
        weight: float64, (R,), 0..1.
        axis: float64, (R, 3), roll or aim axis in the joint's own axes; zero for a rotation constraint.
        own_axes: float64, (R, 3, 3), the joint's own axes in the T-pose.
        source_axes: float64, (R, 3, 3), the source node's.
        between: float64, (R, 3, 3), from the source node's rest rotation against its parent to the joint's.
    """

    kind: I32
    source: I32
    source_parent: I32
    source_place: F64
    weight: F64
    axis: F64
    own_axes: F64
    source_axes: F64
    between: F64


class HangingJoints(NamedTuple):
    """The J joints of a character; the first B = ``len(BONES)`` are the bones, the others move by themselves.

    Fields:
        parents: int32, (J,), -1 for the hips; always smaller than the joint's own number.
        bones: int32, (J,), the bone that each joint is or descends from.
        places: float64, (J, 3), metres, T-pose.
        spring: int32, (J,), row of `springs`, -1 for none; no two joints share one.
        constraint: int32, (J,), row of `constraints`, -1 for none; no joint has both.
        order: int32, (M,), the joints beyond the bones that anything depends on, each after what it depends on.
        levels: int32, (L + 1,), where in `order` joints begin that depend on none of their own level, from 0 to M.
        springs: all of them.
        colliders: all of them.
        constraints: all of them.
    """

    parents: I32
    bones: I32
    places: F64
    spring: I32
    constraint: I32
    order: I32
    levels: I32
    springs: Springs
    colliders: Colliders
    constraints: Constraints


def check(joints: HangingJoints) -> None:
    """Check shapes and indices: compiled loops would read beyond the arrays' ends.

    Raises:
        ValueError: something does not fit.
    """
    count, springs, colliders, rules = len(joints.parents), joints.springs, joints.colliders, joints.constraints
    if count < len(BONES):
        raise ValueError(f"joints: got {count}, expected at least {len(BONES)}")
    s, c, r, k = len(springs.lengths), len(colliders.joint), len(rules.kind), springs.collides.shape[-1]
    sizes = {
        "parents": (count,), "bones": (count,), "places": (count, 3), "spring": (count,), "constraint": (count,),
        "order": (len(joints.order),), "levels": (len(joints.levels),),
        "springs_axes": (s, 3), "springs_lengths": (s,), "springs_pulls": (s, 3), "springs_gravity": (s, 3),
        "springs_drag": (s,), "springs_centre": (s,), "springs_widest_cos": (s,), "springs_collides": (s, k),
        "springs_reach": (s, k),
        "colliders_joint": (c,), "colliders_side": (c,), "colliders_start": (c, 3), "colliders_end": (c, 3),
        "constraints_kind": (r,), "constraints_source": (r,), "constraints_source_parent": (r,),
        "constraints_source_place": (r, 3), "constraints_weight": (r,), "constraints_axis": (r, 3),
        "constraints_own_axes": (r, 3, 3), "constraints_source_axes": (r, 3, 3), "constraints_between": (r, 3, 3),
    }  # fmt: skip
    for name, values in _named(joints):
        if values.shape != sizes[name]:
            raise ValueError(f"{name}: got shape {values.shape}, expected {sizes[name]}")
        wanted = np.int32 if np.issubdtype(values.dtype, np.integer) else np.float64
        if values.dtype != wanted or not values.flags.c_contiguous:
            raise ValueError(f"{name}: got {values.dtype}, expected contiguous {np.dtype(wanted)}")
        if not (name == "springs_reach" or np.isfinite(values).all()) or np.isnan(values).any():
            raise ValueError(f"{name}: got numbers that are not finite")
    for name, numbers, least in (
        ("springs_drag", springs.drag, 0),
        ("springs_widest_cos", springs.widest_cos, -1),
        ("constraints_weight", rules.weight, 0),
    ):
        if ((numbers < least) | (numbers > 1)).any():
            raise ValueError(f"{name}: got {numbers.min():.3g}..{numbers.max():.3g}, expected {least}..1")
    number = np.arange(count)
    if (joints.parents >= number).any() or joints.parents.min() < -1 or (joints.parents[len(BONES) :] < 0).any():
        raise ValueError("parents: some joint stands before its parent")
    for name, values, low, high in (
        ("bones", joints.bones, 0, len(BONES)),
        ("spring", joints.spring, -1, s),
        ("constraint", joints.constraint, -1, r),
        ("order", joints.order, len(BONES), count),
        ("levels", joints.levels, 0, len(joints.order) + 1),
        ("springs_centre", springs.centre, -1, count),
        ("springs_collides", springs.collides, -1, c),
        ("colliders_joint", colliders.joint, 0, count),
        ("colliders_side", colliders.side, 0, len(Side)),
        ("constraints_kind", rules.kind, 0, len(Kind)),
        ("constraints_source", rules.source, 0, count),
        ("constraints_source_parent", rules.source_parent, -1, count),
    ):
        if values.size and not low <= int(values.min()) <= int(values.max()) < high:
            raise ValueError(f"{name}: got {int(values.min())}..{int(values.max())}, expected {low}..{high - 1}")


def to_arrays(joints: HangingJoints) -> dict[str, npt.NDArray[Any]]:
    """Return what to store: whole numbers in 16 bits, others in 32."""
    return {
        name: values.astype(np.int16 if np.issubdtype(values.dtype, np.integer) else np.float32)
        for name, values in _named(joints)
    }


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> HangingJoints:
    """Return joints from what :func:`to_arrays` returned.

    Raises:
        KeyError: something is missing.
        ValueError: something does not fit.
    """

    def of(name: str) -> npt.NDArray[Any]:
        values = arrays[name]
        kind = np.int32 if np.issubdtype(values.dtype, np.integer) else np.float64
        return np.ascontiguousarray(values.astype(kind))

    parts: dict[str, Any] = {
        part: kind(*(of(f"{part}_{name}") for name in kind._fields))
        for part, kind in (("springs", Springs), ("colliders", Colliders), ("constraints", Constraints))
    }
    # Single precision leaves directions too short or long to turn into rotations where they are almost opposite.
    axes = parts["springs"].axes
    axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-12)
    own: dict[str, Any] = {name: of(name) for name in HangingJoints._fields if name not in parts}
    joints = HangingJoints(**own, **parts)
    check(joints)
    return joints


def _named(joints: HangingJoints) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Return all arrays with their names."""
    for name, value in joints._asdict().items():
        if isinstance(value, tuple):
            yield from ((f"{name}_{field}", array) for field, array in value._asdict().items())  # type: ignore[attr-defined]
        else:
            yield name, value
