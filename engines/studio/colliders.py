"""Bodies that spring bones must not enter: spheres, capsules, the insides of both, and half spaces.

Source: VRM 0.x specification, `VRM.secondaryAnimation.colliderGroups`; VRM 1.0 specification, `VRMC_springBone`
and `VRMC_springBone_extended_collider`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.studio.rig import Rig

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_EXTENDED = "VRMC_springBone_extended_collider"


class Side(IntEnum):
    """Where a tail must stay."""

    OUTSIDE = 0
    INSIDE = 1
    ABOVE = 2  # a plane; its normal is the collider's end minus its start


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Colliders:
    """C colliders in the T-pose, canonical axes, metres; a sphere is a capsule whose ends are one point.

    Args:
        joint: int64, (C,), index of the joint that each is fixed to.
        side: int64, (C,), values of :class:`Side`.
        start: float64, (C, 3).
        end: float64, (C, 3).
        radius: float64, (C,).
    """

    joint: I64
    side: I64
    start: F64
    end: F64
    radius: F64

    def __len__(self) -> int:
        return len(self.joint)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collider:
    node: int
    side: Side
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius: float


def finite(value: Any, what: str) -> float:
    """Return a number of a file.

    Raises:
        AvatarError: it is no finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise AvatarError(f"{what}: got {value!r}, expected a finite number; export the file again")
    return float(value)


def triple(value: Any, what: str, default: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return three numbers of a file, written as ``{"x", "y", "z"}`` (VRM 0.x) or as a list (VRM 1.0).

    Raises:
        AvatarError: they are not three finite numbers.
    """
    if value is None:
        return default
    if isinstance(value, dict):
        value = [value.get(axis, 0.0) for axis in "xyz"]
    if len(value) != 3:
        raise AvatarError(f"{what}: got {len(value)} numbers, expected 3; export the file again")
    x, y, z = (finite(number, what) for number in value)
    return x, y, z


def resting(rig: Rig, node: int) -> F64:
    """Return a node's axes and place in the T-pose, canonical axes, float64 (4, 4)."""
    return np.asarray(rig.corrections[rig.bone_of_node[node]] @ rig.node_matrices[node])


def placed(rig: Rig, found: list[_Collider]) -> Colliders:
    """Return colliders with places in their nodes' axes as colliders in the T-pose."""
    start, end = np.zeros((len(found), 3)), np.zeros((len(found), 3))
    for index, collider in enumerate(found):
        matrix = resting(rig, collider.node)
        start[index] = matrix[:3, :3] @ collider.start + matrix[:3, 3]
        end[index] = matrix[:3, :3] @ collider.end + matrix[:3, 3]
        if collider.side is Side.ABOVE:
            end[index] = start[index] + _unit(end[index] - start[index])
    return Colliders(
        joint=np.array([rig.joint_of_node[collider.node] for collider in found], np.int64),
        side=np.array([collider.side for collider in found], np.int64),
        start=start,
        end=end,
        radius=np.array([collider.radius for collider in found], np.float64),
    )


def read_groups_0(groups: list[dict[str, Any]], nodes: int) -> tuple[list[_Collider], list[list[int]]]:
    """Return the colliders of a VRM 0.x file and, per group, which of them it holds.

    Offsets are written in Unity's axes: against glTF's, z points the other way.
    """
    found: list[_Collider] = []
    members: list[list[int]] = []
    for index, group in enumerate(groups):
        members.append([])
        node = int(group.get("node", -1))
        if not 0 <= node < nodes:
            continue
        for collider in group.get("colliders", []):
            what = f"collider group {index}"
            x, y, z = triple(collider.get("offset"), f"{what}, offset", (0.0, 0.0, 0.0))
            radius = max(finite(collider.get("radius", 0.0), f"{what}, radius"), 0.0)
            members[-1].append(len(found))
            place = x, y, -z
            found.append(_Collider(node=node, side=Side.OUTSIDE, start=place, end=place, radius=radius))
    return found, members


def read_colliders_1(colliders: list[dict[str, Any]], nodes: int) -> list[_Collider | None]:
    """Return the colliders of a VRM 1.0 file, None for each that has no node or no known shape."""
    return [_read_collider_1(index, collider, nodes) for index, collider in enumerate(colliders)]


def _read_collider_1(index: int, collider: dict[str, Any], nodes: int) -> _Collider | None:
    node = int(collider.get("node", -1))
    extended = collider.get("extensions", {}).get(_EXTENDED, {})
    # A file that extends a collider writes something for older readers into the plain shape.
    shapes: dict[str, Any] = extended.get("shape") or collider.get("shape") or {}
    if not 0 <= node < nodes:
        return None
    for kind in ("sphere", "capsule", "plane"):
        if kind not in shapes:
            continue
        shape, what = shapes[kind], f"collider {index}"
        start = triple(shape.get("offset"), f"{what}, offset", (0.0, 0.0, 0.0))
        radius = max(finite(shape.get("radius", 0.0), f"{what}, radius"), 0.0)
        if kind == "plane":
            normal = triple(shape.get("normal"), f"{what}, normal", (0.0, 0.0, 1.0))
            end = start[0] + normal[0], start[1] + normal[1], start[2] + normal[2]
            return _Collider(node=node, side=Side.ABOVE, start=start, end=end, radius=0.0)
        end = triple(shape.get("tail"), f"{what}, tail", (0.0, 0.0, 0.0)) if kind == "capsule" else start
        side = Side.INSIDE if shape.get("inside", False) else Side.OUTSIDE
        return _Collider(node=node, side=side, start=start, end=end, radius=radius)
    return None


def distances(points: F64, start: F64, end: F64, side: I64, reach: F64) -> tuple[F64, F64]:
    """Return how far points are from entering colliders, and which way leads out.

    Args:
        points: float64, (..., 3), broadcast against the others.
        start: float64, (..., 3), posed.
        end: float64, (..., 3), posed; the very array `start` where all are spheres.
        side: int64, (...), values of :class:`Side`.
        reach: float64, (...): radius plus hit radius; inside, radius minus hit radius; of a plane, the hit radius.

    Returns:
        float64, (...), metres, negative within; float64, (..., 3), unit directions.
    """
    away = points - start
    if end is not start:  # not only spheres
        axis = end - start
        along = np.einsum("...i,...i->...", away, axis)
        part = np.clip(along / np.maximum(np.einsum("...i,...i->...", axis, axis), 1e-18), 0.0, 1.0)
        away = away - part[..., None] * axis
    length = np.sqrt(np.einsum("...i,...i->...", away, away))
    away = away / np.maximum(length, 1e-12)[..., None]
    distance = length - reach
    if side.any():
        inside, plane = side == Side.INSIDE, side == Side.ABOVE
        distance = np.where(inside, reach - length, distance)
        away = np.where(inside[..., None], -away, away)
        if end is not start:
            distance = np.where(plane, along - reach, distance)
            away = np.where(plane[..., None], axis, away)
    return distance, away


def _unit(vector: F64) -> F64:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12))
